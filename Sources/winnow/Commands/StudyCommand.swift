import ArgumentParser
import Domain
import Foundation
import Store
import Study
import Workbench

extension StudySpecification.Equal: ExpressibleByArgument {}

/// `winnow study`: whether what methods choose trains a better model than chance does.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Train on what methods choose and on random rows, and say which is better on a test set.",
    discussion: """
      Every method, budget and seed is trained from the same checkpoint and measured on the test rows, beside random draws, the \
      untrained model and the whole pool. A study that was stopped goes on where it was when it is started again, and ends with \
      the same files: results.jsonl, table.md, table.csv, chart.svg, manifest.json (winnow reproduce takes it).
      """)

  @OptionGroup var data: PoolOptions
  @Option(help: ArgumentHelp("Samples that the methods choose for.", valueName: "file")) var target: String?
  @Option(help: ArgumentHelp("Data that the model has seen, for delift-continual.", valueName: "file"))
  var existing: String?
  @Option(help: ArgumentHelp("Samples that models are measured on; nothing else sees them.", valueName: "file"))
  var test: String
  @Option(
    help: ArgumentHelp("Samples that the learning rate is tuned on (default: the target set).", valueName: "file"))
  var validation: String?
  @Option(help: ArgumentHelp("Checkpoint that all arms begin from.", valueName: "dir")) var model: String
  @Option(help: ArgumentHelp("Methods to compare with random, say delift-task,rds,length.", valueName: "list"))
  var methods: String
  @Option(help: ArgumentHelp("Counts or shares of the pool, say 5%,10%.", valueName: "list")) var budgets = "5%,10%"
  @Option(help: "Seeds of every arm: order, adapter and draws.") var seeds = 8
  @Option(help: ArgumentHelp("Steps of every arm (default: by --epochs).", valueName: "n")) var steps: Int?
  @Option(help: "Times that an arm's rows are gone through.") var epochs: Double?
  @Option(help: "Samples of a batch.") var batchSize = 8
  @Option(help: ArgumentHelp("Train low-rank adapters of this rank, not all parameters.", valueName: "r"))
  var loraRank: Int?
  @Option(help: ArgumentHelp("Peak learning rate (default: tuned on random rows).", valueName: "number")) var rate:
    Float?
  @Option(help: "What arms of a budget have alike beside the number of rows: steps (rows), or trained tokens.")
  var equal: StudySpecification.Equal = .rows
  @Flag(help: "Leave out the arm that is trained on the whole pool.") var noFull = false
  @Flag(help: "Go on where rows of the test are also in the pool, target or validation set.") var allowOverlap = false
  @Option(help: ArgumentHelp("DELIFT: score only so many nearest examples of each row.", valueName: "k"))
  var neighbours: Int?
  @Option(
    help: ArgumentHelp(
      "Generate an answer to each test row and measure it: exact, contains, numeric, rouge1, rougeL.", valueName: "list"
    ))
  var metrics = ""
  @Option(help: ArgumentHelp("Tokens of a generated answer, at most.", valueName: "n")) var maxNewTokens = 64
  @Option(help: ArgumentHelp("Prompt template: delift, chat (the model's own) or plain.", valueName: "name"))
  var template = "delift"
  @Option(help: ArgumentHelp("Folder for what the study makes.", valueName: "dir")) var out: String
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Say nothing on standard error but errors and notes.") var quiet = false

  func validate() throws {
    if steps != nil, epochs != nil {
      throw WorkbenchError.cannotCombine("--steps", "--epochs", "each says how long an arm is trained")
    }
  }

  private struct Answer: Encodable {
    struct Arm: Encodable {
      var method: String
      var budget: Double
      var difference: Double?
      var low: Double?
      var high: Double?
      var adjustedP: Double?
      var verdict: String
      var loss: Double?
      var metrics: [String: Double] = [:]
      var seconds: Double
      var choosingSeconds: Double
      var error: String?

      private enum CodingKeys: String, CodingKey {
        case method, budget, difference, low, high, verdict, loss, metrics, seconds, error
        case adjustedP = "adjusted_p"
        case choosingSeconds = "choosing_seconds"
      }

      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(method, forKey: .method)
        try container.encode(budget, forKey: .budget)
        try container.encode(difference, forKey: .difference)
        try container.encode(low, forKey: .low)
        try container.encode(high, forKey: .high)
        try container.encode(adjustedP, forKey: .adjustedP)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(loss, forKey: .loss)
        try container.encode(metrics, forKey: .metrics)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(choosingSeconds, forKey: .choosingSeconds)
        try container.encodeIfPresent(error, forKey: .error)
      }
    }
    var arms: [Arm]
    var visibleDifference: Double?
    var rate: Float

    private enum CodingKeys: String, CodingKey {
      case arms, rate
      case visibleDifference = "visible_difference"
    }
  }

  func run() throws {
    let specification = StudySpecification(
      pool: try data.resolved(), target: try DataFiles.one(target, option: "--target"),
      existing: try DataFiles.one(existing, option: "--existing"),
      test: try DataFiles.one(test, option: "--test") ?? test,
      validation: try DataFiles.one(validation, option: "--validation"), model: model, template: template,
      methods: try Self.methods(methods), budgets: try Self.list(budgets).map { try Budget(parsing: $0) }, seeds: seeds,
      steps: steps, epochs: epochs ?? 3, batchSize: batchSize, loraRank: loraRank, rate: rate, equal: equal,
      includesFull: !noFull, allowsOverlap: allowOverlap, neighbours: neighbours,
      metrics: try Self.metrics(metrics), maxNewTokens: maxNewTokens,
      skipBadRows: data.skipBadRows, reading: try data.reading.reading)
    let interrupt = InterruptHandler()
    let result = try Self.carryOut(
      specification, in: out, paths: StorePaths(), threads: threads, precision: precision, quiet: quiet, interrupt)
    if json {
      return try Output.json(
        Answer(
          arms: result.arms.map(Self.arm), visibleDifference: result.visible.isFinite ? result.visible : nil,
          rate: result.rate))
    }
    let table = StudyTable(
      result.arms, visible: result.visible, rate: result.rate, seeds: seeds, loraRank: loraRank)
    guard Console.isTerminal else { return Output.text(table.markdown) }
    let lines = result.arms.map { arm in
      [
        arm.method, arm.budget.map { "\($0)" } ?? "", arm.loss.map { String(format: "%.4f", $0) } ?? "",
        arm.isReference ? "" : arm.difference.map { String(format: "%+.4f", $0) } ?? "",
        arm.isReference ? "reference" : arm.difference == nil ? "failed" : arm.verdict.rawValue,
      ]
    }
    Output.text(Console.table(["method", "budget", "loss", "difference", "verdict"], lines) + "\n")
    for arm in result.arms where !arm.isReference { Output.text(arm.sentence + "\n") }
    WorkLine.say("\nTables, losses of every row and a chart are in \(out)/")
  }

  /// Runs a study with its progress on standard error. Its own runs stay out of the library: they are in the study's folder.
  static func carryOut(
    _ specification: StudySpecification, in folder: String, paths: StorePaths, threads: ThreadOptions,
    precision: PrecisionOptions, quiet: Bool, _ interrupt: InterruptHandler
  ) throws -> StudyResult {
    let state = FileManager.default.temporaryDirectory.appendingPathComponent("winnow-study-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: state) }
    let own = StorePaths(
      configuration: paths.configuration, state: state, cache: paths.cache, cacheLimit: paths.cacheLimit)
    let reporter = StudyReporter(isQuiet: quiet)
    defer { reporter.finish() }
    return try StudyEngine(paths: own, workers: threads.workers, precision: precision.precision).run(
      specification, in: folder, version: Version.text, cancellation: interrupt.cancellation
    ) { reporter.observe($0) }
  }

  private static func list(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  private static func methods(_ text: String) throws -> [Domain.Method] {
    try list(text).map { name in
      guard let method = Domain.Method(rawValue: name) else {
        throw ErrorReport(
          "there is no method \"\(name)\"", at: "--methods",
          remedy: "Methods are \(Domain.Method.all.map(\.rawValue).joined(separator: ", ")).",
          status: .unusableArguments)
      }
      return method
    }
  }

  private static func metrics(_ text: String) throws -> [AnswerMetric] {
    try list(text).map { name in
      guard let metric = AnswerMetric(rawValue: name) else {
        throw ErrorReport(
          "there is no metric \"\(name)\"", at: "--metrics",
          remedy: "Metrics are \(AnswerMetric.allCases.map(\.rawValue).joined(separator: ", ")).",
          status: .unusableArguments)
      }
      return metric
    }
  }

  private static func arm(_ found: ArmFinding) -> Answer.Arm {
    let budget: Double =
      switch found.budget {
      case .count(let count)?: Double(count)
      case .fraction(let share)?: share
      case nil: found.method == StudyArm.full ? 1 : 0
      }
    func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
    return Answer.Arm(
      method: found.method, budget: budget, difference: found.difference, low: finite(found.interval?.lowerBound),
      high: finite(found.interval?.upperBound), adjustedP: found.adjusted, verdict: found.verdict.rawValue,
      loss: found.loss,
      metrics: Dictionary(uniqueKeysWithValues: found.metrics.map { ($0.metric.rawValue, $0.mean) }),
      seconds: found.seconds, choosingSeconds: found.choosingSeconds, error: found.errors.first)
  }
}

/// Says on standard error how far a study is. Called by one thread at a time.
private final class StudyReporter: @unchecked Sendable {
  private let isQuiet: Bool
  private let lock = NSLock()
  private var line: WorkLine?

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func observe(_ event: StudyEvent) {
    lock.withLock {
      switch event {
      case .notice(let text):
        line?.finish()
        WorkLine.say("note: \(text)")
      case .progress(let done, let total, let detail):
        if isQuiet { return }
        let line = self.line ?? WorkLine(total: total, from: done, unit: "trainings")
        self.line = line
        line.show(min(done, total - 1), detail)
      }
    }
  }

  func finish() { lock.withLock { line?.finish() } }
}
