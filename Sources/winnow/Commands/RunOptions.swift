import ArgumentParser
import Domain
import Foundation
import Numerics
import Scoring
import Transformer
import Workbench

extension DatasetFormat: ExpressibleByArgument {}
extension WeightPrecision: ExpressibleByArgument {}
extension TextEncoding: ExpressibleByArgument {}
extension UnwantedAnswers: ExpressibleByArgument {}
extension ChoiceWriting: ExpressibleByArgument {}
extension ReasoningUse: ExpressibleByArgument {}

/// How files of samples are read, where the data alone is not to say it.
struct ReadingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Fields by name, say prompt=question,response=answers.text[0] (also input, system, messages, id).",
      valueName: "list"))
  var fields: String?

  @Option(help: ArgumentHelp("Field that holds a row's label.", valueName: "field"))
  var label: String?

  @Option(help: ArgumentHelp("How files hold their rows: jsonl, json, csv or tsv.", valueName: "format"))
  var format: DatasetFormat?

  @Option(
    help: ArgumentHelp("Encoding of text that is not UTF-8: windows-1252 or utf-16.", valueName: "encoding"))
  var encoding: TextEncoding?

  @Option(help: ArgumentHelp("Names of the columns of a CSV or TSV file that has no header.", valueName: "list"))
  var columns: String?

  @Flag(help: "Of a chat, train and measure all assistant turns, not only the last.")
  var allTurns = false

  @Option(
    help: ArgumentHelp("Answers that the data marks as not wanted (label: false): keep or drop.", valueName: "use"))
  var unwanted: UnwantedAnswers = .drop

  @Option(
    help: ArgumentHelp(
      "Multiple choice: letters and texts in the prompt and the answer, or texts alone.", valueName: "writing"))
  var choices: ChoiceWriting = .letters

  @Option(
    help: ArgumentHelp(
      "Reasoning beside an answer: keep (in <think> marks), drop, or template (as the chat template has it).",
      valueName: "use"))
  var reasoning: ReasoningUse = .template

  private static func columns(_ list: String) throws -> [String] {
    let names = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard names.allSatisfy({ !$0.isEmpty }), Set(names).count == names.count else {
      throw WorkbenchError.outsideRange(
        option: "--columns", value: list, bounds: "names that differ, separated by commas")
    }
    return names
  }

  /// Errors: the report of a list of fields that cannot be read.
  var reading: DatasetReading {
    get throws {
      var names = try fields.map { text throws(ErrorReport) in try FieldNames(parsing: text) } ?? FieldNames()
      if let label {
        if let other = names.label, other != label {
          throw WorkbenchError.outsideRange(
            option: "--label", value: "\(label), and label=\(other) in --fields,", bounds: "one name")
        }
        names.label = label
      }
      return DatasetReading(
        format: format, fields: names, allTurns: allTurns, unwanted: unwanted, choices: choices, reasoning: reasoning,
        encoding: encoding, columns: try columns.map(Self.columns))
    }
  }
}

extension ExportFormat: ExpressibleByArgument {}
extension ExportOrder: ExpressibleByArgument {}
extension TrainingTool: ExpressibleByArgument {}

/// How chosen rows are written.
struct ExportArguments: ParsableArguments {
  @Option(
    name: .customLong("out-format"),
    help: ArgumentHelp(
      "jsonl (rows byte for byte), csv, indices or parquet; else by the name's ending.", valueName: "format"))
  var format: ExportFormat?

  @Option(name: .customLong("order"), help: "Rows as they were chosen, or as they stand in the pool.")
  var order: ExportOrder = .rank

  @Flag(help: "Add a field \"rank\" to each row written.")
  var ranked = false

  @Flag(help: "Add a field \"weight\" to each row written.")
  var weighted = false

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "Write rows and configuration as a trainer reads them: trl, axolotl or llama-factory.", valueName: "trainer"))
  var trainer: TrainingTool?

  var options: ExportOptions {
    ExportOptions(format: format, order: order, addsRank: ranked, addsWeight: weighted, trainer: trainer)
  }
}

/// The pool's files, and how they are read.
struct PoolOptions: ParsableArguments {
  @Option(
    name: .customLong("pool"),
    help: ArgumentHelp(
      "File of samples to choose from, a folder of them, a pattern in quotes or - for standard input; given again, files that the pool goes on in.",
      valueName: "file"))
  var files: [String] = []

  @Option(help: ArgumentHelp("Of a folder with several splits, the one to read; otherwise train.", valueName: "name"))
  var split: String?

  @Flag(help: "Leave out rows that can't be read, and list them, instead of stopping at the first.")
  var skipBadRows = false

  @OptionGroup var reading: ReadingOptions

  /// The files that those named stand for.
  func resolved() throws -> [String] { try DataFiles.named(files, split: split) }
}

/// Where the samples are.
struct DataOptions: ParsableArguments {
  @OptionGroup var pool: PoolOptions

  @Option(help: ArgumentHelp("Samples of the task the choice should help.", valueName: "file"))
  var target: String?

  @Option(help: ArgumentHelp("Samples the model already knows.", valueName: "file"))
  var existing: String?
}

/// How an inference server is asked.
struct ServerOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Requests to --endpoint that are under way at once.", valueName: "n"))
  var requests = 32

  func validate() throws {
    guard (1...1024).contains(requests) else {
      throw WorkbenchError.outsideRange(option: "--requests", value: "\(requests)", bounds: "1 to 1024")
    }
  }

  var access: ServerAccess { ServerAccess(key: Self.key, requests: requests) }

  /// Never an option: those are seen by everyone on the machine.
  static var key: String? {
    let key = ProcessInfo.processInfo.environment["WINNOW_API_KEY"]?.trimmingCharacters(in: .whitespacesAndNewlines)
    return key.flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// How a model's weights are held.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Weights in memory: as stored and widened as they are used, float32, or auto: float32 where it fits.",
      valueName: "auto|stored|float32"))
  var precision: WeightPrecision = .auto
}

/// How many threads a command may use.
struct ThreadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Worker threads (default: one a core). The answer does not depend on it.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 || threads > 1024 {
      throw WorkbenchError.outsideRange(option: "--threads", value: "\(threads)", bounds: "1 to 1024")
    }
  }

  var workers: Workers { Workers(count: threads) }
}
