import Checkpoints
import Domain
import Foundation
import JSONBytes
import Numerics
import Tokenizers
import Transformer

/// A causal language model from a Hugging Face checkpoint directory: its transformer and its tokenizer.
package final class Model: Sendable {
  package let network: Network
  package let tokenizer: Tokenizer
  /// `config.json` and `tokenizer.json`.
  private let otherFiles: [MappedFile]

  package var configuration: ModelConfiguration { network.configuration }

  /// Reads `config.json`, `tokenizer.json` and the `.safetensors` files of `directory`, and adds to the weights those of an
  /// adapter's directory in PEFT's form if one is named.
  ///
  /// - Throws: `LanguageModelError`, `CheckpointError`, `TokenizerError`.
  package init(directory: String, adapter: String? = nil, precision: WeightPrecision = .auto) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) else {
      throw LanguageModelError.noSuchDirectory(directory)
    }
    let configurationFile = try Self.file("config.json", in: directory)
    var configuration = try ModelConfiguration(JSON.parse(configurationFile), file: configurationFile.path)
    let tokenizerFile = try Self.file("tokenizer.json", in: directory)
    tokenizer = try Tokenizer(directory: directory)
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
      configuration, from: Checkpoint(directory: directory), adapter: adapter.map { try AdapterFile(directory: $0) },
      precision: precision)
    otherFiles = [configurationFile, tokenizerFile]
  }

  private static func file(_ name: String, in directory: String) throws -> MappedFile {
    let path = directory + "/" + name
    guard FileManager.default.fileExists(atPath: path) else {
      throw LanguageModelError.missingFile(name, directory: directory)
    }
    return try MappedFile(checkpoint: path)
  }

  /// A digest of configuration, tokenizer and weights as they lie on disk. Reads all of the weights: ask once.
  package var contentHash: ContentHash { ContentHash(combining: otherFiles.map(\.contentHash) + network.contentHashes) }

  /// The same of a directory's files, without an adapter and without making a model of them.
  package static func contentHash(directory: String) throws -> ContentHash {
    var hashes: [ContentHash] = []
    for name in ["config.json", "tokenizer.json"] { hashes.append(try file(name, in: directory).contentHash) }
    return ContentHash(combining: hashes + (try Checkpoint(directory: directory).contentHashes))
  }
}
