import Domain
import Foundation
import GRDB
import Numerics
import Synchronization

/// Distances that were measured, kept by what they were measured on: model and template (the space), example, queries.
///
/// The index is SQLite; the numbers stand in segment files beside it, float32, little-endian, appended to by one
/// process each. A block is written and synced before its row in the index, so what the index names is whole; its
/// checksum is verified on reading, and a block that fails is forgotten, to be measured again. Since keys are contents,
/// a dataset can be moved or renamed, and editing a row leaves the other rows' distances in place.
public final class ScoreCache: Sendable {
  private let folder: String
  private let database: DatabasePool
  private let segment: Mutex<Segment?>

  /// Opens the cache in `folder`, which is made if need be.
  public init(folder: String) throws {
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
    segment = Mutex(nil)
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
    return migrator
  }

  /// Hands over every kept distance of a space whose example is among `examples` (nil: none before the query) and
  /// whose query is among `queries`, as their places in these arrays.
  public func load(
    space: ContentHash, examples: [ContentHash?], queries: [ContentHash],
    into take: (_ example: Int, _ query: Int, _ distance: Float) -> Void
  ) throws {
    let examplePlaces = Dictionary(
      examples.enumerated().map { (Self.key(of: $1), $0) }, uniquingKeysWith: { first, _ in first })
    let queryPlaces = Dictionary(queries.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var lists: [Int64: [Int?]] = [:]
    var damaged: [Int64] = []
    var files: [String: FileHandle?] = [:]
    defer { for case let file? in files.values { try? file.close() } }

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
            let members =
              try Data.fetchOne(database, sql: "SELECT members FROM queryList WHERE id = ?", arguments: [list])
              ?? Data()
            lists[list] = Self.hashes(members).map { queryPlaces[$0] }
          }
          let places = lists[list] ?? []
          guard places.contains(where: { $0 != nil }) else { continue }
          let name: String = row["segment"]
          let file = files[name] ?? FileHandle(forReadingAtPath: folder + "/" + name)
          files[name] = file
          guard
            let values = file.flatMap({ Self.read($0, offset: row["offset"], count: places.count) }),
            Self.checksum(values) == row["checksum"] as String
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
  public func save(
    space: ContentHash, example: ContentHash?, queries: [ContentHash], distances: [Float]
  ) throws {
    precondition(queries.count == distances.count)
    let (name, offset) = try segment.withLock { segment in
      let open = try segment ?? Segment(in: folder)
      segment = open
      return (open.name, try open.append(distances))
    }
    let members = Self.data(queries)
    let listHash = members.withUnsafeBytes { ContentHash(of: $0) }
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
            space.description, Self.key(of: example), listHash.description, name, offset, Self.checksum(distances),
          ])
      }
    }
  }

  private static func key(of example: ContentHash?) -> String { example?.description ?? "" }

  private static func checksum(_ values: [Float]) -> String {
    values.withUnsafeBytes { ContentHash(of: $0) }.description
  }

  private static func read(_ file: FileHandle, offset: Int, count: Int) -> [Float]? {
    let length = count * MemoryLayout<Float>.stride
    guard (try? file.seek(toOffset: UInt64(offset))) != nil,
      let data = try? file.read(upToCount: length), data.count == length
    else { return nil }
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }

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
      (0..<bytes.count / 16).map { place in
        ContentHash(
          high: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place * 16, as: UInt64.self)),
          low: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place * 16 + 8, as: UInt64.self)))
      }
    }
  }
}

/// A file of numbers that this process appends to.
private final class Segment: Sendable {
  let name: String
  private let path: String
  private let descriptor: Int32
  private let end = Atomic<Int>(0)

  init(in folder: String) throws {
    name = "segment-\(UUID().uuidString.lowercased()).f32"
    path = folder + "/" + name
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StoreError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }

  deinit { close(descriptor) }

  /// Appends and syncs; the caller sees to it that appends do not overlap. Returns the offset in bytes.
  func append(_ values: [Float]) throws -> Int {
    let offset = end.load(ordering: .relaxed)
    try values.withUnsafeBytes { bytes in
      var written = 0
      while written < bytes.count {
        let count = pwrite(descriptor, bytes.baseAddress! + written, bytes.count - written, off_t(offset + written))
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else {
          throw StoreError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
        written += count
      }
      guard fdatasync(descriptor) == 0 else {
        throw StoreError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
      }
      end.store(offset + written, ordering: .relaxed)
    }
    return offset
  }
}
