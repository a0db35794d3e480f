import Datasets
import Dispatch
import Domain
import Influence
import Numerics
import SampleEncoding
import Scoring
import Transformer

extension InfluenceSelector {
  /// Operations by count, at the rate of a few gradients taken now, and whether landmarks pay.
  func estimate(_ inputs: RunInputs, rows: Int, picks: Double, in context: RunContext) throws -> RunEstimate {
    if let pool = settings.gradients, let target = settings.targetGradients {
      return try Self.estimate(VectorFile(path: pool), VectorFile(path: target), workers: context.workers)
    }
    guard let modelSource, let pool = inputs.pool, let target = inputs.target else {
      throw WorkbenchError.missingSource(specification.method)
    }
    let model = try modelSource.load(context.engine)
    let (workers, cancellation) = (context.workers, context.cancellation)
    let step = max(1, rows / 32)
    let sampled = try stride(from: 0, to: rows, by: step).prefix(32).map { try pool.sample(at: $0) }
    let training = TrainingSamples(
      sampled, template: try .named(modelSource.template, model: modelSource.directory), model: model)
    let samples = try sampled.indices.compactMap { try training.sample($0) }.filter { !$0.targets.isEmpty }
    guard !samples.isEmpty else { throw InfluenceError.nothingToMeasure(role: .pool) }
    let tokens = samples.reduce(0) { $0 + $1.tokens.count } / samples.count
    let responses = samples.reduce(0) { $0 + $1.targets.count } / samples.count
    let cost = InfluenceEstimate(
      settings, model: model.configuration, samples: rows, rows: tokens, responses: responses,
      targetSamples: target.count)
    let differentiator = Differentiator(model.network)
    let gradients = GradientRows(
      differentiator, space: try GradientSpace(differentiator, filter: settings.parameters))
    try cancellation.check()
    let start = DispatchTime.now().uptimeNanoseconds
    var measured = 0
    var seconds = 0.0
    // One sample a worker at a time, until the clock can tell.
    while seconds < 0.3, measured < 64 {
      let batch = (0..<workers.count).map { samples[(measured + $0) % samples.count] }
      _ = try gradients.matrix(of: batch, workers: workers, cancellation: cancellation)
      measured += batch.count
      seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    }
    let one = Double(model.configuration.gradientOperations(rows: tokens, targets: responses))
    let rate = Double(measured) * one / max(seconds, 1e-6)
    let second = settings.order == .second ? Double(settings.landmarkCount(of: rows) * target.count) * 3 * one : 0
    let kept = target.count + (settings.order == .second ? 2 * settings.landmarkCount(of: rows) : 0)
    return RunEstimate(
      passes: rows + target.count, tokens: Double((rows + target.count) * tokens),
      memory: Double(kept) * Double(gradients.columns) * 4 + Double(differentiator.count) * 4
        * Double(2 + 2 * workers.count),
      seconds: (cost.embeddings + cost.someGradients + second) / rate, advice: cost.advice.first)
  }

  /// Products of gradients that were computed elsewhere.
  private static func estimate(_ pool: VectorFile, _ target: VectorFile, workers: Workers) -> RunEstimate {
    let products = Double(pool.rows) * Double(target.rows) * Double(pool.columns)
    return RunEstimate(
      passes: 0, tokens: 0,
      memory: (Double(pool.rows) + Double(target.rows)) * Double(pool.columns) * 4
        + Double(pool.rows) * Double(target.rows) * 8,
      seconds: products * 2 / (5e9 * Double(workers.count)))
  }
}
