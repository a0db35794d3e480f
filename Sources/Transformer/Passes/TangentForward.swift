import Checkpoints
import Numerics

/// Tangents of a forward pass: derivatives t… of everything in it along a direction in which all parameters move.
///
/// Runs beside the pass itself, block by block. Each step mirrors one of `Forward`: for y = W x, ty = W tx + tW x.
struct TangentForward: Following {
  let forward: Forward
  /// The tangents of the parameters. They may be of a model cut to its first blocks, whose parameters lie where the whole one's do.
  let direction: Weights
  let tangents: Activations
  /// Rows at which packed sequences begin, and the end.
  let bounds: [Int]

  /// - Parameter index: of the direction in the workspace.
  init(_ forward: Forward, along direction: Weights, index: Int = 0, bounds: [Int]) {
    self.forward = forward
    self.direction = direction
    self.bounds = bounds
    tangents = Activations(
      forward.c, rows: forward.rows, keeping: forward.activations.kept, in: forward.workspace.tangents(index))
  }

  /// The tangents of block `number`, whose values the pass has just computed; `again` as there.
  func block(_ number: Int, again: Bool = false) {
    if number == 0, !again { embedding(into: tangents.layers[0].input) }
    attention(number)
    feedForward(number, again: again)
  }
}
