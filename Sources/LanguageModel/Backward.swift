import Foundation
import Numerics

/// The way back through the blocks of a recorded pass over one sequence: d… are derivatives of the loss.
///
/// Each step mirrors one of `Forward`: for y = f(x), it takes dy, adds to dx, and hands the derivatives by its parameters on.
struct Backward {
  let forward: Forward
  let transposed: TransposedWeights
  let workspace: GradientWorkspace
  let activations: Activations
  let target: GradientTarget

  private var c: ModelConfiguration { forward.configuration }
  private var layout: ParameterLayout { forward.layout }
  private var weights: Weights { forward.weights }
  private var rows: Int { forward.rows }

  /// From the derivative of the residual stream behind the last block, in place, down to the embeddings.
  func run(_ dx: UnsafeMutablePointer<Float>) {  // [rows, hidden]
    for (number, layer) in layout.layers.enumerated().reversed() {
      let kept = activations.layers[number]
      forward.recompute(number, of: activations)
      feedForward(layer, kept, dx)
      attention(layer, kept, window: c.slidingWindows[number], dx)
    }
    embeddings(dx)
  }

  /// x += W_down act(W_up norm(x)).
  private func feedForward(_ layer: LayerPlace, _ kept: Activations.Layer, _ dx: UnsafeMutablePointer<Float>) {
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

  /// x += W_o attention(rotate(norm(W_qkv norm(x)))).
  private func attention(
    _ layer: LayerPlace, _ kept: Activations.Layer, window: Int?, _ dx: UnsafeMutablePointer<Float>
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

  /// y = W norm(x) + b.
  private func linearBehindNorm(
    _ linear: LinearPlace, _ norm: NormPlace, x: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    _ dx: UnsafeMutablePointer<Float>
  ) {
    let normed = workspace.forward.normed.floats(rows * c.hiddenSize)
    forward.norm(norm, x, rows: rows, into: normed)
    linearParameters(linear, x: normed, dy: dy)
    let dNormed = workspace.dNormed.floats(rows * c.hiddenSize)
    transposed.multiply(linear, dy, rows: rows, adding: false, into: dNormed, scratch: workspace.forward.weight)
    self.norm(norm, x: x, dy: dNormed, rows: rows, dx)
  }

  /// dW = dyᵀ x and db = Σ dy.
  func linearParameters(_ linear: LinearPlace, x: UnsafePointer<Float>, dy: UnsafePointer<Float>) {
    target.add(linear.weight, linear.outputs * linear.inputs, scratch: workspace.block) { block in
      linear.addOuterProduct(dy, x, rows: rows, into: block, panels: workspace.panels)
    }
    if let bias = linear.bias {
      target.add(bias, linear.outputs, scratch: workspace.block) { block in
        BackwardKernel.columnSums(dy, rows: rows, columns: linear.outputs, addingInto: block)
      }
    }
  }

  /// RMS or layer norm of rows of the residual stream.
  func norm(
    _ place: NormPlace, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int, _ dx: UnsafeMutablePointer<Float>
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

  /// Qwen3's norms of each query and key head; `d`: [rows, query + 2 × key/value], in place.
  private func headNorms(
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

  /// Token embeddings, and GPT-2's position embeddings.
  private func embeddings(_ dx: UnsafePointer<Float>) {
    let size = c.hiddenSize
    for row in 0..<rows {
      add(dx + row * size, size, at: layout.embedding + Int(forward.tokens[row]) * size)
      if let table = layout.positions { add(dx + row * size, size, at: table + Int(forward.positions[row]) * size) }
    }
  }

  private func add(_ values: UnsafePointer<Float>, _ count: Int, at offset: Int) {
    target.add(offset, count, scratch: workspace.block) { block in
      TransformerKernel.addBias(block, bias: values, rows: 1, columns: count)
    }
  }
}

extension LinearPlace {
  /// dW += dyᵀ x for dy [rows, outputs] and x [rows, inputs].
  func addOuterProduct(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, rows: Int, into dWeight: UnsafeMutablePointer<Float>,
    panels: Scratch
  ) {
    if PanelProduct.suits(outputs: inputs) {
      PanelProduct.multiplyTransposed(
        dy, outputs: outputs, x, inputs: inputs, rows: rows, adding: true, into: dWeight,
        panels: panels.floats(rows * inputs))
    } else {
      Product.multiply(
        m: outputs, n: inputs, k: rows, dy, lda: outputs, transposedA: true, x, ldb: inputs, beta: 1, into: dWeight,
        ldc: inputs)
    }
  }
}
