import Numerics

// x += W_down act(W_up norm(x)): SwiGLU, or GELU in GPT-2.

extension Forward {
  /// The attention's output product and the feed-forward network, each added to the residual stream.
  func feedForward(
    _ layer: LayerParameters, attended: UnsafePointer<Float>, residual: UnsafeMutablePointer<Float>, rows: Int
  ) {
    let c = configuration
    for start in stride(from: 0, to: rows, by: weights.rowBlock) {
      let count = min(weights.rowBlock, rows - start)
      let x = residual + start * c.hiddenSize  // [count, hidden]
      multiply(layer.output, attended + start * c.querySize, rows: count, addingInto: x)
      let normed = workspace.normed.floats(weights.rowBlock * c.hiddenSize)
      norm(layer.feedForwardNorm, x, rows: count, into: normed)
      let up = workspace.up.floats(weights.rowBlock * layer.up.outputs)
      multiply(layer.up, normed, rows: count, into: up)
      if c.family == .gpt2 {
        TransformerKernel.gelu(up, count: count * layer.up.outputs)
        multiply(layer.down, up, rows: count, addingInto: x)
      } else {
        let activated = workspace.activated.floats(weights.rowBlock * c.intermediateSize)
        TransformerKernel.siluMultiply(gateUp: up, rows: count, columns: c.intermediateSize, into: activated)
        multiply(layer.down, activated, rows: count, addingInto: x)
      }
    }
  }

  /// SwiGLU or GELU of the product `up`: [rows, intermediate].
  func activate(_ up: UnsafePointer<Float>, rows: Int, into activated: UnsafeMutablePointer<Float>) {
    let size = configuration.intermediateSize
    if configuration.family == .gpt2 {
      activated.update(from: up, count: rows * size)
      TransformerKernel.gelu(activated, count: rows * size)
    } else {
      TransformerKernel.siluMultiply(gateUp: up, rows: rows, columns: size, into: activated)
    }
  }
}

extension Backward {
  /// x += W_down act(W_up norm(x)).
  func feedForward(_ layer: LayerParameters, _ kept: Activations.Layer, _ dx: UnsafeMutablePointer<Float>) {
    let activated = workspace.forward.activated.floats(rows * c.intermediateSize)
    forward.activate(kept.up, rows: rows, into: activated)
    linearParameters(layer.down, x: activated, dy: dx)
    let dActivated = workspace.dActivated.floats(rows * c.intermediateSize)
    transposed.multiply(layer.down, dx, rows: rows, adding: false, into: dActivated, scratch: workspace.forward.weight)
    let dUp: UnsafeMutablePointer<Float>  // [rows, up.outputs]
    if c.family == .gpt2 {
      dUp = dActivated
      BackwardKernel.gelu(kept.up, dUp, count: rows * c.intermediateSize)
    } else {
      dUp = workspace.dUp.floats(rows * layer.up.outputs)
      BackwardKernel.siluMultiply(
        gateUp: kept.up, dy: dActivated, rows: rows, columns: c.intermediateSize, into: dUp)
    }
    linearBehindNorm(layer.up, layer.feedForwardNorm, x: kept.middle, dy: dUp, dx)
  }
}

extension TangentForward {
  /// next = t.middle + the tangent of the network; with no place for it, only t.up.
  func feedForward(
    _ place: LayerParameters, _ along: LayerParameters, kept: Activations.Layer, _ t: Activations.Layer,
    into next: UnsafeMutablePointer<Float>?
  ) {
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
}

extension TangentBackward {
  func feedForward(_ number: Int, _ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>) {
    let layer = layout.layers[number]
    let (kept, t) = (backward.activations.layers[number], tangents.layers[number])
    let (activated, tActivated) = tangent.activation(kept, t)
    parameters(layer.down, x: activated, tx: tActivated, dy: dx, tdy: tdx, rows: rows)
    let count = rows * c.intermediateSize
    let dActivated = workspace.gradient.dActivated.floats(count)
    let tdActivated = workspace.tdActivated.floats(count)
    back(layer.down, dx, tdx, rows: rows, dActivated, tdActivated)
    let dUp: UnsafeMutablePointer<Float>
    let tdUp: UnsafeMutablePointer<Float>
    if c.family == .gpt2 {
      (dUp, tdUp) = (dActivated, tdActivated)
      TangentKernel.geluBackward(kept.up, d: dUp, tx: t.up, tdUp, count: count)
      BackwardKernel.gelu(kept.up, dUp, count: count)
    } else {
      dUp = workspace.gradient.dUp.floats(2 * count)
      tdUp = workspace.tdUp.floats(2 * count)
      TangentKernel.siluMultiplyBackward(
        gateUp: kept.up, dy: dActivated, tGateUp: t.up, tdy: tdActivated, rows: rows, columns: c.intermediateSize,
        into: tdUp)
      BackwardKernel.siluMultiply(
        gateUp: kept.up, dy: dActivated, rows: rows, columns: c.intermediateSize, into: dUp)
    }
    linearBehindNorm(
      layer.up, layer.feedForwardNorm, x: kept.middle, tx: t.middle, dy: dUp, tdy: tdUp, dx, tdx)
  }
}
