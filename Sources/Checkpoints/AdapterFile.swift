import Domain
import Foundation
import JSONBytes
import Numerics

/// An adapter in PEFT's file form, to be added to a checkpoint's weights as they are read.
package final class AdapterFile: Sendable {
  /// What PEFT puts before the model's own names.
  package static let prefix = "base_model.model."

  package let directory: String
  package let tensors: SafeTensors
  private let configurationFile: MappedFile
  package let scale: Float
  package let rank: Int

  package init(directory: String) throws(CheckpointError) {
    self.directory = directory
    let path = directory + "/adapter_config.json"
    let weights = directory + "/adapter_model.safetensors"
    for file in [path, weights] where !FileManager.default.fileExists(atPath: file) { throw .noSuchFile(file) }
    configurationFile = try MappedFile(checkpoint: path)
    let json = try JSON.parse(configurationFile)
    guard json["peft_type"]?.text == "LORA" else {
      throw .unsupportedSetting("an adapter of type \"\(json["peft_type"]?.text ?? "unknown")\"", file: path)
    }
    // What would change the weights in a way that is not computed here.
    for key in ["use_dora", "lora_bias"] where json[key]?.bool == true {
      throw .unsupportedSetting("\"\(key)\"", file: path)
    }
    if let bias = json["bias"]?.text, bias != "none" {
      throw .unsupportedSetting("adapter bias \"\(bias)\"", file: path)
    }
    for key in ["rank_pattern", "alpha_pattern"] where !(json[key]?.members?.isEmpty ?? true) {
      throw .unsupportedSetting("\"\(key)\"", file: path)
    }
    guard let rank = json["r"]?.int, rank > 0, rank < 1 << 20, let alpha = json["lora_alpha"]?.double, alpha.isFinite
    else { throw .malformed(path, reason: "\"r\" or \"lora_alpha\" is missing or no positive number") }
    self.rank = rank
    scale = Float(alpha / (json["use_rslora"]?.bool == true ? Double(rank).squareRoot() : Double(rank)))
    tensors = try SafeTensors(path: weights)
  }

  package var contentHashes: [ContentHash] { [configurationFile.contentHash, tensors.file.contentHash] }
}
