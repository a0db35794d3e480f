import Domain
import Foundation
import GRDB

extension ScoreCache {
  /// Hands over every stored distance of a fingerprint whose example is among `examples` (nil: none before the query) and
  /// whose query is among `queries`, as their indices in these arrays. Blocks that are damaged are forgotten.
  package func load(
    fingerprint: ContentHash, examples: [ContentHash?], queries: [ContentHash],
    into take: (_ example: Int, _ query: Int, _ distance: Float) -> Void
  ) throws {
    let exampleIndices = Dictionary(
      examples.enumerated().map { (Self.name(of: $1), $0) }, uniquingKeysWith: { first, _ in first })
    let queryIndices = Dictionary(queries.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var lists: [Int64: [Int?]] = [:]
    var damaged: [Int64] = []
    let reader = SegmentReader(folder: folder)
    // One example's blocks are found by their index; those of many are read in the order in which they stand in the files.
    let one = examples.count == 1 ? examples.first.map(Self.name(of:)) : nil
    try StoreError.wrapping(folder) {
      try database.read { database in
        let rows = try Row.fetchCursor(
          database,
          sql: """
            SELECT block.id, example, queryList, segment, offset, checksum FROM block
            JOIN space ON space.id = block.space
            WHERE space.hash = ? \(one == nil ? "" : "AND example = ?") ORDER BY segment, offset
            """, arguments: StatementArguments([fingerprint.description] + [one].compactMap(\.self)))
        while let row = try rows.next() {
          guard let example = exampleIndices[row["example"] as String] else { continue }
          let list: Int64 = row["queryList"]
          if lists[list] == nil {
            let kept = try Row.fetchOne(
              database, sql: "SELECT hash, members FROM queryList WHERE id = ?", arguments: [list])
            let members: Data = kept?["members"] ?? Data()
            // A list that is not what its name says would give numbers to the wrong queries.
            let isWhole = kept?["hash"] == Self.hash(ofList: members).description
            lists[list] = isWhole ? Self.hashes(members).map { queryIndices[$0] } : []
          }
          let indices = lists[list] ?? []
          if indices.isEmpty {
            damaged.append(row["id"])
            continue
          }
          guard indices.contains(where: { $0 != nil }) else { continue }
          guard
            let values = reader.values(
              in: row["segment"], offset: row["offset"], count: indices.count, checksum: row["checksum"])
          else {
            damaged.append(row["id"])
            continue
          }
          for (index, value) in zip(indices, values) {
            if let index { take(example, index, value) }
          }
        }
      }
      if !damaged.isEmpty {
        let forget = damaged
        try database.write { database in
          for id in forget { try database.execute(sql: "DELETE FROM block WHERE id = ?", arguments: [id]) }
        }
      }
    }
  }

  /// The stored numbers of a key, all of them or nil. What is damaged is forgotten.
  package func load(_ key: CacheKey) throws -> [Float]? {
    switch key.content {
    case .distances(let example, let queries):
      var found = [Float?](repeating: nil, count: queries.count)
      try load(fingerprint: key.fingerprint, examples: [example], queries: queries) { found[$1] = $2 }
      let values = found.compactMap(\.self)
      return values.count == queries.count ? values : nil
    case .vector(let hash, let count):
      return try vector(key.fingerprint, hash, count: count)
    }
  }

  private func vector(_ fingerprint: ContentHash, _ hash: ContentHash, count: Int) throws -> [Float]? {
    try StoreError.wrapping(folder) {
      let row = try database.read { database in
        try Row.fetchOne(
          database,
          sql: """
            SELECT vector.id, count, segment, offset, checksum FROM vector JOIN space ON space.id = vector.space
            WHERE space.hash = ? AND key = ?
            """, arguments: [fingerprint.description, hash.description])
      }
      guard let row else { return nil }
      if row["count"] == count,
        let values = SegmentReader(folder: folder).values(
          in: row["segment"], offset: row["offset"], count: count, checksum: row["checksum"])
      {
        return values
      }
      let id: Int64 = row["id"]
      try database.write { try $0.execute(sql: "DELETE FROM vector WHERE id = ?", arguments: [id]) }
      return nil
    }
  }

  /// Keeps the numbers of a key and ends its lease, whosever it is. On disk when it returns.
  package func store(_ values: [Float], for key: CacheKey) throws {
    precondition(values.count == key.count)
    let (name, offset) = try append(values, of: key.fingerprint)
    try StoreError.wrapping(folder) {
      try database.write { database in
        let fingerprint = key.fingerprint.description
        try database.execute(sql: "INSERT OR IGNORE INTO space(hash) VALUES (?)", arguments: [fingerprint])
        let location: StatementArguments = [name, offset, SegmentReader.checksum(values)]
        switch key.content {
        case .distances(let example, let queries):
          let list = Self.hash(of: queries).description
          // A list that is not what its name says is mended.
          try database.execute(
            sql: """
              INSERT INTO queryList(hash, members) VALUES (?, ?)
              ON CONFLICT(hash) DO UPDATE SET members = excluded.members WHERE members <> excluded.members
              """, arguments: [list, Self.data(queries)])
          try database.execute(
            sql: """
              INSERT INTO block(space, example, queryList, segment, offset, checksum) VALUES (
                (SELECT id FROM space WHERE hash = ?), ?, (SELECT id FROM queryList WHERE hash = ?), ?, ?, ?)
              """, arguments: [fingerprint, Self.name(of: example), list] + location)
        case .vector(let hash, _):
          try database.execute(
            sql: """
              INSERT INTO vector(space, key, count, segment, offset, checksum) VALUES (
                (SELECT id FROM space WHERE hash = ?), ?, ?, ?, ?, ?)
              """, arguments: [fingerprint, hash.description, values.count] + location)
        }
        try Self.endLease(Self.leaseColumns(of: key), ofAnyone: true, in: database)
      }
    }
  }

  /// An example as the tables name it.
  static func name(of example: ContentHash?) -> String { example?.description ?? "" }

  /// Names a list of queries.
  static func hash(of queries: [ContentHash]) -> ContentHash { hash(ofList: data(queries)) }

  private static func hash(ofList members: Data) -> ContentHash { members.withUnsafeBytes { ContentHash(of: $0) } }

  private static func data(_ hashes: [ContentHash]) -> Data {
    var data = Data(capacity: hashes.count * 16)
    for hash in hashes {
      for word in [hash.high.littleEndian, hash.low.littleEndian] {
        withUnsafeBytes(of: word) { data.append(contentsOf: $0) }
      }
    }
    return data
  }

  private static func hashes(_ data: Data) -> [ContentHash] {
    data.withUnsafeBytes { bytes in
      (0..<bytes.count / 16).map { index in
        ContentHash(
          high: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 16, as: UInt64.self)),
          low: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 16 + 8, as: UInt64.self)))
      }
    }
  }
}
