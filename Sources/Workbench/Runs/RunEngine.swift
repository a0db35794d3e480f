import Datasets
import Domain
import Foundation
import Influence
import Numerics
import Scoring
import Store
import Submodular
import Transformer

extension ScoreCache: DistanceStore {}

/// Carries a run from its files to its selection: load, score, select. One engine serves the screen and the commands, so
/// that both give the same answer.
package struct RunEngine: Sendable {
  package let storage: Storage
  package let workers: Workers
  package let precision: WeightPrecision
  package let access: ServerAccess
  /// Whether a run says what choosing everything would be worth, which takes a reading of its kernel.
  package let saysReachable: Bool
  /// Seconds that a run may take by its estimate; nil for any number. A longer one is refused before it starts.
  package let longest: Double?

  package init(
    paths: StorePaths, workers: Workers = Workers(), precision: WeightPrecision = .auto,
    access: ServerAccess = ServerAccess(), saysReachable: Bool = false, longest: Double? = nil
  ) {
    storage = Storage(paths: paths)
    self.workers = workers
    self.precision = precision
    self.access = access
    self.saysReachable = saysReachable
    self.longest = longest
  }

  package var paths: StorePaths { storage.paths }

  /// Opens the files that the specification names and runs it.
  ///
  /// - Throws: `CancellationError` if it is cancelled before the first pick; a run cancelled later gives its picks so far,
  ///   marked partial. Any other error is recorded with the run and passed on.
  package func execute(
    _ specification: RunSpecification, cancellation: Cancellation, observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> RunOutcome {
    var plan = try RunPlan(specification)
    let context = RunContext(engine: self, cancellation: cancellation, observe: observe)
    let clock = PhaseClock(.load, unit: "steps", observe: observe)
    clock.advance(0, of: 2)
    var inputs = try RunInputs(opening: specification, cancellation: cancellation)
    for role in DatasetRole.allCases { if let file = inputs[role] { observe(.opened(file.summary)) } }
    for case let file? in [inputs.pool, inputs.target, inputs.existing] where !file.summary.badRows.isEmpty {
      context.say(Self.describe(badRows: file.summary))
    }
    var specification = specification
    if specification.leftOut == nil, let rows = try context.tooLong(specification, inputs) {
      specification.leftOut = rows
      plan = try RunPlan(specification)
      inputs.leaveOut(rows)
    }
    try checkLength(specification, inputs, cancellation: cancellation)
    var spaces: [ContentHash] = []
    let filtering = ContinuousClock()
    let begin = filtering.now
    if let prefilter = specification.prefilter, prefilter.kept == nil {
      let filtered = try context.prefiltered(specification, by: prefilter, inputs)
      plan = try RunPlan(filtered.specification)
      spaces = filtered.spaces
      inputs.keepRows(of: filtered.specification)
    }
    let filterSeconds = (filtering.now - begin) / .seconds(1)
    // What is there already is read before the run is put on record; what must be computed comes after.
    var run = try plan.selector.open(inputs, in: context)
    // Behind a prefilter a share is still one of the whole pool.
    let budget = try specification.budget.picks(
      of: specification.prefilter == nil ? run.candidates : inputs.pool?.summary.rows ?? run.candidates)
    specification = try run.load(in: context)
    var seconds = PhaseSeconds(load: clock.seconds - filterSeconds)
    clock.advance(2, of: 2)
    let record = Recorder(storage, specification, inputs.contents, rows: run.candidates, observe: observe)
    do {
      let chosen = try run.select(budget: budget, seconds: &seconds, in: context)
      seconds.score += filterSeconds
      record.end(
        chosen.selection.isPartial ? .cancelled : .finished, chosen.selection, seconds, spaces: spaces + chosen.spaces)
      return RunOutcome(
        id: record.id, specification: specification, inputs: inputs, candidates: run.candidates, budget: budget,
        selection: chosen.selection, seconds: seconds, evidence: chosen.evidence, workers: workers)
    } catch {
      let report = ErrorReport(describing: error)
      let interrupted = report.status == .interrupted
      record.end(interrupted ? .cancelled : .failed, nil, seconds, failure: interrupted ? nil : report.description)
      throw error
    }
  }

  /// What a run will take, measured where that needs a model.
  package func estimate(
    _ specification: RunSpecification, pool: DatasetFile, target: DatasetFile?, existing: DatasetFile?,
    cancellation: Cancellation
  ) throws -> RunEstimate {
    let rows = min(specification.limit ?? pool.count, pool.count)
    let inputs = RunInputs(pool: pool, target: target, existing: existing)
    let context = RunContext(engine: self, cancellation: cancellation, observe: { _ in })
    func estimate(_ specification: RunSpecification, rows: Int, picks: Budget) throws -> RunEstimate {
      try RunPlan(specification).selector.estimate(
        inputs, rows: rows, picks: Double((try? picks.picks(of: rows)) ?? 0), in: context)
    }
    guard let prefilter = specification.prefilter else {
      return try estimate(specification, rows: rows, picks: specification.budget)
    }
    let kept = (try? prefilter.share.picks(of: rows)) ?? rows
    let cheap = try estimate(specification.of(prefilter), rows: rows, picks: prefilter.share)
    let picks = (try? specification.budget.picks(of: rows)) ?? 0
    return try estimate(specification, rows: kept, picks: .count(max(1, min(kept, picks)))).behind(cheap)
  }

  /// Opens the score cache; without one the run goes on, and says so. A cache beyond its limit loses what was not used for the
  /// longest time, but nothing that a session keeps.
  func openCache(observe: (RunEvent) -> Void) -> ScoreCache? {
    if let problem = paths.problem { observe(.notice(problem)) }
    do {
      let cache = try storage.scores()
      let gone = try cache.trim(toBytes: paths.cacheLimit, keeping: storage.spacesOfSessions())
      if !gone.isEmpty {
        observe(
          .notice("the score cache was over its limit; thrown away: \(gone.map(\.name).joined(separator: "; "))"))
      }
      return cache
    } catch {
      observe(.notice("scores will not be kept: \(ErrorReport(describing: error).description)"))
      return nil
    }
  }

  static func describe(badRows summary: DatasetSummary) -> String {
    let shown = summary.badRows.prefix(10).map { row in
      "\(row.file.map { "\($0), " } ?? "")line \(row.line): \(row.reason)"
    }.joined(separator: "; ")
    let more = summary.badRows.count > 10 ? "; …" : ""
    return "\(summary.path): \(summary.badRows.count) bad rows left out (\(shown)\(more))"
  }
}

/// Writes a run down in the library; a library that can't be written costs the record, not the run.
private struct Recorder {
  let id: Int64?
  private let runs: RunLibrary?
  private let observe: @Sendable (RunEvent) -> Void

  init(
    _ storage: Storage, _ specification: RunSpecification, _ contents: [String: ContentHash], rows: Int,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.observe = observe
    do {
      let library = try storage.runs()
      id = try library.begin(specification.withAbsolutePaths, contents: contents, rows: rows)
      runs = library
    } catch {
      observe(.notice("the run will not be recorded: \(ErrorReport(describing: error).problem)"))
      id = nil
      runs = nil
    }
  }

  func end(
    _ status: RunStatus, _ selection: Selection?, _ seconds: PhaseSeconds, spaces: [ContentHash] = [],
    failure: String? = nil
  ) {
    guard let runs, let id else { return }
    do {
      try runs.end(id, status: status, selection: selection, seconds: seconds, spaces: spaces, failure: failure)
    } catch {
      observe(.notice("the run was not recorded: \(ErrorReport(describing: error).problem)"))
    }
  }
}
