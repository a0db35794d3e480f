import Numerics

// x += W_o attention(rotate(norm(W_qkv norm(x)))): softmax attention of every head, O = P V with P = softmax(Q Kᵀ / √n).
//
// Backwards: dV = Pᵀ dO, dP = dO Vᵀ, dS = P ∘ (dP − rowsum(P ∘ dP)) / √n, dQ = dS K, dK = dSᵀ Q. Weights are computed again for a
// tile of queries at a time, so that memory is linear in the sequence's length.

extension Forward {
  /// middle = input + the attention; only the rows in `wanted` if it is given, which come to the front.
  func attention(_ number: Int, _ plan: AttentionPlan, wanted: [Int]?) {
    let (layer, kept, size) = (layout.layers[number], activations.layers[number], c.hiddenSize)
    for piece in pieces(rows) {
      let target = kept.queryKeyValue + piece.lowerBound * queryKeyValueSize
      linearBehindNorm(
        layer.queryKeyValue, layer.attentionNorm, kept.input + piece.lowerBound * size, rows: piece.count, into: target)
      let raw = kept.rawQueryKey + piece.lowerBound * (c.querySize + c.keyValueSize)
      headNorms(layer, target, rows: piece.count, keeping: kept.isInPlace ? nil : raw)
      rotate(target, rows: piece)
    }
    if wanted?.isEmpty == true { return }  // keys and values are all that was asked for
    softmaxAttention(number, kept.queryKeyValue, plan, into: kept.attended)
    if let wanted {
      for (x, columns) in [(kept.input, size), (kept.attended, c.querySize)] {
        x.update(from: gather(wanted, of: x, columns: columns, into: workspace.gathered), count: wanted.count * columns)
      }
    }
    let rows = wanted?.count ?? rows
    if !kept.isInPlace { kept.middle.update(from: kept.input, count: rows * size) }
    for piece in pieces(rows, inPlace: kept.isInPlace) {
      linear(
        layer.output, kept.attended + piece.lowerBound * c.querySize, rows: piece.count, adding: true,
        into: kept.middle + piece.lowerBound * size)
    }
  }

  /// Rotary positions of query and key heads, which lie side by side, for a range of the rows, the first of which is at `x`.
  func rotate(_ x: UnsafeMutablePointer<Float>, rows: Range<Int>, backward: Bool = false) {
    guard c.family.rotates else { return }
    let rotary = workspace.rotary(length)
    positions[rows].withUnsafeBufferPointer { positions in
      guard let base = positions.baseAddress else { return }
      TransformerKernel.rotate(
        x, stride: queryKeyValueSize, rows: rows.count, heads: c.heads + c.keyValueHeads, headSize: c.headSize,
        positions: base, cosines: rotary.cosines, sines: rotary.sines, backward: backward)
    }
  }

  /// Over prefix and batch: [rows, query].
  func softmaxAttention(
    _ number: Int, _ queryKeyValue: UnsafePointer<Float>, _ plan: AttentionPlan,
    into attended: UnsafeMutablePointer<Float>
  ) {
    let (stride, size) = (queryKeyValueSize, c.headSize)
    func room(_ scratch: Scratch, _ count: Int) -> PackedHead {
      PackedHead(scratch.floats(PackedHead.floats(count: count, headSize: size)), count: count, headSize: size)
    }
    let path = room(workspace.path, plan.longestPath)
    let own = room(workspace.own, AttentionKernel.tileRows)
    let ownRows = Array(0..<Int32(AttentionKernel.tileRows))
    let scratch = workspace.attention.floats(AttentionKernel.scratchCount(headSize: size))
    for head in 0..<c.keyValueHeads {
      let keys = queryKeyValue + c.querySize + head * size
      let values = keys + c.keyValueSize
      for tile in plan.tiles {
        let start = tile.start * stride
        path.pack(keys, values, stride: stride, rows: tile.added[...], first: tile.kept)
        own.pack(keys + start, values + start, stride: stride, rows: ownRows[..<tile.rows])
        let runs = [
          prefix?.run(layer: number, head: head) ?? AttentionKernel.KeyRun(),
          path.run(count: tile.kept + tile.added.count), own.run(count: tile.rows),
        ]
        for query in head * c.groupSize..<(head + 1) * c.groupSize {
          AttentionKernel.attend(
            queries: queryKeyValue + start + query * size, stride: stride, rows: tile.rows, headSize: size,
            scale: 1 / Float(size).squareRoot(), runs: runs, first: tile.first, last: tile.last, own: tile.own,
            into: attended + tile.start * c.querySize + query * size, outStride: c.querySize, scratch: scratch)
        }
      }
    }
  }
}

extension Backward {
  func attention(_ number: Int) {
    let (layer, kept) = (layout.layers[number], activations.layers[number])
    let dAttended = workspace.dAttended.floats(rows * c.querySize)
    linear(layer.output, x: kept.attended, dy: dx, rows: rows, into: dAttended)
    let d = workspace.dQueryKeyValue.zeros(rows * forward.queryKeyValueSize)
    softmaxAttention(number, kept.queryKeyValue, dAttended, into: d)
    forward.rotate(d, rows: 0..<rows, backward: true)
    headNorms(layer, raw: kept.rawQueryKey, d)
    linearBehindNorm(layer.queryKeyValue, layer.attentionNorm, x: kept.input, dy: d)
  }

  func softmaxAttention(
    _ number: Int, _ x: UnsafePointer<Float>,  // queries, keys and values [rows, query + 2 × key/value]
    _ dAttended: UnsafePointer<Float>,  // [rows, query]
    into d: UnsafeMutablePointer<Float>  // as x, zeros before
  ) {
    for tile in AttentionTile.tiles(c, bounds: [0, rows], window: c.slidingWindows[number]) {
      let area = tile.count * tile.keyCount
      let p = workspace.attentionWeights.floats(2 * area)
      let dp = p + area
      for head in 0..<c.heads {
        let (query, key, value, out) = tile.offsets(of: head)
        tile.weights(x + query, x + key, into: p)
        tile.sumQueries(p, dAttended + out, attended: true, into: d + value)
        tile.scores(dAttended + out, attended: true, x + value, into: dp)
        tile.softmaxBackward(p, dp)
        tile.sumKeys(dp, x + key, into: d + query)
        tile.sumQueries(dp, x + query, into: d + key)
      }
    }
  }
}

extension TangentForward {
  func attention(_ number: Int) {
    let (layer, kept, t) = (layout.layers[number], activations.layers[number], tangents.layers[number])
    linearBehindNorm(layer.queryKeyValue, layer.attentionNorm, x: kept.input, tx: t.input, into: t.queryKeyValue)
    headNorms(layer, raw: kept.rawQueryKey, t.queryKeyValue, keeping: t.rawQueryKey)
    forward.rotate(t.queryKeyValue, rows: 0..<rows)
    softmaxAttention(number, kept.queryKeyValue, t.queryKeyValue, into: t.attended)
    t.middle.update(from: t.input, count: rows * c.hiddenSize)
    linear(layer.output, x: kept.attended, tx: t.attended, rows: rows, adding: true, into: t.middle)
  }

  /// tS = (tQ Kᵀ + Q tKᵀ) / √n, tP = P ∘ (tS − rowsum(P ∘ tS)), tO = tP V + P tV.
  func softmaxAttention(
    _ number: Int, _ x: UnsafePointer<Float>, _ tx: UnsafePointer<Float>, into tAttended: UnsafeMutablePointer<Float>
  ) {
    for tile in AttentionTile.tiles(c, bounds: bounds, window: c.slidingWindows[number]) {
      let area = tile.count * tile.keyCount
      let p = workspace.attentionWeights.floats(2 * area)
      let tp = p + area
      for head in 0..<c.heads {
        let (query, key, value, out) = tile.offsets(of: head)
        tile.weights(x + query, x + key, into: p)
        tile.scores(tx + query, x + key, into: tp)
        tile.scores(x + query, tx + key, adding: true, into: tp)
        tile.softmaxBackward(p, tp)
        tile.sumKeys(tp, x + value, attended: true, adding: false, into: tAttended + out)
        tile.sumKeys(p, tx + value, attended: true, into: tAttended + out)
      }
    }
  }
}

extension TangentBackward {
  func attention(_ number: Int) {
    let (layer, kept, t) = (layout.layers[number], activations.layers[number], tangent.tangents.layers[number])
    let dAttended = workspace.dAttended.floats(rows * c.querySize)
    let tdAttended = workspace.tdAttended.floats(rows * c.querySize)
    linear(layer.output, x: kept.attended, tx: t.attended, dy: dx, tdy: tdx, rows: rows, into: dAttended, tdAttended)
    let d = workspace.dQueryKeyValue.zeros(rows * forward.queryKeyValueSize)
    let td = workspace.tdQueryKeyValue.zeros(rows * forward.queryKeyValueSize)
    softmaxAttention(number, kept.queryKeyValue, t.queryKeyValue, dAttended, tdAttended, into: d, td)
    for values in [d, td] { forward.rotate(values, rows: 0..<rows, backward: true) }
    headNorms(layer, raw: kept.rawQueryKey, tRaw: t.rawQueryKey, d, td)
    linearBehindNorm(layer.queryKeyValue, layer.attentionNorm, x: kept.input, tx: t.input, dy: d, tdy: td)
  }

  /// With P, dP, dS as in `Backward`: tdV = tPᵀ dO + Pᵀ tdO, tdP = tdO Vᵀ + dO tVᵀ, tdS the tangent of the softmax's way back,
  /// tdQ = tdS K + dS tK, tdK = tdSᵀ Q + dSᵀ tQ.
  func softmaxAttention(
    _ number: Int, _ x: UnsafePointer<Float>, _ tx: UnsafePointer<Float>, _ dAttended: UnsafePointer<Float>,
    _ tdAttended: UnsafePointer<Float>, into d: UnsafeMutablePointer<Float>, _ td: UnsafeMutablePointer<Float>
  ) {
    for tile in AttentionTile.tiles(c, bounds: [0, rows], window: c.slidingWindows[number]) {
      let area = tile.count * tile.keyCount
      let p = workspace.attentionWeights.floats(4 * area)
      let (tp, dp, tdp) = (p + area, p + 2 * area, p + 3 * area)
      for head in 0..<c.heads {
        let (query, key, value, out) = tile.offsets(of: head)
        let (dOut, tdOut) = (dAttended + out, tdAttended + out)
        tile.weights(x + query, x + key, into: p)
        tile.scores(tx + query, x + key, into: tp)
        tile.scores(x + query, tx + key, adding: true, into: tp)
        tile.softmaxBackward(p, tp)
        tile.scores(dOut, attended: true, x + value, into: dp)
        tile.scores(tdOut, attended: true, x + value, into: tdp)
        tile.scores(dOut, attended: true, tx + value, adding: true, into: tdp)
        tile.sumQueries(p, dOut, attended: true, into: d + value)
        tile.sumQueries(tp, dOut, attended: true, into: td + value)
        tile.sumQueries(p, tdOut, attended: true, into: td + value)
        tile.softmaxBackward(p, tp, dp, tdp)
        tile.sumKeys(dp, x + key, into: d + query)
        tile.sumKeys(tdp, x + key, into: td + query)
        tile.sumKeys(dp, tx + key, into: td + query)
        tile.sumQueries(dp, x + query, into: d + key)
        tile.sumQueries(tdp, x + query, into: td + key)
        tile.sumQueries(dp, tx + query, into: td + key)
      }
    }
  }
}
