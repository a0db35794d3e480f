import Numerics

// Qwen3's RMS norms of each query and key head.

extension Forward {
  /// On rows of queries, keys and values, in place; nothing where the family has no such norms.
  func headNorms(_ layer: LayerParameters, _ x: UnsafeMutablePointer<Float>, rows: Int) {
    let c = configuration
    if let place = layer.queryNorm {
      TransformerKernel.headNorm(
        x, stride: queryKeyValueSize, rows: rows, heads: c.heads, headSize: c.headSize, weight: weights.vector(place),
        epsilon: c.normEpsilon)
    }
    if let place = layer.keyNorm {
      TransformerKernel.headNorm(
        x + c.querySize, stride: queryKeyValueSize, rows: rows, heads: c.keyValueHeads, headSize: c.headSize,
        weight: weights.vector(place), epsilon: c.normEpsilon)
    }
  }
}

extension Backward {
  /// Qwen3's norms of each query and key head; `d`: [rows, query + 2 × key/value], in place.
  func headNorms(
    _ raw: UnsafePointer<Float>, _ d: UnsafeMutablePointer<Float>, query: Int, key: Int
  ) {
    // Raw heads are packed closer than the derivatives, so each side is brought to rows of one head.
    let size = c.headSize
    let rawStride = c.querySize + c.keyValueSize
    let x = workspace.dHead.floats(3 * rows * size)  // [rows, head size] each: x, dy, dx
    let (dy, dx) = (x + rows * size, x + 2 * rows * size)
    let dWeight = workspace.dNorm.floats(2 * size)
    dWeight.update(repeating: 0, count: 2 * size)
    for head in 0..<c.heads + c.keyValueHeads {
      let isKey = head >= c.heads
      for row in 0..<rows {
        (x + row * size).update(from: raw + row * rawStride + head * size, count: size)
        (dy + row * size).update(from: d + row * forward.queryKeyValueSize + head * size, count: size)
      }
      dx.update(repeating: 0, count: rows * size)
      BackwardKernel.rmsNorm(
        x, weight: weights.vector(isKey ? key : query), epsilon: c.normEpsilon, dy: dy, rows: rows, columns: size,
        stride: size, dx: dx, dweight: dWeight + (isKey ? size : 0))
      for row in 0..<rows {
        (d + row * forward.queryKeyValueSize + head * size).update(from: dx + row * size, count: size)
      }
    }
    add(dWeight, size, at: query)
    add(dWeight + size, size, at: key)
  }
}

extension TangentForward {
  /// Qwen3's norms of each query and key head, on t.queryKeyValue in place; what was there before is kept as rawQueryKey.
  func headNorms(_ place: LayerParameters, _ along: LayerParameters, kept: Activations.Layer, _ t: Activations.Layer) {
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
}

extension TangentBackward {
  /// Qwen3's norms of each query and key head, backwards with tangents; d and td in place.
  func headNorms(
    _ layer: LayerParameters, _ kept: Activations.Layer, _ t: Activations.Layer, _ d: UnsafeMutablePointer<Float>,
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
