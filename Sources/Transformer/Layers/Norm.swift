import Numerics

// RMS and layer norms of rows of the residual stream, and the products that stand right behind them.

extension Forward {
  func norm(_ place: NormParameters, _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>) {
    let c = configuration
    if let bias = place.bias {
      TransformerKernel.layerNorm(
        x, weight: weights.vector(place.weight), bias: weights.vector(bias), epsilon: c.normEpsilon, rows: rows,
        columns: c.hiddenSize, into: y)
    } else {
      TransformerKernel.rmsNorm(
        x, weight: weights.vector(place.weight), epsilon: c.normEpsilon, rows: rows, columns: c.hiddenSize, into: y)
    }
  }

  /// The final norm of rows of the residual stream, in place.
  func finalNorm(_ x: UnsafeMutablePointer<Float>, rows: Int) {
    norm(layout.finalNorm, x, rows: rows, into: x)
  }
}

extension Backward {
  /// RMS or layer norm of rows of the residual stream.
  func norm(
    _ place: NormParameters, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
    _ dx: UnsafeMutablePointer<Float>
  ) {
    let size = c.hiddenSize
    let dWeight = workspace.dNorm.floats(2 * size)
    let dBias = dWeight + size
    dWeight.update(repeating: 0, count: 2 * size)
    if place.bias != nil {
      BackwardKernel.layerNorm(
        x, weight: weights.vector(place.weight), epsilon: c.normEpsilon, dy: dy, rows: rows, columns: size, dx: dx,
        dweight: dWeight, dbias: dBias)
    } else {
      BackwardKernel.rmsNorm(
        x, weight: weights.vector(place.weight), epsilon: c.normEpsilon, dy: dy, rows: rows, columns: size,
        stride: size,
        dx: dx, dweight: dWeight)
    }
    add(dWeight, size, at: place.weight)
    if let bias = place.bias { add(dBias, size, at: bias) }
  }

  /// y = W norm(x) + b.
  func linearBehindNorm(
    _ linear: LinearParameters, _ norm: NormParameters, x: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    _ dx: UnsafeMutablePointer<Float>
  ) {
    let normed = workspace.forward.normed.floats(rows * c.hiddenSize)
    forward.norm(norm, x, rows: rows, into: normed)
    linearParameters(linear, x: normed, dy: dy)
    let dNormed = workspace.dNormed.floats(rows * c.hiddenSize)
    transposed.multiply(linear, dy, rows: rows, adding: false, into: dNormed, scratch: workspace.forward.weight)
    self.norm(norm, x: x, dy: dNormed, rows: rows, dx)
  }
}

extension TangentForward {
  func norm(
    _ place: NormParameters, _ along: NormParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, rows: Int,
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

  func linearBehindNorm(
    _ place: LinearParameters, _ along: LinearParameters, _ norm: NormParameters, _ alongNorm: NormParameters,
    x: UnsafePointer<Float>,
    tx: UnsafePointer<Float>, into ty: UnsafeMutablePointer<Float>
  ) {
    let normed = forward.workspace.normed.floats(rows * c.hiddenSize)
    forward.norm(norm, x, rows: rows, into: normed)
    let tNormed = workspace.tNormed.floats(rows * c.hiddenSize)
    self.norm(norm, alongNorm, x: x, tx: tx, rows: rows, into: tNormed)
    linear(place, along, x: normed, tx: tNormed, adding: false, into: ty)
  }
}

extension TangentBackward {
  /// The norm's way back and its tangent, added to dx and tdx.
  func norm(
    _ place: NormParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    tdy: UnsafePointer<Float>, rows: Int, _ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>
  ) {
    let size = c.hiddenSize
    let tdWeight = workspace.tdNorm.floats(2 * size)
    let tdBias = tdWeight + size
    tdWeight.update(repeating: 0, count: 2 * size)
    let weight = forward.weights.vector(place.weight)
    let tWeight = tangent.direction.weights.vector(place.weight)
    if let bias = place.bias {
      TangentKernel.layerNormBackward(
        x, weight: weight, epsilon: c.normEpsilon, dy: dy, tx: tx, tweight: tWeight, tdy: tdy, rows: rows,
        columns: size, tdx: tdx, tdweight: tdWeight, tdbias: tdBias)
      add(tdBias, size, at: bias)
    } else {
      TangentKernel.rmsNormBackward(
        x, weight: weight, epsilon: c.normEpsilon, dy: dy, tx: tx, tweight: tWeight, tdy: tdy, rows: rows,
        columns: size, tdx: tdx, tdweight: tdWeight)
    }
    add(tdWeight, size, at: place.weight)
    backward.norm(place, x: x, dy: dy, rows: rows, dx)
  }

  func linearBehindNorm(
    _ place: LinearParameters, _ normPlace: NormParameters, x: UnsafePointer<Float>, tx: UnsafePointer<Float>,
    dy: UnsafePointer<Float>, tdy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
    _ tdx: UnsafeMutablePointer<Float>
  ) {
    let count = rows * c.hiddenSize
    let normed = forward.workspace.normed.floats(count)
    let tNormed = workspace.tangent.tNormed.floats(count)
    forward.norm(normPlace, x, rows: rows, into: normed)
    tangent.norm(normPlace, normPlace, x: x, tx: tx, rows: rows, into: tNormed)
    parameters(place, x: normed, tx: tNormed, dy: dy, tdy: tdy, rows: rows)
    let dNormed = workspace.gradient.dNormed.floats(count)
    let tdNormed = workspace.tdNormed.floats(count)
    back(place, dy, tdy, rows: rows, dNormed, tdNormed)
    norm(normPlace, x: x, tx: tx, dy: dNormed, tdy: tdNormed, rows: rows, dx, tdx)
  }
}
