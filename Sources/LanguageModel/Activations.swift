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

  init(_ c: ModelConfiguration, layout: ParameterLayout, rows: Int, in scratch: Scratch) {
    let raw = c.family == .qwen3 ? c.querySize + c.keyValueSize : 0
    let queryKeyValue = c.querySize + 2 * c.keyValueSize
    let sizes = layout.layers.map { 2 * c.hiddenSize + raw + queryKeyValue + c.querySize + $0.up.outputs }
    var next = scratch.floats(rows * (sizes.reduce(0, +) + c.hiddenSize))
    func take(_ columns: Int) -> UnsafeMutablePointer<Float> {
      defer { next += rows * columns }
      return next
    }
    layers = layout.layers.map {
      Layer(
        input: take(c.hiddenSize), rawQueryKey: take(raw), queryKeyValue: take(queryKeyValue),
        attended: take(c.querySize), middle: take(c.hiddenSize), up: take($0.up.outputs))
    }
    output = take(c.hiddenSize)
  }
}

extension Forward {
  /// The pass of `run`, with everything kept that the way back needs.
  func record(_ activations: Activations) {
    let c = configuration
    var plan: (window: Int?, plan: AttentionPlan)?
    for (number, layer) in layout.layers.enumerated() {
      let kept = activations.layers[number]
      if number == 0 { embed(into: kept.input) }
      projectQueryKeyValue(
        layer, kept.input, into: kept.queryKeyValue, raw: layer.queryNorm == nil ? nil : kept.rawQueryKey)
      let window = c.slidingWindows[number]
      if plan == nil || plan?.window != window {
        plan = (window, AttentionPlan(depths: depths, prefix: 0, window: window))
      }
      if let plan { attend(layer: number, plan.plan, kept.queryKeyValue, into: kept.attended) }
      kept.middle.update(from: kept.input, count: rows * c.hiddenSize)
      multiply(layer.output, kept.attended, rows: rows, addingInto: kept.middle)
      let normed = workspace.normed.floats(rows * c.hiddenSize)
      norm(layer.feedForwardNorm, kept.middle, rows: rows, into: normed)
      multiply(layer.up, normed, rows: rows, into: kept.up)
      let activated = workspace.activated.floats(rows * c.intermediateSize)
      activate(kept.up, rows: rows, into: activated)
      let next = number + 1 < layout.layers.count ? activations.layers[number + 1].input : activations.output
      next.update(from: kept.middle, count: rows * c.hiddenSize)
      multiply(layer.down, activated, rows: rows, addingInto: next)
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
