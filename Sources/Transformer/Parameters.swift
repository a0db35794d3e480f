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
  /// What stands before GPT-2's names ("transformer." or nothing).
  let prefix: String
  private(set) var parameters: [ModelParameter] = []
  private(set) var count = 0
  private(set) var embedding = 0
  private(set) var positions: Int?
  private(set) var layers: [LayerParameters] = []
  private(set) var finalNorm = NormParameters(weight: 0, bias: nil)
  /// Its weight is the embedding where they are tied.
  private(set) var head = LinearParameters(weight: 0, bias: nil, inputs: 0, outputs: 0)

  init(_ configuration: ModelConfiguration, prefix: String = "") {
    self.prefix = prefix
    let c = configuration
    if c.family == .gpt2 { layOutGPT2(c, prefix: prefix) } else { layOutLlama(c) }
  }

  private mutating func layOutLlama(_ c: ModelConfiguration) {
    embedding = add("model.embed_tokens.weight", [c.vocabularySize, c.hiddenSize])
    for layer in 0..<c.layers {
      let name = "model.layers.\(layer)."
      let attention = name + "self_attn."
      let attentionNorm = NormParameters(weight: add(name + "input_layernorm.weight", [c.hiddenSize]))
      let query = add(attention + "q_proj.weight", [c.querySize, c.hiddenSize])
      add(attention + "k_proj.weight", [c.keyValueSize, c.hiddenSize], follows: true)
      add(attention + "v_proj.weight", [c.keyValueSize, c.hiddenSize], follows: true)
      var queryBias: Int?
      if c.attentionBias {
        queryBias = add(attention + "q_proj.bias", [c.querySize])
        add(attention + "k_proj.bias", [c.keyValueSize], follows: true)
        add(attention + "v_proj.bias", [c.keyValueSize], follows: true)
      }
      let queryNorm = c.family == .qwen3 ? add(attention + "q_norm.weight", [c.headSize]) : nil
      let keyNorm = c.family == .qwen3 ? add(attention + "k_norm.weight", [c.headSize]) : nil
      let output = linear(attention + "o_proj", c.querySize, c.hiddenSize, bias: c.outputBias)
      let feedForwardNorm = NormParameters(weight: add(name + "post_attention_layernorm.weight", [c.hiddenSize]))
      let gate = add(name + "mlp.gate_proj.weight", [c.intermediateSize, c.hiddenSize])
      add(name + "mlp.up_proj.weight", [c.intermediateSize, c.hiddenSize], follows: true)
      var gateBias: Int?
      if c.multilayerPerceptronBias {
        gateBias = add(name + "mlp.gate_proj.bias", [c.intermediateSize])
        add(name + "mlp.up_proj.bias", [c.intermediateSize], follows: true)
      }
      let down = linear(name + "mlp.down_proj", c.intermediateSize, c.hiddenSize, bias: c.multilayerPerceptronBias)
      layers.append(
        LayerParameters(
          attentionNorm: attentionNorm,
          queryKeyValue: LinearParameters(
            weight: query, bias: queryBias, inputs: c.hiddenSize, outputs: c.querySize + 2 * c.keyValueSize),
          queryNorm: queryNorm, keyNorm: keyNorm, output: output, feedForwardNorm: feedForwardNorm,
          up: LinearParameters(weight: gate, bias: gateBias, inputs: c.hiddenSize, outputs: 2 * c.intermediateSize),
          down: down))
    }
    finalNorm = NormParameters(weight: add("model.norm.weight", [c.hiddenSize]))
    addHead(c)
  }

  private mutating func layOutGPT2(_ c: ModelConfiguration, prefix: String) {
    embedding = add(prefix + "wte.weight", [c.vocabularySize, c.hiddenSize])
    positions = add(prefix + "wpe.weight", [c.contextLength, c.hiddenSize])
    for layer in 0..<c.layers {
      let name = prefix + "h.\(layer)."
      let attentionNorm = norm(name + "ln_1", c.hiddenSize)
      let attention = convolution(name + "attn.c_attn", c.hiddenSize, c.querySize + 2 * c.keyValueSize)
      let output = convolution(name + "attn.c_proj", c.querySize, c.hiddenSize)
      let feedForwardNorm = norm(name + "ln_2", c.hiddenSize)
      let up = convolution(name + "mlp.c_fc", c.hiddenSize, c.intermediateSize)
      let down = convolution(name + "mlp.c_proj", c.intermediateSize, c.hiddenSize)
      layers.append(
        LayerParameters(
          attentionNorm: attentionNorm, queryKeyValue: attention, queryNorm: nil, keyNorm: nil, output: output,
          feedForwardNorm: feedForwardNorm, up: up, down: down))
    }
    finalNorm = norm(prefix + "ln_f", c.hiddenSize)
    addHead(c)
  }

  private mutating func addHead(_ c: ModelConfiguration) {
    let weight = c.tiedEmbeddings ? embedding : add("lm_head.weight", [c.vocabularySize, c.hiddenSize])
    head = LinearParameters(weight: weight, bias: nil, inputs: c.hiddenSize, outputs: c.vocabularySize)
  }

  private mutating func linear(_ name: String, _ inputs: Int, _ outputs: Int, bias: Bool) -> LinearParameters {
    let weight = add(name + ".weight", [outputs, inputs])
    return LinearParameters(
      weight: weight, bias: bias ? add(name + ".bias", [outputs]) : nil, inputs: inputs, outputs: outputs)
  }

  private mutating func convolution(_ name: String, _ inputs: Int, _ outputs: Int) -> LinearParameters {
    let weight = add(name + ".weight", [inputs, outputs], transposed: true)
    return LinearParameters(weight: weight, bias: add(name + ".bias", [outputs]), inputs: inputs, outputs: outputs)
  }

  private mutating func norm(_ name: String, _ size: Int) -> NormParameters {
    let weight = add(name + ".weight", [size])
    return NormParameters(weight: weight, bias: add(name + ".bias", [size]))
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
  @discardableResult
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
