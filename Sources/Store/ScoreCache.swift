import Domain
import Foundation
import GRDB
import Numerics
import Synchronization

/// Distances that were measured, kept by what they were measured on: model and template (the space), example, queries; and
/// vectors, kept by a key that names what they were computed from.
///
/// The index is SQLite; the numbers stand in segment files beside it, float32, little-endian, appended to by one
/// process each. A block is written and synced before its row in the index, so what the index names is whole; its
/// checksum is verified on reading, and a block that fails is forgotten, to be measured again. Since keys are contents,
/// a dataset can be moved or renamed, and editing a row leaves the other rows' distances in place.
package final class ScoreCache: Sendable {
  let folder: String
  let database: DatabasePool
  /// Files that this process appends to, by space: a space's files go with it.
  let segments: Mutex<[ContentHash: Segment]>

  /// Opens the cache in `folder`, which is made if need be.
  package init(folder: String) throws {
    self.folder = folder
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw StoreError.cannotMakeFolder(path: folder, reason: error.localizedDescription)
    }
    let path = folder + "/index.sqlite"
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    database = try StoreError.wrapping(path) {
      let database = try DatabasePool(path: path, configuration: configuration)
      try Self.migrator.migrate(database)
      return database
    }
    segments = Mutex([:])
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("blocks of distances") { database in
      try database.execute(
        sql: """
          CREATE TABLE space (
            id INTEGER PRIMARY KEY,
            hash TEXT NOT NULL UNIQUE);
          CREATE TABLE queryList (
            id INTEGER PRIMARY KEY,
            hash TEXT NOT NULL UNIQUE,
            members BLOB NOT NULL);
          CREATE TABLE block (
            id INTEGER PRIMARY KEY,
            space INTEGER NOT NULL REFERENCES space(id) ON DELETE CASCADE,
            example TEXT NOT NULL,
            queryList INTEGER NOT NULL REFERENCES queryList(id),
            segment TEXT NOT NULL,
            offset INTEGER NOT NULL,
            checksum TEXT NOT NULL);
          CREATE INDEX blockBySpace ON block(space);
          """)
    }
    migrator.registerMigration("leases, and when a space was used") { database in
      try database.execute(
        sql: """
          ALTER TABLE space ADD COLUMN name TEXT NOT NULL DEFAULT '';
          ALTER TABLE space ADD COLUMN used REAL NOT NULL DEFAULT 0;
          CREATE INDEX blockByContent ON block(space, example, queryList);
          CREATE TABLE lease (
            space TEXT NOT NULL,
            example TEXT NOT NULL,
            queryList TEXT NOT NULL,
            owner TEXT NOT NULL,
            taken REAL NOT NULL,
            PRIMARY KEY (space, example, queryList)) WITHOUT ROWID;
          CREATE TABLE user (
            space TEXT NOT NULL,
            owner TEXT NOT NULL,
            PRIMARY KEY (space, owner)) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("vectors, and all that is stored") { database in
      try database.execute(
        sql: """
          CREATE TABLE vector (
            id INTEGER PRIMARY KEY,
            space INTEGER NOT NULL REFERENCES space(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            count INTEGER NOT NULL,
            segment TEXT NOT NULL,
            offset INTEGER NOT NULL,
            checksum TEXT NOT NULL);
          CREATE INDEX vectorByContent ON vector(space, key);
          CREATE VIEW stored AS
            SELECT 'block' AS kind, block.id, space, example || ' ' || queryList AS name, segment, offset, checksum,
              length(members) / 16 AS count
            FROM block JOIN queryList ON queryList.id = block.queryList
            UNION ALL SELECT 'vector', id, space, key, segment, offset, checksum, count FROM vector;
          """)
    }
    return migrator
  }

  /// Hands over every kept distance of a space whose example is among `examples` (nil: none before the query) and
  /// whose query is among `queries`, as their places in these arrays.
  package func load(
    space: ContentHash, examples: [ContentHash?], queries: [ContentHash],
    into take: (_ example: Int, _ query: Int, _ distance: Float) -> Void
  ) throws {
    let examplePlaces = Dictionary(
      examples.enumerated().map { (Self.key(of: $1), $0) }, uniquingKeysWith: { first, _ in first })
    let queryPlaces = Dictionary(queries.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var lists: [Int64: [Int?]] = [:]
    var damaged: [Int64] = []
    let reader = SegmentReader(folder: folder)
    try StoreError.wrapping(folder) {
      try database.read { database in
        let rows = try Row.fetchCursor(
          database,
          sql: """
            SELECT block.id, example, queryList, segment, offset, checksum FROM block
            JOIN space ON space.id = block.space WHERE space.hash = ? ORDER BY segment, offset
            """, arguments: [space.description])
        while let row = try rows.next() {
          guard let example = examplePlaces[row["example"] as String] else { continue }
          let list: Int64 = row["queryList"]
          if lists[list] == nil {
            let kept = try Row.fetchOne(
              database, sql: "SELECT hash, members FROM queryList WHERE id = ?", arguments: [list])
            let members: Data = kept?["members"] ?? Data()
            // A list that is not what its name says would give numbers to the wrong queries.
            let isWhole = kept?["hash"] == Self.hash(ofList: members).description
            lists[list] = isWhole ? Self.hashes(members).map { queryPlaces[$0] } : []
          }
          let places = lists[list] ?? []
          if places.isEmpty {
            damaged.append(row["id"])
            continue
          }
          guard places.contains(where: { $0 != nil }) else { continue }
          guard
            let values = reader.values(
              in: row["segment"], offset: row["offset"], count: places.count, checksum: row["checksum"])
          else {
            damaged.append(row["id"])
            continue
          }
          for (place, value) in zip(places, values) {
            if let place { take(example, place, value) }
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

  /// Keeps one example's distances to `queries`. On disk when it returns.
  package func save(
    space: ContentHash, example: ContentHash?, queries: [ContentHash], distances: [Float]
  ) throws {
    precondition(queries.count == distances.count)
    let (name, offset) = try append(distances, of: space)
    let members = Self.data(queries)
    let listHash = Self.hash(ofList: members)
    try StoreError.wrapping(folder) {
      try database.write { database in
        try database.execute(
          sql: "INSERT OR IGNORE INTO space(hash) VALUES (?)", arguments: [space.description])
        try database.execute(
          sql: "INSERT OR IGNORE INTO queryList(hash, members) VALUES (?, ?)",
          arguments: [listHash.description, members])
        try database.execute(
          sql: """
            INSERT INTO block(space, example, queryList, segment, offset, checksum) VALUES (
              (SELECT id FROM space WHERE hash = ?), ?, (SELECT id FROM queryList WHERE hash = ?), ?, ?, ?)
            """,
          arguments: [
            space.description, Self.key(of: example), listHash.description, name, offset,
            SegmentReader.checksum(distances),
          ])
        // What is kept is leased to no one.
        try Self.endLease(
          [space.description, Self.key(of: example), listHash.description], ofAnyone: true, in: database)
      }
    }
  }

  /// Appends numbers to this process's file of a space, synced; returns the file and the place.
  func append(_ values: [Float], of space: ContentHash) throws -> (name: String, offset: Int) {
    try segments.withLock { segments in
      let open = try segments[space] ?? Segment(in: folder)
      segments[space] = open
      return (open.name, try open.append(values))
    }
  }

  static func key(of example: ContentHash?) -> String { example?.description ?? "" }

  static func hash(ofList members: Data) -> ContentHash { members.withUnsafeBytes { ContentHash(of: $0) } }

  static func data(_ hashes: [ContentHash]) -> Data {
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
      (0..<bytes.count / 16).map { place in
        ContentHash(
          high: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place * 16, as: UInt64.self)),
          low: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place * 16 + 8, as: UInt64.self)))
      }
    }
  }
}
