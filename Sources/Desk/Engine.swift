import Datasets
import Domain
import Numerics
import Store
import Workbench

/// What the desk needs of the engine that carries runs.
package protocol Engine: Sendable {
  /// A run that has ended, with all that is needed to ask it.
  associatedtype Outcome: Sendable

  var workers: Workers { get }

  /// Carries a run to its end. Errors: `CancellationError` if it is cancelled before the first pick.
  func execute(
    _ specification: RunSpecification, cancellation: Cancellation, observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> Outcome

  func estimate(
    _ specification: RunSpecification, pool: DatasetFile, target: DatasetFile?, existing: DatasetFile?,
    cancellation: Cancellation
  ) throws -> RunEstimate

  /// The latest runs of the library on a pool, at most so many, the oldest first.
  func runs(on pool: ContentHash, most: Int) throws -> [RunRecord]

  /// Brings a run of the library back.
  func reopen(_ number: Int64) throws -> Outcome

  /// How it ended.
  func ending(of outcome: Outcome) -> RunEnding

  func explain(_ outcome: Outcome, rank: Int) throws -> PickExplanation

  /// What its objective gives to some rows; nil where it has none.
  func value(of rows: [Int], to outcome: Outcome) throws -> Double?

  func map(of outcome: Outcome, workers: Workers, cancellation: Cancellation) throws -> PoolMap

  func heatMap(
    of outcome: Outcome, order: HeatOrder, label: (Int) -> String?, workers: Workers, cancellation: Cancellation
  ) throws -> HeatMap

  /// Writes the chosen rows.
  func export(_ outcome: Outcome, to path: String, replacing: Bool, version: String) throws

  /// Writes the chosen rows of a run of the library, and gives their number.
  func export(stored number: Int64, to path: String, replacing: Bool, version: String) throws -> Int
}

/// How a run ended.
package struct RunEnding: Sendable {
  /// Its number in the library; nil where it could not be recorded.
  package var number: Int64?
  package var selection: Selection
  package var seconds: PhaseSeconds

  package init(number: Int64?, selection: Selection, seconds: PhaseSeconds) {
    self.number = number
    self.selection = selection
    self.seconds = seconds
  }
}

extension RunEngine: Engine {
  package func runs(on pool: ContentHash, most: Int) throws -> [RunRecord] {
    guard paths.hasRuns else { return [] }
    let library = try storage.runs()
    let ended = try library.runs().filter { record in
      record.contents[DatasetRole.pool.rawValue] == pool && record.pickCount > 0
        && (record.status == .finished || record.status == .cancelled)
    }
    return try ended.prefix(most).reversed().map { try library.run($0.id) }
  }

  package func reopen(_ number: Int64) throws -> RunOutcome {
    try reopen(storage.runs().run(number), cancellation: Cancellation())
  }

  package func ending(of outcome: RunOutcome) -> RunEnding {
    RunEnding(number: outcome.id, selection: outcome.selection, seconds: outcome.seconds)
  }

  package func explain(_ outcome: RunOutcome, rank: Int) throws -> PickExplanation { try outcome.explain(rank: rank) }

  package func map(of outcome: RunOutcome, workers: Workers, cancellation: Cancellation) throws -> PoolMap {
    try PoolMapping.byUtilities(outcome, workers: workers, cancellation: cancellation)
  }

  package func heatMap(
    of outcome: RunOutcome, order: HeatOrder, label: (Int) -> String?, workers: Workers, cancellation: Cancellation
  ) throws -> HeatMap {
    try outcome.heatMap(order: order, label: label, workers: workers, cancellation: cancellation)
  }

  package func export(_ outcome: RunOutcome, to path: String, replacing: Bool, version: String) throws {
    try Exporter.export(outcome, to: path, replacing: replacing, version: version)
  }

  package func export(stored number: Int64, to path: String, replacing: Bool, version: String) throws -> Int {
    let record = try storage.runs().run(number)
    try Exporter.export(record, to: path, replacing: replacing, version: version)
    return record.pickCount
  }
}
