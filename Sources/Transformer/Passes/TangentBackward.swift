import Checkpoints
import Numerics

/// Tangents of the way back: td… is the derivative of d… along the direction in which the parameters move. Each step mirrors
/// one of `Backward`; from dW = dyᵀ x follows tdW = tdyᵀ x + dyᵀ tx, and from dx = dy W follows tdx = tdy W + dy tW.
struct TangentBackward {
  let backward: Backward
  let tangent: TangentForward
  let tangents: Activations
  /// The direction's products, transposed.
  let transposed: TransposedWeights
  let workspace: HessianWorkspace
  let target: GradientTarget

  var forward: Forward { backward.forward }
  var c: ModelConfiguration { forward.configuration }
  var layout: ParameterLayout { forward.layout }
  var rows: Int { forward.rows }

  func run(_ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>) {  // [rows, hidden] each
    for number in layout.layers.indices.reversed() {
      if tangents.kept == .inputs {
        forward.recompute(number, of: backward.activations)
        tangent.layer(
          number, kept: backward.activations.layers[number], tangents: tangents.layers[number], into: nil)
      }
      feedForward(number, dx, tdx)
      attention(number, dx, tdx)
    }
    embeddings(tdx)
  }

  func add(_ values: UnsafePointer<Float>, _ count: Int, at offset: Int) {
    target.add(offset, count, scratch: workspace.gradient.block) { block in
      Vector.add(values, count: count, to: block)
    }
  }
}
