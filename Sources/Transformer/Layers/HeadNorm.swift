import Numerics

// Qwen3's RMS norms of each query and key head, in place on rows of queries, keys and values; no other family has them. What was
// there before is kept in `rawQueryKey`, whose rows are queries and keys alone.

extension Forward {
  func headNorms(
    _ layer: LayerParameters, _ x: UnsafeMutablePointer<Float>, rows: Int, keeping raw: UnsafeMutablePointer<Float>?
  ) {
    guard let query = layer.queryNorm, let key = layer.keyNorm else { return }
    if let raw { copyColumns(c.querySize + c.keyValueSize, of: x, queryKeyValueSize, rows: rows, to: raw) }
    for (weight, first, heads) in [(query, 0, c.heads), (key, c.querySize, c.keyValueHeads)] {
      TransformerKernel.headNorm(
        x + first, stride: queryKeyValueSize, rows: rows, heads: heads, headSize: c.headSize,
        weight: weights.vector(weight), epsilon: c.normEpsilon)
    }
  }

  /// Copies the first columns of rows that are `stride` apart to rows that are so many, or `targetStride`, apart.
  fileprivate func copyColumns(
    _ count: Int, of x: UnsafePointer<Float>, _ stride: Int, rows: Int, to target: UnsafeMutablePointer<Float>,
    _ targetStride: Int? = nil
  ) {
    for row in 0..<rows { (target + row * (targetStride ?? count)).update(from: x + row * stride, count: count) }
  }
}

extension Backward {
  func headNorms(_ layer: LayerParameters, raw: UnsafePointer<Float>, _ d: UnsafeMutablePointer<Float>) {
    guard let query = layer.queryNorm, let key = layer.keyNorm else { return }
    let (size, stride) = (c.headSize, forward.queryKeyValueSize)
    let x = workspace.head.floats(3 * rows * size)  // [rows, head size] each: x, dy, dx
    let (dy, dx) = (x + rows * size, x + 2 * rows * size)
    let dWeights = workspace.dNorm.zeros(2 * size)
    for head in 0..<c.heads + c.keyValueHeads {
      let isKey = head >= c.heads
      forward.copyColumns(size, of: raw + head * size, c.querySize + c.keyValueSize, rows: rows, to: x)
      forward.copyColumns(size, of: d + head * size, stride, rows: rows, to: dy)
      dx.update(repeating: 0, count: rows * size)
      BackwardKernel.rmsNorm(
        x, weight: weights.vector(isKey ? key : query), epsilon: c.normEpsilon, dy: dy, rows: rows, columns: size,
        stride: size, dx: dx, dweight: dWeights + (isKey ? size : 0))
      forward.copyColumns(size, of: dx, size, rows: rows, to: d + head * size, stride)
    }
    add(dWeights, size, at: query)
    add(dWeights + size, size, at: key)
  }
}

extension TangentForward {
  func headNorms(
    _ layer: LayerParameters, raw: UnsafePointer<Float>, _ t: UnsafeMutablePointer<Float>,
    keeping tRaw: UnsafeMutablePointer<Float>
  ) {
    guard let query = layer.queryNorm, let key = layer.keyNorm else { return }
    let (size, stride, width) = (c.headSize, forward.queryKeyValueSize, c.querySize + c.keyValueSize)
    forward.copyColumns(width, of: t, stride, rows: rows, to: tRaw)
    let x = workspace.head.floats(3 * rows * size)  // [rows, head size] each: x, tx, ty
    let (tx, ty) = (x + rows * size, x + 2 * rows * size)
    for head in 0..<c.heads + c.keyValueHeads {
      let weight = head < c.heads ? query : key
      forward.copyColumns(size, of: raw + head * size, width, rows: rows, to: x)
      forward.copyColumns(size, of: tRaw + head * size, width, rows: rows, to: tx)
      TangentKernel.rmsNorm(
        x, weight: weights.vector(weight), epsilon: c.normEpsilon, tx: tx, tweight: direction.vector(weight),
        rows: rows, columns: size, into: ty)
      forward.copyColumns(size, of: ty, size, rows: rows, to: t + head * size, stride)
    }
  }
}

extension TangentBackward {
  func headNorms(
    _ layer: LayerParameters, raw: UnsafePointer<Float>, tRaw: UnsafePointer<Float>, _ d: UnsafeMutablePointer<Float>,
    _ td: UnsafeMutablePointer<Float>
  ) {
    guard let query = layer.queryNorm, let key = layer.keyNorm else { return }
    let (size, stride, width) = (c.headSize, forward.queryKeyValueSize, c.querySize + c.keyValueSize)
    let x = workspace.head.floats(5 * rows * size)  // [rows, head size] each: x, tx, dy, tdy, tdx
    let (tx, dy, tdy, tdx) = (x + rows * size, x + 2 * rows * size, x + 3 * rows * size, x + 4 * rows * size)
    let tdWeights = workspace.tdNorm.zeros(2 * size)
    for head in 0..<c.heads + c.keyValueHeads {
      let isKey = head >= c.heads
      let weight = isKey ? key : query
      forward.copyColumns(size, of: raw + head * size, width, rows: rows, to: x)
      forward.copyColumns(size, of: tRaw + head * size, width, rows: rows, to: tx)
      forward.copyColumns(size, of: d + head * size, stride, rows: rows, to: dy)
      forward.copyColumns(size, of: td + head * size, stride, rows: rows, to: tdy)
      tdx.update(repeating: 0, count: rows * size)
      TangentKernel.rmsNormBackward(
        x, weight: weights.vector(weight), epsilon: c.normEpsilon, dy: dy, tx: tx,
        tweight: tangent.direction.vector(weight), tdy: tdy, rows: rows, columns: size, tdx: tdx,
        tdweight: tdWeights + (isKey ? size : 0))
      forward.copyColumns(size, of: tdx, size, rows: rows, to: td + head * size, stride)
    }
    add(tdWeights, size, at: query)
    add(tdWeights + size, size, at: key)
    backward.headNorms(layer, raw: raw, d)
  }
}
