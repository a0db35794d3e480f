import Checkpoints
import Numerics

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

  package func makeWorkspace() -> Workspace { Workspace(configuration) }

  /// The mean cross-entropy of the sample's targets; `factor` times its derivatives go to `target`.
  ///
  /// The sample has a target, fits the context, and its ids are below the vocabulary's size. The same sample gives the same
  /// bits every time.
  package func gradient(
    of sample: LossSample, factor: Float = 1, to target: GradientTarget, in workspace: Workspace
  ) -> Double {
    let forward = pass(over: sample, keeping: kept(rows: sample.tokens.count), in: workspace)
    forward.run()
    let backward = Backward(forward, transposed: transposed, to: target)
    let loss = backward.loss(of: sample, factor: factor)
    backward.run()
    return loss
  }

  func pass(over sample: LossSample, keeping kept: Activations.Kept, in workspace: Workspace) -> Forward {
    precondition(!sample.targets.isEmpty && sample.tokens.count <= configuration.contextLength)
    return Forward(configuration, weights: weights, tokens: sample.tokens, keeping: kept, in: workspace)
  }

  /// What of a sample's activations stays, by its length.
  func kept(rows: Int) -> Activations.Kept {
    let floats = rows * Activations.floatsPerRow(configuration, keeping: .everything)
    return floats <= activationLimit / MemoryLayout<Float>.stride ? .everything : .inputs
  }

  /// Takes new values, row-major, for all parameters; only between calls.
  func refresh(fromRowMajor values: UnsafePointer<Float>) {
    weights.refresh(fromRowMajor: values)
    transposed.refresh(fromRowMajor: values)
  }
}
