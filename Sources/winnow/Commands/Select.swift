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

  @Option(help: ArgumentHelp("How to choose; winnow methods explains each.", valueName: "method"))
  var method: Domain.Method = .deliftInstruction

  @OptionGroup var data: DataOptions
  @OptionGroup var utility: UtilityOptions

  @Option(help: ArgumentHelp("Utilities computed elsewhere: rows improved, columns candidates.", valueName: "npy"))
  var utilities: String?

  @Option(
    help: ArgumentHelp("Utilities between pool and target (n × m; m × n for --objective flqmi).", valueName: "npy"))
  var targetUtilities: String?

  @Option(help: ArgumentHelp("Utilities of existing samples for the pool (n × e).", valueName: "npy"))
  var existingUtilities: String?

  @Option(help: ArgumentHelp("Vectors of the pool's samples (n × d): a sparse kernel of cosines.", valueName: "npy"))
  var embeddings: String?

  @Option(help: ArgumentHelp("Neighbours a row in the kernel made of --embeddings.", valueName: "k"))
  var neighbours = 100

  @OptionGroup(title: "Influence Distillation (--method influence)") var influence: InfluenceOptions

  @Option(help: ArgumentHelp("Folder for influence, weights, landmarks, embeddings and Q as .npy.", valueName: "dir"))
  var dump: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("A count, or a share such as 0.3 or 30%.", valueName: "budget"))
  var budget: String

  @Option(help: ArgumentHelp("Where to write the chosen rows.", valueName: "file"))
  var out: String?

  @OptionGroup var export: ExportArguments

  @Flag(help: "Replace the file of --out if it exists.")
  var force = false

  @Flag(help: "Print the whole answer as one JSON object.")
  var json = false

  @Option(help: "Form of mutual information for delift-task.")
  var objective: TaskObjective = .flmi

  @Option(help: "Weight of the target in delift-task.")
  var eta = 1.0

  @Option(help: "Weight of the existing data in delift-continual.")
  var nu = 1.0

  @Option(help: "What is done to each matrix before it is used.")
  var rescale: Rescaling = .minMax

  @Option(help: "How the greedy step finds the next pick.")
  var maximizer: Maximizer = .lazy

  @Option(help: "Accuracy of the stochastic maximizers.")
  var epsilon = 0.01

  @Option(help: "Seed of every random choice.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Rows to take first, say 3,17.", valueName: "indices"))
  var pin: String?

  @Option(help: ArgumentHelp("Rows never to take, say 3,17.", valueName: "indices"))
  var ban: String?

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "Say nothing on standard error but errors and notes.")
  var quiet = false

  func run() throws {
    let specification = try self.specification()
    try Output.check(out, replacing: force, reading: specification)
    if let out, !force, let other = Exporter.obstacle(at: out, export.options) {
      throw WorkbenchError.exportExists(path: other)
    }
    if dump != nil, method != .influence {
      throw WorkbenchError.cannotCombine(
        "--method \(method.rawValue)", "--dump", "only influence has anything to write there")
    }
    let interrupt = InterruptHandler()
    let reporter = ConsoleReporter(quiet: quiet)
    let engine = RunEngine(
      paths: StorePaths(), workers: threads.workers, precision: utility.precision.precision,
      access: utility.server.access)
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
    var source: UtilitySource?
    let named = [
      utilities.map { _ in "--utilities" }, method == .influence ? nil : embeddings.map { _ in "--embeddings" },
      utility.model.map { _ in "--model" }, utility.server.endpoint.map { _ in "--endpoint" },
    ]
    .compactMap(\.self)
    guard named.count <= 1 else { throw WorkbenchError.severalSources(named) }
    if method != .influence, let embeddings {
      source = .embeddings(embeddings, neighbours: neighbours)
    } else if let utilities {
      source = .matrices(pool: utilities, target: targetUtilities, existing: existingUtilities)
    } else if let model = utility.model {
      source = .model(directory: model)
    } else {
      source = utility.server.source
    }
    return RunSpecification(
      method: method, pool: data.pool.files.first, target: data.target, existing: data.existing, source: source,
      budget: try Budget(parsing: budget), limit: data.pool.limit, skipBadRows: data.pool.skipBadRows,
      objective: objective,
      eta: eta, nu: nu, utilityKernel: utility.utilityKernel, rescaling: rescale, maximizer: maximizer,
      epsilon: epsilon, seed: seed, template: utility.template,
      pinned: try Self.indices(pin, option: "--pin"), banned: try Self.indices(ban, option: "--ban"),
      morePools: data.pool.more, reading: try data.pool.reading.reading,
      influence: method == .influence ? try influence.settings(embeddings: embeddings) : nil)
  }

  private static func indices(_ list: String?, option: String) throws -> [Int] {
    guard let list else { return [] }
    return try list.split(separator: ",").map { part in
      guard let index = Int(part.trimmingCharacters(in: .whitespaces)), index >= 0 else {
        throw WorkbenchError.outsideRange(option: option, value: "\"\(part)\"", bounds: "row numbers from 0")
      }
      return index
    }
  }

  private func print(_ outcome: RunOutcome) throws {
    if json {
      try Output.json(SelectionReport(outcome))
    } else if out == nil {
      Output.text(outcome.selection.picks.map { "\($0.index)\n" }.joined())
    }
  }
}

/// The object that `select --json` prints.
struct SelectionReport: Encodable {
  var method: String
  var n: Int
  var budget: Int
  var selected: [PlacedPick]
  var objective: Double
  var evaluations: Int
  var seconds: PhaseSeconds
  var spec: RunSpecification

  init(_ outcome: RunOutcome) {
    method = outcome.specification.method.rawValue
    n = outcome.candidates
    budget = outcome.budget
    selected = outcome.inputs.placed(outcome.selection.picks)
    objective = outcome.selection.objective
    evaluations = outcome.selection.evaluations
    seconds = outcome.seconds
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

  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    text(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
  }

  static func text(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
}
