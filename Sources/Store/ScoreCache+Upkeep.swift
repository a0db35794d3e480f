import Domain
import Foundation
import GRDB

/// What is kept of one space: a model, a template and how distances are measured with them.
package struct CachedSpace: Sendable, Hashable, Codable {
  package var space: ContentHash
  /// What it is, for people.
  package var name: String
  package var blocks: Int
  /// Of its files.
  package var bytes: Int
  package var used: Date
  /// It is in use, or a session keeps it.
  package var isPinned: Bool
}

/// What a look at every block found.
package struct CacheCheck: Sendable, Hashable, Codable {
  package var blocks: Int
  /// Blocks whose numbers are not there or not what they were.
  package var damaged: Int
  /// Blocks of the same content beyond the first.
  package var duplicates: Int
  /// Bytes that no block uses: left by processes that were killed, or by blocks that were forgotten.
  package var unusedBytes: Int
  /// SQLite's own word on the index; nil where it finds nothing wrong.
  package var indexProblem: String?

  package var isSound: Bool { damaged == 0 && indexProblem == nil }
}

extension ScoreCache {
  /// All spaces, the most recently used first. `pinned`: those that a session keeps.
  package func spaces(pinned: Set<ContentHash> = []) throws -> [CachedSpace] {
    try StoreError.wrapping(folder) {
      try database.read { database in
        let inUse = Set(
          try Row.fetchAll(database, sql: "SELECT space, owner FROM user")
            .filter { !ProcessIdentity.hasEnded($0["owner"]) }.map { $0["space"] as String })
        return try Row.fetchAll(database, sql: "SELECT id, hash, name, used FROM space ORDER BY used DESC, id DESC")
          .compactMap {
            row in
            let id: Int64 = row["id"]
            guard let hash = ContentHash(row["hash"] as String) else { return nil }
            let names = try String.fetchAll(
              database, sql: "SELECT DISTINCT segment FROM stored WHERE space = ?", arguments: [id])
            return CachedSpace(
              space: hash, name: row["name"],
              blocks: try Int.fetchOne(database, sql: "SELECT count(*) FROM stored WHERE space = ?", arguments: [id])
                ?? 0,
              bytes: names.reduce(0) { $0 + size(of: $1) }, used: Date(timeIntervalSince1970: row["used"]),
              isPinned: pinned.contains(hash) || inUse.contains(row["hash"]))
          }
      }
    }
  }

  /// Throws spaces away, with their files. Returns the bytes that became free.
  @discardableResult
  package func remove(_ spaces: some Sequence<ContentHash>) throws -> Int {
    let before = segmentNames().reduce(0) { $0 + size(of: $1) }
    let spaces = Array(spaces)
    segments.withLock { segments in for space in spaces { segments[space] = nil } }
    try StoreError.wrapping(folder) {
      try database.write { database in
        for space in spaces {
          for table in ["lease", "user"] {
            try database.execute(sql: "DELETE FROM \(table) WHERE space = ?", arguments: [space.description])
          }
          try database.execute(sql: "DELETE FROM space WHERE hash = ?", arguments: [space.description])
        }
        try database.execute(
          sql: "DELETE FROM queryList WHERE id NOT IN (SELECT queryList FROM block)")
      }
      try removeUnusedFiles()
      try database.writeWithoutTransaction { try $0.execute(sql: "VACUUM") }
    }
    return before - segmentNames().reduce(0) { $0 + size(of: $1) }
  }

  /// Throws away the least recently used spaces until the files are no larger than `limit` together; never one that is pinned
  /// or in use. Returns those that went.
  package func trim(toBytes limit: Int, keeping pinned: Set<ContentHash>) throws -> [CachedSpace] {
    // Mostly there is room, and the files' sizes say so without a look at the index.
    if segmentNames().reduce(0, { $0 + size(of: $1) }) <= limit { return [] }
    var kept = try spaces(pinned: pinned)
    var total = kept.reduce(0) { $0 + $1.bytes }
    var gone: [CachedSpace] = []
    while total > limit, let index = kept.lastIndex(where: { !$0.isPinned && $0.bytes > 0 }) {
      total -= kept[index].bytes
      gone.append(kept.remove(at: index))
    }
    if !gone.isEmpty { try remove(gone.map(\.space)) }
    return gone
  }

  /// Reads every block and compares it with its checksum. `repairing`: forgets the damaged ones, so that they are computed
  /// again, and removes files that nothing uses.
  package func verify(repairing: Bool = false) throws -> CacheCheck {
    var check = CacheCheck(blocks: 0, damaged: 0, duplicates: 0, unusedBytes: 0)
    var damaged: [(kind: String, id: Int64)] = []
    var used = 0
    let reader = SegmentReader(folder: folder)
    try StoreError.wrapping(folder) {
      try database.read { database in
        let problems = try String.fetchAll(database, sql: "PRAGMA integrity_check")
        check.indexProblem = problems == ["ok"] ? nil : problems.first ?? "no answer"
        let broken = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
        if !broken.isEmpty { check.indexProblem = "\(broken.count) rows refer to what is not there" }
        let rows = try Row.fetchCursor(
          database,
          sql: "SELECT kind, id, segment, offset, checksum, count FROM stored ORDER BY segment, offset")
        while let row = try rows.next() {
          check.blocks += 1
          let count: Int = row["count"]
          used += count * MemoryLayout<Float>.stride
          if reader.values(in: row["segment"], offset: row["offset"], count: count, checksum: row["checksum"]) == nil {
            damaged.append((row["kind"], row["id"]))
          }
        }
        check.duplicates =
          try Int.fetchOne(
            database,
            sql: "SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT space, name FROM stored)) FROM stored"
          ) ?? 0
      }
      check.damaged = damaged.count
      check.unusedBytes = max(0, segmentNames().reduce(0) { $0 + size(of: $1) } - used)
      if repairing {
        if check.indexProblem != nil {
          // What SQLite looks things up by can be made anew from the tables.
          try database.write { try $0.execute(sql: "REINDEX") }
          let problems = try database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
          if problems == ["ok"] { check.indexProblem = nil }
        }
        try database.write { database in
          for (kind, id) in damaged { try database.execute(sql: "DELETE FROM \(kind) WHERE id = ?", arguments: [id]) }
        }
        try removeUnusedFiles()
      }
    }
    return check
  }

  /// Removes segment files that no block is in, unless the process that appends to one may still live.
  private func removeUnusedFiles() throws {
    try database.write { database in
      let named = Set(try String.fetchAll(database, sql: "SELECT DISTINCT segment FROM stored"))
      let owners = try String.fetchAll(database, sql: "SELECT DISTINCT owner FROM user")
      // A file that has just been begun has no block yet: while another process works here, all are left.
      let others = owners.contains { $0 != ProcessIdentity.own.description && !ProcessIdentity.hasEnded($0) }
      if others { return }
      let own = Set(segments.withLock { $0.values.map(\.name) })
      for name in segmentNames() where !named.contains(name) && !own.contains(name) { unlink(folder + "/" + name) }
    }
  }

  private func segmentNames() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter(Segment.isName)
  }

  private func size(of name: String) -> Int {
    var status = stat()
    return stat(folder + "/" + name, &status) == 0 ? Int(status.st_size) : 0
  }
}
