import Checkpoints
import Domain
import Foundation
import Numerics

/// What a low-rank adapter is set to (LoRA: Hu et al., 2021), in PEFT's words.
package struct AdapterSettings: Sendable, Hashable {
  package var rank: Int
  /// The change of a weight is alpha / rank · B A.
  package var alpha: Float
  /// The last part of the names of the products that are adapted (`q_proj`); empty for the family's usual ones.
  package var targets: [String]
  /// Of the first values of every A.
  package var seed: UInt64

  package init(rank: Int, alpha: Float, targets: [String] = [], seed: UInt64 = 0) {
    self.rank = rank
    self.alpha = alpha
    self.targets = targets
    self.seed = seed
  }
}

/// Low-rank changes of some of a model's products: W + alpha / rank · B A, with A [rank, inputs] and B [outputs, rank].
///
/// The changed weights are put into the model before a pass, so that a pass costs what it costs without an adapter; the
/// derivatives by A and B follow from those by W, product by product, and no derivative of the whole model is kept.
package final class Adapter: Sendable {
  struct Module: Sendable {
    /// Without `.weight`, as the checkpoint names it.
    var name: String
    /// Of the weight in flat vectors of the model, as [outputs, inputs].
    var range: Range<Int>
    var inputs: Int
    var outputs: Int
    /// Of A and B in flat vectors of the adapter.
    var a: Int
    var b: Int
  }

  package let settings: AdapterSettings
  let modules: [Module]
  /// Elements of a flat vector of the adapter.
  let count: Int
  let parameters: [ModelParameter]
  private let family: ModelFamily
  private let missingPrefix: String

  var scale: Float { settings.alpha / Float(settings.rank) }

  /// - Throws: `unknownTarget` for a target that no product of the model is called.
  package init(_ settings: AdapterSettings, of model: Network) throws(AdapterError) {
    precondition(settings.rank > 0)
    family = model.configuration.family
    let layout = model.weights.layout
    missingPrefix = layout.missingPrefix
    var settings = settings
    if settings.targets.isEmpty { settings.targets = family.adapterTargets }
    let embeddings = [layout.embedding, layout.positions]
    let products = layout.parameters.filter { $0.shape.count == 2 && !embeddings.contains($0.offset) }
    func target(of parameter: ModelParameter) -> Substring {
      parameter.name.dropLast(".weight".count).split(separator: ".").last ?? ""
    }
    for name in settings.targets where !products.contains(where: { target(of: $0) == name }) {
      throw .unknownTarget(name, known: Set(products.map { String(target(of: $0)) }).sorted())
    }
    var modules: [Module] = []
    var parameters: [ModelParameter] = []
    var count = 0
    func add(_ name: String, _ shape: [Int]) -> Int {
      let start = count
      let size = shape[0] * shape[1]
      parameters.append(ModelParameter(name: name, shape: shape, range: start..<start + size, isTransposed: false))
      count += (size + 15) & ~15
      return start
    }
    for parameter in products where settings.targets.contains(String(target(of: parameter))) {
      let name = String(parameter.name.dropLast(".weight".count))
      let (outputs, inputs) = parameter.sizes
      modules.append(
        Module(
          name: name, range: parameter.range, inputs: inputs, outputs: outputs,
          a: add(name + ".lora_A.weight", [settings.rank, inputs]),
          b: add(name + ".lora_B.weight", [outputs, settings.rank])))
    }
    self.settings = settings
    self.modules = modules
    self.parameters = parameters
    self.count = count
  }

  /// Uniform within 1/√inputs for A, as PEFT begins; zero for B, so that the model begins as it is.
  func fillFirstValues(_ values: UnsafeMutablePointer<Float>) {
    values.update(repeating: 0, count: count)
    for (number, module) in modules.enumerated() {
      var chance = SeededGenerator(seed: settings.seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
      let bound = 1 / Double(module.inputs).squareRoot()
      for element in 0..<settings.rank * module.inputs {
        values[module.a + element] = Float((2 * chance.unit() - 1) * bound)
      }
    }
  }

  /// The modules' weights of a flat vector of the model, one behind the other.
  func frozenWeights(of model: UnsafePointer<Float>) -> Matrix {
    let weights = Matrix(uninitializedRows: 1, columns: modules.reduce(0) { $0 + $1.range.count })
    var next = weights.base
    for module in modules {
      next.update(from: model + module.range.lowerBound, count: module.range.count)
      next += module.range.count
    }
    return weights
  }

  /// Puts W + scale · B A of every module into a flat vector of the model.
  func merge(
    _ values: UnsafePointer<Float>, onto frozen: UnsafePointer<Float>, into model: UnsafeMutablePointer<Float>
  ) {
    var next = frozen
    for module in modules {
      let weight = model + module.range.lowerBound
      weight.update(from: next, count: module.range.count)
      next += module.range.count
      Product.multiply(
        m: module.outputs, n: module.inputs, k: settings.rank, alpha: scale, values + module.b, lda: settings.rank,
        values + module.a, ldb: module.inputs, beta: 1, into: weight, ldc: module.inputs)
    }
  }

  /// dA += scale · Bᵀ dW and dB += scale · dW Aᵀ for the module whose weight has that range.
  func addDerivatives(
    _ range: Range<Int>, _ dWeight: UnsafePointer<Float>, at values: UnsafePointer<Float>,
    into sum: UnsafeMutablePointer<Float>
  ) {
    guard let module = modules.first(where: { $0.range == range }) else { return }
    Product.multiply(
      m: settings.rank, n: module.inputs, k: module.outputs, alpha: scale, values + module.b, lda: settings.rank,
      transposedA: true, dWeight, ldb: module.inputs, beta: 1, into: sum + module.a, ldc: module.inputs)
    Product.multiply(
      m: module.outputs, n: settings.rank, k: module.inputs, alpha: scale, dWeight, lda: module.inputs,
      values + module.a, ldb: module.inputs, transposedB: true, beta: 1, into: sum + module.b, ldc: settings.rank)
  }

  /// Writes PEFT's `adapter_config.json` and `adapter_model.safetensors`.
  func save(_ values: UnsafePointer<Float>, to directory: String, base: String) throws(CheckpointError) {
    let configuration: [String: Any] = [
      "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base, "r": settings.rank,
      "lora_alpha": settings.alpha, "lora_dropout": 0, "bias": "none", "target_modules": settings.targets,
      "fan_in_fan_out": family.tensors.isTransposed, "inference_mode": true,
    ]
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try JSONSerialization.data(withJSONObject: configuration, options: [.prettyPrinted, .sortedKeys])
        .write(to: URL(fileURLWithPath: directory + "/adapter_config.json"), options: .atomic)
    } catch {
      throw .unwritable(directory, reason: error.localizedDescription)
    }
    // PEFT wraps the model, whose GPT-2 names begin with "transformer." even where a checkpoint's do not.
    let tensors = parameters.map { parameter in
      SafeTensorsWriter.Tensor(
        name: AdapterFile.prefix + missingPrefix + parameter.name, shape: parameter.shape,
        elements: { parameter.elements(of: values) })
    }
    try SafeTensorsWriter.write(tensors, to: directory + "/adapter_model.safetensors")
  }
}
