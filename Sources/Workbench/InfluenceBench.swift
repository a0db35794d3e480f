import Datasets
import Dispatch
import Domain
import Influence
import LanguageModel
import Numerics

/// How true and how dear the ways to spread influence are, on a pool whose gradients are all taken for the purpose.
package struct InfluenceBench: Sendable, Codable {
  /// One way, measured.
  package struct Row: Sendable, Hashable, Codable {
    package var embedding: String
    package var propagation: String
    package var landmarkChoice: String
    /// Rank correlation with exact influence over all samples that are no landmarks: mean over targets, then over draws of landmarks.
    package var correlation: Double
    /// Seconds a sample of the embedding.
    package var embeddingSeconds: Double
    /// How many times faster than all gradients, end to end: embeddings, landmark and target gradients, propagation.
    package var gain: Double
  }

  package var samples: Int
  package var landmarks: Int
  /// Seconds a sample of the gradient, products with the targets included.
  package var gradientSeconds: Double
  package var rows: [Row]
}

extension RunEngine {
  /// - Parameters:
  ///   - specification: of a run of influence; its settings name landmarks, step, parameters.
  ///   - ways: embeddings to try.
  ///   - draws: of landmarks for each way.
  package func benchInfluence(
    _ specification: RunSpecification, ways: [(name: String, settings: InfluenceSettings)],
    propagations: [InfluenceSettings.Propagation], choices: [LandmarkChoice], draws: Int, cancellation: Cancellation,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> InfluenceBench {
    let inputs = try RunInputs(opening: specification, cancellation: cancellation)
    guard let model = try judge(of: specification)?.model else { throw WorkbenchError.missingSource(.influence) }
    let settings = specification.influence ?? InfluenceSettings()
    let pool = try samples(.pool, of: specification, inputs: inputs, model: model).samples
    let target = try samples(.target, of: specification, inputs: inputs, model: model).samples
    let count = settings.landmarkCount(of: pool.count)
    let differentiator = Differentiator(model)
    let gradients = GradientRows(differentiator, space: try GradientSpace(differentiator, filter: settings.parameters))
    func timed<Result>(_ body: () throws -> Result) rethrows -> (Result, Double) {
      let start = DispatchTime.now().uptimeNanoseconds
      let result = try body()
      return (result, Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
    }
    let clock = PhaseClock(.gradients, unit: "samples", observe: observe)
    // First calls touch memory that later ones find warm.
    _ = try gradients.matrix(of: Array(pool.samples.prefix(workers.count)), workers: workers)
    let (targets, targetSeconds) = try timed {
      try gradients.matrix(of: target.samples, workers: workers, cancellation: cancellation)
    }
    let total = pool.count
    let (products, exactSeconds) = try timed {
      try gradients.products(of: pool.samples, with: targets, workers: workers, cancellation: cancellation) {
        clock.advance($0, of: total)
      }
    }
    let exact = products.cosines
    let gradientSeconds = exactSeconds / Double(pool.count)
    var rows: [InfluenceBench.Row] = []
    for way in ways {
      let embedding = try EmbeddingChoice(way.settings, seed: specification.seed).make(
        model, differentiator, scaling: nil)
      _ = try embedding.embeddings(
        of: Array(pool.samples.prefix(workers.count)), workers: workers, cancellation: cancellation, advance: { _ in })
      let (vectors, embeddingSeconds) = try timed {
        Embeddings(
          try embedding.embeddings(of: pool.samples, workers: workers, cancellation: cancellation, advance: { _ in }))
      }
      let similarity = InfluenceSpread.similarity(
        vectors.matrix,
        targets: try embedding.embeddings(
          of: target.samples, workers: workers, cancellation: cancellation, advance: { _ in }))
      for propagation in propagations {
        for choice in choices {
          var correlation = 0.0
          var spreadSeconds = 0.0
          for draw in 0..<draws {
            let landmarks = choice.choose(count, of: vectors.matrix, seed: specification.seed &+ UInt64(draw) &* 7919)
            let known = DoubleMatrix(
              rows: landmarks.count, columns: exact.columns, elements: landmarks.flatMap { Array(exact.row($0)) })
            let (spread, seconds) = try timed {
              try InfluenceSpread.spread(
                known, propagation, vectors.matrix, landmarks: landmarks, similarity: similarity, workers: workers
              ).0
            }
            spreadSeconds += seconds / Double(draws)
            let taken = Set(landmarks)
            let others = (0..<pool.count).filter { !taken.contains($0) }
            let mean =
              (0..<exact.columns).reduce(0.0) { sum, column in
                sum + rankCorrelation(others.map { spread[$0, column] }, others.map { exact[$0, column] })
              } / Double(exact.columns)
            correlation += mean / Double(draws)
          }
          let through =
            embeddingSeconds + Double(count) * gradientSeconds + targetSeconds + spreadSeconds
          rows.append(
            InfluenceBench.Row(
              embedding: way.name, propagation: propagation.rawValue, landmarkChoice: choice.rawValue,
              correlation: correlation, embeddingSeconds: embeddingSeconds / Double(pool.count),
              gain: (exactSeconds + targetSeconds) / through))
        }
      }
      try cancellation.check()
    }
    return InfluenceBench(samples: pool.count, landmarks: count, gradientSeconds: gradientSeconds, rows: rows)
  }

  /// A matrix that can be handed around.
  private final class Embeddings: Sendable {
    let matrix: Matrix
    init(_ matrix: consuming Matrix) { self.matrix = matrix }
  }
}
