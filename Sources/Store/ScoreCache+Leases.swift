import Domain
import Foundation
import GRDB

extension ScoreCache {
  /// A lease whose holder cannot be looked at, since it is on another machine, ends after so many seconds.
  private static let longestLease = 900.0

  /// Asks for a block. The lease of a process that has ended is passed on.
  package func claim(space: ContentHash, example: ContentHash?, queries: [ContentHash]) throws -> BlockClaim {
    let list = Self.hash(ofList: Self.data(queries)).description
    let key = [space.description, Self.key(of: example), list]
    return try StoreError.wrapping(folder) {
      try database.write { database in
        let isKept = try Bool.fetchOne(
          database,
          sql: """
            SELECT EXISTS(SELECT 1 FROM block JOIN space ON space.id = block.space
              JOIN queryList ON queryList.id = block.queryList
              WHERE space.hash = ? AND example = ? AND queryList.hash = ?)
            """, arguments: StatementArguments(key))
        if isKept == true { return .kept }
        return try Self.takeLease(key, in: database) ? .granted : .held
      }
    }
  }

  /// Takes the lease of a key (space, example, list of queries), unless one who may live has it.
  static func takeLease(_ key: [String], in database: Database) throws -> Bool {
    let now = Date().timeIntervalSince1970
    let lease = try Row.fetchOne(
      database, sql: "SELECT owner, taken FROM lease WHERE space = ? AND example = ? AND queryList = ?",
      arguments: StatementArguments(key))
    if let lease {
      let owner: String = lease["owner"]
      let isOld = now - (lease["taken"] as Double) > longestLease
      if !ProcessIdentity.hasEnded(owner) && !(isOld && !ProcessIdentity.isHere(owner)) { return false }
    }
    try database.execute(
      sql: "INSERT OR REPLACE INTO lease(space, example, queryList, owner, taken) VALUES (?, ?, ?, ?, ?)",
      arguments: StatementArguments(key) + [ProcessIdentity.own.description, now])
    return true
  }

  /// Ends the lease of a key: this process's, or whosever it is.
  static func endLease(_ key: [String], ofAnyone: Bool = false, in database: Database) throws {
    try database.execute(
      sql: "DELETE FROM lease WHERE space = ? AND example = ? AND queryList = ? AND (owner = ? OR ?)",
      arguments: StatementArguments(key) + [ProcessIdentity.own.description, ofAnyone])
  }

  /// Gives a block back that was not computed after all.
  package func giveBack(space: ContentHash, example: ContentHash?, queries: [ContentHash]) throws {
    try StoreError.wrapping(folder) {
      try database.write { database in
        try Self.endLease(
          [space.description, Self.key(of: example), Self.hash(ofList: Self.data(queries)).description], in: database)
      }
    }
  }

  /// Notes that this process uses a space, under a name that says what it is: it is the most recently used one, and is not
  /// thrown away while the process lives.
  package func use(_ space: ContentHash, name: String) throws {
    try StoreError.wrapping(folder) {
      try database.write { database in
        try database.execute(
          sql: """
            INSERT INTO space(hash, name, used) VALUES (?, ?, ?)
            ON CONFLICT(hash) DO UPDATE SET name = excluded.name, used = excluded.used
            """, arguments: [space.description, name, Date().timeIntervalSince1970])
        try database.execute(
          sql: "INSERT OR IGNORE INTO user(space, owner) VALUES (?, ?)",
          arguments: [space.description, ProcessIdentity.own.description])
        // Those that have ended need nothing any more.
        for owner in try String.fetchAll(database, sql: "SELECT DISTINCT owner FROM user")
        where ProcessIdentity.hasEnded(owner) {
          try database.execute(sql: "DELETE FROM user WHERE owner = ?", arguments: [owner])
        }
      }
    }
  }
}
