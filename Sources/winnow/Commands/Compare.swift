import ArgumentParser
import Datasets
import Domain
import Foundation
import Store
import Workbench

/// `winnow compare`: runs side by side.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Set runs side by side: overlap, order, composition, lengths, and each objective on each choice.",
    discussion: "Nothing is computed anew: an objective is evaluated where its utilities are kept.")

  @Argument(help: ArgumentHelp("Numbers of runs on the same pool (winnow runs).", valueName: "run"))
  var numbers: [Int64]

  @Flag(help: "Print one JSON object.") var json = false

  @Option(help: ArgumentHelp("Write the table to a file: CSV for .csv, otherwise Markdown.", valueName: "file"))
  var out: String?

  @Flag(help: "Replace the file of --out if it exists.") var force = false

  @OptionGroup var threads: ThreadOptions

  func run() throws {
    guard Set(numbers).count == numbers.count, numbers.count >= 2 else {
      throw WorkbenchError.notComparable(reason: "two or more different runs are needed")
    }
    try Output.check(out, replacing: force)
    let library = try RunLibrary(path: StorePaths().runs)
    let interrupt = InterruptHandler()
    let comparison = try RunEngine(paths: StorePaths(), workers: threads.workers)
      .compare(numbers.map { try library.run($0) }, cancellation: interrupt.cancellation)
    if let out {
      var file = try AtomicFile(at: out, overwrite: force)
      try file.write(comparison.table.text(for: out))
      try file.commit()
    }
    if json {
      try Output.json(comparison)
    } else if out == nil {
      Output.text(Self.aligned(comparison.table))
    }
    for note in comparison.notes { Output.message("note: \(note)\n") }
  }

  /// A table in columns, control characters shown and not sent.
  private static func aligned(_ table: ReportTable) -> String {
    let lines = ([table.heads] + table.lines).map { $0.map(Self.plain) }
    let widths = table.heads.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { cells in
      zip(cells, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ") + "\n"
    }.joined()
  }

  private static func plain(_ text: String) -> String {
    String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
  }
}
