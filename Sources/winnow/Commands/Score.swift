import ArgumentParser
import Domain
import Foundation
import Store
import Workbench

/// `winnow score`: the utility matrix as a `.npy` file.
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute a utility matrix and write it as .npy.",
    discussion: """
      Entry (i, j) says how much sample j, shown as an example, improves the model's answer to sample i. Rows are the \
      pool, or the samples of --queries; columns are the pool, or the samples of --examples.
      """)

  @OptionGroup var pool: PoolOptions

  @Option(help: ArgumentHelp("Rows: these samples instead of the pool's.", valueName: "file"))
  var queries: String?

  @Option(help: ArgumentHelp("Columns: these samples instead of the pool's.", valueName: "file"))
  var examples: String?

  @OptionGroup var parameters: ParameterOptions<ScoringParameters>
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup var server: ServerOptions

  @Option(help: ArgumentHelp("Where to write the matrix (float32, C order).", valueName: "npy"))
  var out: String

  @Flag(help: "Replace the file of --out if it exists.")
  var force = false

  @Flag(help: "Write utilities as they are, before min-max rescaling.")
  var raw = false

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "Say nothing on standard error but errors and notes.")
  var quiet = false

  func run() throws {
    if pool.files.isEmpty { throw WorkbenchError.missingPool }
    let draft = parameters.draft
    if draft.isGiven(.model), draft.isGiven(.endpoint) {
      throw WorkbenchError.severalSources(["--model", "--endpoint"])
    }
    guard let source = draft.utilitySource else { throw WorkbenchError.missingSource(draft.method) }
    let files = try pool.resolved()
    let queries = try DataFiles.one(self.queries, option: "--queries")
    let examples = try DataFiles.one(self.examples, option: "--examples")
    try Output.check(
      out, replacing: force,
      reading: RunSpecification(
        method: .deliftInstruction, pool: files.first, target: queries, existing: examples, source: nil,
        budget: .fraction(1), morePools: Array(files.dropFirst())))
    let interrupt = InterruptHandler()
    let reporter = ConsoleReporter(quiet: quiet)
    let engine = RunEngine(
      paths: StorePaths(), workers: threads.workers, precision: precision.precision,
      access: server.access)
    try engine.score(
      ScoreRequest(
        pool: files, queries: queries, examples: examples, limit: Int(draft[.limit]),
        skipBadRows: pool.skipBadRows,
        source: source,
        template: draft[.template], utilityKernel: UtilityKernel(rawValue: draft[.kernel]) ?? .euclidean,
        rescaling: raw ? .none : .minMax,
        reading: try pool.reading.reading),
      to: out, replacing: force, cancellation: interrupt.cancellation, observe: { reporter.observe($0) })
    reporter.finish()
  }
}
