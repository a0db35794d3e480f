import CVectorKernels

/// The kinds of blocks that GGUF files keep quantised weights in, by ggml's numbers of them. A row of a matrix is whole blocks.
package enum QuantisedBlocks: UInt32, Sendable, Hashable, CaseIterable {
  case q40 = 2
  case q41 = 3
  case q50 = 6
  case q51 = 7
  case q80 = 8
  case q4K = 12
  case q5K = 13
  case q6K = 14

  /// Weights in a block.
  package var weights: Int {
    switch self {
    case .q40, .q41, .q50, .q51, .q80: 32
    case .q4K, .q5K, .q6K: 256
    }
  }

  /// Bytes of a block.
  package var bytes: Int {
    switch self {
    case .q40: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q80: 34
    case .q4K: 144
    case .q5K: 176
    case .q6K: 210
    }
  }

  /// The weights of `count` blocks that follow each other, at any alignment. Each product and sum is rounded, none fused, as in
  /// ggml's reference code: the same bits on every machine.
  package func widen(_ blocks: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>) {
    wk_widen_blocks(blocks, Int32(rawValue), count, target)
  }
}

extension UnsafePointer<Float> {
  /// The first of `count` numbers that is infinite or not a number.
  package func firstNotFinite(count: Int) -> Int? {
    let place = wk_first_not_finite(self, count)
    return place < count ? place : nil
  }
}
