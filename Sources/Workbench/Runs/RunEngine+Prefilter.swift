import Datasets
import Domain
import Store

extension RunContext {
  /// Has a cheap method keep a share of the pool (Methods 5): the specification with the rows it kept, and what the score cache calls
  /// all that they were chosen from. Pinned rows are kept, banned ones are not.
  ///
  /// Errors: what the method misses or can't read; `WorkbenchError.outsideRange` for a share with fewer rows than the budget;
  /// `CancellationError`.
  func prefiltered(
    _ specification: RunSpecification, by filter: Prefilter, _ inputs: RunInputs
  ) throws -> (specification: RunSpecification, spaces: [ContentHash]) {
    guard let pool = inputs.pool else { throw WorkbenchError.missingPool }
    let asked = try specification.budget.picks(of: pool.count)
    let share = min(try filter.share.picks(of: pool.count), max(1, pool.count - specification.banned.count))
    guard share >= asked else {
      throw WorkbenchError.outsideRange(
        option: "--prefilter", value: filter.text, bounds: "shares that keep the \(asked) rows of the budget and more")
    }
    let first = try RunPlan(specification.of(filter))
    // What it picks is no pick of the run.
    let observe = observe
    let context = RunContext(engine: engine, cancellation: cancellation) { event in
      switch event {
      case .picked, .reachable: break
      case .progress(let progress) where progress.phase == .select: break
      default: observe(event)
      }
    }
    var run = try first.selector.open(inputs, in: context)
    _ = try run.load(in: context)
    var seconds = PhaseSeconds()
    let chosen = try run.select(budget: share, seconds: &seconds, in: context)
    try cancellation.check()
    let rows = chosen.selection.picks.map(\.row)
    guard rows.count >= asked else {
      throw WorkbenchError.outsideRange(
        option: "--budget", value: "\(specification.budget)",
        bounds: "at most the \(rows.count) rows that \(filter.method.rawValue) can keep")
    }
    say("\(filter.method.rawValue) keeps \(rows.count) of \(pool.count) rows")
    var found = specification
    found.prefilter?.kept = RowSet(rows)
    return (found, chosen.spaces)
  }
}

extension RunSpecification {
  /// The run of a prefilter: its method on the same files, with its own standards.
  func of(_ filter: Prefilter) -> RunSpecification {
    var run = self
    run.prefilter = nil
    run.sparse = nil
    run.method = filter.method
    run.budget = filter.share
    run.influence = filter.method.needsGradients ? InfluenceSettings() : nil
    run.ranking = filter.method.isRanking ? RankingSettings() : nil
    return run
  }

  /// Refuses a prefilter where rows are not scored by a model, or its own method can't be run.
  func checkPrefilter() throws {
    guard let prefilter else { return }
    switch source {
    case .model?, .endpoint?: if method.needsUtilities { _ = try RunPlan(of(prefilter)) } else { fallthrough }
    default:
      throw ErrorReport(
        "a prefilter goes before a DELIFT method that scores with a model", at: "--prefilter",
        remedy: "Leave it out, or name a DELIFT method and --model DIR or --endpoint URL.", status: .unusableArguments)
    }
  }
}
