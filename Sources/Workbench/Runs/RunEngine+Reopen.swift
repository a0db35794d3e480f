import Datasets
import Domain
import Scoring
import Store
import Submodular

extension RunEngine {
  /// A run from the library as it was when it ended, so that it can be asked why: its files are opened again, and its
  /// utilities come from the score cache or from its matrices. Nothing is scored.
  ///
  /// - Throws: `WorkbenchError.poolChanged` for a file that is no longer what it was, `WorkbenchError.scoresGone` where the
  ///   cache has not everything, and what opening a file throws; `CancellationError`.
  package func reopen(_ record: RunRecord, cancellation: Cancellation) throws -> RunOutcome {
    guard let selection = record.selection else {
      throw WorkbenchError.cannotExport(reason: "run \(record.id) has no picks (\(record.status.rawValue))")
    }
    let specification = record.specification
    let inputs = try RunInputs(opening: specification, cancellation: cancellation)
    for role in DatasetRole.allCases where inputs[role] != nil {
      if inputs.contents[role.rawValue] != record.contents[role.rawValue] {
        throw WorkbenchError.poolChanged(path: inputs[role]?.summary.path ?? "")
      }
    }
    let context = RunContext(engine: self, cancellation: cancellation, observe: { _ in })
    let evidence = try RunPlan(specification).selector.evidence(inputs, in: context)
    return RunOutcome(
      id: record.id, specification: specification, inputs: inputs, candidates: record.rows,
      budget: selection.picks.count, selection: selection, seconds: record.seconds, evidence: evidence,
      workers: workers)
  }

  /// What a run's objective gives to another choice of rows; nil for a method without an objective, and where a row is no
  /// candidate of the run.
  package func value(of rows: [RowIndex], to outcome: RunOutcome) throws -> Double? {
    let candidates = rows.compactMap(outcome.map.candidate)
    guard candidates.count == rows.count else { return nil }
    return try RunPlan(outcome.specification).selector.value(of: candidates, by: outcome.evidence, workers: workers)
  }
}
