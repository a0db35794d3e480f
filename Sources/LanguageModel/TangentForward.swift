import Numerics

/// Tangents of a forward pass: derivatives of everything in it along a direction in which all parameters move.
///
/// Runs beside the pass itself, layer by layer. Each step mirrors one of `Forward`: for y = W x, ty = W tx + tW x.
struct TangentForward {
  let forward: Forward
  /// The direction, as a model of its own whose weights are the tangents; it may be cut to fewer blocks.
  let direction: Forward
  let workspace: TangentWorkspace
  /// Rows at which packed sequences begin, and the end.
  let bounds: [Int]

  private var c: ModelConfiguration { forward.configuration }
  private var rows: Int { forward.rows }

  /// The tangents of block `number`, whose values are in `kept`; reads the tangent of its input and leaves that of its
  /// output in `next`, if it is given.
  func layer(
    _ number: Int, kept: Activations.Layer, tangents t: Activations.Layer, into next: UnsafeMutablePointer<Float>?
  ) {
    let place = forward.layout.layers[number]
    let along = direction.layout.layers[number]
    if number == 0, next != nil { direction.embed(into: t.input) }
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
    attention(kept.queryKeyValue, t.queryKeyValue, window: c.slidingWindows[number], into: t.attended)
    t.middle.update(from: t.input, count: rows * c.hiddenSize)
    linear(place.output, along.output, x: kept.attended, tx: t.attended, adding: true, into: t.middle)
    linearBehindNorm(
      place.up, along.up, place.feedForwardNorm, along.feedForwardNorm, x: kept.middle, tx: t.middle, into: t.up)
    guard let next else { return }
    let (activated, tActivated) = activation(kept, t)
    next.update(from: t.middle, count: rows * c.hiddenSize)
    linear(place.down, along.down, x: activated, tx: tActivated, adding: true, into: next)
  }

  /// The activated product of the feed-forward network and its tangent: [rows, intermediate] each.
  func activation(
    _ kept: Activations.Layer, _ t: Activations.Layer
  ) -> (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
    let size = c.intermediateSize
    let activated = forward.workspace.activated.floats(rows * size)
    forward.activate(kept.up, rows: rows, into: activated)
    let tActivated = workspace.tActivated.floats(rows * size)
    if c.family == .gpt2 {
      // An elementwise function's tangent is its derivative backwards.
      tActivated.update(from: t.up, count: rows * size)
      BackwardKernel.gelu(kept.up, tActivated, count: rows * size)
    } else {
      TangentKernel.siluMultiply(gateUp: kept.up, tGateUp: t.up, rows: rows, columns: size, into: tActivated)
    }
    return (activated, tActivated)
  }

  /// ty (+)= W tx + tW x + tb.
  func linear(
    _ place: LinearPlace, _ along: LinearPlace, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, adding: Bool,
    rows count: Int? = nil, into ty: UnsafeMutablePointer<Float>
  ) {
    let rows = count ?? self.rows
    let scratch = forward.workspace.weight
    forward.weights.multiply(place, tx, rows: rows, adding: adding, into: ty, scratch: scratch)
    direction.weights.multiply(along, x, rows: rows, adding: true, into: ty, scratch: scratch)
    if let bias = along.bias {
      TransformerKernel.addBias(ty, bias: direction.weights.vector(bias), rows: rows, columns: along.outputs)
    }
  }

  private func linearBehindNorm(
    _ place: LinearPlace, _ along: LinearPlace, _ norm: NormPlace, _ alongNorm: NormPlace, x: UnsafePointer<Float>,
    tx: UnsafePointer<Float>, into ty: UnsafeMutablePointer<Float>
  ) {
    let normed = forward.workspace.normed.floats(rows * c.hiddenSize)
    forward.norm(norm, x, rows: rows, into: normed)
    let tNormed = workspace.tNormed.floats(rows * c.hiddenSize)
    self.norm(norm, alongNorm, x: x, tx: tx, rows: rows, into: tNormed)
    linear(place, along, x: normed, tx: tNormed, adding: false, into: ty)
  }

  func norm(
    _ place: NormPlace, _ along: NormPlace, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, rows: Int,
    into ty: UnsafeMutablePointer<Float>
  ) {
    if let tBias = along.bias {
      TangentKernel.layerNorm(
        x, weight: forward.weights.vector(place.weight), epsilon: c.normEpsilon, tx: tx,
        tweight: direction.weights.vector(along.weight), tbias: direction.weights.vector(tBias), rows: rows,
        columns: c.hiddenSize,
        into: ty)
    } else {
      TangentKernel.rmsNorm(
        x, weight: forward.weights.vector(place.weight), epsilon: c.normEpsilon, tx: tx,
        tweight: direction.weights.vector(along.weight), rows: rows, columns: c.hiddenSize, into: ty)
    }
  }

  /// Qwen3's norms of each query and key head, on t.queryKeyValue in place; what was there before is kept as rawQueryKey.
  private func headNorms(_ place: LayerPlace, _ along: LayerPlace, kept: Activations.Layer, _ t: Activations.Layer) {
    guard let query = place.queryNorm, let key = place.keyNorm, let tQuery = along.queryNorm, let tKey = along.keyNorm
    else { return }
    let size = c.headSize
    let width = c.querySize + c.keyValueSize
    let x = workspace.head.floats(3 * rows * size)  // [rows, head size] each: x, tx, ty
    let (tx, ty) = (x + rows * size, x + 2 * rows * size)
    for head in 0..<c.heads + c.keyValueHeads {
      let isKey = head >= c.heads
      for row in 0..<rows {
        let raw = t.queryKeyValue + row * forward.queryKeyValueSize + head * size
        (t.rawQueryKey + row * width + head * size).update(from: raw, count: size)
        (x + row * size).update(from: kept.rawQueryKey + row * width + head * size, count: size)
        (tx + row * size).update(from: raw, count: size)
      }
      TangentKernel.rmsNorm(
        x, weight: forward.weights.vector(isKey ? key : query), epsilon: c.normEpsilon, tx: tx,
        tweight: direction.weights.vector(isKey ? tKey : tQuery), rows: rows, columns: size, into: ty)
      for row in 0..<rows {
        (t.queryKeyValue + row * forward.queryKeyValueSize + head * size).update(from: ty + row * size, count: size)
      }
    }
  }

  /// Softmax attention: tS = (tQ Kᵀ + Q tKᵀ) / √n, tP = P ∘ (tS − rowsum(P ∘ tS)), tO = tP V + P tV; by tiles of queries.
  private func attention(
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
