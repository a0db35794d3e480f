import Checkpoints
import Domain
import Numerics

/// A named tensor of a checkpoint and its place in the flat vector of all parameters.
struct Parameter: Sendable, Hashable {
  var name: String
  /// As the checkpoint stores it.
  var shape: [Int]
  /// First element in the flat vector.
  var offset: Int
  /// GPT-2 stores its products' weights as [inputs, outputs]; the flat vector has all as [outputs, inputs].
  var isTransposed: Bool
  var count: Int { shape.reduce(1, *) }
}

/// A product's weight [outputs, inputs] and bias [outputs], as offsets into a flat vector.
struct LinearPlace: Sendable, Hashable {
  var weight: Int
  var bias: Int?
  var inputs: Int
  var outputs: Int
}

/// A norm's weight and, for layer norm, bias.
struct NormPlace: Sendable, Hashable {
  var weight: Int
  var bias: Int?
}

/// Where a block's tensors lie. Query, key and value share one product, and so do gate and up: their rows follow each
/// other in the flat vector.
struct LayerPlace: Sendable, Hashable {
  var attentionNorm: NormPlace
  var queryKeyValue: LinearPlace
  var queryNorm: Int?
  var keyNorm: Int?
  var output: LinearPlace
  var feedForwardNorm: NormPlace
  var up: LinearPlace
  var down: LinearPlace

  /// The flat vector's first element behind the block.
  var end: Int { down.bias.map { $0 + down.outputs } ?? (down.weight + down.outputs * down.inputs) }
}

/// The layout of all parameters in one flat vector: weights, gradients, tangents and optimiser state are vectors of this layout.
struct ParameterLayout: Sendable, Hashable {
  /// What stands before GPT-2's names ("transformer." or nothing).
  let prefix: String
  private(set) var parameters: [Parameter] = []
  private(set) var count = 0
  private(set) var embedding = 0
  private(set) var positions: Int?
  private(set) var layers: [LayerPlace] = []
  private(set) var finalNorm = NormPlace(weight: 0, bias: nil)
  /// Its weight is the embedding where they are tied.
  private(set) var head = LinearPlace(weight: 0, bias: nil, inputs: 0, outputs: 0)

  init(_ configuration: ModelConfiguration, prefix: String = "") {
    self.prefix = prefix
    let c = configuration
    if c.family == .gpt2 { layOutGPT2(c, prefix: prefix) } else { layOutLlama(c) }
  }

  private mutating func layOutLlama(_ c: ModelConfiguration) {
    embedding = place("model.embed_tokens.weight", [c.vocabularySize, c.hiddenSize])
    for layer in 0..<c.layers {
      let name = "model.layers.\(layer)."
      let attention = name + "self_attn."
      let attentionNorm = NormPlace(weight: place(name + "input_layernorm.weight", [c.hiddenSize]))
      let query = place(attention + "q_proj.weight", [c.querySize, c.hiddenSize])
      place(attention + "k_proj.weight", [c.keyValueSize, c.hiddenSize], follows: true)
      place(attention + "v_proj.weight", [c.keyValueSize, c.hiddenSize], follows: true)
      var queryBias: Int?
      if c.attentionBias {
        queryBias = place(attention + "q_proj.bias", [c.querySize])
        place(attention + "k_proj.bias", [c.keyValueSize], follows: true)
        place(attention + "v_proj.bias", [c.keyValueSize], follows: true)
      }
      let queryNorm = c.family == .qwen3 ? place(attention + "q_norm.weight", [c.headSize]) : nil
      let keyNorm = c.family == .qwen3 ? place(attention + "k_norm.weight", [c.headSize]) : nil
      let output = linear(attention + "o_proj", c.querySize, c.hiddenSize, bias: c.outputBias)
      let feedForwardNorm = NormPlace(weight: place(name + "post_attention_layernorm.weight", [c.hiddenSize]))
      let gate = place(name + "mlp.gate_proj.weight", [c.intermediateSize, c.hiddenSize])
      place(name + "mlp.up_proj.weight", [c.intermediateSize, c.hiddenSize], follows: true)
      var gateBias: Int?
      if c.multilayerPerceptronBias {
        gateBias = place(name + "mlp.gate_proj.bias", [c.intermediateSize])
        place(name + "mlp.up_proj.bias", [c.intermediateSize], follows: true)
      }
      let down = linear(name + "mlp.down_proj", c.intermediateSize, c.hiddenSize, bias: c.multilayerPerceptronBias)
      layers.append(
        LayerPlace(
          attentionNorm: attentionNorm,
          queryKeyValue: LinearPlace(
            weight: query, bias: queryBias, inputs: c.hiddenSize, outputs: c.querySize + 2 * c.keyValueSize),
          queryNorm: queryNorm, keyNorm: keyNorm, output: output, feedForwardNorm: feedForwardNorm,
          up: LinearPlace(weight: gate, bias: gateBias, inputs: c.hiddenSize, outputs: 2 * c.intermediateSize),
          down: down))
    }
    finalNorm = NormPlace(weight: place("model.norm.weight", [c.hiddenSize]))
    placeHead(c)
  }

  private mutating func layOutGPT2(_ c: ModelConfiguration, prefix: String) {
    embedding = place(prefix + "wte.weight", [c.vocabularySize, c.hiddenSize])
    positions = place(prefix + "wpe.weight", [c.contextLength, c.hiddenSize])
    for layer in 0..<c.layers {
      let name = prefix + "h.\(layer)."
      let attentionNorm = norm(name + "ln_1", c.hiddenSize)
      let attention = convolution(name + "attn.c_attn", c.hiddenSize, c.querySize + 2 * c.keyValueSize)
      let output = convolution(name + "attn.c_proj", c.querySize, c.hiddenSize)
      let feedForwardNorm = norm(name + "ln_2", c.hiddenSize)
      let up = convolution(name + "mlp.c_fc", c.hiddenSize, c.intermediateSize)
      let down = convolution(name + "mlp.c_proj", c.intermediateSize, c.hiddenSize)
      layers.append(
        LayerPlace(
          attentionNorm: attentionNorm, queryKeyValue: attention, queryNorm: nil, keyNorm: nil, output: output,
          feedForwardNorm: feedForwardNorm, up: up, down: down))
    }
    finalNorm = norm(prefix + "ln_f", c.hiddenSize)
    placeHead(c)
  }

  private mutating func placeHead(_ c: ModelConfiguration) {
    let weight = c.tiedEmbeddings ? embedding : place("lm_head.weight", [c.vocabularySize, c.hiddenSize])
    head = LinearPlace(weight: weight, bias: nil, inputs: c.hiddenSize, outputs: c.vocabularySize)
  }

  private mutating func linear(_ name: String, _ inputs: Int, _ outputs: Int, bias: Bool) -> LinearPlace {
    let weight = place(name + ".weight", [outputs, inputs])
    return LinearPlace(
      weight: weight, bias: bias ? place(name + ".bias", [outputs]) : nil, inputs: inputs, outputs: outputs)
  }

  private mutating func convolution(_ name: String, _ inputs: Int, _ outputs: Int) -> LinearPlace {
    let weight = place(name + ".weight", [inputs, outputs], transposed: true)
    return LinearPlace(weight: weight, bias: place(name + ".bias", [outputs]), inputs: inputs, outputs: outputs)
  }

  private mutating func norm(_ name: String, _ size: Int) -> NormPlace {
    let weight = place(name + ".weight", [size])
    return NormPlace(weight: weight, bias: place(name + ".bias", [size]))
  }

  /// The parameters as they are shown outside.
  var named: [ModelParameter] {
    parameters.map {
      ModelParameter(
        name: $0.name, shape: $0.shape, range: $0.offset..<$0.offset + $0.count, isTransposed: $0.isTransposed)
    }
  }

  /// The token embedding, as the weight of a product.
  var embeddingPlace: LinearPlace {
    LinearPlace(weight: embedding, bias: nil, inputs: head.inputs, outputs: head.outputs)
  }

  /// The tensors that a product's weight is made of, in the order of its outputs.
  func parameters(of place: LinearPlace) -> [Parameter] {
    let range = place.weight..<place.weight + place.outputs * place.inputs
    return parameters.filter { range.contains($0.offset) }
  }

  /// The weights that products are taken with; the output head is one, and with it a tied embedding.
  var products: [LinearPlace] {
    layers.flatMap { [$0.queryKeyValue, $0.output, $0.up, $0.down] } + [head]
  }

  /// Gives a tensor the next place: right behind the last one if it `follows` it, else at a cache line's start.
  @discardableResult
  private mutating func place(_ name: String, _ shape: [Int], transposed: Bool = false, follows: Bool = false) -> Int {
    let offset = follows ? count : (count &+ 15) & ~15
    parameters.append(Parameter(name: name, shape: shape, offset: offset, isTransposed: transposed))
    // Wraps only for sizes that no file can hold; every shape is compared with the file before the count is used.
    count = offset &+ shape.reduce(1, &*)
    return offset
  }
}

extension ModelConfiguration {
  /// The tensors that a checkpoint of this configuration has, in the order of the flat vector.
  package var tensors: [(name: String, shape: [Int])] {
    ParameterLayout(self).parameters.map { ($0.name, $0.shape) }
  }
}
