import Domain
import Foundation
import Numerics

/// A causal language model from a Hugging Face checkpoint directory: configuration, tokenizer and weights. Immutable; any
/// number of workers may run it, each with a workspace of its own.
///
/// A pass runs on the caller's thread, and gives the same bits for the same batch and prefix every time.
package final class Model: Sendable {
  package let configuration: ModelConfiguration
  package let tokenizer: Tokenizer
  let weights: Weights
  private let checkpoint: Checkpoint
  private let adapter: AdapterFile?
  private let otherFiles: [MappedFile]

  /// Reads `config.json`, `tokenizer.json` and the `.safetensors` files of `directory`, and adds to the weights those of an
  /// adapter's directory in PEFT's form if one is named.
  package init(
    directory: String, adapter: String? = nil, precision: WeightPrecision = .auto
  ) throws(LanguageModelError) {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
      throw .noSuchDirectory(directory)
    }
    let configurationFile = try Self.file("config.json", in: directory)
    var configuration = try ModelConfiguration(JSON.parse(configurationFile), file: configurationFile.path)
    let tokenizerFile = try Self.file("tokenizer.json", in: directory)
    tokenizer = try Tokenizer(directory: directory)
    guard tokenizer.idBound <= configuration.vocabularySize else {
      throw .malformed(
        tokenizerFile.path,
        reason: "ids up to \(tokenizer.idBound - 1), the model has embeddings for \(configuration.vocabularySize)")
    }
    if let end = tokenizer.endOfSequence { configuration.endOfSequence = end }
    guard (0..<Int32(clamping: configuration.vocabularySize)).contains(configuration.endOfSequence) else {
      throw .malformed(configurationFile.path, reason: "no end-of-sequence token here or in tokenizer_config.json")
    }
    checkpoint = try Checkpoint(directory: directory)
    var adapterFile: AdapterFile?
    if let adapter { adapterFile = try AdapterFile(directory: adapter) }
    self.adapter = adapterFile
    weights = try Weights(configuration, from: checkpoint, precision: precision, adapter: adapterFile)
    self.configuration = configuration
    otherFiles = [configurationFile, tokenizerFile]
  }

  private static func file(_ name: String, in directory: String) throws(LanguageModelError) -> MappedFile {
    let path = directory + "/" + name
    guard FileManager.default.fileExists(atPath: path) else { throw .missingFile(name, directory: directory) }
    return try MappedFile(checkpoint: path)
  }

  /// A digest of configuration, tokenizer and weights as they lie on disk. Reads all of the weights: ask once.
  package var contentHash: ContentHash {
    ContentHash(
      combining: otherFiles.map(\.contentHash) + checkpoint.contentHashes + (adapter?.contentHashes ?? []))
  }

  /// The same of a directory's files, without an adapter and without making a model of them.
  package static func contentHash(directory: String) throws(LanguageModelError) -> ContentHash {
    var hashes: [ContentHash] = []
    for name in ["config.json", "tokenizer.json"] { hashes.append(try file(name, in: directory).contentHash) }
    return ContentHash(combining: hashes + (try Checkpoint(directory: directory).contentHashes))
  }

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
