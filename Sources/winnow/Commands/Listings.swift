import ArgumentParser
import Domain
import Foundation
import Store
import Workbench

/// `winnow methods`: what there is to choose with.
struct Methods: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the methods and what each needs.")

  @Flag(help: "Print a JSON array.")
  var json = false

  private struct Entry: Encodable {
    var method: String
    var title: String
    var summary: String
    var needs: [String]
    var parameters: [Setting]
  }

  private struct Setting: Encodable {
    var option: String
    var title: String
    var values: String
    var standard: String
    var meaning: String

    init?(_ parameter: Parameter, of method: Domain.Method) {
      guard let flag = parameter.flag, parameter.id != .method else { return nil }
      option = "--" + flag
      title = parameter.title
      values = parameter.bounds
      standard = RunDraft([.method: method.rawValue])[parameter.id]
      meaning = parameter.meaning(with: method)
    }
  }

  func run() throws {
    let entries = Domain.Method.all.map { method in
      Entry(
        method: method.rawValue, title: method.title, summary: method.summary,
        needs: ["pool"] + method.needs.map(\.rawValue) + (method.needsUtilities ? ["model or utilities"] : [])
          + (method.signal == .passes ? ["model"] : []),
        parameters: method.parameters.compactMap { Setting($0, of: method) })
    }
    if json { return try Output.json(entries) }
    let width = entries.map(\.method.count).max() ?? 0
    for entry in entries {
      let name = entry.method.padding(toLength: width, withPad: " ", startingAt: 0)
      Output.text(
        "\(name)  \(entry.summary)\n\(String(repeating: " ", count: width))  needs: \(entry.needs.joined(separator: ", "))\n"
          + "\(String(repeating: " ", count: width))  options: \(entry.parameters.map(\.option).joined(separator: " "))\n"
      )
    }
  }
}

/// `winnow runs`: what was run, newest first.
struct Runs: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "List the runs that were made, newest first.")

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
  }

  func run() throws {
    let library = try RunLibrary(path: StorePaths().runs)
    let entries = try library.runs().map { record in
      Entry(
        run: record.id, started: record.started.formatted(.iso8601), status: record.status.rawValue,
        method: record.specification.method.rawValue, pool: record.specification.pool, n: record.rows,
        picks: record.pickCount, objective: record.selection?.objective)
    }
    if json { return try Output.json(entries) }
    for entry in entries {
      Output.text(
        "\(entry.run)\t\(entry.started)\t\(entry.status)\t\(entry.method)\t\(entry.picks)/\(entry.n)\t\(entry.pool ?? "-")\n"
      )
    }
  }
}

/// `winnow inspect`: why a row was chosen.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Say why a run chose a row.")

  @Argument(help: ArgumentHelp("The run's number (winnow runs).", valueName: "run"))
  var number: Int64

  @Argument(help: "The row's place in the pool's file, from 0.")
  var index: Int

  private struct Row: Encodable {
    var index: RowIndex
    var utility: Float
  }

  private struct Answer: Encodable {
    var run: Int64
    var pick: LocatedPick
    /// The row as it stands in its file.
    var line: String?
    /// Rows that it serves best of all that were chosen, rows that help it most, and targets that are nearest, where the run's
    /// utilities are kept.
    var represents: [Row]?
    var partners: [Row]?
    var targets: [Row]?

    mutating func explain(_ found: PickExplanation) {
      func rows(_ list: [PickExplanation.Represented]) -> [Row]? {
        list.isEmpty ? nil : list.map { Row(index: $0.row, utility: $0.utility) }
      }
      represents = rows(found.represents)
      partners = rows(found.partners)
      targets = rows(found.targets)
    }
  }

  func run() throws {
    let record = try RunLibrary(path: StorePaths().runs).run(number)
    guard let selection = record.selection,
      let rank = selection.picks.firstIndex(where: { $0.row == RowIndex(index) })
    else { throw WorkbenchError.notChosen(run: number, row: RowIndex(index)) }
    let pick = selection.picks[rank]
    // A run on matrices alone has no rows to show.
    let line = try record.specification.pool == nil ? nil : Exporter.lines(of: record, picks: [pick]).first
    var answer = Answer(
      run: number, pick: LocatedPick(pick, at: line?.location),
      line: line.map { String(decoding: $0.bytes, as: UTF8.self) }
    )
    do {
      let outcome = try RunEngine(paths: StorePaths()).reopen(record, cancellation: Cancellation())
      answer.explain(try outcome.explain(rank: Rank(rank)))
    } catch {
      // The pick is an answer without it.
      let note = "note: whom it stands for is not known any more: \(ErrorReport(describing: error).problem)\n"
      FileHandle.standardError.write(Data(note.utf8))
    }
    try Output.json(answer)
  }
}

/// `winnow export`: a run's rows, again.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Write the rows that a run chose.")

  @Argument(help: ArgumentHelp("The run's number (winnow runs).", valueName: "run"))
  var number: Int64

  @Option(help: ArgumentHelp("Where to write the chosen rows.", valueName: "file"))
  var out: String

  @OptionGroup var export: ExportArguments

  @Flag(help: "Replace the file if it exists.")
  var force = false

  func run() throws {
    let record = try RunLibrary(path: StorePaths().runs).run(number)
    let notes = try Exporter.export(
      record, to: out, replacing: force, version: Version.text, options: export.options)
    for note in notes { FileHandle.standardError.write(Data("note: \(note)\n".utf8)) }
  }
}

/// `winnow paths`: where things are kept.
struct Paths: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print where configuration, runs and caches are kept.")

  func run() throws {
    let paths = StorePaths()
    Output.text("config\t\(paths.configuration)\nstate\t\(paths.state)\ncache\t\(paths.cache)\n")
  }
}
