import Checkpoints
import Domain
import Tokenizers
import Transformer

/// A causal language model: its transformer and its tokenizer.
package final class Model: Sendable {
  package let network: Network
  package let tokenizer: Tokenizer
  /// Configuration and tokenizer.
  private let others: [ModelFiles.Source]

  package var configuration: ModelConfiguration { network.configuration }

  /// Reads the model that `directory` names (a checkpoint directory, a GGUF file, and what else ``ModelFiles`` finds), and adds to
  /// the weights those of an adapter's directory in PEFT's form if one is named.
  ///
  /// - Throws: `LanguageModelError`, `CheckpointError`, `TokenizerError`.
  package init(directory: String, adapter: String? = nil, precision: WeightPrecision = .auto) throws {
    let files = try ModelFiles(directory)
    let (configurationFile, tokenizerFile) = (try files.required("config.json"), try files.required("tokenizer.json"))
    var configuration = try ModelConfiguration(configurationFile.json(), file: configurationFile.path)
    tokenizer = try Tokenizer(files)
    guard tokenizer.idBound <= configuration.vocabularySize else {
      throw LanguageModelError.mismatch(
        tokenizerFile.path,
        reason: "ids up to \(tokenizer.idBound - 1), the model has embeddings for \(configuration.vocabularySize)")
    }
    if let end = tokenizer.endOfSequence { configuration.endOfSequence = end }
    guard (0..<Int32(clamping: configuration.vocabularySize)).contains(configuration.endOfSequence) else {
      throw LanguageModelError.mismatch(
        configurationFile.path, reason: "no end-of-sequence token here or in tokenizer_config.json")
    }
    network = try Network(
      configuration, from: Checkpoint(files, for: configuration),
      adapter: adapter.map { try AdapterFile(directory: $0) }, precision: precision)
    others = [configurationFile.source, tokenizerFile.source]
  }

  /// A digest of configuration, tokenizer and weights as they lie on disk. Reads all of the weights: ask once.
  package var contentHash: ContentHash { ContentHash(combining: others.map(\.contentHash) + network.contentHashes) }

  /// The same of a model's files, without an adapter and without making a model of them.
  package static func contentHash(directory: String) throws -> ContentHash {
    let files = try ModelFiles(directory)
    let others = [try files.required("config.json"), try files.required("tokenizer.json")]
    return ContentHash(combining: others.map(\.source.contentHash) + (try Checkpoint(files).contentHashes))
  }
}
