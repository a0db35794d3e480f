import Numerics

// x += W_o attention(rotate(norm(W_qkv norm(x)))): softmax attention of every head, O = P V with P = softmax(Q Kᵀ / √n).
//
// Backwards: dV = Pᵀ dO, dP = dO Vᵀ, dS = P ∘ (dP − rowsum(P ∘ dP)) / √n, dQ = dS K, dK = dSᵀ Q. Weights are computed again for a
// tile of queries at a time, so that memory is linear in the sequence's length.

extension Forward {
  /// Norm, the fused product, query and key norms, rotary positions.
  func projectQueryKeyValue(
    _ layer: LayerParameters, _ residual: UnsafePointer<Float>,
    into queryKeyValue: UnsafeMutablePointer<Float>,  // [rows, query + 2 × key/value]
    raw: UnsafeMutablePointer<Float>? = nil  // query and key before their norms, if they are to be kept
  ) {
    let c = configuration
    let rotary = c.family == .gpt2 ? nil : workspace.rotary(Int(positions.max() ?? 0) + 1)
    for start in stride(from: 0, to: rows, by: weights.rowBlock) {
      let count = min(weights.rowBlock, rows - start)
      let normed = workspace.normed.floats(weights.rowBlock * c.hiddenSize)
      norm(layer.attentionNorm, residual + start * c.hiddenSize, rows: count, into: normed)
      let target = queryKeyValue + start * queryKeyValueSize
      multiply(layer.queryKeyValue, normed, rows: count, into: target)
      if let raw {
        let size = c.querySize + c.keyValueSize
        for row in 0..<count {
          (raw + (start + row) * size).update(from: target + row * queryKeyValueSize, count: size)
        }
      }
      headNorms(layer, target, rows: count)
      if let rotary {
        // Query and key heads lie side by side, so they turn in one go.
        positions.withUnsafeBufferPointer { positions in
          guard let base = positions.baseAddress else { return }
          TransformerKernel.rotate(
            target, stride: queryKeyValueSize, rows: count, heads: c.heads + c.keyValueHeads, headSize: c.headSize,
            positions: base + start, cosines: rotary.cosines, sines: rotary.sines)
        }
      }
    }
  }

  /// Softmax attention of every head over prefix and batch.
  func attend(
    layer: Int, _ plan: AttentionPlan, _ queryKeyValue: UnsafePointer<Float>,
    into attended: UnsafeMutablePointer<Float>  // [rows, query]
  ) {
    let c = configuration
    let stride = queryKeyValueSize
    let chunks = AttentionKernel.valueChunks(headSize: c.headSize)
    let tileRows = AttentionKernel.tileRows
    let pathStride = AttentionKernel.valueStride(count: plan.longestPath)
    let ownStride = AttentionKernel.valueStride(count: tileRows)
    let pathKeys = workspace.pathKeys.floats(AttentionKernel.packedKeys(count: plan.longestPath, headSize: c.headSize))
    let pathValues = workspace.pathValues.floats(chunks * pathStride)
    let ownKeys = workspace.ownKeys.floats(AttentionKernel.packedKeys(count: tileRows, headSize: c.headSize))
    let ownValues = workspace.ownValues.floats(chunks * ownStride)
    let scratch = workspace.attention.floats(AttentionKernel.scratchCount(headSize: c.headSize))
    let ownRows = (0..<Int32(tileRows)).map { $0 }
    let scale = 1 / Float(c.headSize).squareRoot()
    for head in 0..<c.keyValueHeads {
      let keys = queryKeyValue + c.querySize + head * c.headSize
      let values = keys + c.keyValueSize
      for tile in plan.tiles {
        plan.addedRows.withUnsafeBufferPointer { rows in
          guard let base = rows.baseAddress, !tile.added.isEmpty else { return }
          AttentionKernel.packKeys(
            keys, stride: stride, rows: base + tile.added.lowerBound, count: tile.added.count, headSize: c.headSize,
            first: tile.kept, into: pathKeys)
          AttentionKernel.packValues(
            values, stride: stride, rows: base + tile.added.lowerBound, count: tile.added.count,
            headSize: c.headSize, first: tile.kept, into: pathValues, packedStride: pathStride)
        }
        AttentionKernel.packKeys(
          keys + tile.start * stride, stride: stride, rows: ownRows, count: tile.rows, headSize: c.headSize, first: 0,
          into: ownKeys)
        AttentionKernel.packValues(
          values + tile.start * stride, stride: stride, rows: ownRows, count: tile.rows, headSize: c.headSize,
          first: 0, into: ownValues, packedStride: ownStride)
        let runs = [
          prefix?.run(layer: layer, head: head) ?? AttentionKernel.KeyRun(),
          AttentionKernel.KeyRun(
            keys: pathKeys, values: pathValues, value_stride: pathStride, count: tile.kept + tile.added.count),
          AttentionKernel.KeyRun(keys: ownKeys, values: ownValues, value_stride: ownStride, count: tile.rows),
        ]
        for query in head * c.groupSize..<(head + 1) * c.groupSize {
          plan.withMasks(from: tile.start) { first, last, own in
            AttentionKernel.attend(
              queries: queryKeyValue + tile.start * stride + query * c.headSize, stride: stride, rows: tile.rows,
              headSize: c.headSize, scale: scale, runs: runs, first: first, last: last, own: own,
              into: attended + tile.start * c.querySize + query * c.headSize, outStride: c.querySize,
              scratch: scratch)
          }
        }
      }
    }
  }
}

extension Backward {
  /// x += W_o attention(rotate(norm(W_qkv norm(x)))).
  func attention(
    _ layer: LayerParameters, _ kept: Activations.Layer, window: Int?, _ dx: UnsafeMutablePointer<Float>
  ) {
    linearParameters(layer.output, x: kept.attended, dy: dx)
    let dAttended = workspace.dAttended.floats(rows * c.querySize)
    transposed.multiply(layer.output, dx, rows: rows, adding: false, into: dAttended, scratch: workspace.forward.weight)
    let size = forward.queryKeyValueSize
    let dQueryKeyValue = workspace.dQueryKeyValue.floats(rows * size)
    dQueryKeyValue.update(repeating: 0, count: rows * size)
    softmaxAttention(kept.queryKeyValue, window: window, dAttended, into: dQueryKeyValue)
    if c.family != .gpt2 {
      let rotary = workspace.forward.rotary(Int(forward.positions.max() ?? 0) + 1)
      TransformerKernel.rotate(
        dQueryKeyValue, stride: size, rows: rows, heads: c.heads + c.keyValueHeads, headSize: c.headSize,
        positions: forward.positions, cosines: rotary.cosines, sines: rotary.sines, backward: true)
    }
    if let query = layer.queryNorm, let key = layer.keyNorm {
      headNorms(kept.rawQueryKey, dQueryKeyValue, query: query, key: key)
    }
    linearBehindNorm(layer.queryKeyValue, layer.attentionNorm, x: kept.input, dy: dQueryKeyValue, dx)
  }

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

extension TangentForward {
  /// t.middle = t.input + the tangent of the attention.
  func attention(
    _ place: LayerParameters, _ along: LayerParameters, kept: Activations.Layer, _ t: Activations.Layer, window: Int?
  ) {
    linearBehindNorm(
      place.queryKeyValue, along.queryKeyValue, place.attentionNorm, along.attentionNorm, x: kept.input, tx: t.input,
      into: t.queryKeyValue)
    headNorms(place, along, kept: kept, t)
    if c.family != .gpt2 {
      let rotary = forward.workspace.rotary(Int(forward.positions.max() ?? 0) + 1)
      TransformerKernel.rotate(
        t.queryKeyValue, stride: forward.queryKeyValueSize, rows: rows, heads: c.heads + c.keyValueHeads,
        headSize: c.headSize, positions: forward.positions, cosines: rotary.cosines, sines: rotary.sines)
    }
    softmaxAttention(kept.queryKeyValue, t.queryKeyValue, window: window, into: t.attended)
    t.middle.update(from: t.input, count: rows * c.hiddenSize)
    linear(place.output, along.output, x: kept.attended, tx: t.attended, adding: true, into: t.middle)
  }

  /// Softmax attention: tS = (tQ Kᵀ + Q tKᵀ) / √n, tP = P ∘ (tS − rowsum(P ∘ tS)), tO = tP V + P tV; by tiles of queries.
  func softmaxAttention(
    _ x: UnsafePointer<Float>, _ tx: UnsafePointer<Float>, window: Int?, into out: UnsafeMutablePointer<Float>
  ) {
    let stride = forward.queryKeyValueSize
    let size = c.headSize
    for tile in AttentionTile.tiles(bounds: bounds, window: window) {
      let (count, keys) = (tile.count, tile.keyCount)
      let weights = workspace.attentionWeights.floats(2 * count * keys)
      let tWeights = weights + count * keys
      for head in 0..<c.heads {
        let query = tile.start * stride + head * size
        let key = tile.firstKey * stride + c.querySize + head / c.groupSize * size
        let value = key + c.keyValueSize
        tile.weights(x + query, keys: x + key, stride: stride, size: size, into: weights)
        tile.scores(tx + query, keys: x + key, stride: stride, size: size, adding: false, into: tWeights)
        tile.scores(x + query, keys: tx + key, stride: stride, size: size, adding: true, into: tWeights)
        BackwardKernel.softmaxRowsBackward(
          weights, tWeights, stride: keys, rows: count, columns: keys, scale: 1 / Float(size).squareRoot())
        let target = out + tile.start * c.querySize + head * size
        Product.multiply(
          m: count, n: size, k: keys, tWeights, lda: keys, x + value, ldb: stride, into: target, ldc: c.querySize)
        Product.multiply(
          m: count, n: size, k: keys, weights, lda: keys, tx + value, ldb: stride, beta: 1, into: target,
          ldc: c.querySize)
      }
    }
  }
}

extension TangentBackward {
  func attention(_ number: Int, _ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>) {
    let layer = layout.layers[number]
    let (kept, t) = (backward.activations.layers[number], tangents.layers[number])
    parameters(layer.output, x: kept.attended, tx: t.attended, dy: dx, tdy: tdx, rows: rows)
    let dAttended = workspace.gradient.dAttended.floats(rows * c.querySize)
    let tdAttended = workspace.tdAttended.floats(rows * c.querySize)
    back(layer.output, dx, tdx, rows: rows, dAttended, tdAttended)
    let size = rows * forward.queryKeyValueSize
    let d = workspace.gradient.dQueryKeyValue.floats(size)
    let td = workspace.tdQueryKeyValue.floats(size)
    d.update(repeating: 0, count: size)
    td.update(repeating: 0, count: size)
    softmaxAttention(
      kept.queryKeyValue, t.queryKeyValue, window: c.slidingWindows[number], dAttended, tdAttended, d, td)
    if c.family != .gpt2 {
      let rotary = forward.workspace.rotary(Int(forward.positions.max() ?? 0) + 1)
      for values in [d, td] {
        TransformerKernel.rotate(
          values, stride: forward.queryKeyValueSize, rows: rows, heads: c.heads + c.keyValueHeads,
          headSize: c.headSize, positions: forward.positions, cosines: rotary.cosines, sines: rotary.sines,
          backward: true)
      }
    }
    headNorms(layer, kept, t, d, td)
    linearBehindNorm(
      layer.queryKeyValue, layer.attentionNorm, x: kept.input, tx: t.input, dy: d, tdy: td, dx, tdx)
  }

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
}
