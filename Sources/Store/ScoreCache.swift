import Domain
import Foundation
import GRDB
import Numerics
import Synchronization

/// Distances that were measured, kept by what they were measured on: model and template (the fingerprint; `space` in the
/// tables), example, queries; and vectors, kept by a hash that names what they were computed from.
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

  /// Appends numbers to this process's file of a fingerprint, synced; returns the file's name and the offset in bytes.
  func append(_ values: [Float], of fingerprint: ContentHash) throws -> (name: String, offset: Int) {
    try segments.withLock { segments in
      let open = try segments[fingerprint] ?? Segment(in: folder)
      segments[fingerprint] = open
      return (open.name, try open.append(values))
    }
  }
}
