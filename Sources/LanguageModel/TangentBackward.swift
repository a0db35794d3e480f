import Numerics

/// Tangents of the way back: td… is the derivative of d… along the direction in which the parameters move. Each step mirrors
/// one of `Backward`; from dW = dyᵀ x follows tdW = tdyᵀ x + dyᵀ tx, and from dx = dy W follows tdx = tdy W + dy tW.
struct TangentBackward {
  let backward: Backward
  let tangent: TangentForward
  let tangents: Activations
  /// The direction's products, transposed.
  let transposed: TransposedWeights
  let workspace: HessianWorkspace
  let target: GradientTarget

  private var forward: Forward { backward.forward }
  private var c: ModelConfiguration { forward.configuration }
  private var layout: ParameterLayout { forward.layout }
  private var rows: Int { forward.rows }

  func run(_ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>) {  // [rows, hidden] each
    for number in layout.layers.indices.reversed() {
      if tangents.kept == .inputs {
        forward.recompute(number, of: backward.activations)
        tangent.layer(
          number, kept: backward.activations.layers[number], tangents: tangents.layers[number], into: nil)
      }
      feedForward(number, dx, tdx)
      attention(number, dx, tdx)
    }
    embeddings(tdx)
  }

  private func feedForward(_ number: Int, _ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>) {
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

  private func attention(_ number: Int, _ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>) {
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

  /// The tangent of the final norm, head and cross-entropy's way back; returns the loss.
  func loss(
    of sample: LossSample, factor: Float, _ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>
  ) -> Double {
    let size = c.hiddenSize
    let vocabulary = c.vocabularySize
    let norm = layout.finalNorm
    let chunk = 64
    let mean = factor / Float(sample.targets.count)
    let hidden = workspace.gradient.hidden.floats(chunk * size)
    let tHidden = workspace.tHidden.floats(chunk * size)
    let dHidden = workspace.gradient.dHidden.floats(chunk * size)
    let tdHidden = workspace.tdHidden.floats(chunk * size)
    let logits = workspace.gradient.logits.floats(chunk * vocabulary)
    let tLogits = workspace.tLogits.floats(chunk * vocabulary)
    var total = 0.0
    for start in stride(from: 0, to: sample.targets.count, by: chunk) {
      let targets = sample.targets[start..<min(start + chunk, sample.targets.count)]
      let count = targets.count
      let x = backward.gather(targets, backward.activations.output, into: workspace.gradient.output)
      let tx = backward.gather(targets, tangents.output, into: workspace.tOutput)
      forward.norm(norm, x, rows: count, into: hidden)
      tangent.norm(norm, norm, x: x, tx: tx, rows: count, into: tHidden)
      forward.multiplyHead(hidden, rows: count, vocabulary: 0..<vocabulary, into: logits, stride: vocabulary)
      tangent.linear(layout.head, layout.head, x: hidden, tx: tHidden, adding: false, rows: count, into: tLogits)
      for (place, target) in targets.enumerated() {
        // d = mean (p − 1 at the label), td = mean p ∘ (tl − p·tl).
        let token = Int(target.token)
        let values = logits + place * vocabulary
        let label = values[token]
        total += Double(BackwardKernel.softmaxRow(values, columns: vocabulary, factor: 1)) - Double(label)
        BackwardKernel.softmaxRowsBackward(
          values, tLogits + place * vocabulary, stride: vocabulary, rows: 1, columns: vocabulary, scale: mean)
        TangentKernel.scale(values, count: vocabulary, by: mean)
        values[token] -= mean
      }
      parameters(layout.head, x: hidden, tx: tHidden, dy: logits, tdy: tLogits, rows: count)
      back(layout.head, logits, tLogits, rows: count, dHidden, tdHidden)
      let dOutput = workspace.gradient.dOutput.floats(count * size)
      let tdOutput = workspace.tdOutput.floats(count * size)
      dOutput.update(repeating: 0, count: count * size)
      tdOutput.update(repeating: 0, count: count * size)
      self.norm(norm, x: x, tx: tx, dy: dHidden, tdy: tdHidden, rows: count, dOutput, tdOutput)
      backward.scatter(targets, dOutput, into: dx)
      backward.scatter(targets, tdOutput, into: tdx)
    }
    return total / Double(sample.targets.count)
  }

  /// dx = dy W and tdx = tdy W + dy tW.
  private func back(
    _ place: LinearPlace, _ dy: UnsafePointer<Float>, _ tdy: UnsafePointer<Float>, rows: Int,
    _ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>
  ) {
    backward.transposed.multiply(
      place, dy, rows: rows, adding: false, into: dx, scratch: workspace.gradient.forward.weight)
    backward.transposed.multiply(
      place, tdy, rows: rows, adding: false, into: tdx, scratch: workspace.gradient.forward.weight)
    transposed.multiply(place, dy, rows: rows, adding: true, into: tdx, scratch: workspace.gradient.forward.weight)
  }

  /// tdW = tdyᵀ x + dyᵀ tx and tdb = Σ tdy.
  private func parameters(
    _ place: LinearPlace, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    tdy: UnsafePointer<Float>, rows: Int
  ) {
    target.add(place.weight, place.outputs * place.inputs, scratch: workspace.gradient.block) { block in
      for (d, values) in [(tdy, x), (dy, tx)] {
        place.addOuterProduct(d, values, rows: rows, into: block, panels: workspace.gradient.panels)
      }
    }
    if let bias = place.bias {
      target.add(bias, place.outputs, scratch: workspace.gradient.block) { block in
        BackwardKernel.columnSums(tdy, rows: rows, columns: place.outputs, addingInto: block)
      }
    }
  }

  private func linearBehindNorm(
    _ place: LinearPlace, _ normPlace: NormPlace, x: UnsafePointer<Float>, tx: UnsafePointer<Float>,
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

  /// The norm's way back and its tangent, added to dx and tdx.
  private func norm(
    _ place: NormPlace, x: UnsafePointer<Float>, tx: UnsafePointer<Float>, dy: UnsafePointer<Float>,
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

  private func embeddings(_ tdx: UnsafePointer<Float>) {
    let size = c.hiddenSize
    for row in 0..<rows {
      add(tdx + row * size, size, at: layout.embedding + Int(forward.tokens[row]) * size)
      if let table = layout.positions { add(tdx + row * size, size, at: table + Int(forward.positions[row]) * size) }
    }
  }

  func add(_ values: UnsafePointer<Float>, _ count: Int, at offset: Int) {
    target.add(offset, count, scratch: workspace.gradient.block) { block in
      TransformerKernel.addBias(block, bias: values, rows: 1, columns: count)
    }
  }
}
