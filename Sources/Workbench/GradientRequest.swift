import Datasets
import Domain
import Foundation
import Influence
import Numerics
import Scoring
import Transformer

extension RunEngine {
  /// Writes the gradients of a pool's samples to a file that a run of influence can read instead of a model.
  ///
  /// - Parameter specification: pool, model, template and, of the settings, the parameters and the projection; a sample without a
  ///   gradient is refused, since a file's rows are the pool's.
  package func storeGradients(
    _ specification: RunSpecification, to path: String, precision: StoredPrecision, cancellation: Cancellation,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) throws {
    let settings = specification.influence ?? InfluenceSettings()
    let inputs = try RunInputs(opening: specification, cancellation: cancellation)
    guard let source = GradientModel(specification) else { throw WorkbenchError.missingSource(.influence) }
    let model = try source.load(self)
    let found = try source.samples(inputs, .pool, model: model)
    guard found.leftOut.isEmpty else {
      throw ErrorReport(
        "row \(found.leftOut[0]) has no response token in the model's context",
        at: specification.pool, remedy: "Leave such rows out of the file.", status: .badData)
    }
    let differentiator = Differentiator(model.network)
    let space = try GradientSpace(
      differentiator, filter: settings.parameters, most: settings.projection?.most, seed: specification.seed)
    let projection = settings.projection.map {
      RandomProjection(kind: $0.kind, inputs: space.count, outputs: $0.size, seed: specification.seed)
    }
    let key = ContentHash(
      combining: [model.contentHash]
        + found.samples.samples.map { ContentHash(of: "\($0.tokens) \($0.targets.first?.row ?? 0)") }
        + [
          ContentHash(
            of:
              "gradients 1 \(settings.parameters ?? "all") \(settings.projection?.description ?? "") \(specification.seed)"
          )
        ])
    let clock = PhaseClock(.gradients, unit: "samples", observe: observe)
    let total = found.samples.count
    try GradientStore(path: path, precision: precision).fill(
      GradientRows(differentiator, space: space, projection: projection), samples: found.samples.samples,
      rows: found.samples.rows, key: key, workers: workers, cancellation: cancellation
    ) { done, resumed in clock.advance(done, of: total, resumed: resumed) }
  }
}
