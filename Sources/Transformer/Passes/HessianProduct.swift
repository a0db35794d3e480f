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

/// Scratch memory for one worker's Hessian products. One call at a time may use it.
package final class HessianWorkspace {
  let gradient: GradientWorkspace
  let tangent: TangentWorkspace
  let tResidual = Scratch()  // [rows, hidden]
  let tdActivated = Scratch()
  let tdUp = Scratch()
  let tdNormed = Scratch()
  let tdAttended = Scratch()
  let tdQueryKeyValue = Scratch()
  let tOutput = Scratch()  // [chunk, hidden]
  let tdOutput = Scratch()
  let tHidden = Scratch()
  let tdHidden = Scratch()
  let tLogits = Scratch()  // [chunk, vocabulary]
  let attentionWeights = Scratch()  // [4, tile, keys]
  let head = Scratch()  // [6, rows, head size]
  let tdNorm = Scratch()

  init(_ configuration: ModelConfiguration) {
    gradient = GradientWorkspace(configuration)
    tangent = TangentWorkspace(configuration, directions: 1)
  }
}

extension Differentiator {
  package func makeHessianWorkspace() -> HessianWorkspace { HessianWorkspace(configuration) }

  /// The Hessian of the mean response loss times the direction, times `factor`: to `target`. Returns the loss.
  ///
  /// Exact: the tangent of the backward pass (Pearlmutter, 1994), not a difference of gradients. What holds of samples for
  /// ``gradient(of:factor:to:in:)`` holds here.
  package func hessianProduct(
    of sample: LossSample, along direction: HessianDirection, factor: Float = 1, to target: GradientTarget,
    in workspace: HessianWorkspace
  ) -> Double {
    precondition(!sample.targets.isEmpty && sample.tokens.count <= configuration.contextLength)
    let rows = sample.tokens.count
    func pass(_ weights: Weights) -> Forward {
      Forward(
        configuration: configuration, weights: weights, workspace: workspace.gradient.forward, tokens: sample.tokens,
        depths: Array(0..<Int32(rows)), prefix: nil)
    }
    let forward = pass(weights)
    let kept = kept(rows: 2 * rows)  // of the values and of their tangents
    let values = Activations(
      configuration, layout: layout, rows: rows, keeping: kept, in: workspace.gradient.activations)
    let tangents = Activations(
      configuration, layout: layout, rows: rows, keeping: kept, in: workspace.tangent.tangents[0])
    let tangent = TangentForward(
      forward: forward, direction: pass(direction.tangents), workspace: workspace.tangent, bounds: [0, rows])
    forward.record(values) { number, _ in
      tangent.layer(
        number, kept: values.layers[number], tangents: tangents.layers[number],
        into: tangents.residual(behind: number))
    }
    let size = rows * configuration.hiddenSize
    let dx = workspace.gradient.dResidual.floats(size)
    dx.update(repeating: 0, count: size)
    let tdx = workspace.tResidual.floats(size)
    tdx.update(repeating: 0, count: size)
    let nothing = GradientTarget.blocks(of: []) { _, _ in }
    let backward = TangentBackward(
      backward: Backward(
        forward: forward, transposed: transposed, workspace: workspace.gradient, activations: values, target: nothing),
      tangent: tangent, tangents: tangents, transposed: direction.transposed, workspace: workspace, target: target)
    let loss = backward.loss(of: sample, factor: factor, dx, tdx)
    backward.run(dx, tdx)
    return loss
  }
}
