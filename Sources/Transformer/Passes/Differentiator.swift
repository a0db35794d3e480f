import Checkpoints
import Numerics

/// Scratch memory for one worker's derivatives. One call at a time may use it.
package final class GradientWorkspace {
  let forward: Workspace
  let activations = Scratch()
  let dResidual = Scratch()  // [rows, hidden]
  let dNormed = Scratch()
  let dActivated = Scratch()  // [rows, intermediate]
  let dUp = Scratch()
  let dAttended = Scratch()  // [rows, query]
  let dQueryKeyValue = Scratch()
  let dHead = Scratch()
  let dNorm = Scratch()
  let attentionWeights = Scratch()  // [2, tile, rows]
  let output = Scratch()  // [chunk, hidden]
  let dOutput = Scratch()
  let hidden = Scratch()
  let dHidden = Scratch()
  let logits = Scratch()  // [chunk, vocabulary]
  let panels = Scratch()  // one product's inputs
  let block = Scratch()  // one tensor's derivatives

  init(_ configuration: ModelConfiguration) { forward = Workspace(configuration) }
}

/// Derivatives of the mean response loss by a model's parameters. Holds the products' weights
/// a second time, transposed, unless the model leaves them as they are stored.
package final class Differentiator: Sendable {
  package let configuration: ModelConfiguration
  package let parameters: [ModelParameter]
  /// Elements of a flat vector of all parameters. A few of them belong to no parameter and stay 0.
  package let count: Int
  /// Bytes of one sample's activations above which they are computed again on the way back instead of kept: the same bits, for
  /// a third more work.
  package let activationLimit: Int
  let weights: Weights
  let transposed: TransposedWeights
  var layout: ParameterLayout { weights.layout }

  package convenience init(_ model: Network, activationLimit: Int = 1 << 30) {
    guard !model.weights.areStored else {
      self.init(
        model.configuration, weights: model.weights, transposed: TransposedWeights(sharing: model.weights),
        activationLimit: activationLimit)
      return
    }
    let values = Matrix(uninitializedRows: 1, columns: model.weights.layout.count)
    model.weights.copyRowMajor(into: values.base)
    self.init(
      model.configuration, weights: model.weights,
      transposed: TransposedWeights(model.weights.layout, rowMajor: values.base), activationLimit: activationLimit)
  }

  init(
    _ configuration: ModelConfiguration, weights: Weights, transposed: TransposedWeights,
    activationLimit: Int = 1 << 30
  ) {
    self.activationLimit = activationLimit
    self.configuration = configuration
    self.weights = weights
    self.transposed = transposed
    count = weights.layout.count
    parameters = weights.layout.parameters
  }

  package func makeWorkspace() -> GradientWorkspace { GradientWorkspace(configuration) }

  /// The mean cross-entropy of the sample's targets; `factor` times its derivatives go to `target`.
  ///
  /// The sample has a target, fits the context, and its ids are below the vocabulary's size. The same sample gives the same
  /// bits every time.
  package func gradient(
    of sample: LossSample, factor: Float = 1, to target: GradientTarget, in workspace: GradientWorkspace
  ) -> Double {
    precondition(!sample.targets.isEmpty && sample.tokens.count <= configuration.contextLength)
    let rows = sample.tokens.count
    let forward = Forward(
      configuration: configuration, weights: weights, workspace: workspace.forward, tokens: sample.tokens,
      depths: Array(0..<Int32(rows)), prefix: nil)
    let activations = Activations(
      configuration, layout: weights.layout, rows: rows, keeping: kept(rows: rows), in: workspace.activations)
    forward.record(activations)
    let dx = workspace.dResidual.floats(rows * configuration.hiddenSize)
    dx.update(repeating: 0, count: rows * configuration.hiddenSize)
    let backward = Backward(
      forward: forward, transposed: transposed, workspace: workspace, activations: activations, target: target)
    let loss = backward.loss(of: sample, factor: factor, dx)
    backward.run(dx)
    return loss
  }

  /// What of a sample's activations stays, by its length.
  func kept(rows: Int) -> Activations.Kept {
    let floats = rows * Activations.floatsPerRow(configuration, layout: layout, keeping: .everything)
    return floats <= activationLimit / MemoryLayout<Float>.stride ? .everything : .inputs
  }

  /// Takes new values, row-major, for all parameters; only between calls.
  func refresh(fromRowMajor values: UnsafePointer<Float>) {
    weights.refresh(fromRowMajor: values)
    transposed.refresh(fromRowMajor: values)
  }
}
