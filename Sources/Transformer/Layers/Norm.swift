import Numerics

// RMS and layer norms of rows of the residual stream, and the products that stand right behind them.

extension Forward {
  func norm(_ norm: NormParameters, _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>) {
    let weight = weights.vector(norm.weight)
    if let bias = norm.bias {
      TransformerKernel.layerNorm(
        x, weight: weight, bias: weights.vector(bias), epsilon: c.normEpsilon, rows: rows, columns: c.hiddenSize,
        into: y)
    } else {
      TransformerKernel.rmsNorm(x, weight: weight, epsilon: c.normEpsilon, rows: rows, columns: c.hiddenSize, into: y)
    }
  }

  /// y = W norm(x) + b.
  func linearBehindNorm(
    _ linear: LinearParameters, _ norm: NormParameters, _ x: UnsafePointer<Float>, rows: Int,
    into y: UnsafeMutablePointer<Float>
  ) {
    self.linear(linear, normed(norm, x, rows: rows), rows: rows, into: y)
  }

  /// norm(x), as it was before the product.
  fileprivate func normed(
    _ norm: NormParameters, _ x: UnsafePointer<Float>, rows: Int
  ) -> UnsafeMutablePointer<Float> {
    let normed = workspace.normed.floats(rows * c.hiddenSize)
    self.norm(norm, x, rows: rows, into: normed)
    return normed
  }
}

extension Backward {
  /// Adds to dx.
  func norm(
    _ norm: NormParameters, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
    into dx: UnsafeMutablePointer<Float>
  ) {
    let size = c.hiddenSize
    let weight = weights.vector(norm.weight)
    let dWeight = workspace.dNorm.zeros(2 * size)
    if norm.bias != nil {
      BackwardKernel.layerNorm(
        x, weight: weight, epsilon: c.normEpsilon, dy: dy, rows: rows, columns: size, dx: dx, dweight: dWeight,
        dbias: dWeight + size)
    } else {
      BackwardKernel.rmsNorm(
        x, weight: weight, epsilon: c.normEpsilon, dy: dy, rows: rows, columns: size, stride: size, dx: dx,
        dweight: dWeight)
    }
    add(dWeight, size, at: norm.weight)
    if let bias = norm.bias { add(dWeight + size, size, at: bias) }
  }

  func linearBehindNorm(
    _ linear: LinearParameters, _ norm: NormParameters, x: UnsafePointer<Float>, dy: UnsafePointer<Float>
  ) {
    let dNormed = workspace.dNormed.floats(rows * c.hiddenSize)
    self.linear(linear, x: forward.normed(norm, x, rows: rows), dy: dy, rows: rows, into: dNormed)
    self.norm(norm, x: x, dy: dNormed, rows: rows, into: dx)
  }
}

extension TangentForward {
  func norm(
    _ norm: NormParameters, along: NormParameters? = nil, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, rows: Int,
    into ty: UnsafeMutablePointer<Float>
  ) {
    let along = along ?? norm
    let (weight, tWeight) = (weights.vector(norm.weight), direction.vector(along.weight))
    if let tBias = along.bias {
      TangentKernel.layerNorm(
        x, weight: weight, epsilon: c.normEpsilon, tx: tx, tweight: tWeight, tbias: direction.vector(tBias), rows: rows,
        columns: c.hiddenSize, into: ty)
    } else {
      TangentKernel.rmsNorm(
        x, weight: weight, epsilon: c.normEpsilon, tx: tx, tweight: tWeight, rows: rows, columns: c.hiddenSize, into: ty
      )
    }
  }

  func linearBehindNorm(
    _ linear: LinearParameters, _ norm: NormParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>,
    into ty: UnsafeMutablePointer<Float>
  ) {
    let (normed, tNormed) = self.normed(norm, x: x, tx: tx)
    self.linear(linear, x: normed, tx: tNormed, rows: rows, into: ty)
  }

  fileprivate func normed(
    _ norm: NormParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>
  ) -> (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
    let tNormed = workspace.tNormed.floats(rows * c.hiddenSize)
    self.norm(norm, x: x, tx: tx, rows: rows, into: tNormed)
    return (forward.normed(norm, x, rows: rows), tNormed)
  }
}

extension TangentBackward {
  /// Adds to dx and tdx.
  func norm(
    _ norm: NormParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    tdy: UnsafePointer<Float>, rows: Int, into dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>
  ) {
    let size = c.hiddenSize
    let (weight, tWeight) = (weights.vector(norm.weight), tangent.direction.vector(norm.weight))
    let tdWeight = workspace.tdNorm.zeros(2 * size)
    if let bias = norm.bias {
      TangentKernel.layerNormBackward(
        x, weight: weight, epsilon: c.normEpsilon, dy: dy, tx: tx, tweight: tWeight, tdy: tdy, rows: rows,
        columns: size, tdx: tdx, tdweight: tdWeight, tdbias: tdWeight + size)
      add(tdWeight + size, size, at: bias)
    } else {
      TangentKernel.rmsNormBackward(
        x, weight: weight, epsilon: c.normEpsilon, dy: dy, tx: tx, tweight: tWeight, tdy: tdy, rows: rows,
        columns: size, tdx: tdx, tdweight: tdWeight)
    }
    add(tdWeight, size, at: norm.weight)
    backward.norm(norm, x: x, dy: dy, rows: rows, into: dx)
  }

  func linearBehindNorm(
    _ linear: LinearParameters, _ norm: NormParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>,
    dy: UnsafePointer<Float>, tdy: UnsafePointer<Float>
  ) {
    let (normed, tNormed) = tangent.normed(norm, x: x, tx: tx)
    let dNormed = workspace.dNormed.floats(rows * c.hiddenSize)
    let tdNormed = workspace.tdNormed.floats(rows * c.hiddenSize)
    self.linear(linear, x: normed, tx: tNormed, dy: dy, tdy: tdy, rows: rows, into: dNormed, tdNormed)
    self.norm(norm, x: x, tx: tx, dy: dNormed, tdy: tdNormed, rows: rows, into: dx, tdx)
  }
}
