import Checkpoints
import Numerics

/// Tangents of a forward pass: derivatives of everything in it along a direction in which all parameters move.
///
/// Runs beside the pass itself, layer by layer. Each step mirrors one of `Forward`: for y = W x, ty = W tx + tW x.
struct TangentForward {
  let forward: Forward
  /// The direction, as a model of its own whose weights are the tangents; it may be cut to fewer blocks.
  let direction: Forward
  let workspace: TangentWorkspace
  /// Rows at which packed sequences begin, and the end.
  let bounds: [Int]

  var c: ModelConfiguration { forward.configuration }
  var rows: Int { forward.rows }

  /// The tangents of block `number`, whose values are in `kept`; reads the tangent of its input and leaves that of its
  /// output in `next`, if it is given.
  func layer(
    _ number: Int, kept: Activations.Layer, tangents t: Activations.Layer, into next: UnsafeMutablePointer<Float>?
  ) {
    let place = forward.layout.layers[number]
    let along = direction.layout.layers[number]
    if number == 0, next != nil { direction.embed(into: t.input) }
    attention(place, along, kept: kept, t, window: c.slidingWindows[number])
    feedForward(place, along, kept: kept, t, into: next)
  }
}
