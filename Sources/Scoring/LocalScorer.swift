import Checkpoints
import Domain
import Foundation
import LanguageModel
import SampleEncoding
import Synchronization
import Transformer

/// Distances from a language model on this machine: each example goes through once, its keys and values are kept, and
/// the queries run against them in packed batches without padding.
package final class LocalScorer: UtilityScorer {
  package let fingerprint: ContentHash
  package let queryHashes: [ContentHash]
  package let exampleHashes: [ContentHash]
  package let queryOrder: [Int]
  package let truncated: Int

  private let model: Model
  private let samples: TokenizedSamples
  private let queryRows: [RowIndex]
  private let exampleRows: [RowIndex?]
  private let measure: PassMeasure
  private let contextLength: Int
  private let batchTokens: Int
  private let lanes: [Lane]

  /// What one worker keeps between blocks: its workspace, and the last example's keys and values, since a column's
  /// blocks come one after another.
  private final class Lane: Sendable {
    struct State {
      var workspace: Workspace?
      var example: Int?
      var prefix: KeyValueCache?
    }
    let state = Mutex(State())
  }

  /// Tokenises the samples; nothing goes through the model yet.
  ///
  /// - Parameter workers: how many calls of ``distances(of:worker:cancellation:advance:)`` may run at once.
  /// - Throws: ``ScoringError/queryTooLong(row:path:tokens:context:)`` for a query that the context can't hold.
  package convenience init(
    model: Model, template: PromptTemplate, queries: [Sample], examples: [Sample], queryPath: String?, workers: Int
  ) throws {
    try self.init(
      model: model, template: template, queries: queries, contexts: examples.map { [$0] }, queryPath: queryPath,
      workers: workers)
  }

  /// The same with examples of several samples, one behind the other, and another measure. Of losses a query that the context can't
  /// hold is infinite.
  package init(
    model: Model, template: PromptTemplate, queries: [Sample], contexts: [[Sample]], measure: PassMeasure = .distance,
    queryPath: String?, workers: Int
  ) throws {
    self.measure = measure
    self.model = model
    contextLength = model.configuration.contextLength
    queryRows = queries.map(\.index)
    exampleRows = contexts.map(\.first?.index)
    let tokenized = try TokenizedSamples(
      queries: queries, contexts: contexts, template: template, tokenizer: model.tokenizer,
      endOfSequence: model.configuration.endOfSequence, path: queryPath)
    samples = measure == .lossOfResponseAlone ? tokenized.responses(contextLength: contextLength) : tokenized
    for (number, query) in samples.alone.enumerated() where query.promptCount >= contextLength && !measure.isLoss {
      throw ScoringError.queryTooLong(
        row: queryRows[number], path: queryPath, tokens: query.promptCount, context: contextLength)
    }
    truncated = samples.truncated(contextLength: contextLength)
    lanes = (0..<max(1, workers)).map { _ in Lane() }
    batchTokens = Self.batchTokens(for: model)
    fingerprint = ContentHash(combining: [
      model.contentHash, template.contentHash, ContentHash(of: "\(measure.rawValue) 1, context \(contextLength)"),
    ])
    func names(_ samples: [Sample]) -> [ContentHash] {
      samples.map(template.contentHash(of:))
    }
    queryHashes = names(queries)
    exampleHashes = contexts.map { $0.contentHash(in: template) }
    let keys = samples.queries.map(\.tokens)
    queryOrder = keys.indices.sorted { a, b in
      keys[a] == keys[b] ? a < b : keys[a].lexicographicallyPrecedes(keys[b])
    }
  }

  package func tokens(in block: ScoreBlock) -> Int {
    let queries = block.example == nil ? samples.alone : samples.queries
    let prefix = block.example.map { samples.prefixes[$0].count } ?? 0
    return block.queries.reduce(prefix) { $0 + queries[$1].tokens.count }
  }

  package func distances(
    of block: ScoreBlock, worker: Int, cancellation: Cancellation, advance: @escaping @Sendable (Int) -> Void
  ) throws -> [Float] {
    try lanes[worker].state.withLock { lane in
      try cancellation.check()
      let workspace = lane.workspace ?? model.network.makeWorkspace()
      lane.workspace = workspace
      workspace.cancellation = cancellation
      var prefixTokens: [Int32] = []
      var prefix: KeyValueCache?
      if let example = block.example {
        prefixTokens = samples.prefixes[example]
        if lane.example != example || lane.prefix == nil {
          // An example that fills the context leaves no room for any query: nothing to run.
          if prefixTokens.count < contextLength {
            lane.example = nil
            lane.prefix = model.network.keysAndValues(of: prefixTokens, in: workspace)
            try cancellation.check()
            advance(prefixTokens.count)
          } else {
            lane.prefix = nil
          }
          lane.example = example
        }
        prefix = lane.prefix
      }
      return try measured(
        block, prefix: prefix, prefixCount: prefixTokens.count, workspace, cancellation: cancellation, advance)
    }
  }

  private func measured(
    _ block: ScoreBlock, prefix: KeyValueCache?, prefixCount: Int, _ workspace: Workspace,
    cancellation: Cancellation, _ advance: (Int) -> Void
  ) throws -> [Float] {
    var distances = [Float](repeating: 0, count: block.queries.count)
    var pending: [QueryForest.Entry] = []
    // Where in the block the pending ones are.
    var pendingNumbers: [Int] = []
    var pendingTokens = 0

    func flush() throws {
      guard !pending.isEmpty else { return }
      try cancellation.check()
      // Queries come in the order of what they are behind an example; alone a chat may open in other words.
      let order = pending.indices.sorted { a, b in
        pending[a].tokens == pending[b].tokens ? a < b : pending[a].tokens.lexicographicallyPrecedes(pending[b].tokens)
      }
      let forest = QueryForest(entries: order.map { pending[$0] })
      let logProbabilities = model.network.logProbabilities(forest.batch, after: prefix, in: workspace)
      try cancellation.check()
      for (number, range) in zip(order.map { pendingNumbers[$0] }, forest.targets) {
        guard let distance = measure(logProbabilities[range]) else {
          throw ScoringError.notFinite(
            row: queryRows[block.queries[number]], example: block.example.flatMap { exampleRows[$0] })
        }
        distances[number] = distance
      }
      advance(forest.batch.count)
      pending.removeAll(keepingCapacity: true)
      pendingNumbers.removeAll(keepingCapacity: true)
      pendingTokens = 0
    }

    for (number, query) in block.queries.enumerated() {
      let whole = block.example == nil ? samples.alone[query] : samples.queries[query]
      var fitting = whole.prefix(contextLength - prefixCount)
      fitting.losses.removeAll { $0 == 0 }
      if fitting.losses.isEmpty {
        distances[number] = .infinity
        continue
      }
      let entry = QueryForest.Entry(tokens: fitting.tokens, losses: fitting.losses)
      let fresh = entry.inputCount - (pending.last.map { QueryForest.sharedInput($0, entry) } ?? 0)
      if pendingTokens > 0, pendingTokens + fresh > batchTokens { try flush() }
      pendingTokens += pending.isEmpty ? entry.inputCount : fresh
      pending.append(entry)
      pendingNumbers.append(number)
    }
    try flush()
    return distances
  }

  // Enough rows to keep the products busy, few enough that a cancelled run ends at once.
  private static func batchTokens(for model: Model) -> Int {
    let budget = 2.0e10  // floating-point operations: a fraction of a second on one core
    let tokens = Int(budget / model.configuration.operationsPerToken)
    return min(2048, max(128, tokens))
  }
}

extension ModelConfiguration {
  /// Floating-point operations of the layers' products for one token, attention and output head left out.
  fileprivate var operationsPerToken: Double {
    let query = heads * headSize
    let attention = hiddenSize * (2 * query + 2 * keyValueHeads * headSize)
    let perceptron = (family.isGated ? 3 : 2) * hiddenSize * intermediateSize
    return 2 * Double(layers) * Double(attention + perceptron)
  }
}
