import Numerics

// x += W_down act(W_up norm(x)): SwiGLU, or GELU in GPT-2.

extension Forward {
  /// output = middle + the network; `again`: the product `up` alone.
  func feedForward(_ number: Int, rows: Int, again: Bool = false) {
    let (layer, kept) = (layout.layers[number], activations.layers[number])
    if !kept.isInPlace, !again { kept.output.update(from: kept.middle, count: rows * c.hiddenSize) }
    for piece in pieces(rows, inPlace: kept.isInPlace) {
      let first = piece.lowerBound * c.hiddenSize
      let up = kept.isInPlace ? workspace.up.floats(piece.count * layer.up.outputs) : kept.up
      linearBehindNorm(layer.up, layer.feedForwardNorm, kept.middle + first, rows: piece.count, into: up)
      if again { continue }
      let activated = activation(up, rows: piece.count, inPlace: kept.isInPlace)
      linear(layer.down, activated, rows: piece.count, adding: true, into: kept.output + first)
    }
  }

  /// SwiGLU or GELU of the product `up`, which GELU may be changed to `inPlace`: [rows, intermediate].
  func activation(
    _ up: UnsafeMutablePointer<Float>, rows: Int, inPlace: Bool = false
  ) -> UnsafeMutablePointer<Float> {
    let count = rows * c.intermediateSize
    if !c.family.isGated, inPlace {
      TransformerKernel.gelu(up, count: count)
      return up
    }
    let activated = workspace.activated.floats(count)
    if !c.family.isGated {
      activated.update(from: up, count: count)
      TransformerKernel.gelu(activated, count: count)
    } else {
      TransformerKernel.siluMultiply(gateUp: up, rows: rows, columns: c.intermediateSize, into: activated)
    }
    return activated
  }
}

extension Backward {
  func feedForward(_ number: Int) {
    let (layer, kept) = (layout.layers[number], activations.layers[number])
    let activated = forward.activation(kept.up, rows: rows)
    let dActivated = workspace.dActivated.floats(rows * c.intermediateSize)
    linear(layer.down, x: activated, dy: dx, rows: rows, into: dActivated)
    let dUp = activation(kept.up, dActivated)
    linearBehindNorm(layer.up, layer.feedForwardNorm, x: kept.middle, dy: dUp)
  }

  /// [rows, up.outputs]; GELU's in place.
  func activation(
    _ up: UnsafePointer<Float>, _ dActivated: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    let count = rows * c.intermediateSize
    if !c.family.isGated {
      BackwardKernel.gelu(up, dActivated, count: count)
      return dActivated
    }
    let dUp = workspace.dUp.floats(2 * count)
    BackwardKernel.siluMultiply(gateUp: up, dy: dActivated, rows: rows, columns: c.intermediateSize, into: dUp)
    return dUp
  }
}

extension TangentForward {
  func feedForward(_ number: Int, again: Bool = false) {
    let (layer, kept, t) = (layout.layers[number], activations.layers[number], tangents.layers[number])
    linearBehindNorm(layer.up, layer.feedForwardNorm, x: kept.middle, tx: t.middle, into: t.up)
    if again { return }
    let (activated, tActivated) = activation(kept.up, t.up)
    t.output.update(from: t.middle, count: rows * c.hiddenSize)
    linear(layer.down, x: activated, tx: tActivated, rows: rows, adding: true, into: t.output)
  }

  /// The activated product and its tangent: [rows, intermediate] each.
  func activation(
    _ up: UnsafeMutablePointer<Float>, _ tUp: UnsafePointer<Float>
  ) -> (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
    let count = rows * c.intermediateSize
    let tActivated = workspace.tActivated.floats(count)
    if !c.family.isGated {
      // An elementwise function's tangent is its derivative backwards.
      tActivated.update(from: tUp, count: count)
      BackwardKernel.gelu(up, tActivated, count: count)
    } else {
      TangentKernel.siluMultiply(gateUp: up, tGateUp: tUp, rows: rows, columns: c.intermediateSize, into: tActivated)
    }
    return (forward.activation(up, rows: rows), tActivated)
  }
}

extension TangentBackward {
  func feedForward(_ number: Int) {
    let (layer, kept, t) = (layout.layers[number], activations.layers[number], tangent.tangents.layers[number])
    let (activated, tActivated) = tangent.activation(kept.up, t.up)
    let dActivated = workspace.dActivated.floats(rows * c.intermediateSize)
    let tdActivated = workspace.tdActivated.floats(rows * c.intermediateSize)
    linear(layer.down, x: activated, tx: tActivated, dy: dx, tdy: tdx, rows: rows, into: dActivated, tdActivated)
    let (dUp, tdUp) = activation(kept.up, t.up, dActivated, tdActivated)
    linearBehindNorm(layer.up, layer.feedForwardNorm, x: kept.middle, tx: t.middle, dy: dUp, tdy: tdUp)
  }

  /// [rows, up.outputs] each; GELU's in place.
  func activation(
    _ up: UnsafePointer<Float>, _ tUp: UnsafePointer<Float>, _ dActivated: UnsafeMutablePointer<Float>,
    _ tdActivated: UnsafeMutablePointer<Float>
  ) -> (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
    let count = rows * c.intermediateSize
    if !c.family.isGated {
      TangentKernel.geluBackward(up, d: dActivated, tx: tUp, tdActivated, count: count)
      return (backward.activation(up, dActivated), tdActivated)
    }
    let tdUp = workspace.tdUp.floats(2 * count)
    TangentKernel.siluMultiplyBackward(
      gateUp: up, dy: dActivated, tGateUp: tUp, tdy: tdActivated, rows: rows, columns: c.intermediateSize, into: tdUp)
    return (backward.activation(up, dActivated), tdUp)
  }
}
