import Numerics

/// Softmax attention of one causal sequence, backwards: P = softmax(Q Kᵀ / √n), O = P V.
///
/// dV = Pᵀ dO, dP = dO Vᵀ, dS = P ∘ (dP − rowsum(P ∘ dP)) / √n, dQ = dS K, dK = dSᵀ Q. Weights are computed again for a
/// tile of queries at a time, so that memory is linear in the sequence's length.
extension Backward {
  private static let tileRows = 64

  func softmaxAttention(
    _ queryKeyValue: UnsafePointer<Float>, window: Int?,
    _ dAttended: UnsafePointer<Float>,  // [rows, query]
    into d: UnsafeMutablePointer<Float>  // [rows, query + 2 × key/value], zeros before
  ) {
    let c = forward.configuration
    let rows = forward.rows
    let stride = forward.queryKeyValueSize
    let size = c.headSize
    let scale = 1 / Float(size).squareRoot()
    let weights = workspace.attentionWeights.floats(2 * Self.tileRows * rows)
    let dWeights = weights + Self.tileRows * rows
    for start in Swift.stride(from: 0, to: rows, by: Self.tileRows) {
      let count = min(Self.tileRows, rows - start)
      let oldest = window.map { max(0, start - $0 + 1) } ?? 0
      let keys = start + count - oldest  // keys that any row of the tile sees
      let first = (start..<start + count).map { row in Int32((window.map { max(0, row - $0 + 1) } ?? 0) - oldest) }
      let last = (start..<start + count).map { Int32($0 + 1 - oldest) }
      for head in 0..<c.heads {
        let query = start * stride + head * size  // of the tile's first row
        let key = oldest * stride + c.querySize + head / c.groupSize * size
        let value = key + c.keyValueSize
        let dOut = dAttended + start * c.querySize + head * size
        Product.multiply(
          m: count, n: keys, k: size, queryKeyValue + query, lda: stride, queryKeyValue + key, ldb: stride,
          transposedB: true, into: weights, ldc: keys)
        BackwardKernel.softmaxRows(
          weights, stride: keys, rows: count, first: first, last: last, columns: keys, scale: scale)
        Product.multiply(
          m: keys, n: size, k: count, weights, lda: keys, transposedA: true, dOut, ldb: c.querySize, beta: 1,
          into: d + value, ldc: stride)
        Product.multiply(
          m: count, n: keys, k: size, dOut, lda: c.querySize, queryKeyValue + value, ldb: stride, transposedB: true,
          into: dWeights, ldc: keys)
        BackwardKernel.softmaxRowsBackward(
          weights, dWeights, stride: keys, rows: count, columns: keys, scale: scale)
        Product.multiply(
          m: count, n: size, k: keys, dWeights, lda: keys, queryKeyValue + key, ldb: stride, beta: 1, into: d + query,
          ldc: stride)
        Product.multiply(
          m: keys, n: size, k: count, dWeights, lda: keys, transposedA: true, queryKeyValue + query, ldb: stride,
          beta: 1, into: d + key, ldc: stride)
      }
    }
  }
}
