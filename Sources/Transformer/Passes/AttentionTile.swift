import Checkpoints
import Numerics

/// A tile of consecutive query rows of one causal sequence, and the keys that any of them sees: S, P and their derivatives are
/// [count, keyCount].
struct AttentionTile {
  static let rows = 64

  private let c: ModelConfiguration
  private let start: Int
  let count: Int
  private let firstKey: Int
  /// For each row, the keys that it sees, from `firstKey` on.
  private let first: [Int32]
  private let last: [Int32]

  /// Keys from `firstKey` to the tile's last row.
  var keyCount: Int { first.isEmpty ? 0 : Int(last[count - 1]) }
  /// From a row of queries, keys and values to the next.
  private var stride: Int { c.querySize + 2 * c.keyValueSize }
  private var scale: Float { 1 / Float(c.headSize).squareRoot() }

  /// The tiles of packed sequences that begin at `bounds` (the last entry being the end).
  static func tiles(_ c: ModelConfiguration, bounds: [Int], window: Int?) -> [AttentionTile] {
    zip(bounds, bounds.dropFirst()).flatMap { begin, end in
      Swift.stride(from: begin, to: end, by: rows).map { start in
        let count = min(rows, end - start)
        let firsts = (start..<start + count).map { row in window.map { max(begin, row - $0 + 1) } ?? begin }
        let firstKey = firsts.first ?? begin
        return AttentionTile(
          c: c, start: start, count: count, firstKey: firstKey, first: firsts.map { Int32($0 - firstKey) },
          last: (start..<start + count).map { Int32($0 + 1 - firstKey) })
      }
    }
  }

  /// Where a head's queries, keys and values of the tile begin in rows of all, and its attended values in rows of those.
  func offsets(of head: Int) -> (query: Int, key: Int, value: Int, out: Int) {
    let key = firstKey * stride + c.querySize + head / c.groupSize * c.headSize
    return (
      start * stride + head * c.headSize, key, key + c.keyValueSize, start * c.querySize + head * c.headSize
    )
  }

  /// S (+)= Q Kᵀ, or dO Vᵀ of attended rows.
  func scores(
    _ a: UnsafePointer<Float>, attended: Bool = false, _ keys: UnsafePointer<Float>, adding: Bool = false,
    into s: UnsafeMutablePointer<Float>
  ) {
    Product.multiply(
      m: count, n: keyCount, k: c.headSize, a, lda: attended ? c.querySize : stride, keys, ldb: stride,
      transposedB: true, beta: adding ? 1 : 0, into: s, ldc: keyCount)
  }

  /// P = softmax(Q Kᵀ / √size) over the keys that each row sees, 0 elsewhere.
  func weights(_ queries: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, into p: UnsafeMutablePointer<Float>) {
    scores(queries, keys, into: p)
    BackwardKernel.softmaxRows(
      p, stride: keyCount, rows: count, first: first, last: last, columns: keyCount, scale: scale)
  }

  /// dS = P ∘ (dP − rowsum(P ∘ dP)) / √size in place of dP; its own tangent.
  func softmaxBackward(_ p: UnsafePointer<Float>, _ d: UnsafeMutablePointer<Float>) {
    BackwardKernel.softmaxRowsBackward(p, d, stride: keyCount, rows: count, columns: keyCount, scale: scale)
  }

  /// The same and its tangent along tP.
  func softmaxBackward(
    _ p: UnsafePointer<Float>, _ tp: UnsafePointer<Float>, _ d: UnsafeMutablePointer<Float>,
    _ td: UnsafeMutablePointer<Float>
  ) {
    TangentKernel.softmaxRowsBackward(
      p, tp: tp, d, td, stride: keyCount, rows: count, columns: keyCount, scale: scale)
  }

  /// y (+)= S b over the keys, for queries or attended rows y.
  func sumKeys(
    _ s: UnsafePointer<Float>, _ b: UnsafePointer<Float>, attended: Bool = false, adding: Bool = true,
    into y: UnsafeMutablePointer<Float>
  ) {
    Product.multiply(
      m: count, n: c.headSize, k: keyCount, s, lda: keyCount, b, ldb: stride, beta: adding ? 1 : 0, into: y,
      ldc: attended ? c.querySize : stride)
  }

  /// y += Sᵀ b over the queries, for queries or attended rows b.
  func sumQueries(
    _ s: UnsafePointer<Float>, _ b: UnsafePointer<Float>, attended: Bool = false, into y: UnsafeMutablePointer<Float>
  ) {
    Product.multiply(
      m: keyCount, n: c.headSize, k: count, s, lda: keyCount, transposedA: true, b,
      ldb: attended ? c.querySize : stride, beta: 1, into: y, ldc: stride)
  }
}
