import Domain
import Foundation
import GRDB

extension ScoreCache {
  /// A lease whose holder cannot be looked at, since it is on another machine, ends after so many seconds.
  private static let longestLease = 900.0

  /// A key as the columns of a lease name it: space, example, list of queries. A vector's hash stands for the example.
  static func leaseColumns(of key: CacheKey) -> [String] {
    switch key.content {
    case .distances(let example, let queries):
      [key.fingerprint.description, name(of: example), hash(of: queries).description]
    case .vector(let hash, _): [key.fingerprint.description, hash.description, "vector"]
    }
  }

  /// Asks to compute a value. The lease of a process that has ended is passed on.
  package func lease(_ key: CacheKey) throws -> LeaseResult {
    let columns = Self.leaseColumns(of: key)
    return try StoreError.wrapping(folder) {
      try database.write { database in
        if try Self.isStored(key, columns, in: database) { return .stored }
        return try Self.takeLease(columns, in: database) ? .granted : .held
      }
    }
  }

  private static func isStored(_ key: CacheKey, _ columns: [String], in database: Database) throws -> Bool {
    switch key.content {
    case .distances:
      try Bool.fetchOne(
        database,
        sql: """
          SELECT EXISTS(SELECT 1 FROM block JOIN space ON space.id = block.space
            JOIN queryList ON queryList.id = block.queryList
            WHERE space.hash = ? AND example = ? AND queryList.hash = ?)
          """, arguments: StatementArguments(columns)) == true
    case .vector:
      try Bool.fetchOne(
        database,
        sql: """
          SELECT EXISTS(SELECT 1 FROM vector JOIN space ON space.id = vector.space WHERE space.hash = ? AND key = ?)
          """, arguments: StatementArguments(columns.prefix(2))) == true
    }
  }

  /// Takes a lease, unless one who may live has it.
  private static func takeLease(_ columns: [String], in database: Database) throws -> Bool {
    let now = Date().timeIntervalSince1970
    let lease = try Row.fetchOne(
      database, sql: "SELECT owner, taken FROM lease WHERE space = ? AND example = ? AND queryList = ?",
      arguments: StatementArguments(columns))
    if let lease {
      let owner: String = lease["owner"]
      let isOld = now - (lease["taken"] as Double) > longestLease
      if !ProcessIdentity.hasEnded(owner) && !(isOld && !ProcessIdentity.isHere(owner)) { return false }
    }
    try database.execute(
      sql: "INSERT OR REPLACE INTO lease(space, example, queryList, owner, taken) VALUES (?, ?, ?, ?, ?)",
      arguments: StatementArguments(columns) + [ProcessIdentity.own.description, now])
    return true
  }

  /// Ends a lease: this process's, or whosever it is.
  static func endLease(_ columns: [String], ofAnyone: Bool = false, in database: Database) throws {
    try database.execute(
      sql: "DELETE FROM lease WHERE space = ? AND example = ? AND queryList = ? AND (owner = ? OR ?)",
      arguments: StatementArguments(columns) + [ProcessIdentity.own.description, ofAnyone])
  }

  /// Ends this process's lease of a key that was not computed after all.
  package func release(_ key: CacheKey) throws {
    try StoreError.wrapping(folder) {
      try database.write { try Self.endLease(Self.leaseColumns(of: key), in: $0) }
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
