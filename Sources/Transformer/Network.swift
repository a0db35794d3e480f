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

  /// Digests of the weights as they lie on disk, the adapter's last. Reads all of them: ask once.
  package var contentHashes: [ContentHash] { checkpoint.contentHashes + (adapter?.contentHashes ?? []) }

  package func makeWorkspace() -> Workspace { Workspace(configuration) }

  /// Runs a prefix once and keeps its keys and values. `tokens` are ids below `configuration.vocabularySize`, at most
  /// `configuration.contextLength` of them.
  package func keysAndValues(of tokens: [Int32], in workspace: Workspace) -> KeyValueCache {
    let cache = KeyValueCache(count: tokens.count, configuration: configuration)
    if !tokens.isEmpty {
      _ = forward(tokens, depths: Array(0..<Int32(tokens.count)), after: nil, in: workspace).run(filling: cache)
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
    var place = [Int32](repeating: -1, count: batch.count)  // of a row among the wanted
    var wanted: [Int32] = []
    for target in batch.targets where place[target.row] < 0 {
      place[target.row] = Int32(wanted.count)
      wanted.append(Int32(target.row))
    }
    let pass = forward(batch.tokens, depths: batch.depths, after: prefix, in: workspace)
    let hidden = pass.run(wanted: wanted)
    pass.finalNorm(hidden, rows: wanted.count)
    return pass.logProbabilities(
      of: batch.targets.map { (row: Int(place[$0.row]), token: $0.token) }, hidden: hidden, rows: wanted.count)
  }

  /// Logits after each token: [tokens, vocabulary].
  package func logits(of tokens: [Int32], after prefix: KeyValueCache? = nil, in workspace: Workspace) -> Matrix {
    let result = Matrix(uninitializedRows: tokens.count, columns: configuration.vocabularySize)
    guard !tokens.isEmpty else { return result }
    let pass = forward(tokens, depths: Array(0..<Int32(tokens.count)), after: prefix, in: workspace)
    let hidden = pass.run()
    pass.finalNorm(hidden, rows: tokens.count)
    pass.multiplyHead(
      hidden, rows: tokens.count, vocabulary: 0..<configuration.vocabularySize, into: result.base,
      stride: configuration.vocabularySize)
    return result
  }

  private func forward(
    _ tokens: [Int32], depths: [Int32], after prefix: KeyValueCache?, in workspace: Workspace
  ) -> Forward {
    precondition(
      (prefix?.count ?? 0) + Int(depths.max() ?? -1) < configuration.contextLength, "longer than the model's context")
    return Forward(
      configuration: configuration, weights: weights, workspace: workspace, tokens: tokens, depths: depths,
      prefix: prefix)
  }
}
