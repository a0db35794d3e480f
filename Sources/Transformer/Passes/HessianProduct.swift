import Checkpoints
import Numerics

/// A direction in the space of all parameters, laid out for products with the Hessian along it.
package final class HessianDirection: Sendable {
  let tangents: Weights
  let transposed: TransposedWeights

  /// `vector`: a flat vector of ``Differentiator/count`` elements, read once.
  package init(_ vector: UnsafePointer<Float>, of differentiator: Differentiator) {
    tangents = Weights(differentiator.layout, rowMajor: vector)
    transposed = TransposedWeights(differentiator.layout, rowMajor: vector)
  }
}

extension Differentiator {
  /// The Hessian of the mean response loss times the direction, times `factor`: to `target`. Returns the loss.
  ///
  /// Exact: the tangent of the backward pass (Pearlmutter, 1994), not a difference of gradients. What holds of samples for
  /// ``gradient(of:factor:to:in:)`` holds here.
  package func hessianProduct(
    of sample: LossSample, along direction: HessianDirection, factor: Float = 1, to target: GradientTarget,
    in workspace: Workspace
  ) -> Double {
    let rows = sample.tokens.count
    let forward = pass(over: sample, keeping: kept(rows: 2 * rows), in: workspace)  // values and tangents
    let tangent = TangentForward(forward, along: direction.tangents, bounds: [0, rows])
    forward.run { tangent.block($0) }
    let backward = TangentBackward(tangent, along: direction, transposed: transposed, to: target)
    let loss = backward.loss(of: sample, factor: factor)
    backward.run()
    return loss
  }
}
