import Checkpoints
import Numerics

/// Tangents of the way back: td… is the derivative of d… along the direction in which the parameters move. Each step mirrors
/// one of `Backward`; from dW = dyᵀ x follows tdW = tdyᵀ x + dyᵀ tx, and from dx = dy W follows tdx = tdy W + dy tW.
struct TangentBackward: Following {
  let backward: Backward
  let tangent: TangentForward
  /// The direction's products, transposed.
  let transposed: TransposedWeights
  let target: GradientTarget
  /// Of the residual stream, in place [rows, hidden].
  let tdx: UnsafeMutablePointer<Float>

  init(
    _ tangent: TangentForward, along direction: HessianDirection, transposed: TransposedWeights,
    to target: GradientTarget
  ) {
    backward = Backward(tangent.forward, transposed: transposed, to: .blocks(of: []) { _, _ in })
    self.tangent = tangent
    self.transposed = direction.transposed
    self.target = target
    tdx = tangent.workspace.tdResidual.zeros(tangent.rows * tangent.c.hiddenSize)
  }

  var forward: Forward { backward.forward }
  var dx: UnsafeMutablePointer<Float> { backward.dx }

  func run() {
    for number in layout.layers.indices.reversed() {
      if activations.kept == .inputs {
        forward.recompute(number)
        tangent.block(number, again: true)
      }
      feedForward(number)
      attention(number)
    }
    embedding(tdx)
  }

  func add(_ values: UnsafePointer<Float>, _ count: Int, at offset: Int) {
    target.add(offset, count, scratch: workspace.block) { Vector.add(values, count: count, to: $0) }
  }
}
