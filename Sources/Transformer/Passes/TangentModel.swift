import Checkpoints
import Numerics

/// Scratch memory for one worker's tangents. One call at a time may use it.
package final class TangentWorkspace {
  let forward: Workspace
  let values = Scratch()  // activations
  let tangents: [Scratch]  // activations of each direction
  let tNormed = Scratch()
  let tActivated = Scratch()  // [rows, intermediate]
  let head = Scratch()
  let attentionWeights = Scratch()  // [2, tile, keys]

  init(_ configuration: ModelConfiguration, directions: Int) {
    forward = Workspace(configuration)
    tangents = (0..<directions).map { _ in Scratch() }
  }
}

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
    parameters = layout.parameters
    tangents = (0..<directions).map { direction in
      let values = Matrix(zerosOfRows: 1, columns: layout.count)
      for parameter in layout.parameters { parameter.store(fill(parameter, direction), in: values.base) }
      return Weights(layout, rowMajor: values.base)
    }
  }

  package func makeWorkspace() -> TangentWorkspace { TangentWorkspace(configuration, directions: directions) }

  /// For each sequence the derivatives, along every direction, of the normed hidden state at its last token:
  /// [sequences, directions × hidden]. Sequences are not empty and fit the context; they are run packed in one pass.
  package func derivatives(of sequences: [[Int32]], in workspace: TangentWorkspace) -> Matrix {
    let hidden = configuration.hiddenSize
    let result = Matrix(uninitializedRows: sequences.count, columns: directions * hidden)
    guard !sequences.isEmpty else { return result }
    let tokens = sequences.flatMap { $0 }
    let depths = sequences.flatMap { 0..<Int32($0.count) }
    let bounds = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    func pass(_ configuration: ModelConfiguration, _ weights: Weights) -> Forward {
      Forward(
        configuration: configuration, weights: weights, workspace: workspace.forward, tokens: tokens, depths: depths,
        prefix: nil)
    }
    let forward = pass(configuration, weights)
    let layout = tangents[0].layout
    let values = Activations(cut, layout: layout, rows: tokens.count, keeping: .last, in: workspace.values)
    let passes = zip(tangents, workspace.tangents).map { tangent, scratch in
      (
        TangentForward(
          forward: forward, direction: pass(cut, tangent), workspace: workspace, bounds: bounds),
        Activations(cut, layout: layout, rows: tokens.count, keeping: .last, in: scratch)
      )
    }
    forward.record(values) { number, _ in
      for (pass, kept) in passes {
        pass.layer(
          number, kept: values.layers[number], tangents: kept.layers[number], into: kept.residual(behind: number))
      }
    }
    for (number, end) in bounds.dropFirst().enumerated() {
      for (direction, (pass, kept)) in passes.enumerated() {
        pass.norm(
          forward.layout.finalNorm, layout.finalNorm, x: values.output + (end - 1) * hidden,
          tx: kept.output + (end - 1) * hidden, rows: 1, into: result.base + (number * directions + direction) * hidden)
      }
    }
    return result
  }
}
