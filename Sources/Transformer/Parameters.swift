import Checkpoints
import Domain
import Numerics

/// A named tensor of the model and its range in flat vectors of all parameters (weights, gradients, tangents, optimiser state).
package struct ModelParameter: Sendable, Hashable {
  package var name: String
  /// As the checkpoint stores it.
  package var shape: [Int]
  package var range: Range<Int>
  /// GPT-2 stores its products' weights as [inputs, outputs]; flat vectors have all as [outputs, inputs].
  package var isTransposed: Bool

  var offset: Int { range.lowerBound }
  /// Of a product's weight.
  var sizes: (outputs: Int, inputs: Int) { isTransposed ? (shape[1], shape[0]) : (shape[0], shape[1]) }

  /// The tensor's elements in the checkpoint's order, out of a flat vector of all parameters.
  package func elements(of vector: UnsafePointer<Float>) -> [Float] {
    guard isTransposed else { return Array(UnsafeBufferPointer(start: vector + offset, count: range.count)) }
    let (outputs, inputs) = sizes
    return (0..<range.count).map { vector[offset + $0 % outputs * inputs + $0 / outputs] }
  }

  /// Puts the tensor's elements, in the checkpoint's order, into a flat vector of all parameters.
  package func store(_ elements: [Float], in vector: UnsafeMutablePointer<Float>) {
    precondition(elements.count == range.count)
    let (outputs, inputs) = isTransposed ? sizes : (1, range.count)
    for (index, element) in elements.enumerated() {
      vector[offset + index % outputs * inputs + index / outputs] = element
    }
  }
}

/// A product's weight [outputs, inputs] and bias [outputs], as offsets into a flat vector.
struct LinearParameters: Sendable, Hashable {
  var weight: Int
  var bias: Int?
  var inputs: Int
  var outputs: Int

  /// Of the weight.
  var count: Int { outputs * inputs }
}

/// A norm's weight and, for layer norm, bias.
struct NormParameters: Sendable, Hashable {
  var weight: Int
  var bias: Int?
}

/// Where a block's tensors lie. Query, key and value share one product, and so do gate and up: their rows follow each
/// other in the flat vector.
struct LayerParameters: Sendable, Hashable {
  var attentionNorm: NormParameters
  var queryKeyValue: LinearParameters
  var queryNorm: Int?
  var keyNorm: Int?
  var output: LinearParameters
  var feedForwardNorm: NormParameters
  var up: LinearParameters
  var down: LinearParameters

  /// The flat vector's first element behind the block.
  var end: Int { down.bias.map { $0 + down.outputs } ?? (down.weight + down.count) }
}

/// The layout of all parameters in one flat vector: weights, gradients, tangents and optimiser state are vectors of this layout.
struct ParameterLayout: Sendable, Hashable {
  /// What stands before all names.
  let prefix: String
  /// What PEFT writes before the names of this checkpoint, which lacks it.
  let missingPrefix: String
  private(set) var parameters: [ModelParameter] = []
  private(set) var count = 0
  private(set) var embedding = 0
  private(set) var positions: Int?
  private(set) var layers: [LayerParameters] = []
  private(set) var finalNorm = NormParameters(weight: 0, bias: nil)
  /// Its weight is the embedding where they are tied.
  private(set) var head = LinearParameters(weight: 0, bias: nil, inputs: 0, outputs: 0)

  init(_ configuration: ModelConfiguration, prefix: String = "") {
    let c = configuration
    let names = c.family.tensors
    self.prefix = prefix
    missingPrefix = prefix.isEmpty ? names.optionalPrefix : ""
    embedding = add(prefix + names.embedding + ".weight", [c.vocabularySize, c.hiddenSize])
    positions = names.positions.map { add(prefix + $0 + ".weight", [c.contextLength, c.hiddenSize]) }
    for layer in 0..<c.layers {
      let block = "\(prefix)\(names.block)\(layer)."
      func norm(_ name: String) -> NormParameters { addNorm(block + name, c) }
      func product(_ parts: [String], _ inputs: Int, _ outputs: [Int], bias: Bool) -> LinearParameters {
        addProduct(parts.map { block + $0 }, inputs, outputs, bias: bias, isTransposed: names.isTransposed)
      }
      let attention = [c.querySize, c.keyValueSize, c.keyValueSize]
      layers.append(
        LayerParameters(
          attentionNorm: norm(names.attentionNorm),
          queryKeyValue: product(
            names.queryKeyValue, c.hiddenSize, names.queryKeyValue.count == 1 ? [attention.reduce(0, +)] : attention,
            bias: c.attentionBias),
          queryNorm: names.queryNorm.map { add(block + $0 + ".weight", [c.headSize]) },
          keyNorm: names.keyNorm.map { add(block + $0 + ".weight", [c.headSize]) },
          output: product([names.output], c.querySize, [c.hiddenSize], bias: c.outputBias),
          feedForwardNorm: norm(names.feedForwardNorm),
          up: product(
            names.up, c.hiddenSize, names.up.map { _ in c.intermediateSize }, bias: c.multilayerPerceptronBias),
          down: product([names.down], c.intermediateSize, [c.hiddenSize], bias: c.multilayerPerceptronBias)))
    }
    finalNorm = addNorm(prefix + names.finalNorm, c)
    let weight = c.tiedEmbeddings ? embedding : add(names.head + ".weight", [c.vocabularySize, c.hiddenSize])
    head = LinearParameters(weight: weight, bias: nil, inputs: c.hiddenSize, outputs: c.vocabularySize)
  }

  private mutating func addNorm(_ name: String, _ c: ModelConfiguration) -> NormParameters {
    NormParameters(
      weight: add(name + ".weight", [c.hiddenSize]),
      bias: c.family.tensors.normsHaveBiases ? add(name + ".bias", [c.hiddenSize]) : nil)
  }

  /// A product whose outputs are those of several tensors, one behind the other.
  private mutating func addProduct(
    _ names: [String], _ inputs: Int, _ outputs: [Int], bias: Bool, isTransposed: Bool
  ) -> LinearParameters {
    var (weights, biases): ([Int], [Int]) = ([], [])
    for (name, count) in zip(names, outputs) {
      let shape = isTransposed ? [inputs, count] : [count, inputs]
      weights.append(add(name + ".weight", shape, transposed: isTransposed, follows: !weights.isEmpty))
    }
    for (name, count) in zip(names, outputs) where bias {
      biases.append(add(name + ".bias", [count], follows: !biases.isEmpty))
    }
    return LinearParameters(weight: weights[0], bias: biases.first, inputs: inputs, outputs: outputs.reduce(0, +))
  }

  /// The token embedding, as the weight of a product.
  var embeddingProduct: LinearParameters {
    LinearParameters(weight: embedding, bias: nil, inputs: head.inputs, outputs: head.outputs)
  }

  /// The tensors that a product's weight is made of, in the order of its outputs.
  func parameters(of linear: LinearParameters) -> [ModelParameter] {
    let range = linear.weight..<linear.weight + linear.count
    return parameters.filter { range.contains($0.offset) }
  }

  /// The weights that products are taken with; the output head is one, and with it a tied embedding.
  var products: [LinearParameters] {
    layers.flatMap { [$0.queryKeyValue, $0.output, $0.up, $0.down] } + [head]
  }

  /// Lays a tensor right behind the last one if it `follows` it, else at a cache line's start; returns its offset.
  private mutating func add(_ name: String, _ shape: [Int], transposed: Bool = false, follows: Bool = false) -> Int {
    let offset = follows ? count : (count &+ 15) & ~15
    // Wraps only for sizes that no file can hold; every shape is compared with the file before the count is used.
    count = offset &+ shape.reduce(1, &*)
    parameters.append(
      ModelParameter(name: name, shape: shape, range: offset..<max(offset, count), isTransposed: transposed))
    return offset
  }
}

extension ModelConfiguration {
  /// The tensors that a checkpoint of this configuration has, in the order of the flat vector.
  package var tensors: [(name: String, shape: [Int])] {
    ParameterLayout(self).parameters.map { ($0.name, $0.shape) }
  }
}
