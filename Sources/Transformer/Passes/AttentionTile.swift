import Numerics

/// A tile of consecutive query rows of one causal sequence, and the keys that any of them sees.
struct AttentionTile {
  static let rows = 64

  var start: Int
  var count: Int
  var firstKey: Int
  /// Keys from `firstKey` to the tile's last row.
  var keyCount: Int { first.isEmpty ? 0 : Int(last[count - 1]) }
  /// For each row, the keys that it sees, from `firstKey` on.
  private(set) var first: [Int32]
  private(set) var last: [Int32]

  /// The tiles of packed sequences that begin at `bounds` (the last entry being the end).
  static func tiles(bounds: [Int], window: Int?) -> [AttentionTile] {
    zip(bounds, bounds.dropFirst()).flatMap { begin, end in
      stride(from: begin, to: end, by: rows).map { start in
        let count = min(rows, end - start)
        let firsts = (start..<start + count).map { row in window.map { max(begin, row - $0 + 1) } ?? begin }
        let firstKey = firsts.first ?? begin
        return AttentionTile(
          start: start, count: count, firstKey: firstKey, first: firsts.map { Int32($0 - firstKey) },
          last: (start..<start + count).map { Int32($0 + 1 - firstKey) })
      }
    }
  }

  /// S (+)= Q Kᵀ, [count, keyCount]; `queries` and `keys` point to the tile's first row and first key.
  func scores(
    _ queries: UnsafePointer<Float>, keys: UnsafePointer<Float>, stride: Int, size: Int, adding: Bool,
    into scores: UnsafeMutablePointer<Float>
  ) {
    Product.multiply(
      m: count, n: keyCount, k: size, queries, lda: stride, keys, ldb: stride, transposedB: true,
      beta: adding ? 1 : 0, into: scores, ldc: keyCount)
  }

  /// P = softmax(Q Kᵀ / √size) over the keys that each row sees, 0 elsewhere.
  func weights(
    _ queries: UnsafePointer<Float>, keys: UnsafePointer<Float>, stride: Int, size: Int,
    into weights: UnsafeMutablePointer<Float>
  ) {
    scores(queries, keys: keys, stride: stride, size: size, adding: false, into: weights)
    BackwardKernel.softmaxRows(
      weights, stride: keyCount, rows: count, first: first, last: last, columns: keyCount,
      scale: 1 / Float(size).squareRoot())
  }
}
