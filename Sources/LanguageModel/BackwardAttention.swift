import Numerics

/// Softmax attention of one causal sequence, backwards: P = softmax(Q Kᵀ / √n), O = P V.
///
/// dV = Pᵀ dO, dP = dO Vᵀ, dS = P ∘ (dP − rowsum(P ∘ dP)) / √n, dQ = dS K, dK = dSᵀ Q. Weights are computed again for a
/// tile of queries at a time, so that memory is linear in the sequence's length.
extension Backward {
  func softmaxAttention(
    _ x: UnsafePointer<Float>,  // queries, keys and values [rows, query + 2 × key/value]
    window: Int?, _ dAttended: UnsafePointer<Float>,  // [rows, query]
    into d: UnsafeMutablePointer<Float>  // as x, zeros before
  ) {
    let c = forward.configuration
    let stride = forward.queryKeyValueSize
    let size = c.headSize
    for tile in AttentionTile.tiles(bounds: [0, forward.rows], window: window) {
      let (count, keys) = (tile.count, tile.keyCount)
      let weights = workspace.attentionWeights.floats(2 * count * keys)
      let dWeights = weights + count * keys
      for head in 0..<c.heads {
        let query = tile.start * stride + head * size
        let key = tile.firstKey * stride + c.querySize + head / c.groupSize * size
        let value = key + c.keyValueSize
        let dOut = dAttended + tile.start * c.querySize + head * size
        tile.weights(x + query, keys: x + key, stride: stride, size: size, into: weights)
        Product.multiply(
          m: keys, n: size, k: count, weights, lda: keys, transposedA: true, dOut, ldb: c.querySize, beta: 1,
          into: d + value, ldc: stride)
        Product.multiply(
          m: count, n: keys, k: size, dOut, lda: c.querySize, x + value, ldb: stride, transposedB: true,
          into: dWeights, ldc: keys)
        BackwardKernel.softmaxRowsBackward(
          weights, dWeights, stride: keys, rows: count, columns: keys, scale: 1 / Float(size).squareRoot())
        Product.multiply(
          m: count, n: size, k: keys, dWeights, lda: keys, x + key, ldb: stride, beta: 1, into: d + query, ldc: stride)
        Product.multiply(
          m: keys, n: size, k: count, dWeights, lda: keys, transposedA: true, x + query, ldb: stride, beta: 1,
          into: d + key, ldc: stride)
      }
    }
  }
}
