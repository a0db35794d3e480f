import Checkpoints
import Foundation
import TestSupport

/// A small checkpoint among the fixtures, with numbers that PyTorch and transformers computed on it.
struct Oracle {
  struct Facts: Decodable {
    var sequences: [[Int32]]
    var promptIDs: [Int32]
    var responseIDs: [Int32]
    var loss: Double

    enum CodingKeys: String, CodingKey {
      case sequences
      case promptIDs = "prompt_ids"
      case responseIDs = "response_ids"
      case loss = "loss_f64"
    }
  }

  static let names = [
    "llama-tied", "llama-untied-bf16-sharded", "llama3-rope", "qwen2", "qwen3", "gpt2", "mistral",
  ]

  let directory: String
  let facts: Facts
  let tensors: SafeTensors

  init(_ name: String) throws {
    let folder = Places.fixtures.appendingPathComponent("LanguageModel/models/\(name)")
    directory = folder.path
    facts = try JSONDecoder().decode(Facts.self, from: Data(contentsOf: folder.appendingPathComponent("oracle.json")))
    tensors = try SafeTensors(path: folder.appendingPathComponent("oracle.safetensors").path)
  }
}

/// Largest difference over the largest magnitude.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
  guard found.count == expected.count else { return .infinity }
  let scale = expected.map(abs).max() ?? 0
  let difference = zip(found, expected).map { abs($0 - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
  return difference / max(scale, .leastNormalMagnitude)
}
