import Checkpoints
import Domain
import Numerics

/// The transformer of a checkpoint: configuration and weights. Immutable; any number of workers may run it, each with a workspace of
/// its own.
///
/// A pass runs on the caller's thread, and gives the same bits for the same batch and prefix every time.
package final class Network: Sendable {
  package let configuration: ModelConfiguration
  let weights: Weights
  private let checkpoint: Checkpoint
  private let adapter: AdapterFile?

  /// Reads the weights of a checkpoint, and adds those of an adapter if there is one.
  package init(
    _ configuration: ModelConfiguration, from checkpoint: Checkpoint, adapter: AdapterFile? = nil,
    precision: WeightPrecision = .auto
  ) throws(CheckpointError) {
    self.configuration = configuration
    self.checkpoint = checkpoint
    self.adapter = adapter
    weights = try Weights(configuration, from: checkpoint, precision: precision, adapter: adapter)
  }

  /// A model of the same checkpoint with other weights, which may change between passes.
  init(_ model: Network, weights: Weights) {
    configuration = model.configuration
    checkpoint = model.checkpoint
    adapter = model.adapter
    self.weights = weights
  }

  /// Digests of the weights as they lie on disk, the adapter's last. Reads all of them: ask once.
  package var contentHashes: [ContentHash] { checkpoint.contentHashes + (adapter?.contentHashes ?? []) }

  /// Elements of all parameters.
  package var parameterCount: Int { weights.layout.count }

  package func makeWorkspace() -> Workspace { Workspace(configuration) }

  /// Runs a prefix once and keeps its keys and values. `tokens` are ids below `configuration.vocabularySize`, at most
  /// `configuration.contextLength` of them.
  package func keysAndValues(of tokens: [Int32], in workspace: Workspace) -> KeyValueCache {
    let cache = KeyValueCache(count: tokens.count, configuration: configuration)
    guard !tokens.isEmpty else { return cache }
    let pass = forward(tokens, in: workspace)
    pass.run(wanted: []) { number in
      let keys = pass.activations.layers[number].queryKeyValue + configuration.querySize
      cache.fill(
        layer: number, keys: keys, values: keys + configuration.keyValueSize, stride: pass.queryKeyValueSize)
    }
    return cache
  }

  /// log P of each target of the batch, in the order they were asked for; the prefix counts as the batch's beginning.
  ///
  /// prefix.count + batch.length must not exceed `configuration.contextLength`.
  package func logProbabilities(
    _ batch: TokenBatch, after prefix: KeyValueCache? = nil, in workspace: Workspace
  ) -> [Float] {
    guard batch.targetCount > 0 else { return [] }
    var order = [Int](repeating: -1, count: batch.count)  // of a row among the wanted
    var wanted: [Int] = []
    for target in batch.targets where order[target.row] < 0 {
      order[target.row] = wanted.count
      wanted.append(target.row)
    }
    let pass = forward(batch.tokens, depths: batch.depths, after: prefix, in: workspace)
    pass.run(wanted: wanted)
    let hidden = pass.activations.output
    pass.finalNorm(hidden, rows: wanted.count, into: hidden)
    return pass.logProbabilities(
      of: batch.targets.map { (row: order[$0.row], token: $0.token) }, hidden: hidden, rows: wanted.count)
  }

  /// Logits after each token: [tokens, vocabulary].
  package func logits(of tokens: [Int32], after prefix: KeyValueCache? = nil, in workspace: Workspace) -> Matrix {
    let result = Matrix(uninitializedRows: tokens.count, columns: configuration.vocabularySize)
    guard !tokens.isEmpty else { return result }
    let pass = forward(tokens, after: prefix, in: workspace)
    pass.run()
    let hidden = pass.activations.output
    pass.finalNorm(hidden, rows: tokens.count, into: hidden)
    pass.linear(pass.layout.head, hidden, rows: tokens.count, into: result.base)
    return result
  }

  /// Logits after the last of some tokens: [1, vocabulary].
  func lastLogits(of tokens: [Int32], after prefix: KeyValueCache? = nil, in workspace: Workspace) -> Matrix {
    let result = Matrix(uninitializedRows: 1, columns: configuration.vocabularySize)
    let pass = forward(tokens, after: prefix, in: workspace)
    pass.run(wanted: [tokens.count - 1])
    let hidden = pass.activations.output
    pass.finalNorm(hidden, rows: 1, into: hidden)
    pass.linear(pass.layout.head, hidden, rows: 1, into: result.base)
    return result
  }

  /// For each sequence the mean of the last hidden states, behind the final norm, of all its tokens, with weights that grow with the
  /// position: token t of T (1…T) has t / (1 + … + T) (Ivison et al., arXiv 2503.01807). [sequences, hidden]
  ///
  /// Sequences go through in one packed pass; none may be empty or longer than `configuration.contextLength`.
  package func weightedStates(of sequences: [[Int32]], in workspace: Workspace) -> Matrix {
    let size = configuration.hiddenSize
    let result = Matrix(uninitializedRows: sequences.count, columns: size)
    var batch = TokenBatch()
    for sequence in sequences { batch.append(sequence) }
    guard batch.count > 0 else { return result }
    let pass = forward(batch.tokens, depths: batch.depths, in: workspace)
    pass.run()
    let states = pass.activations.output
    pass.finalNorm(states, rows: batch.count, into: states)
    var first = 0
    var sums = [Double](repeating: 0, count: size)
    for (number, sequence) in sequences.enumerated() {
      for column in 0..<size { sums[column] = 0 }
      for position in 0..<sequence.count {
        let state = states + (first + position) * size
        let weight = Double(position + 1)
        for column in 0..<size { sums[column] += weight * Double(state[column]) }
      }
      let whole = Double(sequence.count) * Double(sequence.count + 1) / 2
      let target = result.base + number * size
      for column in 0..<size { target[column] = Float(sums[column] / whole) }
      first += sequence.count
    }
    return result
  }

  private func forward(
    _ tokens: [Int32], depths: [Int32]? = nil, after prefix: KeyValueCache? = nil, in workspace: Workspace
  ) -> Forward {
    let pass = Forward(
      configuration, weights: weights, tokens: tokens, depths: depths, after: prefix, keeping: .nothing, in: workspace)
    precondition(pass.length <= configuration.contextLength, "longer than the model's context")
    return pass
  }
}
