import ArgumentParser
import Domain
import Foundation
import LanguageModel
import Samples
import Tokenizers

/// `winnow-bench sample-model`: random weights to train or to measure with.
struct SampleModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample-model", abstract: "Write a Llama of chosen size with random weights.")

  @Option(help: "Elements of the residual stream.") var hidden = 64
  @Option(help: "Blocks.") var layers = 4
  @Option(help: "Attention heads.") var heads = 4
  @Option(help: "Heads of keys and values.") var keyValueHeads = 2
  @Option(help: "Inner elements of the feed-forward network.") var ffn = 128
  @Option(name: [.customLong("vocabulary"), .customLong("vocab")], help: "Vocabulary (default: the tokenizer's).")
  var vocabulary: Int?
  @Option(help: "Longest sequence.") var context = 2048
  @Option(help: ArgumentHelp("Directory whose tokenizer it gets.", valueName: "dir"))
  var tokenizer = "sample-data/model"
  @Option(help: "Seed of the weights.") var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Where to write it.", valueName: "dir")) var out: String

  func validate() throws {
    let sizes = [
      ("--hidden", hidden), ("--layers", layers), ("--heads", heads), ("--key-value-heads", keyValueHeads),
      ("--ffn", ffn),
      ("--vocabulary", vocabulary ?? 1), ("--context", context),
    ]
    for (option, value) in sizes where !(1...1_000_000).contains(value) {
      throw ValidationError("\(option) must be 1 to 1000000, not \(value).")
    }
    guard hidden % heads == 0, hidden / heads % 2 == 0, heads % keyValueHeads == 0 else {
      throw ValidationError(
        "--heads must divide --hidden with an even quotient and be a multiple of --key-value-heads, not \(heads) over \(keyValueHeads)."
      )
    }
  }

  func run() throws {
    let bound = try Tokenizer(directory: tokenizer).idBound
    try RandomCheckpoint(
      hiddenSize: hidden, layers: layers, heads: heads, keyValueHeads: keyValueHeads, intermediateSize: ffn,
      vocabularySize: vocabulary ?? bound, contextLength: context, seed: seed
    ).write(to: out, tokenizerFrom: tokenizer)
  }
}
