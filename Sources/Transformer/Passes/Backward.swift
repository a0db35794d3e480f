import Checkpoints
import Numerics

/// The way back through the blocks of a pass over one sequence that was kept: d… are derivatives of the loss.
///
/// Each step mirrors one of `Forward`: for y = f(x), it takes dy, gives dx or adds to it, and hands the derivatives by its
/// parameters on.
struct Backward: Following {
  let forward: Forward
  let transposed: TransposedWeights
  var target: GradientTarget
  /// Of the residual stream, in place [rows, hidden].
  let dx: UnsafeMutablePointer<Float>

  init(_ forward: Forward, transposed: TransposedWeights, to target: GradientTarget) {
    self.forward = forward
    self.transposed = transposed
    self.target = target
    dx = forward.workspace.dResidual.zeros(forward.rows * forward.c.hiddenSize)
  }

  /// From the derivative of the residual stream behind the last block down to the embeddings.
  func run() {
    for (number, layer) in layout.layers.enumerated().reversed() {
      // Parameters lie in the order of the pass: nothing that is wanted is left once all of it lies behind.
      if let first = target.first, first >= layer.end { return }
      forward.recompute(number)
      feedForward(number)
      attention(number)
    }
    embedding(dx)
  }

  /// Hands derivatives by a vector of parameters on.
  func add(_ values: UnsafePointer<Float>, _ count: Int, at offset: Int) {
    target.add(offset, count, scratch: workspace.block) { Vector.add(values, count: count, to: $0) }
  }
}
