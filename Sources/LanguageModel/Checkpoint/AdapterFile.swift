import Domain
import Foundation
import Numerics

/// An adapter in PEFT's file form, to be added to a checkpoint's weights as they are read.
final class AdapterFile: Sendable {
  /// What PEFT puts before the model's own names.
  static let prefix = "base_model.model."

  let directory: String
  private let tensors: SafeTensors
  private let configurationFile: MappedFile
  private let scale: Float
  private let rank: Int

  init(directory: String) throws(LanguageModelError) {
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

  var contentHashes: [ContentHash] { [configurationFile.contentHash, tensors.file.contentHash] }

  /// Refuses tensors that are no part of a product of the layout, or of another shape.
  func check(_ layout: ParameterLayout) throws(LanguageModelError) {
    var known: Set<String> = []
    for parameter in layout.parameters where parameter.shape.count == 2 {
      for (name, shape) in parts(of: parameter, layout) {
        known.insert(name)
        guard let found = tensors.shape(of: name) else { continue }
        guard found == shape else {
          throw .misshapenTensor(name, expected: shape, found: found, file: tensors.file.path)
        }
        try tensors.checkIsReal(name)
      }
    }
    for name in tensors.names where !known.contains(name) {
      throw .malformed(tensors.file.path, reason: "tensor \(name) belongs to no product of the model")
    }
  }

  /// weight += scale · B A for a tensor that the adapter changes; `weight` is [outputs, inputs].
  func change(_ parameter: Parameter, _ layout: ParameterLayout, _ weight: UnsafeMutablePointer<Float>)
    throws(LanguageModelError)
  {
    guard parameter.shape.count == 2 else { return }
    let names = parts(of: parameter, layout).map(\.name)
    guard tensors.shape(of: names[0]) != nil else { return }
    let (a, b) = (try tensors.floats(names[0]), try tensors.floats(names[1]))
    let (outputs, inputs) = Self.sizes(of: parameter)
    Product.multiply(
      m: outputs, n: inputs, k: rank, alpha: scale, b, lda: rank, a, ldb: inputs, beta: 1, into: weight, ldc: inputs)
  }

  private static func sizes(of parameter: Parameter) -> (outputs: Int, inputs: Int) {
    parameter.isTransposed ? (parameter.shape[1], parameter.shape[0]) : (parameter.shape[0], parameter.shape[1])
  }

  private func parts(of parameter: Parameter, _ layout: ParameterLayout) -> [(name: String, shape: [Int])] {
    let (outputs, inputs) = Self.sizes(of: parameter)
    let missing = layout.positions != nil && layout.prefix.isEmpty ? "transformer." : ""
    let name = Self.prefix + missing + parameter.name.dropLast(".weight".count)
    return [(name + ".lora_A.weight", [rank, inputs]), (name + ".lora_B.weight", [outputs, rank])]
  }
}
