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

  package init(
    paths: StorePaths, workers: Workers = Workers(), precision: WeightPrecision = .auto,
    access: ServerAccess = ServerAccess(), saysReachable: Bool = false
  ) {
    storage = Storage(paths: paths)
    self.workers = workers
    self.precision = precision
    self.access = access
    self.saysReachable = saysReachable
  }

  package var paths: StorePaths { storage.paths }

  /// Opens the files that the specification names and runs it.
  package func execute(
    _ specification: RunSpecification, cancellation: Cancellation, observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> RunOutcome {
    try Self.check(specification)
    let clock = PhaseClock(.load, unit: "steps", observe: observe)
    clock.advance(0, of: 2)
    let inputs = try RunInputs(opening: specification, cancellation: cancellation)
    for role in DatasetRole.allCases { if let file = inputs[role] { observe(.opened(file.summary)) } }
    return try execute(
      specification, inputs: inputs, loadSeconds: clock.seconds, cancellation: cancellation, observe: observe)
  }

  /// Runs a specification on files that are open and validated.
  ///
  /// - Throws: `CancellationError` if it is cancelled before the first pick; a run cancelled later gives its picks so far,
  ///   marked partial. Any other error is recorded with the run and passed on.
  package func execute(
    _ specification: RunSpecification, inputs: RunInputs, loadSeconds: Double = 0, cancellation: Cancellation,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> RunOutcome {
    try Self.check(specification)
    let clock = PhaseClock(.load, unit: "steps", observe: observe)
    clock.advance(1, of: 2)
    for case let file? in [inputs.pool, inputs.target, inputs.existing] where !file.summary.badRows.isEmpty {
      observe(.notice(Self.describe(badRows: file.summary)))
    }
    // What is there already is read before the run is put on record; what must be computed comes after.
    var kernels = try importedKernels(
      specification, inputs: inputs, cancellation: cancellation, observe: observe)
    let gradients = try importedGradients(specification, inputs: inputs)
    let candidates =
      kernels?.candidates(for: specification) ?? inputs.pool?.count ?? gradients?.pool.rows ?? 0
    let budget = try specification.budget.picks(of: candidates)
    let specification = try specification.resolved(access, cancellation: cancellation)
    let judge = try kernels == nil ? self.judge(of: specification) : nil
    var seconds = PhaseSeconds(load: loadSeconds + clock.seconds)
    clock.advance(2, of: 2)
    let record = Recorder(storage, specification, inputs.contents, rows: candidates, observe: observe)
    do {
      if specification.method == .influence {
        let found = try distill(
          specification, inputs: inputs, model: judge?.model, gradients: gradients, candidates: candidates,
          budget: budget,
          seconds: &seconds, cancellation: cancellation, observe: observe)
        record.end(.finished, found.selection, seconds, spaces: found.spaces)
        return RunOutcome(
          id: record.id, specification: specification, inputs: inputs, candidates: candidates, budget: budget,
          selection: found.selection, seconds: seconds, kernels: nil, influence: found.outcome, workers: workers)
      }
      if let judge {
        let scoring = PhaseClock(.score, unit: "pairs", cancellation: cancellation, observe: observe)
        kernels = try modelKernels(
          specification, inputs: inputs, judge: judge, clock: scoring, cancellation: cancellation, observe: observe)
        seconds.score = scoring.seconds
      }
      let selecting = PhaseClock(.select, unit: "picks", cancellation: cancellation, observe: observe)
      let selection = try select(
        specification, from: kernels ?? KernelSet(), candidates: candidates, budget: budget, pool: inputs.pool,
        clock: selecting, cancellation: cancellation, observe: observe)
      seconds.select = selecting.seconds
      record.end(selection.isPartial ? .cancelled : .finished, selection, seconds, spaces: kernels?.spaces ?? [])
      return RunOutcome(
        id: record.id, specification: specification, inputs: inputs, candidates: candidates, budget: budget,
        selection: selection, seconds: seconds, kernels: kernels, workers: workers)
    } catch {
      let report = ErrorReport(describing: error)
      let interrupted = report.status == .interrupted
      record.end(
        interrupted ? .cancelled : .failed, nil, seconds, failure: interrupted ? nil : report.description)
      throw error
    }
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

  private static func check(_ specification: RunSpecification) throws {
    try specification.checkValues()
    if specification.method == .influence { return try checkInfluence(specification) }
    if !specification.method.needsUtilities, specification.pool == nil { throw WorkbenchError.missingPool }
    if specification.method.needsUtilities, specification.source == nil {
      throw WorkbenchError.missingSource(specification.method)
    }
    if case .matrices(_, let target, let existing)? = specification.source {
      if specification.method == .deliftTask, target == nil {
        throw WorkbenchError.missingMatrix(option: "--target-utilities", specification.method)
      }
      if specification.method == .deliftContinual, existing == nil {
        throw WorkbenchError.missingMatrix(option: "--existing-utilities", specification.method)
      }
      return
    }
    if case .embeddings(_, let neighbours)? = specification.source, specification.method.needsUtilities {
      guard specification.method == .deliftInstruction else {
        throw WorkbenchError.embeddingsNeedOneKernel(specification.method)
      }
      guard neighbours >= 1 else {
        throw WorkbenchError.outsideRange(option: "--neighbours", value: "\(neighbours)", bounds: "1 and above")
      }
      return
    }
    guard specification.pool != nil else { throw WorkbenchError.missingPool }
    for role in specification.method.needs {
      let path = role == .target ? specification.target : specification.existing
      if path == nil { throw WorkbenchError.missing(role, specification.method) }
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
