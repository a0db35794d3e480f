import Domain
import Foundation
import JSONBytes

/// How rotary angles are stretched for contexts longer than those of pre-training.
package enum RopeScaling: Sendable, Hashable {
  case none
  case linear(factor: Float)
  /// Llama 3.1: long wavelengths divided by `factor`, short ones kept, a ramp between.
  case llama3(factor: Float, lowFrequency: Float, highFrequency: Float, originalContext: Float)
}

/// What `config.json` says of a model: sizes, and which variant each layer is.
package struct ModelConfiguration: Sendable, Hashable {
  package var family: ModelFamily
  package var vocabularySize: Int
  /// Positions the model was made for; a sequence, its prefix counted, must not be longer.
  package var contextLength: Int
  package var hiddenSize: Int
  package var layers: Int
  package var heads: Int
  package var keyValueHeads: Int
  /// Elements of one head's query; not always hidden / heads.
  package var headSize: Int
  package var intermediateSize: Int
  package var normEpsilon: Float
  package var ropeTheta: Float
  package var ropeScaling: RopeScaling
  /// For each layer, how many latest positions (its own among them) a token sees; nil for all.
  package var slidingWindows: [Int?]
  package var tiedEmbeddings: Bool
  package var attentionBias: Bool
  /// Whether the attention's output projection has a bias too (`attention_bias` of Llama).
  package var outputBias: Bool
  package var multilayerPerceptronBias: Bool
  /// The token that ends a response: the tokenizer's, else the first that the configuration names.
  package var endOfSequence: Int32

  /// Reads `config.json` as written by transformers 4 and 5.
  package init(_ json: JSON, file: String) throws(CheckpointError) {
    let architecture = json["architectures"]?.array?.first?.text
    guard let type = json["model_type"]?.text else {
      guard json.members != nil else { throw .malformed(file, reason: "not a JSON object") }
      throw .unknownArchitecture(architecture ?? "no model_type", file: file)
    }
    guard let family = ModelFamily.all.first(where: { $0.name == type }), architecture.map(Self.isCausal) ?? true else {
      throw .unknownArchitecture(architecture ?? type, file: file)
    }
    if let quantisation = json["quantization_config"], !quantisation.isNull {
      throw .quantised(quantisation["quant_method"]?.text ?? "quantization_config", file: file)
    }
    // A key has its usual name, or that of the family.
    func values(_ key: String) -> [(key: String, value: JSON)] {
      [key, family.otherKeys[key]].compactMap { name in name.flatMap { name in json[name].map { (name, $0) } } }
    }
    func size(_ key: String, fallback: Int? = nil) throws(CheckpointError) -> Int {
      if let (key, value) = values(key).first(where: { !$0.value.isNull }) {
        guard let size = value.int, size > 0, size < 1 << 32 else {
          throw .malformed(file, reason: "\"\(key)\" is not a positive whole number")
        }
        return size
      }
      if let fallback { return fallback }
      throw .malformed(file, reason: "\"\(key)\" is missing")
    }
    self.family = family
    vocabularySize = try size("vocab_size")
    hiddenSize = try size("hidden_size")
    layers = try size("num_hidden_layers")
    heads = try size("num_attention_heads")
    keyValueHeads = try size("num_key_value_heads", fallback: heads)
    headSize = try size("head_dim", fallback: hiddenSize / heads)
    contextLength = try size("max_position_embeddings")
    let hidden = hiddenSize
    intermediateSize = try size("intermediate_size", fallback: family.intermediateFactor.map { $0 * hidden })
    guard layers < 1 << 12, heads % keyValueHeads == 0, headSize > 0, !family.rotates || headSize % 2 == 0 else {
      throw .malformed(
        file, reason: "\(layers) layers, \(heads) heads over \(keyValueHeads) of keys and values, head size \(headSize)"
      )
    }
    guard headSize <= 512 else { throw .unsupportedSetting("a head size of \(headSize)", file: file) }
    normEpsilon = Float(values("rms_norm_eps").first?.value.double ?? family.normEpsilon)
    tiedEmbeddings = json["tie_word_embeddings"]?.bool ?? family.tiesEmbeddings
    let biased = json["attention_bias"]?.bool ?? false
    attentionBias = family.biases != .configured || biased
    outputBias = family.biases == .all || (family.biases == .configured && biased)
    multilayerPerceptronBias = family.biases == .all || json["mlp_bias"]?.bool ?? false
    slidingWindows = try Self.windows(json, family.slidingWindow, layers: layers, file: file)
    (ropeTheta, ropeScaling) = try Self.rope(json, file: file)
    endOfSequence = json["eos_token_id"].flatMap { $0.int ?? $0.array?.first?.int }.flatMap { Int32(exactly: $0) } ?? -1
    if let name = values("hidden_act").first?.value.text, !family.activations.contains(name) {
      throw .unsupportedSetting("the activation \"\(name)\"", file: file)
    }
    for refusal in ModelFamily.all.flatMap(\.refusals) where json[refusal.key]?.bool == refusal.value {
      throw .unsupportedSetting(refusal.name, file: file)
    }
    if json["rope_interleaved"]?.bool == true { throw .unsupportedSetting("interleaved rotary embedding", file: file) }
    if let partial = json["partial_rotary_factor"]?.double, partial != 1 {
      throw .unsupportedSetting("a partial rotary factor", file: file)
    }
  }

  private static func isCausal(_ architecture: String) -> Bool {
    architecture.hasSuffix("ForCausalLM") || architecture.hasSuffix("LMHeadModel")
  }

  private static func windows(
    _ json: JSON, _ kind: ModelFamily.SlidingWindow, layers: Int, file: String
  ) throws(CheckpointError) -> [Int?] {
    let isOn =
      switch kind {
      case .none: false
      case .allLayers: true
      case .upperLayers: json["use_sliding_window"]?.bool == true
      }
    guard let value = json["sliding_window"], !value.isNull, isOn else { return Array(repeating: nil, count: layers) }
    guard let window = value.int, window > 0 else {
      throw .malformed(file, reason: "\"sliding_window\" is not a positive whole number")
    }
    if let kinds = json["layer_types"]?.array {
      guard kinds.count == layers else { throw .malformed(file, reason: "\"layer_types\" does not name each layer") }
      return kinds.map { $0.text == "sliding_attention" ? window : nil }
    }
    let first = kind == .allLayers ? 0 : json["max_window_layers"]?.int ?? layers
    return (0..<layers).map { $0 >= first ? window : nil }
  }

  private static func rope(_ json: JSON, file: String) throws(CheckpointError) -> (Float, RopeScaling) {
    // transformers 5 keeps base and scaling together as rope_parameters; 4 has rope_theta beside rope_scaling.
    let parameters = json["rope_parameters"].flatMap { $0.members == nil ? nil : $0 }
    let theta = Float((parameters?["rope_theta"] ?? json["rope_theta"])?.double ?? 10000)
    guard theta > 0, theta.isFinite else { throw .malformed(file, reason: "\"rope_theta\" is not a positive number") }
    let scaling = parameters ?? json["rope_scaling"]
    guard let scaling, !scaling.isNull else { return (theta, .none) }
    func number(_ key: String) throws(CheckpointError) -> Float {
      guard let value = scaling[key]?.double, value > 0, value.isFinite else {
        throw .malformed(file, reason: "rope scaling: \"\(key)\" is missing or not a positive number")
      }
      return Float(value)
    }
    switch scaling["rope_type"]?.text ?? scaling["type"]?.text ?? "default" {
    case "default": return (theta, .none)
    case "linear": return (theta, .linear(factor: try number("factor")))
    case "llama3":
      return (
        theta,
        .llama3(
          factor: try number("factor"), lowFrequency: try number("low_freq_factor"),
          highFrequency: try number("high_freq_factor"),
          originalContext: try number("original_max_position_embeddings"))
      )
    case let other: throw .unsupportedSetting("rope scaling \"\(other)\"", file: file)
    }
  }
}

extension ModelConfiguration {
  /// Query heads that share one head of keys and values.
  package var groupSize: Int { heads / keyValueHeads }
  package var querySize: Int { heads * headSize }
  package var keyValueSize: Int { keyValueHeads * headSize }

  /// The angle per position of each pair of a head's elements, in float32 as transformers computes it: a more exact
  /// table would differ from the checkpoint's own at long positions.
  package func rotaryFrequencies() -> [Float] {
    (0..<headSize / 2).map { pair in
      let frequency = 1 / powf(ropeTheta, Float(2 * pair) / Float(headSize))
      switch ropeScaling {
      case .none: return frequency
      case .linear(let factor): return frequency / factor
      case .llama3(let factor, let low, let high, let context):
        let wavelength = 2 * Float.pi / frequency
        if wavelength > context / low { return frequency / factor }
        if wavelength < context / high { return frequency }
        let smooth = (context / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    }
  }
}
