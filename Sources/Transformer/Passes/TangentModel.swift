import Checkpoints
import Numerics

/// A model cut to its first blocks and the final norm, with a few directions in the space of its parameters: what the JVP
/// embeddings of Influence Distillation are made with (arXiv 2505.19051; Methods 2.5).
package final class TangentModel: Sendable {
  /// Of the cut model: embeddings, first blocks, final norm.
  package let parameters: [ModelParameter]
  package let directions: Int
  package let configuration: ModelConfiguration
  private let cut: ModelConfiguration
  private let weights: Weights
  private let tangents: [Weights]

  /// `fill` gives the elements of a parameter's tangent in the checkpoint's order; called for each direction and, within one,
  /// for each of ``parameters`` in order.
  package init(
    _ model: Network, blocks: Int, directions: Int, fill: (_ parameter: ModelParameter, _ direction: Int) -> [Float]
  ) {
    precondition(blocks > 0 && directions > 0)
    self.directions = directions
    configuration = model.configuration
    weights = model.weights
    var cut = model.configuration
    cut.layers = min(blocks, cut.layers)
    cut.tiedEmbeddings = true  // no head of its own
    self.cut = cut
    let layout = ParameterLayout(cut, prefix: model.weights.layout.prefix)
    precondition(layout.layers[...] == weights.layout.layers.prefix(cut.layers), "tangents lie where the weights do")
    parameters = layout.parameters
    tangents = (0..<directions).map { direction in
      let values = Matrix(zerosOfRows: 1, columns: layout.count)
      for parameter in layout.parameters { parameter.store(fill(parameter, direction), in: values.base) }
      return Weights(layout, rowMajor: values.base)
    }
  }

  package func makeWorkspace() -> Workspace { Workspace(configuration) }

  /// For each sequence the derivatives, along every direction, of the normed hidden state at its last token:
  /// [sequences, directions × hidden]. Sequences are not empty and fit the context; they are run packed in one pass.
  package func derivatives(of sequences: [[Int32]], in workspace: Workspace) -> Matrix {
    let hidden = configuration.hiddenSize
    let result = Matrix(uninitializedRows: sequences.count, columns: directions * hidden)
    guard !sequences.isEmpty else { return result }
    let tokens = sequences.flatMap { $0 }
    let depths = sequences.flatMap { 0..<Int32($0.count) }
    let bounds = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    let forward = Forward(cut, weights: weights, tokens: tokens, depths: depths, keeping: .last, in: workspace)
    let passes = tangents.enumerated().map { TangentForward(forward, along: $1, index: $0, bounds: bounds) }
    forward.run { number in for pass in passes { pass.block(number) } }
    for (number, end) in bounds.dropFirst().enumerated() {
      for (direction, pass) in passes.enumerated() {
        pass.finalNorm(
          x: forward.activations.output + (end - 1) * hidden, tx: pass.tangents.output + (end - 1) * hidden, rows: 1,
          into: result.base + (number * directions + direction) * hidden)
      }
    }
    return result
  }
}
