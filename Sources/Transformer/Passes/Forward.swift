import Checkpoints
import Numerics

/// One pass of packed rows through the blocks: embedding, then per block attention and feed-forward, each added to the
/// residual stream (Llama: Touvron et al., 2023; GPT-2: Radford et al., 2019).
struct Forward {
  let c: ModelConfiguration
  var weights: Weights
  let workspace: Workspace
  let tokens: [Int32]
  let depths: [Int32]
  let prefix: KeyValueCache?
  /// Of each row in the whole sequence.
  let positions: [Int32]
  /// Of the whole sequence.
  let length: Int
  let activations: Activations

  /// - Parameters:
  ///   - c: the weights', or cut to the first blocks.
  ///   - depths: as of a ``TokenBatch``; those of one sequence if nil.
  init(
    _ c: ModelConfiguration, weights: Weights, tokens: [Int32], depths: [Int32]? = nil,
    after prefix: KeyValueCache? = nil, keeping kept: Activations.Kept, in workspace: Workspace
  ) {
    self.c = c
    self.weights = weights
    self.workspace = workspace
    self.tokens = tokens
    self.depths = depths ?? Array(0..<Int32(tokens.count))
    self.prefix = prefix
    positions = self.depths.map { $0 + Int32(prefix?.count ?? 0) }
    length = Int(positions.max() ?? -1) + 1
    activations = Activations(c, rows: tokens.count, keeping: kept, in: workspace.activations)
  }

  var layout: ParameterLayout { weights.layout }
  var rows: Int { tokens.count }
  var queryKeyValueSize: Int { c.querySize + 2 * c.keyValueSize }

  /// Leaves the residual stream, before the final norm, in `activations.output`: [rows, hidden].
  ///
  /// Behind the last attention only the rows in `wanted` matter, if it is given: they come to the front, in that order.
  /// `alongside` is called behind each block, while its buffers hold what was computed.
  func run(wanted: [Int]? = nil, alongside: (_ number: Int) -> Void = { _ in }) {
    embedding(into: activations.layers[0].input)
    var plans: [Int?: AttentionPlan] = [:]  // by window
    for (number, window) in c.slidingWindows.prefix(c.layers).enumerated() where !workspace.isCancelled {
      let plan = plans[window] ?? self.plan(window)
      plans[window] = plan
      block(number, plan, wanted: number == c.layers - 1 ? wanted : nil)
      alongside(number)
    }
  }

  /// Fills a block's buffers again from its input, where they were not kept.
  func recompute(_ number: Int) {
    if activations.kept == .inputs { block(number, plan(c.slidingWindows[number]), again: true) }
  }

  private func plan(_ window: Int?) -> AttentionPlan {
    AttentionPlan(depths: depths, prefix: prefix?.count ?? 0, window: window)
  }

  private func block(_ number: Int, _ plan: AttentionPlan, wanted: [Int]? = nil, again: Bool = false) {
    attention(number, plan, wanted: wanted)
    feedForward(number, rows: wanted?.count ?? rows, again: again)
  }

  /// Rows that products run over at a time: so few in place that what they read and write stays in the cache.
  func pieces(_ rows: Int, inPlace: Bool = true) -> [Range<Int>] {
    let size = inPlace ? weights.rowBlock : max(1, rows)
    return stride(from: 0, to: rows, by: size).map { $0..<min($0 + size, rows) }
  }

  /// Some rows of `x` [rows, columns], one behind the other.
  func gather(
    _ rows: [Int], of x: UnsafePointer<Float>, columns: Int, into scratch: Scratch
  ) -> UnsafeMutablePointer<Float> {
    let target = scratch.floats(rows.count * columns)
    for (index, row) in rows.enumerated() {
      (target + index * columns).update(from: x + row * columns, count: columns)
    }
    return target
  }
}

/// What goes along a pass, or back.
protocol Following {
  var forward: Forward { get }
}

extension Following {
  var c: ModelConfiguration { forward.c }
  var layout: ParameterLayout { forward.layout }
  var weights: Weights { forward.weights }
  var workspace: Workspace { forward.workspace }
  var activations: Activations { forward.activations }
  var rows: Int { forward.rows }
}
