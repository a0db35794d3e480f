import Domain
import Foundation
import GRDB

extension ScoreCache {
  /// What stands for the list of queries in a vector's lease.
  private static let vectorLease = "vector"

  /// The kept vector; nil where there is none of this length that is what was kept. One that is damaged is forgotten.
  package func vector(space: ContentHash, key: ContentHash, count: Int) throws -> [Float]? {
    try StoreError.wrapping(folder) {
      let row = try database.read { database in
        try Row.fetchOne(
          database,
          sql: """
            SELECT vector.id, count, segment, offset, checksum FROM vector JOIN space ON space.id = vector.space
            WHERE space.hash = ? AND key = ?
            """, arguments: [space.description, key.description])
      }
      guard let row else { return nil }
      let length: Int = row["count"]
      if length == count,
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

  /// Asks for a vector. The lease of a process that has ended is passed on.
  package func claimVector(space: ContentHash, key: ContentHash) throws -> BlockClaim {
    try StoreError.wrapping(folder) {
      try database.write { database in
        let isKept = try Bool.fetchOne(
          database,
          sql: """
            SELECT EXISTS(SELECT 1 FROM vector JOIN space ON space.id = vector.space WHERE space.hash = ? AND key = ?)
            """, arguments: [space.description, key.description])
        if isKept == true { return .kept }
        return try Self.takeLease([space.description, key.description, Self.vectorLease], in: database)
          ? .granted : .held
      }
    }
  }

  /// Gives a vector back that was not computed after all.
  package func giveBackVector(space: ContentHash, key: ContentHash) throws {
    try StoreError.wrapping(folder) {
      try database.write { database in
        try Self.endLease([space.description, key.description, Self.vectorLease], in: database)
      }
    }
  }

  /// Keeps a vector. On disk when it returns.
  package func keepVector(space: ContentHash, key: ContentHash, values: [Float]) throws {
    let (name, offset) = try append(values, of: space)
    try StoreError.wrapping(folder) {
      try database.write { database in
        try database.execute(
          sql: "INSERT OR IGNORE INTO space(hash) VALUES (?)", arguments: [space.description])
        try database.execute(
          sql: """
            INSERT INTO vector(space, key, count, segment, offset, checksum) VALUES (
              (SELECT id FROM space WHERE hash = ?), ?, ?, ?, ?, ?)
            """,
          arguments: [
            space.description, key.description, values.count, name, offset, SegmentReader.checksum(values),
          ])
        // What is kept is leased to no one.
        try Self.endLease([space.description, key.description, Self.vectorLease], ofAnyone: true, in: database)
      }
    }
  }
}
