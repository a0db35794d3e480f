import Checkpoints
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
}
