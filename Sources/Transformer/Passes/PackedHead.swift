import Numerics

/// Keys and values of one head, as the attention kernel reads them, in memory that someone else owns.
struct PackedHead {
  private let keys: UnsafeMutablePointer<Float>
  private let values: UnsafeMutablePointer<Float>
  private let valueStride: Int
  private let headSize: Int

  /// Floats that `count` rows take.
  static func floats(count: Int, headSize: Int) -> Int {
    AttentionKernel.packedKeys(count: count, headSize: headSize)
      + AttentionKernel.valueChunks(headSize: headSize) * AttentionKernel.valueStride(count: count)
  }

  /// - Parameter count: rows that there is room for.
  init(_ memory: UnsafeMutablePointer<Float>, count: Int, headSize: Int) {
    keys = memory
    values = memory + AttentionKernel.packedKeys(count: count, headSize: headSize)
    valueStride = AttentionKernel.valueStride(count: count)
    self.headSize = headSize
  }

  /// Packs some rows of keys and of values, which are `stride` apart, from row `first` on.
  func pack(
    _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>, stride: Int, rows: ArraySlice<Int32>, first: Int = 0
  ) {
    rows.withUnsafeBufferPointer { rows in
      guard let base = rows.baseAddress, !rows.isEmpty else { return }
      AttentionKernel.packKeys(
        keys, stride: stride, rows: base, count: rows.count, headSize: headSize, first: first, into: self.keys)
      AttentionKernel.packValues(
        values, stride: stride, rows: base, count: rows.count, headSize: headSize, first: first, into: self.values,
        packedStride: valueStride)
    }
  }

  /// The first `count` rows.
  func run(count: Int) -> AttentionKernel.KeyRun {
    AttentionKernel.KeyRun(keys: keys, values: values, value_stride: valueStride, count: count)
  }
}
