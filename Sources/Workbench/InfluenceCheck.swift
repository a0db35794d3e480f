import Datasets
import Domain
import Influence
import Scoring
import Store

extension RunEngine {
  /// Holds a run's expansion of the target loss against a real step of training on its picks (at most `most` of them).
  ///
  /// - Throws: `WorkbenchError.notInfluence` for a run of another method or without a model, `poolChanged` where the pool is not what
  ///   the run read.
  package func checkExpansion(
    of record: RunRecord, most: Int, halvings: Int, stepSize: Double?, cancellation: Cancellation,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> ExpansionCheck {
    let specification = record.specification
    guard var settings = specification.influence, let selection = record.selection,
      let source = GradientModel(specification)
    else { throw WorkbenchError.notInfluence(record.id) }
    let model = try source.load(self)
    let inputs = try RunInputs(opening: specification, cancellation: cancellation)
    for (role, hash) in inputs.contents where record.contents[role] != hash {
      throw WorkbenchError.poolChanged(path: (role == "pool" ? specification.pool : specification.target) ?? role)
    }
    if let stepSize { settings.stepSize = stepSize }
    settings.projection = nil
    let pool = try source.samples(inputs, .pool, model: model).samples
    let target = try source.samples(inputs, .target, model: model).samples
    let phases = PhaseClocks(cancellation: cancellation, observe: observe)
    let job = InfluenceJob(
      settings: settings, pool: pool, target: target, budget: selection.picks.count, seed: specification.seed,
      workers: workers, cancellation: cancellation
    ) { phases.advance($0, $1, of: $2) }
    let samples = Dictionary(zip(pool.rows, pool.numbers), uniquingKeysWith: { first, _ in first })
    var weights: [SampleNumber: Double] = [:]
    for pick in selection.picks where weights.count < most {
      if let sample = samples[pick.row] { weights[sample] = max(0, pick.weight) }
    }
    guard !weights.isEmpty else { throw WorkbenchError.notInfluence(record.id) }
    return try job.check(model.network, weights: weights, halvings: halvings)
  }
}
