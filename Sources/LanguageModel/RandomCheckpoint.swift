import Checkpoints
import Domain
import Foundation
import JSONBytes
import Tokenizers
import Transformer

/// A Llama of chosen size with random weights, written as a checkpoint directory: something to train from nothing, or to measure
/// speed with.
package struct RandomCheckpoint: Sendable, Hashable {
  package var hiddenSize: Int
  package var layers: Int
  package var heads: Int
  package var keyValueHeads: Int
  package var intermediateSize: Int
  package var vocabularySize: Int
  package var contextLength: Int
  package var seed: UInt64

  package init(
    hiddenSize: Int, layers: Int, heads: Int, keyValueHeads: Int, intermediateSize: Int, vocabularySize: Int,
    contextLength: Int, seed: UInt64
  ) {
    self.hiddenSize = hiddenSize
    self.layers = layers
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.intermediateSize = intermediateSize
    self.vocabularySize = vocabularySize
    self.contextLength = contextLength
    self.seed = seed
  }

  /// Writes the checkpoint with the tokenizer of another directory. Weights are normal with deviation 0.02, those that write to
  /// the residual stream with 0.02 / √(2 layers) (GPT-2's recipe); norms are 1; embeddings are tied.
  package func write(to directory: String, tokenizerFrom source: String) throws {
    let tokenizer = try Tokenizer(directory: source)
    let file = directory + "/config.json"
    guard vocabularySize >= tokenizer.idBound else {
      throw LanguageModelError.mismatch(
        source + "/tokenizer.json",
        reason: "ids up to \(tokenizer.idBound - 1), the vocabulary asked for is \(vocabularySize)")
    }
    let text = configurationText(endOfSequence: tokenizer.endOfSequence)
    let configuration = try ModelConfiguration(JSON.parse(text), file: file)
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      for name in ["tokenizer.json", "tokenizer_config.json"]
      where FileManager.default.fileExists(atPath: source + "/" + name) {
        try Data(contentsOf: URL(fileURLWithPath: source + "/" + name))
          .write(to: URL(fileURLWithPath: directory + "/" + name), options: .atomic)
      }
      try text.write(toFile: file, atomically: true, encoding: .utf8)
    } catch {
      throw LanguageModelError.unwritable(directory, reason: error.localizedDescription)
    }
    try SafeTensorsWriter.write(tensors(of: configuration), to: directory + "/model.safetensors")
  }

  private func tensors(of configuration: ModelConfiguration) -> [SafeTensorsWriter.Tensor] {
    let inner = 0.02 / Double(2 * layers).squareRoot()
    return configuration.tensors.enumerated().map { number, parameter in
      let writesResidual = parameter.name.hasSuffix("o_proj.weight") || parameter.name.hasSuffix("down_proj.weight")
      return SafeTensorsWriter.Tensor(name: parameter.name, shape: parameter.shape) {
        if parameter.shape.count == 1 { return [Float](repeating: 1, count: parameter.shape.reduce(1, *)) }
        var normals = NormalGenerator(seed: seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        return (0..<parameter.shape.reduce(1, *)).map { _ in Float(normals.next() * (writesResidual ? inner : 0.02)) }
      }
    }
  }

  private func configurationText(endOfSequence: Int32?) -> String {
    """
    {
      "architectures": ["LlamaForCausalLM"],
      "model_type": "llama",
      "hidden_act": "silu",
      "hidden_size": \(hiddenSize),
      "intermediate_size": \(intermediateSize),
      "num_hidden_layers": \(layers),
      "num_attention_heads": \(heads),
      "num_key_value_heads": \(keyValueHeads),
      "head_dim": \(max(1, hiddenSize / max(1, heads))),
      "vocab_size": \(vocabularySize),
      "max_position_embeddings": \(contextLength),
      "rms_norm_eps": 1e-05,
      "rope_theta": 10000.0,
      "rope_scaling": null,
      "tie_word_embeddings": true,
      "attention_bias": false,
      "mlp_bias": false,
      "eos_token_id": \(endOfSequence.map(String.init) ?? "null"),
      "torch_dtype": "float32"
    }

    """
  }
}
