import Checkpoints
import Foundation
import Numerics

/// The way back through the blocks of a recorded pass over one sequence: d… are derivatives of the loss.
///
/// Each step mirrors one of `Forward`: for y = f(x), it takes dy, adds to dx, and hands the derivatives by its parameters on.
struct Backward {
  let forward: Forward
  let transposed: TransposedWeights
  let workspace: GradientWorkspace
  let activations: Activations
  let target: GradientTarget

  var c: ModelConfiguration { forward.configuration }
  var layout: ParameterLayout { forward.layout }
  var weights: Weights { forward.weights }
  var rows: Int { forward.rows }

  /// From the derivative of the residual stream behind the last block, in place, down to the embeddings.
  func run(_ dx: UnsafeMutablePointer<Float>) {  // [rows, hidden]
    for (number, layer) in layout.layers.enumerated().reversed() {
      // Parameters lie in the order of the pass: nothing that is wanted is left once all of it lies behind.
      if let first = target.first, first >= layer.end { return }
      let kept = activations.layers[number]
      forward.recompute(number, of: activations)
      feedForward(layer, kept, dx)
      attention(layer, kept, window: c.slidingWindows[number], dx)
    }
    embeddings(dx)
  }

  /// Hands derivatives by a vector of parameters on.
  func add(_ values: UnsafePointer<Float>, _ count: Int, at offset: Int) {
    target.add(offset, count, scratch: workspace.block) { block in
      Vector.add(values, count: count, to: block)
    }
  }
}
