import Numerics

/// What a forward pass leaves for the way back, layer by layer, in one allocation.
struct Activations {
  struct Layer {
    var input: UnsafeMutablePointer<Float>  // residual stream before the block [rows, hidden]
    var rawQueryKey: UnsafeMutablePointer<Float>  // before their norms, Qwen3 only [rows, query + key]
    var queryKeyValue: UnsafeMutablePointer<Float>  // after norms and rotation [rows, query + 2 × key/value]
    var attended: UnsafeMutablePointer<Float>  // [rows, query]
    var middle: UnsafeMutablePointer<Float>  // residual stream between attention and feed-forward [rows, hidden]
    var up: UnsafeMutablePointer<Float>  // before the activation [rows, intermediate, twice that if gated]
  }

  let layers: [Layer]
  let output: UnsafeMutablePointer<Float>  // residual stream behind the last block [rows, hidden]

  /// With `reusing`, all layers share their buffers, and only the last one's contents are there at the end.
  init(_ c: ModelConfiguration, layout: ParameterLayout, rows: Int, reusing: Bool = false, in scratch: Scratch) {
    let raw = c.family == .qwen3 ? c.querySize + c.keyValueSize : 0
    let queryKeyValue = c.querySize + 2 * c.keyValueSize
    let up = layout.layers.first?.up.outputs ?? 0
    let inner = raw + queryKeyValue + c.querySize + c.hiddenSize + up
    let count = layout.layers.count
    var next = scratch.floats(rows * (reusing ? inner + 2 * c.hiddenSize : count * inner + (count + 1) * c.hiddenSize))
    func take(_ columns: Int) -> UnsafeMutablePointer<Float> {
      defer { next += rows * columns }
      return next
    }
    func takeLayer(input: UnsafeMutablePointer<Float>) -> Layer {
      Layer(
        input: input, rawQueryKey: take(raw), queryKeyValue: take(queryKeyValue), attended: take(c.querySize),
        middle: take(c.hiddenSize), up: take(up))
    }
    if reusing {
      let residuals = [take(c.hiddenSize), take(c.hiddenSize)]
      let shared = takeLayer(input: residuals[0])
      layers = (0..<count).map { number in
        var layer = shared
        layer.input = residuals[number % 2]
        return layer
      }
      output = residuals[count % 2]
    } else {
      layers = (0..<count).map { _ in takeLayer(input: take(c.hiddenSize)) }
      output = take(c.hiddenSize)
    }
  }

  /// Where block `number` leaves the residual stream.
  func residual(behind number: Int) -> UnsafeMutablePointer<Float> {
    number + 1 < layers.count ? layers[number + 1].input : output
  }
}

extension Forward {
  /// The pass of `run` through the layers of `activations`, with everything kept that the way back needs. `alongside` is called
  /// behind each layer, while its buffers hold what was computed.
  func record(_ activations: Activations, alongside: (_ number: Int, _ layer: LayerPlace) -> Void = { _, _ in }) {
    var plan: (window: Int?, plan: AttentionPlan)?
    for (number, kept) in activations.layers.enumerated() {
      let layer = layout.layers[number]
      if number == 0 { embed(into: kept.input) }
      projectQueryKeyValue(
        layer, kept.input, into: kept.queryKeyValue, raw: layer.queryNorm == nil ? nil : kept.rawQueryKey)
      let window = configuration.slidingWindows[number]
      if plan == nil || plan?.window != window {
        plan = (window, AttentionPlan(depths: depths, prefix: 0, window: window))
      }
      if let plan { attend(layer: number, plan.plan, kept.queryKeyValue, into: kept.attended) }
      recordFeedForward(layer, kept, into: activations.residual(behind: number))
      alongside(number, layer)
    }
  }

  private func recordFeedForward(
    _ layer: LayerPlace, _ kept: Activations.Layer, into next: UnsafeMutablePointer<Float>
  ) {
    let c = configuration
    kept.middle.update(from: kept.input, count: rows * c.hiddenSize)
    multiply(layer.output, kept.attended, rows: rows, addingInto: kept.middle)
    let normed = workspace.normed.floats(rows * c.hiddenSize)
    norm(layer.feedForwardNorm, kept.middle, rows: rows, into: normed)
    multiply(layer.up, normed, rows: rows, into: kept.up)
    let activated = workspace.activated.floats(rows * c.intermediateSize)
    activate(kept.up, rows: rows, into: activated)
    next.update(from: kept.middle, count: rows * c.hiddenSize)
    multiply(layer.down, activated, rows: rows, addingInto: next)
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
