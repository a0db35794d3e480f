import Numerics

/// One pass of packed rows through the blocks: embedding, then per block attention and feed-forward, each added to the
/// residual stream (Llama: Touvron et al., 2023; GPT-2: Radford et al., 2019).
///
/// Products run over blocks of rows small enough that what they read and write stays in the cache.
struct Forward {
  let configuration: ModelConfiguration
  let layout: ParameterLayout
  let weights: Weights
  let workspace: Workspace
  let tokens: [Int32]
  let depths: [Int32]
  let prefix: KeyValueCache?
  /// Of each row in the whole sequence.
  let positions: [Int32]

  init(
    configuration: ModelConfiguration, weights: Weights, workspace: Workspace, tokens: [Int32], depths: [Int32],
    prefix: KeyValueCache?
  ) {
    self.configuration = configuration
    layout = weights.layout
    self.weights = weights
    self.workspace = workspace
    self.tokens = tokens
    self.depths = depths
    self.prefix = prefix
    positions = depths.map { $0 + Int32(prefix?.count ?? 0) }
  }

  var rows: Int { tokens.count }
  var prefixCount: Int { prefix?.count ?? 0 }
  var queryKeyValueSize: Int { configuration.querySize + 2 * configuration.keyValueSize }

  /// The residual stream after the last block, before the final norm, for the rows in `wanted` (all if nil), in that order:
  /// [wanted, hidden]. With `cache`, stops when the last block's keys and values are known and returns nothing of use.
  func run(wanted: [Int32]? = nil, filling cache: KeyValueCache? = nil) -> UnsafeMutablePointer<Float> {
    let residual = workspace.residual.floats(rows * configuration.hiddenSize)
    embed(into: residual)
    var plan: AttentionPlan?
    var planWindow: Int?
    for (number, layer) in layout.layers.enumerated() where !workspace.isCancelled {
      let isLast = number == layout.layers.count - 1
      let queryKeyValue = workspace.queryKeyValue.floats(rows * queryKeyValueSize)
      projectQueryKeyValue(layer, residual, into: queryKeyValue)
      if let cache {
        cache.fill(
          layer: number, keys: queryKeyValue + configuration.querySize,
          values: queryKeyValue + configuration.querySize + configuration.keyValueSize, stride: queryKeyValueSize)
        if isLast { return residual }
      }
      let window = configuration.slidingWindows[number]
      if plan == nil || planWindow != window {
        plan = AttentionPlan(depths: depths, prefix: prefixCount, window: window)
        planWindow = window
      }
      let attended = workspace.attended.floats(rows * configuration.querySize)
      if let plan { attend(layer: number, plan, queryKeyValue, into: attended) }
      guard isLast, let wanted else {
        feedForward(layer, attended: attended, residual: residual, rows: rows)
        continue
      }
      // Behind the last attention only the wanted rows matter.
      let kept = workspace.gathered.floats(wanted.count * configuration.hiddenSize)
      let keptAttended = workspace.gatheredAttended.floats(wanted.count * configuration.querySize)
      for (place, row) in wanted.enumerated() {
        (kept + place * configuration.hiddenSize).update(
          from: residual + Int(row) * configuration.hiddenSize, count: configuration.hiddenSize)
        (keptAttended + place * configuration.querySize).update(
          from: attended + Int(row) * configuration.querySize, count: configuration.querySize)
      }
      feedForward(layer, attended: keptAttended, residual: kept, rows: wanted.count)
      return kept
    }
    return residual
  }

  /// Token embeddings, and GPT-2's learned position embeddings.
  func embed(into residual: UnsafeMutablePointer<Float>) {
    let hidden = configuration.hiddenSize
    for (row, token) in tokens.enumerated() {
      let target = residual + row * hidden
      weights.copyEmbedding(of: Int(token), into: target)
      if let table = layout.positions {
        TransformerKernel.addBias(
          target, bias: weights.vector(table) + Int(positions[row]) * hidden, rows: 1, columns: hidden)
      }
    }
  }

  /// Norm, the fused product, query and key norms, rotary positions.
  func projectQueryKeyValue(
    _ layer: LayerPlace, _ residual: UnsafePointer<Float>,
    into queryKeyValue: UnsafeMutablePointer<Float>,  // [rows, query + 2 × key/value]
    raw: UnsafeMutablePointer<Float>? = nil  // query and key before their norms, if they are to be kept
  ) {
    let c = configuration
    let rotary = c.family == .gpt2 ? nil : workspace.rotary(Int(positions.max() ?? 0) + 1)
    for start in stride(from: 0, to: rows, by: weights.rowBlock) {
      let count = min(weights.rowBlock, rows - start)
      let normed = workspace.normed.floats(weights.rowBlock * c.hiddenSize)
      norm(layer.attentionNorm, residual + start * c.hiddenSize, rows: count, into: normed)
      let target = queryKeyValue + start * queryKeyValueSize
      multiply(layer.queryKeyValue, normed, rows: count, into: target)
      if let raw {
        let size = c.querySize + c.keyValueSize
        for row in 0..<count {
          (raw + (start + row) * size).update(from: target + row * queryKeyValueSize, count: size)
        }
      }
      if let place = layer.queryNorm {
        TransformerKernel.headNorm(
          target, stride: queryKeyValueSize, rows: count, heads: c.heads, headSize: c.headSize,
          weight: weights.vector(place), epsilon: c.normEpsilon)
      }
      if let place = layer.keyNorm {
        TransformerKernel.headNorm(
          target + c.querySize, stride: queryKeyValueSize, rows: count, heads: c.keyValueHeads,
          headSize: c.headSize, weight: weights.vector(place), epsilon: c.normEpsilon)
      }
      if let rotary {
        // Query and key heads lie side by side, so they turn in one go.
        positions.withUnsafeBufferPointer { positions in
          guard let base = positions.baseAddress else { return }
          TransformerKernel.rotate(
            target, stride: queryKeyValueSize, rows: count, heads: c.heads + c.keyValueHeads, headSize: c.headSize,
            positions: base + start, cosines: rotary.cosines, sines: rotary.sines)
        }
      }
    }
  }

  /// Softmax attention of every head over prefix and batch.
  func attend(
    layer: Int, _ plan: AttentionPlan, _ queryKeyValue: UnsafePointer<Float>,
    into attended: UnsafeMutablePointer<Float>  // [rows, query]
  ) {
    let c = configuration
    let stride = queryKeyValueSize
    let chunks = AttentionKernel.valueChunks(headSize: c.headSize)
    let tileRows = AttentionKernel.tileRows
    let pathStride = AttentionKernel.valueStride(count: plan.longestPath)
    let ownStride = AttentionKernel.valueStride(count: tileRows)
    let pathKeys = workspace.pathKeys.floats(AttentionKernel.packedKeys(count: plan.longestPath, headSize: c.headSize))
    let pathValues = workspace.pathValues.floats(chunks * pathStride)
    let ownKeys = workspace.ownKeys.floats(AttentionKernel.packedKeys(count: tileRows, headSize: c.headSize))
    let ownValues = workspace.ownValues.floats(chunks * ownStride)
    let scratch = workspace.attention.floats(AttentionKernel.scratchCount(headSize: c.headSize))
    let ownRows = (0..<Int32(tileRows)).map { $0 }
    let scale = 1 / Float(c.headSize).squareRoot()
    for head in 0..<c.keyValueHeads {
      let keys = queryKeyValue + c.querySize + head * c.headSize
      let values = keys + c.keyValueSize
      for tile in plan.tiles {
        plan.addedRows.withUnsafeBufferPointer { rows in
          guard let base = rows.baseAddress, !tile.added.isEmpty else { return }
          AttentionKernel.packKeys(
            keys, stride: stride, rows: base + tile.added.lowerBound, count: tile.added.count, headSize: c.headSize,
            first: tile.kept, into: pathKeys)
          AttentionKernel.packValues(
            values, stride: stride, rows: base + tile.added.lowerBound, count: tile.added.count,
            headSize: c.headSize, first: tile.kept, into: pathValues, packedStride: pathStride)
        }
        AttentionKernel.packKeys(
          keys + tile.start * stride, stride: stride, rows: ownRows, count: tile.rows, headSize: c.headSize, first: 0,
          into: ownKeys)
        AttentionKernel.packValues(
          values + tile.start * stride, stride: stride, rows: ownRows, count: tile.rows, headSize: c.headSize,
          first: 0, into: ownValues, packedStride: ownStride)
        let runs = [
          prefix?.run(layer: layer, head: head) ?? AttentionKernel.KeyRun(),
          AttentionKernel.KeyRun(
            keys: pathKeys, values: pathValues, value_stride: pathStride, count: tile.kept + tile.added.count),
          AttentionKernel.KeyRun(keys: ownKeys, values: ownValues, value_stride: ownStride, count: tile.rows),
        ]
        for query in head * c.groupSize..<(head + 1) * c.groupSize {
          plan.withMasks(from: tile.start) { first, last, own in
            AttentionKernel.attend(
              queries: queryKeyValue + tile.start * stride + query * c.headSize, stride: stride, rows: tile.rows,
              headSize: c.headSize, scale: scale, runs: runs, first: first, last: last, own: own,
              into: attended + tile.start * c.querySize + query * c.headSize, outStride: c.querySize,
              scratch: scratch)
          }
        }
      }
    }
  }

  /// The attention's output product and the feed-forward network, each added to the residual stream.
  private func feedForward(
    _ layer: LayerPlace, attended: UnsafePointer<Float>, residual: UnsafeMutablePointer<Float>, rows: Int
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

  /// The final norm of rows of the residual stream, in place.
  func finalNorm(_ x: UnsafeMutablePointer<Float>, rows: Int) {
    norm(layout.finalNorm, x, rows: rows, into: x)
  }

  func norm(_ place: NormPlace, _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>) {
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

  /// y = x Wᵀ + b for x [rows, inputs] and y [rows, outputs].
  func multiply(
    _ linear: LinearPlace, _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>
  ) {
    multiply(linear, x, rows: rows, adding: false, y)
  }

  /// y += x Wᵀ + b.
  func multiply(
    _ linear: LinearPlace, _ x: UnsafePointer<Float>, rows: Int, addingInto y: UnsafeMutablePointer<Float>
  ) {
    multiply(linear, x, rows: rows, adding: true, y)
  }

  func multiply(
    _ linear: LinearPlace, _ x: UnsafePointer<Float>, rows: Int, adding: Bool, _ y: UnsafeMutablePointer<Float>
  ) {
    weights.multiply(linear, x, rows: rows, adding: adding, into: y, scratch: workspace.weight)
    if let bias = linear.bias {
      TransformerKernel.addBias(y, bias: weights.vector(bias), rows: rows, columns: linear.outputs)
    }
  }
}
