import Domain
import Numerics
import Transformer

/// The embedding that settings name, made for a model.
package struct EmbeddingChoice: Sendable {
  /// Blocks that embeddings are made with where none are named.
  package static let standardBlocks = 4
  /// Numbers of an embedding at most.
  package static let size = 4096

  package let kind: InfluenceSettings.Embedding
  package let blocks: Int
  package let tangents: Int
  package let seed: UInt64

  package init(_ settings: InfluenceSettings, seed: UInt64) {
    kind = settings.embedding
    blocks = settings.blocks ?? Self.standardBlocks
    tangents = settings.tangents
    self.seed = seed
  }

  /// - Parameters:
  ///   - differentiator: the model at the point where influence is measured; gradient embeddings are taken there.
  ///   - scaling: of the optimiser. Influence is ⟨a ∘ g, g_t⟩ = ⟨√a ∘ g, √a ∘ g_t⟩: gradient embeddings, which stand for samples and
  ///     targets alike, take its root. So a few parameters with a large a, rarely seen rows of the table, drown less of the rest
  ///     in the projection's noise than they would on one side alone.
  package func make(
    _ model: Network, _ differentiator: Differentiator, scaling: AdamScaling?
  ) throws(InfluenceError) -> any Embedding {
    switch kind {
    case .tangents:
      return TangentEmbedding(model, blocks: blocks, tangents: tangents, size: Self.size, seed: seed)
    case .cutGradient:
      let cut = Differentiator(differentiator, blocks: blocks)
      return GradientEmbedding(
        GradientRows(
          cut, space: try GradientSpace(cut), scaling: scaling?.root(of: cut, from: differentiator),
          projection: Self.projection(cut.count, seed: seed)))
    case .output:
      return OutputEmbedding(
        GradientRows(
          differentiator, space: try GradientSpace(differentiator),
          scaling: scaling?.root(of: differentiator, from: differentiator),
          projection: Self.projection(differentiator.count, seed: seed)))
    case .tables:
      let space = GradientSpace(tablesOf: differentiator)
      return GradientEmbedding(
        GradientRows(
          differentiator, space: space, scaling: scaling?.root(of: differentiator, from: differentiator),
          projection: Self.projection(space.count, seed: seed)))
    }
  }

  private static func projection(_ count: Int, seed: UInt64) -> RandomProjection? {
    count > size ? RandomProjection(kind: .hadamard, inputs: count, outputs: size, seed: seed) : nil
  }
}
