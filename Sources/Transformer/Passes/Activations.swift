import Checkpoints
import Numerics

/// What the blocks of a pass fill, in one allocation.
struct Activations {
  /// How much of it stays for the way back.
  enum Kept {
    case everything
    /// The residual stream before every block; the rest of a block is computed again when the way back comes to it (Chen et
    /// al., 2016). The same numbers, for a second pass forwards.
    case inputs
    /// The last block's alone.
    case last
    /// Nothing: the residual stream is changed in place.
    case nothing
  }

  struct Layer {
    var input: UnsafeMutablePointer<Float>  // residual stream before the block [rows, hidden]
    var rawQueryKey: UnsafeMutablePointer<Float>  // before their norms, Qwen3 only [rows, query + key]
    var queryKeyValue: UnsafeMutablePointer<Float>  // after norms and rotation [rows, query + 2 × key/value]
    var attended: UnsafeMutablePointer<Float>  // [rows, query]
    var middle: UnsafeMutablePointer<Float>  // residual stream between attention and feed-forward [rows, hidden]
    var up: UnsafeMutablePointer<Float>  // before the activation [rows, intermediate, twice that if gated]
    var output: UnsafeMutablePointer<Float>  // residual stream behind the block [rows, hidden]

    /// Input, middle and output are one, and there is no room for `rawQueryKey` and `up`.
    var isInPlace: Bool { input == output }
  }

  let kept: Kept
  let layers: [Layer]
  /// The residual stream behind the last block.
  let output: UnsafeMutablePointer<Float>

  /// - Parameter c: cut to the blocks that are run.
  init(_ c: ModelConfiguration, rows: Int, keeping kept: Kept, in scratch: Scratch) {
    self.kept = kept
    var next = scratch.floats(rows * Self.floatsPerRow(c, keeping: kept))
    func take(_ columns: Int) -> UnsafeMutablePointer<Float> {
      defer { next += rows * columns }
      return next
    }
    let (residuals, blocks, columns) = Self.shape(c, keeping: kept)
    let streams = (0..<residuals).map { _ in take(c.hiddenSize) }
    let buffers = (0..<blocks).map { _ in columns.map(take) }
    layers = (0..<c.layers).map { number in
      let (input, own) = (streams[number % residuals], buffers[number % blocks])
      return Layer(
        input: input, rawQueryKey: own[0], queryKeyValue: own[1], attended: own[2],
        middle: kept == .nothing ? input : own[3], up: own[4], output: streams[(number + 1) % residuals])
    }
    output = streams[c.layers % residuals]
  }

  /// Floats that one row takes.
  static func floatsPerRow(_ c: ModelConfiguration, keeping kept: Kept) -> Int {
    let (residuals, blocks, columns) = shape(c, keeping: kept)
    return residuals * c.hiddenSize + blocks * columns.reduce(0, +)
  }

  /// Residual streams and blocks that have buffers of their own, and the columns of a block's from `rawQueryKey` to `up`.
  private static func shape(
    _ c: ModelConfiguration, keeping kept: Kept
  ) -> (residuals: Int, blocks: Int, columns: [Int]) {
    let attention = [c.querySize + 2 * c.keyValueSize, c.querySize]
    let raw = c.family.hasHeadNorms ? c.querySize + c.keyValueSize : 0
    let columns = [raw] + attention + [c.hiddenSize, c.upSize]
    return switch kept {
    case .everything: (c.layers + 1, c.layers, columns)
    case .inputs: (c.layers + 1, 1, columns)
    case .last: (2, 1, columns)
    case .nothing: (1, 1, [0] + attention + [0, 0])
    }
  }
}
