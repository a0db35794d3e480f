import Domain
import Foundation
import GRDB

/// How a run ended, or that it has not.
package enum RunStatus: String, Sendable, Hashable, Codable {
  case running, finished, cancelled, failed
  /// Its process ended without a word: it was killed, or the machine went down.
  case interrupted
}

/// A run as it is kept: what was asked, on what, and what came of it.
package struct RunRecord: Sendable, Hashable {
  package var id: Int64
  package var started: Date
  package var status: RunStatus
  package var specification: RunSpecification
  /// Content of the files when the run read them, by role.
  package var contents: [String: ContentHash]
  /// Candidates: rows of the pool, or columns of the imported matrix.
  package var rows: Int
  package var selection: Selection?
  /// How many picks there are; a listing leaves the picks themselves out of `selection`.
  package var pickCount: Int
  package var seconds: PhaseSeconds
  /// Why it failed.
  package var failure: String?
  /// The number of the process that it is going on in, on this machine; nil where it has ended.
  package var process: Int?
}

/// The runs that were made, on screen or by command: one SQLite file in the state folder.
package final class RunLibrary: Sendable {
  private let path: String
  private let database: DatabasePool

  package init(path: String) throws {
    self.path = path
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw StoreError.cannotMakeFolder(path: folder, reason: error.localizedDescription)
    }
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    database = try StoreError.wrapping(path) {
      let database = try DatabasePool(path: path, configuration: configuration)
      try Self.migrator.migrate(database)
      return database
    }
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("runs and picks") { database in
      try database.execute(
        sql: """
          CREATE TABLE run (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            started REAL NOT NULL,
            status TEXT NOT NULL,
            specification TEXT NOT NULL,
            contents TEXT NOT NULL,
            rows INTEGER NOT NULL,
            objective REAL,
            evaluations INTEGER,
            isPartial INTEGER NOT NULL DEFAULT 0,
            seconds TEXT NOT NULL,
            failure TEXT);
          CREATE TABLE pick (
            run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
            rank INTEGER NOT NULL,
            sampleIndex INTEGER NOT NULL,
            gain REAL NOT NULL,
            weight REAL NOT NULL,
            sampleID TEXT,
            PRIMARY KEY (run, rank)) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("the spaces of a run's scores") { database in
      try database.execute(
        sql: """
          CREATE TABLE runSpace (
            run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
            space TEXT NOT NULL,
            PRIMARY KEY (run, space)) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("the process of a run") { database in
      try database.execute(sql: "ALTER TABLE run ADD COLUMN process TEXT")
    }
    migrator.registerMigration("what a sparse run cost") { database in
      try database.execute(sql: "ALTER TABLE run ADD COLUMN sparse TEXT")
    }
    return migrator
  }

  /// The spaces of the score cache that some runs were chosen from.
  package func spaces(of runs: some Sequence<Int64>) throws -> Set<ContentHash> {
    try StoreError.wrapping(path) {
      try database.read { database in
        var found: Set<ContentHash> = []
        for run in runs {
          let hashes = try String.fetchAll(database, sql: "SELECT space FROM runSpace WHERE run = ?", arguments: [run])
          found.formUnion(hashes.compactMap(ContentHash.init))
        }
        return found
      }
    }
  }

  /// Notes that a run begins; returns its number.
  package func begin(_ specification: RunSpecification, contents: [String: ContentHash], rows: Int) throws -> Int64 {
    try StoreError.wrapping(path) {
      try database.write { database in
        try database.execute(
          sql: """
            INSERT INTO run(started, status, specification, contents, rows, seconds, process)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            Date().timeIntervalSince1970, RunStatus.running.rawValue, try Self.json(specification),
            try Self.json(contents), rows, try Self.json(PhaseSeconds()), ProcessIdentity.own.description,
          ])
        return database.lastInsertedRowID
      }
    }
  }

  /// Notes how a run ended, its picks, and the spaces of the score cache that they were chosen from.
  package func end(
    _ id: Int64, status: RunStatus, selection: Selection?, seconds: PhaseSeconds, spaces: [ContentHash] = [],
    failure: String? = nil
  ) throws {
    try StoreError.wrapping(path) {
      try database.write { database in
        try database.execute(
          sql: """
            UPDATE run SET status = ?, objective = ?, evaluations = ?, isPartial = ?, seconds = ?, failure = ?, sparse = ?
            WHERE id = ?
            """,
          arguments: [
            status.rawValue, selection?.objective, selection?.evaluations, selection?.isPartial ?? false,
            try Self.json(seconds), failure, try selection?.sparse.map { try Self.json($0) }, id,
          ])
        for space in spaces {
          try database.execute(
            sql: "INSERT OR IGNORE INTO runSpace(run, space) VALUES (?, ?)", arguments: [id, space.description])
        }
        try database.execute(sql: "DELETE FROM pick WHERE run = ?", arguments: [id])
        let statement = try database.makeStatement(
          sql: "INSERT INTO pick(run, rank, sampleIndex, gain, weight, sampleID) VALUES (?, ?, ?, ?, ?, ?)")
        for pick in selection?.picks ?? [] {
          try statement.execute(arguments: [id, pick.rank.value, pick.row.value, pick.gain, pick.weight, pick.id])
        }
      }
    }
  }

  /// All runs, newest first, without their picks.
  package func runs() throws -> [RunRecord] {
    try StoreError.wrapping(path) {
      try database.read { database in
        try Row.fetchAll(
          database,
          sql: "SELECT *, (SELECT count(*) FROM pick WHERE run = run.id) AS picks FROM run ORDER BY id DESC"
        ).map { try Self.record($0, picks: [], count: $0["picks"]) }
      }
    }
  }

  /// One run with its picks.
  package func run(_ id: Int64) throws -> RunRecord {
    try StoreError.wrapping(path) {
      try database.read { database in
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM run WHERE id = ?", arguments: [id]) else {
          throw StoreError.noSuchRun(id)
        }
        let picks = try Row.fetchAll(
          database, sql: "SELECT * FROM pick WHERE run = ? ORDER BY rank", arguments: [id]
        ).map { row in
          Pick(
            rank: Rank(row["rank"]), row: RowIndex(row["sampleIndex"]), gain: row["gain"], weight: row["weight"],
            id: row["sampleID"])
        }
        return try Self.record(row, picks: picks, count: picks.count)
      }
    }
  }

  private static func record(_ row: Row, picks: [Pick], count: Int) throws -> RunRecord {
    let sparse = try (row["sparse"] as String?).map {
      try JSONDecoder().decode(SparseReport.self, from: Data($0.utf8))
    }
    let selection = (row["objective"] as Double?).map { objective in
      Selection(
        picks: picks, objective: objective, evaluations: row["evaluations"] ?? 0, isPartial: row["isPartial"],
        sparse: sparse)
    }
    var status = RunStatus(rawValue: row["status"]) ?? .failed
    // An older build did not say in which process; it is taken to have ended.
    let process: String? = row["process"]
    if status == .running, process.map(ProcessIdentity.hasEnded) ?? true { status = .interrupted }
    return RunRecord(
      id: row["id"], started: Date(timeIntervalSince1970: row["started"]),
      status: status,
      specification: try JSONDecoder().decode(RunSpecification.self, from: Data((row["specification"] as String).utf8)),
      contents: try JSONDecoder().decode([String: ContentHash].self, from: Data((row["contents"] as String).utf8)),
      rows: row["rows"], selection: selection, pickCount: count,
      seconds: try JSONDecoder().decode(PhaseSeconds.self, from: Data((row["seconds"] as String).utf8)),
      failure: row["failure"], process: status == .running ? process.flatMap(ProcessIdentity.number) : nil)
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
