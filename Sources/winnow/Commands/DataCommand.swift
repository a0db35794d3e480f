import ArgumentParser
import Datasets
import Domain
import Foundation
import Workbench

/// `winnow data`: what files of samples hold.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Say what files of samples hold.",
    discussion: """
      What they are taken for and why, bad rows by reason, fields, lengths, labels, rows that stand there twice or nearly so, \
      rows shared with a target or a test set, fields that nothing reads, and the first row as a model gets it.

      Rows are near to one another where the words of prompt and response, three in a row, have a Jaccard index of 0.8.
      """)

  @Argument(
    help: ArgumentHelp(
      "File of samples, a folder of them, a pattern in quotes, or - for standard input; several are one pool.",
      valueName: "file"))
  var files: [String]

  @Option(help: ArgumentHelp("Of a folder with several splits, the one to read; otherwise train.", valueName: "name"))
  var split: String?

  @Option(help: ArgumentHelp("Samples of a target set: what the pool shares with it is counted.", valueName: "file"))
  var target: String?

  @Option(
    name: .customLong("test"),
    help: ArgumentHelp(
      "Samples of a test set, which should not stand in the pool; may be repeated.", valueName: "file"))
  var tests: [String] = []

  @Option(
    help: ArgumentHelp(
      "Model whose tokenizer and template count lengths in tokens and show the first row.", valueName: "dir"))
  var model: String?

  @Option(help: ArgumentHelp("Prompt template: delift, chat (the model's own) or plain.", valueName: "name"))
  var template = "delift"

  @Flag(help: "Print the whole answer as one JSON object.")
  var json = false

  @OptionGroup var reading: ReadingOptions
  @OptionGroup var threads: ThreadOptions

  func run() throws {
    let interrupt = InterruptHandler()
    let file = try DatasetFile.open(
      paths: DataFiles.named(files, split: split), role: .pool, reading: reading.reading,
      cancellation: interrupt.cancellation)
    let others = (target.map { [("target", $0)] } ?? []) + tests.map { ("test", $0) }
    let sets = try others.map { role, path in
      (
        role: role,
        file: try DatasetFile.open(
          paths: DataFiles.named([path]), role: .target, reading: reading.reading, cancellation: interrupt.cancellation)
      )
    }
    let reader = try model.map { try DataReporting.Reader(model: $0, template: template) }
    let report = try DataReporting.report(
      on: file, beside: sets, reader: reader, workers: threads.workers, cancellation: interrupt.cancellation)
    if json { return try Output.json(report) }
    Output.text(DataReportText(report).text)
  }
}

/// A report for a person, with nothing in it that a terminal would act on.
struct DataReportText {
  private let report: DataReport
  private var lines: [String] = []

  init(_ report: DataReport) {
    self.report = report
    write()
  }

  var text: String { lines.joined(separator: "\n") + "\n" }

  private mutating func add(_ line: String = "") { lines.append(line) }

  private mutating func head(_ title: String) {
    add()
    add(title)
  }

  private static func plural(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
  private static func cut(_ text: String, to width: Int) -> String { Console.cut(Console.plain(text), to: width) }

  private mutating func write() {
    for file in report.files {
      add(
        "\(Console.plain(file.path))  \(file.format)  \(Console.plain(file.schema))  \(Self.plural(file.rows, "row"))")
      add("  " + Console.plain(file.reason))
    }
    var counts = [Self.plural(report.usable, "usable row")]
    if !report.badRows.isEmpty { counts.append("\(report.badRows.reduce(0) { $0 + $1.rows }) bad") }
    if report.leftOut > 0 { counts.append("\(report.leftOut) left out") }
    add(counts.joined(separator: ", "))
    for note in report.notes { add("  " + Console.plain(note)) }
    if !report.badRows.isEmpty {
      head("Bad rows")
      for bad in report.badRows {
        add("  \(bad.rows)  \(Console.plain(bad.reason))")
        add("     " + bad.lines.map(Console.plain).joined(separator: "  ") + (bad.rows > bad.lines.count ? "  …" : ""))
      }
    }
    writeFields()
    writeLengths()
    if let labels = report.labels {
      head("Labels (\(Console.plain(labels.field)))")
      for label in labels.labels.prefix(12) { add("  \(label.rows)  \(Self.cut(label.label, to: 60))") }
      if labels.labels.count > 12 { add("  … \(labels.labels.count - 12) more") }
      if labels.without > 0 { add("  \(labels.without)  without") }
    }
    writeCopies()
    writeFirst()
  }

  private mutating func writeFields() {
    head("Fields")
    let width = min(24, report.fields.map(\.name.count).max() ?? 0)
    for field in report.fields.prefix(60) {
      let kinds = field.kinds.sorted { $0.value > $1.value }.map(\.key).joined(separator: ", ")
      add(
        "  \(Console.cut(Console.plain(field.name), to: width, pad: true))  \(Int((field.fill * 100).rounded(.down)))%  \(kinds)  "
          + (field.role.map { "[\($0)]  " } ?? "") + Self.cut(field.examples.first ?? "", to: 50))
    }
    if report.fields.count > 60 { add("  … \(report.fields.count - 60) more") }
    if !report.leftovers.isEmpty {
      add("  Nothing reads: " + report.leftovers.map(Console.plain).joined(separator: ", "))
    }
  }

  private mutating func writeLengths() {
    let lengths = report.lengths
    head("Lengths in \(lengths.unit)" + (lengths.rows < report.usable ? " (of \(lengths.rows) rows)" : ""))
    add("              least      5%  median     95%     99%    most")
    for (name, spread) in [("prompt", lengths.prompt), ("response", lengths.response), ("both", lengths.total)] {
      let numbers = [spread.least, spread.p5, spread.median, spread.p95, spread.p99, spread.most]
      add(
        "  " + name.padding(toLength: 9, withPad: " ", startingAt: 0)
          + numbers.map { String(repeating: " ", count: max(1, 8 - "\($0)".count)) + "\($0)" }.joined())
    }
    if let context = lengths.context, let beyond = lengths.beyondContext {
      add("  \(Self.plural(beyond, "row")) longer than the model's context of \(context) tokens")
    }
  }

  private mutating func writeCopies() {
    let copies = report.duplicates
    head("Copies")
    for (name, found) in [
      ("the same words", copies.exact), ("nearly the same words", copies.near), ("the same prompt", copies.samePrompt),
    ] {
      add(
        "  \(Self.plural(found.rows, "row")) with \(name) as an earlier one, in \(Self.plural(found.groups, "group"))")
      for group in found.examples.prefix(3) {
        add("    " + group.map { "\(Console.plain($0.file)):\($0.line)" }.joined(separator: "  "))
      }
    }
    for shared in copies.across {
      add(
        "  \(shared.exact) exact and \(shared.near) near of \(Console.plain(shared.files[1])) in \(Console.plain(shared.files[0]))"
      )
    }
    for overlap in report.overlaps {
      add(
        "  Of \(Self.plural(overlap.rows, "row")) of the \(overlap.role) set \(Console.plain(overlap.path)): \(overlap.exact) in the pool, \(overlap.near) nearly so, \(overlap.prompt) with a prompt of the pool"
      )
      for pair in overlap.examples.prefix(3) {
        add(
          "    \(Console.plain(pair.row.file)):\(pair.row.line) is \(Console.plain(pair.pool.file)):\(pair.pool.line)")
      }
    }
  }

  private mutating func writeFirst() {
    guard let first = report.first else { return }
    if let problem = first.problem {
      head("The first row")
      add("  The template does not take it: \(Console.plain(problem))")
    } else if let pieces = first.pieces {
      head("The first row as the model gets it (\(first.tokens?.count ?? 0) tokens; ⟦…⟧ bears the loss)")
      let text = pieces.map { $0.loss ? "⟦\($0.text)⟧" : $0.text }.joined()
      for line in text.split(separator: "\n", omittingEmptySubsequences: false).prefix(40) {
        add("  " + Self.cut(String(line), to: 400))
      }
    } else {
      head("The first row")
      for (name, text) in [("prompt", first.prompt), ("response", first.response)] {
        add("  \(name.padding(toLength: 8, withPad: " ", startingAt: 0))  \(Self.cut(text, to: 200))")
      }
    }
  }
}
