import Numerics

extension TangentBackward {
  /// Softmax attention's way back and its tangent, by tiles of queries: with P, dP, dS as in `Backward`,
  /// tdV = tPᵀ dO + Pᵀ tdO, tdP = tdO Vᵀ + dO tVᵀ, tdS the tangent of the softmax's way back,
  /// tdQ = tdS K + dS tK, tdK = tdSᵀ Q + dSᵀ tQ.
  func softmaxAttention(
    _ x: UnsafePointer<Float>, _ tx: UnsafePointer<Float>,  // queries, keys and values, and their tangents
    window: Int?, _ dAttended: UnsafePointer<Float>, _ tdAttended: UnsafePointer<Float>,  // [rows, query]
    _ d: UnsafeMutablePointer<Float>, _ td: UnsafeMutablePointer<Float>  // as x, zeros before
  ) {
    let c = backward.forward.configuration
    let stride = backward.forward.queryKeyValueSize
    let size = c.headSize
    let scale = 1 / Float(size).squareRoot()
    for tile in AttentionTile.tiles(bounds: [0, backward.forward.rows], window: window) {
      let (count, keys) = (tile.count, tile.keyCount)
      let p = workspace.attentionWeights.floats(4 * count * keys)
      let (tp, dp, tdp) = (p + count * keys, p + 2 * count * keys, p + 3 * count * keys)
      for head in 0..<c.heads {
        let query = tile.start * stride + head * size
        let key = tile.firstKey * stride + c.querySize + head / c.groupSize * size
        let value = key + c.keyValueSize
        let out = tile.start * c.querySize + head * size
        let (dOut, tdOut) = (dAttended + out, tdAttended + out)
        tile.weights(x + query, keys: x + key, stride: stride, size: size, into: p)
        tile.scores(tx + query, keys: x + key, stride: stride, size: size, adding: false, into: tp)
        tile.scores(x + query, keys: tx + key, stride: stride, size: size, adding: true, into: tp)
        BackwardKernel.softmaxRowsBackward(p, tp, stride: keys, rows: count, columns: keys, scale: scale)

        func scores(
          _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, adding: Bool, _ s: UnsafeMutablePointer<Float>
        ) {
          Product.multiply(
            m: count, n: keys, k: size, a, lda: c.querySize, b, ldb: stride, transposedB: true, beta: adding ? 1 : 0,
            into: s, ldc: keys)
        }
        scores(dOut, x + value, adding: false, dp)
        scores(tdOut, x + value, adding: false, tdp)
        scores(dOut, tx + value, adding: true, tdp)

        /// y += Sᵀ b, over the tile's queries.
        func addKeys(_ s: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ ldb: Int, _ y: UnsafeMutablePointer<Float>)
        {
          Product.multiply(
            m: keys, n: size, k: count, s, lda: keys, transposedA: true, b, ldb: ldb, beta: 1, into: y, ldc: stride)
        }
        addKeys(p, dOut, c.querySize, d + value)
        addKeys(tp, dOut, c.querySize, td + value)
        addKeys(p, tdOut, c.querySize, td + value)
        TangentKernel.softmaxRowsBackward(p, tp: tp, dp, tdp, stride: keys, rows: count, columns: keys, scale: scale)

        /// y += S b, over the keys.
        func addQueries(_ s: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
          Product.multiply(
            m: count, n: size, k: keys, s, lda: keys, b, ldb: stride, beta: 1, into: y, ldc: stride)
        }
        addQueries(dp, x + key, d + query)
        addQueries(tdp, x + key, td + query)
        addQueries(dp, tx + key, td + query)
        addKeys(dp, x + query, stride, d + key)
        addKeys(tdp, x + query, stride, td + key)
        addKeys(dp, tx + query, stride, td + key)
      }
    }
  }

  /// Qwen3's norms of each query and key head, backwards with tangents; d and td in place.
  func headNorms(
    _ layer: LayerPlace, _ kept: Activations.Layer, _ t: Activations.Layer, _ d: UnsafeMutablePointer<Float>,
    _ td: UnsafeMutablePointer<Float>
  ) {
    guard let query = layer.queryNorm, let key = layer.keyNorm else { return }
    let forward = backward.forward
    let c = forward.configuration
    let (size, rows, stride) = (c.headSize, forward.rows, forward.queryKeyValueSize)
    let width = c.querySize + c.keyValueSize
    // [rows, head size] each: x, tx, dy, tdy, dx, tdx.
    let parts = (0..<6).map { [base = workspace.head.floats(6 * rows * size)] in base + $0 * rows * size }
    let tdWeights = workspace.tdNorm.floats(2 * size)
    tdWeights.update(repeating: 0, count: 2 * size)
    let unused = workspace.gradient.dNorm.floats(size)
    unused.update(repeating: 0, count: size)
    for head in 0..<c.heads + c.keyValueHeads {
      let isKey = head >= c.heads
      for row in 0..<rows {
        let raw = row * width + head * size
        let place = row * stride + head * size
        for (part, source) in [(0, kept.rawQueryKey + raw), (1, t.rawQueryKey + raw), (2, d + place), (3, td + place)] {
          (parts[part] + row * size).update(from: source, count: size)
        }
      }
      for part in [4, 5] { parts[part].update(repeating: 0, count: rows * size) }
      let weight = isKey ? key : query
      BackwardKernel.rmsNorm(
        parts[0], weight: forward.weights.vector(weight), epsilon: c.normEpsilon, dy: parts[2], rows: rows,
        columns: size,
        stride: size, dx: parts[4], dweight: unused)
      TangentKernel.rmsNormBackward(
        parts[0], weight: forward.weights.vector(weight), epsilon: c.normEpsilon, dy: parts[2], tx: parts[1],
        tweight: tangent.direction.weights.vector(weight), tdy: parts[3], rows: rows, columns: size, tdx: parts[5],
        tdweight: tdWeights + (isKey ? size : 0))
      for row in 0..<rows {
        let place = row * stride + head * size
        (d + place).update(from: parts[4] + row * size, count: size)
        (td + place).update(from: parts[5] + row * size, count: size)
      }
    }
    add(tdWeights, size, at: query)
    add(tdWeights + size, size, at: key)
  }
}
