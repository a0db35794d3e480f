import Numerics

/// Finds the largest of many gains that only ever fall, the lowest index on ties, without looking at all of them: a
/// block's largest gain, once found, stays an upper bound of the block, and its largest for as long as it has not itself
/// fallen.
struct BlockMaxima {
  private static let width = 512
  private let count: Int
  private var maxima: [UInt64]
  private var indices: [Int]

  init(count: Int) {
    self.count = count
    let blocks = (count + Self.width - 1) / Self.width
    // An upper bound of every gain, which no gain equals.
    maxima = Array(repeating: UInt64(bitPattern: Int64.max), count: blocks)
    indices = Array(repeating: 0, count: blocks)
    for block in 0..<blocks { indices[block] = block * Self.width }
  }

  /// The largest of `gains`, which have fallen or stayed since the last call.
  mutating func best(of gains: UnsafePointer<UInt64>) -> (index: Int, gain: Int64) {
    while true {
      let (block, bound) = maxima.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map { FixedPoint.firstMaximum($0, count: buffer.count) } ?? (0, 0)
      }
      let index = indices[block]
      if Int64(bitPattern: gains[index]) == bound { return (index, bound) }
      let start = block * Self.width
      let found = FixedPoint.firstMaximum(gains + start, count: min(Self.width, count - start))
      maxima[block] = UInt64(bitPattern: found.gain)
      indices[block] = start + found.index
    }
  }
}
