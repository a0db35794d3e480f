import ArgumentParser
import Datasets
import Desk
import Domain
import Foundation
import Interface
import Numerics
import Store
import Tokenizers
import Workbench

/// `winnow rows`: rows of a file that a filter takes.
struct Rows: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the rows of a file that a filter takes.",
    discussion: """
      A filter is made of words or regular expressions (case ignored), also in one field: label:, id:, prompt:, response:, \
      or a field of the file by its name, with dots into nested ones (meta.source:wiki); numbers: len>200, words<5, \
      gain<0.1, rank<=10, weight>1, copies>1, FIELD>=2; FIELD=text for a whole text; chosen, run:3, in:none, in:A&!B; pin, \
      ban, tag:x; dup (the words of an earlier row), bad (no sample can be read). They are joined by and, or, not and \
      parentheses; "quotes" take a text as it stands.

      chosen, gain, weight and rank are about the first --run, or else the latest run on the file; the letters in in: are \
      the runs of --run in their order, or else all runs on the file. Pins, bans and tags are those of a session.
      """)

  @Argument(help: ArgumentHelp("File of samples, or a folder of them; several are one pool.", valueName: "file"))
  var files: [String]

  @Option(help: ArgumentHelp("Which rows; without it all.", valueName: "filter"))
  var filter: String?

  @Option(
    name: .customLong("run"),
    help: ArgumentHelp(
      "Run that chosen, gain and in: are about, by its number (winnow runs); may be repeated.", valueName: "n"))
  var numbers: [Int64] = []

  @Option(help: ArgumentHelp("At most so many rows.", valueName: "n"))
  var limit: Int?

  @Option(help: ArgumentHelp("Count len in tokens of this model; otherwise in characters.", valueName: "dir"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Session whose pins, bans and tags count; otherwise the one that the file was opened in.", valueName: "name"))
  var session: String?

  @Flag(help: "Print a JSON array with an object for each row.")
  var json = false

  @Option(help: ArgumentHelp("Of a folder with several splits, the one to read; otherwise train.", valueName: "name"))
  var split: String?

  @OptionGroup var reading: ReadingOptions
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if let limit, limit < 1 {
      throw WorkbenchError.outsideRange(option: "--limit", value: "\(limit)", bounds: "1 and more")
    }
  }

  func run() throws {
    let expression: FilterExpression?
    do throws(FilterProblem) {
      expression = try filter.map { text throws(FilterProblem) in try FilterExpression(parsing: text) }
    } catch {
      throw Self.report(error)
    }
    let interrupt = InterruptHandler()
    let file = try DatasetFile.open(
      paths: DataFiles.named(files, split: split), role: .pool, reading: reading.reading,
      cancellation: interrupt.cancellation)
    let context = try context(of: file)
    // Rows that can't be read are rows all the same: `bad` finds them.
    let survey = try model.map { directory in
      try DatasetSurveying.survey(
        file, tokenizer: Tokenizer(directory: directory), workers: threads.workers,
        cancellation: interrupt.cancellation)
    }
    let found: [RowIndex]
    if let expression {
      for name in expression.needs.fields where !Self.isField(name, of: file.summary) {
        Self.note(
          "no field is called \"\(name)\" in the first rows; there are \(file.summary.fields.joined(separator: ", "))")
      }
      do {
        found = try RowFiltering.rows(
          of: file, taking: expression, in: context, lengths: survey?.lengths, workers: threads.workers,
          cancellation: interrupt.cancellation)
      } catch let problem as FilterProblem {
        throw Self.report(problem)
      }
    } else {
      found = (0..<file.count).map(file.index(at:))
    }
    try write(
      limit.map { Array(found.prefix($0)) } ?? found, of: file, context, survey?.lengths, interrupt.cancellation)
    if found.isEmpty {
      Self.note("no row matches")
    } else if let limit, found.count > limit {
      Self.note("\(found.count) rows match; the first \(limit) are listed")
    }
  }

  // MARK: What a filter asks about

  private func context(of file: DatasetFile) throws -> FilterContext {
    var context = FilterContext()
    let paths = StorePaths()
    if paths.hasRuns {
      let library = try RunLibrary(path: paths.runs)
      let content = file.summary.contentHash
      let own = try library.runs().filter { record in
        record.contents[DatasetRole.pool.rawValue] == content && record.pickCount > 0
      }
      // The latest is the last; their picks are read only where the filter can ask for them.
      if expressionNeedsRuns {
        context.runs = try own.reversed().map { record in
          FilterContext.Run(number: record.id, picks: try library.run(record.id).selection?.picks ?? [])
        }
      }
      for number in numbers where !own.contains(where: { $0.id == number }) {
        _ = try library.run(number)
        throw ErrorReport(
          "run \(number) chose from another file", at: "--run",
          remedy: own.isEmpty
            ? "No run chose from this one." : "Runs on this one: \(own.map { "\($0.id)" }.joined(separator: ", ")).",
          status: .unusableArguments)
      }
    } else if let number = numbers.first {
      throw StoreError.noSuchRun(number)
    }
    context.compared =
      numbers.isEmpty
      ? Array(context.runs.indices)
      : numbers.compactMap { number in context.runs.firstIndex { $0.number == number } }
    context.current = numbers.isEmpty ? context.runs.indices.last : context.compared.first
    if let kept = try keptSession(file, paths) {
      context.pinned = kept.pinned
      context.banned = kept.banned
      for (tag, rows) in kept.tags ?? [:] { for row in rows { context.tags[row, default: []].insert(tag) } }
    }
    return context
  }

  private var expressionNeedsRuns: Bool { json || !numbers.isEmpty || filter != nil }

  /// The session that was asked for; otherwise the file's own, or the latest where it is about this file.
  private func keptSession(_ file: DatasetFile, _ paths: StorePaths) throws -> Session? {
    let store = SessionStore(paths: paths)
    if let session {
      guard let kept = Session.read(session, from: store) else {
        throw ErrorReport(
          "there is no session \"\(session)\"", at: "--session", remedy: "winnow --session \(session) begins one.",
          status: .unusableArguments)
      }
      return kept
    }
    let names = [Open.sessionName(ofPool: files), store.last].compactMap(\.self)
    return names.lazy.compactMap { Session.read($0, from: store) }
      .first { $0.files[DatasetRole.pool.rawValue]?.content == file.summary.contentHash }
  }

  // MARK: What is printed

  private struct Row: Encodable {
    var index: RowIndex
    var id: String?
    var label: String?
    var prompt: String?
    var response: String?
    var length: Int?
    var rank: Rank?
    var gain: Double?
    var weight: Double?
    var pinned: Bool?
    var banned: Bool?
    var tags: [String]?
    var file: String
    var line: Int
    /// Why no sample can be read from it.
    var error: String?
  }

  private func write(
    _ rows: [RowIndex], of file: DatasetFile, _ context: FilterContext, _ lengths: [UInt32]?,
    _ cancellation: Cancellation
  ) throws {
    let picks = context.current.map { context.runs[$0].picks } ?? []
    let byRow = Dictionary(picks.map { ($0.row, $0) }, uniquingKeysWith: { first, _ in first })
    let (pinned, banned) = (Set(context.pinned), Set(context.banned))
    let width = json ? 0 : max(20, Console.width ?? 400)
    let digits = max(3, "\(rows.last?.value ?? 0)".count)
    var lines = ""
    if json { lines += "[" }
    for (number, index) in rows.enumerated() {
      try cancellation.check()
      let location = file.location(of: index)
      var row = Row(index: index, file: location.file, line: location.line)
      do {
        guard let position = file.position(of: index) else { continue }
        let sample = try file.sample(at: position)
        let parts = sample.query.instructionAndInput
        (row.id, row.label, row.response) = (sample.id, sample.label, sample.response)
        row.prompt = parts.input.isEmpty ? parts.instruction : parts.instruction + "\n\n" + parts.input
        row.length = lengths.map { Int($0[index.value]) } ?? sample.characterCount
      } catch {
        row.error = ErrorReport(describing: error).problem
      }
      if let pick = byRow[index] { (row.rank, row.gain, row.weight) = (pick.rank, pick.gain, pick.weight) }
      if pinned.contains(index) { row.pinned = true }
      if banned.contains(index) { row.banned = true }
      row.tags = context.tags[index]?.sorted()
      if json {
        lines += (number > 0 ? ",\n" : "\n") + String(decoding: try Output.encode(row), as: UTF8.self)
      } else {
        lines += Self.line(row, digits: digits, width: width) + "\n"
      }
      if lines.utf8.count > 1 << 16 {
        Output.text(lines)
        lines = ""
      }
    }
    Output.text(lines + (json ? "\n]\n" : ""))
  }

  /// A row in one line, no wider than the terminal.
  private static func line(_ row: Row, digits: Int, width: Int) -> String {
    let index = "\(row.index)"
    var parts = [String(repeating: " ", count: max(0, digits - index.count)) + index]
    if let error = row.error { return Console.cut(parts[0] + "  ! " + Console.plain(error), to: width) }
    let marks = (row.rank == nil ? "" : "*") + (row.pinned == true ? "^" : "") + (row.banned == true ? "x" : "")
    parts.append(marks.padding(toLength: 2, withPad: " ", startingAt: 0))
    if let label = row.label { parts.append(Console.cut(Console.plain(label), to: 16, pad: true)) }
    let prompt = Console.plain(row.prompt ?? ""), response = Console.plain(row.response ?? "")
    let room = max(20, width - parts.reduce(0) { $0 + $1.count + 2 } - 3)
    parts.append(
      Console.cut(prompt, to: min(max(room * 3 / 5, room - response.count), 200)) + " > "
        + Console.cut(response, to: 160))
    return Console.cut(parts.joined(separator: "  "), to: width)
  }

  private static func isField(_ name: String, of summary: DatasetSummary) -> Bool {
    summary.fields.isEmpty || summary.fields.contains { $0 == name || $0.hasPrefix(name + ".") }
  }

  private static func note(_ text: String) {
    Output.message("note: \(Console.plain(text))\n")
  }

  private static func report(_ problem: FilterProblem) -> ErrorReport {
    ErrorReport(
      problem.reason, at: problem.character.map { "--filter, character \($0)" } ?? "--filter", remedy: problem.remedy,
      status: .unusableArguments)
  }
}
