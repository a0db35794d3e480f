import Checkpoints
import Numerics

/// What a forward pass leaves for the way back, layer by layer, in one allocation.
struct Activations {
  /// How much of it stays.
  enum Kept {
    case everything
    /// The residual stream before every block; the rest of a block is computed again when the way back comes to it (Chen et
    /// al., 2016). The same numbers, for a second pass forwards.
    case inputs
    /// The last block's alone.
    case last
  }

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

  let kept: Kept

  /// Floats that one row takes.
  static func floatsPerRow(_ c: ModelConfiguration, layout: ParameterLayout, keeping kept: Kept) -> Int {
    let raw = c.family == .qwen3 ? c.querySize + c.keyValueSize : 0
    let up = layout.layers.first?.up.outputs ?? 0
    let inner = raw + 2 * c.querySize + 2 * c.keyValueSize + c.hiddenSize + up
    let count = layout.layers.count
    return switch kept {
    case .everything: count * inner + (count + 1) * c.hiddenSize
    case .inputs: inner + (count + 1) * c.hiddenSize
    case .last: inner + 2 * c.hiddenSize
    }
  }

  init(_ c: ModelConfiguration, layout: ParameterLayout, rows: Int, keeping kept: Kept, in scratch: Scratch) {
    self.kept = kept
    let raw = c.family == .qwen3 ? c.querySize + c.keyValueSize : 0
    let queryKeyValue = c.querySize + 2 * c.keyValueSize
    let up = layout.layers.first?.up.outputs ?? 0
    let count = layout.layers.count
    var next = scratch.floats(rows * Self.floatsPerRow(c, layout: layout, keeping: kept))
    func take(_ columns: Int) -> UnsafeMutablePointer<Float> {
      defer { next += rows * columns }
      return next
    }
    func takeLayer(input: UnsafeMutablePointer<Float>) -> Layer {
      Layer(
        input: input, rawQueryKey: take(raw), queryKeyValue: take(queryKeyValue), attended: take(c.querySize),
        middle: take(c.hiddenSize), up: take(up))
    }
    guard kept != .everything else {
      layers = (0..<count).map { _ in takeLayer(input: take(c.hiddenSize)) }
      output = take(c.hiddenSize)
      return
    }
    let residuals = (0..<(kept == .last ? 2 : count + 1)).map { _ in take(c.hiddenSize) }
    let shared = takeLayer(input: residuals[0])
    layers = (0..<count).map { number in
      var layer = shared
      layer.input = residuals[number % residuals.count]
      return layer
    }
    output = residuals[count % residuals.count]
  }

  /// Where block `number` leaves the residual stream.
  func residual(behind number: Int) -> UnsafeMutablePointer<Float> {
    number + 1 < layers.count ? layers[number + 1].input : output
  }
}

extension Forward {
  /// The pass of `run` through the layers of `activations`, with everything kept that the way back needs. `alongside` is called
  /// behind each layer, while its buffers hold what was computed.
  func record(_ activations: Activations, alongside: (_ number: Int, _ layer: LayerParameters) -> Void = { _, _ in }) {
    if let first = activations.layers.first { embed(into: first.input) }
    var plan: (window: Int?, plan: AttentionPlan)?
    for (number, kept) in activations.layers.enumerated() {
      let window = configuration.slidingWindows[number]
      if plan == nil || plan?.window != window {
        plan = (window, AttentionPlan(depths: depths, prefix: 0, window: window))
      }
      if let plan { record(number, kept, plan.plan, into: activations.residual(behind: number)) }
      alongside(number, layout.layers[number])
    }
  }

  /// Fills a layer's buffers again from its input, where they were not kept.
  func recompute(_ number: Int, of activations: Activations) {
    guard activations.kept == .inputs else { return }
    let plan = AttentionPlan(depths: depths, prefix: 0, window: configuration.slidingWindows[number])
    record(number, activations.layers[number], plan, into: nil)
  }

  /// One layer from `kept.input` on; with no place for what it leaves, its last product is not taken.
  private func record(
    _ number: Int, _ kept: Activations.Layer, _ plan: AttentionPlan, into next: UnsafeMutablePointer<Float>?
  ) {
    let c = configuration
    let layer = layout.layers[number]
    projectQueryKeyValue(
      layer, kept.input, into: kept.queryKeyValue, raw: layer.queryNorm == nil ? nil : kept.rawQueryKey)
    attend(layer: number, plan, kept.queryKeyValue, into: kept.attended)
    kept.middle.update(from: kept.input, count: rows * c.hiddenSize)
    multiply(layer.output, kept.attended, rows: rows, addingInto: kept.middle)
    let normed = workspace.normed.floats(rows * c.hiddenSize)
    norm(layer.feedForwardNorm, kept.middle, rows: rows, into: normed)
    multiply(layer.up, normed, rows: rows, into: kept.up)
    guard let next else { return }
    let activated = workspace.activated.floats(rows * c.intermediateSize)
    activate(kept.up, rows: rows, into: activated)
    next.update(from: kept.middle, count: rows * c.hiddenSize)
    multiply(layer.down, activated, rows: rows, addingInto: next)
  }
}
