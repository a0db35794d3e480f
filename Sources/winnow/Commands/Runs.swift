import ArgumentParser
import Domain
import Foundation
import Store
import Workbench

/// `winnow runs`: what was run, newest first.
struct Runs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the runs that were made, newest first.",
    discussion: "Columns with their names on a terminal; elsewhere a line each with tabs, or with --json an array.")

  @Flag(help: "Print a JSON array.")
  var json = false

  private struct Entry: Encodable {
    var run: Int64
    var started: String
    var status: String
    var method: String
    var pool: String?
    var n: Int
    var picks: Int
    var objective: Double?
    var seed: UInt64
    /// The process that it is going on in.
    var process: Int?
  }

  func run() throws {
    let library = try RunLibrary(path: StorePaths().runs)
    let records = try library.runs()
    let entries = records.map { record in
      Entry(
        run: record.id, started: record.started.formatted(.iso8601), status: record.status.rawValue,
        method: record.specification.method.rawValue, pool: record.specification.pool, n: record.rows,
        picks: record.pickCount, objective: record.selection?.objective, seed: record.specification.seed,
        process: record.process)
    }
    if json { return try Output.json(entries) }
    guard Console.isTerminal else {
      for entry in entries {
        let fields = [
          "\(entry.run)", entry.started, entry.status, entry.method, "\(entry.picks)/\(entry.n)",
          Console.plain(entry.pool ?? "-"),
        ]
        Output.text(fields.joined(separator: "\t") + "\n")
      }
      return
    }
    if entries.isEmpty {
      Output.message("No runs yet: winnow select makes one, or r in the workbench.\n")
      return
    }
    let lines = zip(entries, records).map { entry, record in
      [
        "\(entry.run)",
        record.started.formatted(
          .iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false)),
        entry.status, entry.method, "\(entry.picks) of \(entry.n)", "\(entry.seed)", Console.plain(entry.pool ?? "-"),
      ]
    }
    Output.text(Console.table(["run", "started (UTC)", "status", "method", "rows", "seed", "pool"], lines))
  }
}
