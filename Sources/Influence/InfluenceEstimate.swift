import Checkpoints
import Domain
import Transformer

/// What a run would cost, by count of floating-point operations: through landmarks, and with all gradients taken.
package struct InfluenceEstimate: Sendable, Hashable {
  /// Of the embeddings, of the gradients that a run through landmarks takes, and of all gradients.
  package var embeddings: Double
  package var someGradients: Double
  package var allGradients: Double
  /// A number of blocks at which landmarks pay, where they do not as asked.
  package var betterBlocks: Int?
  package var isExact: Bool

  /// How many times faster the run is than taking all gradients.
  package var gain: Double { allGradients / max(embeddings + someGradients, 1) }

  package init(_ settings: InfluenceSettings, model: ModelConfiguration, pool: [LossSample], target: [LossSample]) {
    let rows = pool.map(\.tokens.count)
    let targets = pool.map(\.targets.count)
    self.init(
      settings, model: model, samples: pool.count, rows: Self.mean(rows), responses: Self.mean(targets),
      targetSamples: target.count)
  }

  /// From means: tokens of a sample, response tokens of a sample.
  package init(
    _ settings: InfluenceSettings, model: ModelConfiguration, samples: Int, rows: Int, responses: Int,
    targetSamples: Int
  ) {
    let gradient = Double(model.gradientOperations(rows: rows, targets: responses))
    func embedding(_ blocks: Int) -> Double {
      switch settings.embedding {
      case .tangents:
        return Double(model.tangentOperations(rows: rows, blocks: blocks, directions: settings.tangents))
      case .cutGradient:
        var cut = model
        cut.layers = min(blocks, cut.layers)
        return Double(cut.gradientOperations(rows: rows, targets: responses))
      case .output:
        return gradient / 3
      case .tables:
        // There and back; of the products by parameters hardly any.
        return gradient * 2 / 3
      }
    }
    let landmarks = settings.landmarkCount(of: samples)
    let measured = landmarks + settings.heldOutCount(of: samples)
    isExact = landmarks >= samples
    let blocks = settings.blocks ?? EmbeddingChoice.standardBlocks
    embeddings = isExact || settings.embeddings != nil ? 0 : Double(samples) * embedding(blocks)
    someGradients = Double((isExact ? samples : measured) + targetSamples) * gradient
    allGradients = Double(samples + targetSamples) * gradient
    if !isExact, embeddings > 0, settings.embedding.hasBlocks {
      let room = allGradients / Self.worthwhile - someGradients
      betterBlocks = (1..<max(2, blocks)).last { Double(samples) * embedding($0) < room && $0 < blocks }
    }
  }

  /// Landmarks that save less than this are not worth their inexactness.
  static let worthwhile = 1.5

  /// What to say before the run begins; nothing where landmarks pay.
  package var advice: [String] {
    guard !isExact, gain < Self.worthwhile else { return [] }
    let exact =
      gain <= 1
      ? "--landmarks all is exact and faster" : "--landmarks all is exact and costs only \(Self.times(gain)) as much"
    let change = betterBlocks.map { "--blocks \($0) would pay; " } ?? ""
    return [
      "embeddings and landmarks save little here (\(Self.times(gain)) as fast as all gradients by count of operations): "
        + change + exact
    ]
  }

  private static func times(_ value: Double) -> String { "\((value * 100).rounded() / 100) times" }

  private static func mean(_ values: [Int]) -> Int {
    values.isEmpty ? 0 : (values.reduce(0, +) + values.count / 2) / values.count
  }
}
