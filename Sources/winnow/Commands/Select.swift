import ArgumentParser
import Domain
import Foundation
import Store
import Workbench

/// `winnow select`: one run from files to chosen rows.
struct Select: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Choose a subset of a pool.",
    discussion: """
      With computed matrices (--utilities) or gradients (--gradients) the pool may be left out: the answer is then indices. Scores are kept in the \
      cache, so a run that was stopped goes on where it was.
      """)

  @OptionGroup var data: DataOptions
  @OptionGroup(title: "Parameters of the run (winnow methods names those of each method)")
  var parameters: ParameterOptions<AllParameters>
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var server: ServerOptions

  @Option(help: ArgumentHelp("Folder for influence, weights, landmarks, embeddings and Q as .npy.", valueName: "dir"))
  var dump: String?

  @Option(help: ArgumentHelp("Where to write the chosen rows.", valueName: "file"))
  var out: String?

  @OptionGroup var export: ExportArguments

  @Flag(help: "Replace the file of --out if it exists.")
  var force = false

  @Flag(help: "Print the whole answer as one JSON object.")
  var json = false

  @Option(help: ArgumentHelp("Rows to take first, say 3,17; given again, more of them.", valueName: "indices"))
  var pin: [String] = []

  @Option(help: ArgumentHelp("Rows never to take, say 3,17; given again, more of them.", valueName: "indices"))
  var ban: [String] = []

  @Flag(help: "Go on with a run that will take over an hour.")
  var yes = false

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "Say nothing on standard error but errors and notes.")
  var quiet = false

  func run() throws {
    let specification = try self.specification()
    try Output.check(out, replacing: force, reading: specification)
    if let out, !force, let other = Exporter.obstacle(at: out, export.options) {
      throw WorkbenchError.exportExists(path: other)
    }
    if dump != nil, specification.influence == nil {
      throw WorkbenchError.cannotCombine(
        "--method \(specification.method.rawValue)", "--dump", "only influence has anything to write there")
    }
    let interrupt = InterruptHandler()
    let reporter = ConsoleReporter(quiet: quiet)
    let engine = RunEngine(
      paths: StorePaths(), workers: threads.workers, precision: precision.precision,
      access: server.access, longest: yes ? nil : 3600)
    let outcome = try engine.execute(
      specification, cancellation: interrupt.cancellation, observe: { reporter.observe($0) })
    reporter.finish()
    if let dump, let found = outcome.influence {
      try found.dump(to: dump, candidates: outcome.candidates, replacing: force)
    }
    if let out {
      let notes = try Exporter.export(
        outcome, to: out, replacing: force, version: Version.text, options: export.options)
      for note in notes { reporter.observe(.notice(note)) }
    }
    try print(outcome)
    if outcome.selection.isPartial { throw CancellationError() }
  }

  private func specification() throws -> RunSpecification {
    let draft = parameters.draft
    guard let budget = parameters[.budget] else {
      throw ErrorReport(
        "nothing says how many rows to choose", at: "--budget", remedy: "Give a count (120), or a share (0.3 or 30%).",
        status: .unusableArguments)
    }
    let named = Self.sources(draft)
    guard named.count <= 1 else { throw WorkbenchError.severalSources(named) }
    let pool = try data.pool.resolved()
    return try draft.specification(
      on: RunSpecification(
        method: draft.method, pool: pool.first, target: DataFiles.one(data.target, option: "--target"),
        existing: DataFiles.one(data.existing, option: "--existing"), source: nil,
        budget: Budget(parsing: budget), skipBadRows: data.pool.skipBadRows,
        pinned: Self.indices(pin, option: "--pin"), banned: Self.indices(ban, option: "--ban"),
        morePools: Array(pool.dropFirst()), reading: data.pool.reading.reading), onlyApplying: false)
  }

  /// The options that say where utilities come from. With influence, vectors are what it is propagated by.
  private static func sources(_ draft: RunDraft) -> [String] {
    let sources: [Parameter.ID] = [.utilities, .embeddings, .model, .endpoint]
    return sources.filter { draft.isGiven($0) && !($0 == .embeddings && draft.method.needsGradients) }
      .map { "--" + ($0.parameter.flag ?? $0.rawValue) }
  }

  private static func indices(_ lists: [String], option: String) throws -> [RowIndex] {
    try lists.flatMap { $0.split(separator: ",") }.map { part in
      guard let index = Int(part.trimmingCharacters(in: .whitespaces)), index >= 0 else {
        throw WorkbenchError.outsideRange(option: option, value: "\"\(part)\"", bounds: "row numbers from 0")
      }
      return RowIndex(index)
    }
  }

  private func print(_ outcome: RunOutcome) throws {
    if json {
      try Output.json(SelectionReport(outcome))
    } else if out == nil {
      Output.text(outcome.selection.picks.map { "\($0.row)\n" }.joined())
    }
  }
}

/// The object that `select --json` prints.
struct SelectionReport: Encodable {
  var method: String
  var n: Int
  var budget: Int
  var selected: [LocatedPick]
  var objective: Double
  var evaluations: Int
  var seconds: PhaseSeconds
  var sparse: Sparse?
  var spec: RunSpecification

  /// What scoring a part of the pairs cost, under the names that other programs read; what was not measured is null.
  struct Sparse: Encodable {
    var report: SparseReport

    private enum CodingKeys: String, CodingKey {
      case neighbours, explore, pairs
      case densePairs = "pairs_dense"
      case recall
      case gainCorrelation = "gain_correlation"
      case objectiveRatio = "objective_ratio"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(report.neighbours, forKey: .neighbours)
      try container.encode(report.explore, forKey: .explore)
      try container.encode(report.pairs, forKey: .pairs)
      try container.encode(report.densePairs, forKey: .densePairs)
      try container.encode(report.recall, forKey: .recall)
      try container.encode(report.gainCorrelation, forKey: .gainCorrelation)
      try container.encode(report.objectiveRatio, forKey: .objectiveRatio)
    }
  }

  init(_ outcome: RunOutcome) {
    method = outcome.specification.method.rawValue
    n = outcome.candidates
    budget = outcome.budget
    selected = outcome.inputs.located(outcome.selection.picks)
    objective = outcome.selection.objective
    evaluations = outcome.selection.evaluations
    seconds = outcome.seconds
    sparse = outcome.selection.sparse.map { Sparse(report: $0) }
    spec = outcome.specification
  }
}

/// Standard output: data only. And what is known of an output file before the work begins.
enum Output {
  /// Refuses a destination that is sure to be refused after hours of work.
  static func check(_ path: String?, replacing: Bool, reading inputs: RunSpecification? = nil) throws {
    guard let path else { return }
    try inputs?.checkOutput(path)
    if !replacing, FileManager.default.fileExists(atPath: path) { throw WorkbenchError.exportExists(path: path) }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw WorkbenchError.unwritableFolder(path: folder)
    }
  }

  static func json(_ value: some Encodable) throws { text(String(decoding: try encode(value), as: UTF8.self) + "\n") }

  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return escaped(try encoder.encode(value))
  }

  /// JSON in which what a terminal would act on is escaped: the encoder leaves DEL and the control characters of Latin-1 as they are.
  private static func escaped(_ json: Data) -> Data {
    guard json.contains(0x7F) || json.contains(0xC2) else { return json }
    var result = Data(capacity: json.count)
    var isAfterC2 = false
    for byte in json {
      if isAfterC2 {
        isAfterC2 = false
        if (0x80..<0xA0).contains(byte) {
          result.append(contentsOf: "\\u00\(String(byte, radix: 16))".utf8)
          continue
        }
        result.append(0xC2)
      }
      switch byte {
      case 0xC2: isAfterC2 = true
      case 0x7F: result.append(contentsOf: "\\u007f".utf8)
      default: result.append(byte)
      }
    }
    return result
  }

  /// Data on standard output; on a terminal made safe.
  static func text(_ text: String) {
    FileHandle.standardOutput.write(Data((Console.isTerminal ? Console.safe(text) : text).utf8))
  }

  /// Words on standard error, made safe.
  static func message(_ text: String) { FileHandle.standardError.write(Data(Console.safe(text).utf8)) }
}
