import Foundation

/// The `config.json` that a GGUF file's metadata stand for.
struct GGUFConfiguration: Sendable {
  private let gguf: GGUFFile
  private(set) var architecture: GGUFArchitecture
  private let tensors: Tensors

  /// What must be known of the model's tensors, in whichever part of a split file they are.
  struct Tensors: Sendable {
    /// Shape, outermost first.
    var shape: @Sendable (String) -> [Int]?
    var floats: @Sendable (String) throws(CheckpointError) -> [Float]?
  }

  /// Errors: `unknownArchitecture`, `unsupportedSetting`.
  init(_ gguf: GGUFFile, tensors: Tensors) throws(CheckpointError) {
    self.gguf = gguf
    self.tensors = tensors
    guard let name = gguf.text("general.architecture") else { throw gguf.malformed("no general.architecture") }
    guard var found = GGUFArchitecture.all.first(where: { $0.name == name }) else {
      throw .unknownArchitecture(name, file: gguf.file.path)
    }
    if found.name == "llama", gguf.integer("llama.attention.sliding_window") ?? 0 > 0 {
      (found.family, found.className) = ("mistral", "MistralForCausalLM")
    }
    if found.name == "olmo2", gguf.integer("olmo2.attention.sliding_window") ?? 0 > 0 {
      (found.family, found.className) = ("olmo3", "Olmo3ForCausalLM")
    }
    architecture = found
    let heads = try size("attention.head_count")
    let width = try size("embedding_length")
    architecture.headSize = try optionalSize("attention.key_length") ?? (width / max(1, heads))
    if let values = try optionalSize("attention.value_length"), values != architecture.headSize {
      throw .unsupportedSetting("a value size of \(values) beside a key size of \(architecture.headSize)", file: path)
    }
    if try optionalSize("expert_count") ?? 0 > 0 {
      throw .unsupportedSetting("a mixture of experts (\(name).expert_count)", file: path)
    }
  }

  private var path: String { gguf.file.path }

  private func key(_ name: String) -> String { architecture.name + "." + name }

  /// A setting that is a whole number, or the same one for every layer.
  private func optionalSize(_ name: String) throws(CheckpointError) -> Int? {
    if let list = try gguf.numbers(key(name)) {
      guard let first = list.first, list.allSatisfy({ $0 == first }) else {
        throw .unsupportedSetting("\(key(name)) that differs by layer", file: path)
      }
      guard let size = Int(exactly: first), size >= 0 else { throw gguf.malformed("\(key(name)) is no size") }
      return size
    }
    guard let value = gguf.metadata[key(name)] else { return nil }
    guard case .integer(let size) = value, size >= 0, size < 1 << 40 else {
      throw gguf.malformed("\(key(name)) is no size")
    }
    return Int(size)
  }

  private func size(_ name: String) throws(CheckpointError) -> Int {
    guard let size = try optionalSize(name) else { throw gguf.malformed("\(key(name)) is missing") }
    return size
  }

  func json() throws(CheckpointError) -> [UInt8] {
    let a = architecture
    let isGPT2 = a.name == "gpt2"
    let (layers, heads) = (try size("block_count"), try size("attention.head_count"))
    let groups = try optionalSize("attention.head_count_kv")
    let (hidden, inner) = (try size("embedding_length"), try size("feed_forward_length"))
    let context = try size("context_length")
    let window = try optionalSize("attention.sliding_window")
    guard let vocabulary = tensors.shape("token_embd.weight")?.first else {
      throw .missingTensor("token_embd.weight", directory: path)
    }
    let epsilonKey = key(isGPT2 ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon")
    guard let epsilon = gguf.number(epsilonKey) else { throw gguf.malformed("\(epsilonKey) is missing") }
    let theta = gguf.number(key("rope.freq_base")) ?? 10000
    let turned = try optionalSize("rope.dimension_count") ?? a.headSize
    let rope = isGPT2 ? nil : try scaling(context: context)
    let ends = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"].compactMap { gguf.integer($0) }
    let multipliers = try multipliers()
    var text = JSONText()
    text.object { text in
      text.array("architectures") { $0.element(Array(a.className.utf8)) }
      text.member("model_type", a.family)
      text.member("vocab_size", vocabulary)
      text.member(isGPT2 ? "n_positions" : "max_position_embeddings", context)
      text.member(isGPT2 ? "n_embd" : "hidden_size", hidden)
      text.member(isGPT2 ? "n_layer" : "num_hidden_layers", layers)
      text.member(isGPT2 ? "n_head" : "num_attention_heads", heads)
      text.member(isGPT2 ? "n_inner" : "intermediate_size", inner)
      text.member(isGPT2 ? "layer_norm_epsilon" : "rms_norm_eps", epsilon)
      text.member(a.activationKey, a.activation)
      text.member("tie_word_embeddings", tensors.shape("output.weight") == nil)
      if let first = ends.first { text.member("eos_token_id", first) }
      if let start = gguf.integer("tokenizer.ggml.bos_token_id") { text.member("bos_token_id", start) }
      if !isGPT2 {
        text.member("num_key_value_heads", groups ?? heads)
        text.member("head_dim", a.headSize)
        if turned != a.headSize { text.member("partial_rotary_factor", Double(turned) / Double(max(1, a.headSize))) }
        let hasBias = a.family != "qwen2" && tensors.shape("blk.0.attn_q.bias") != nil
        text.member("attention_bias", hasBias)
        text.member("mlp_bias", tensors.shape("blk.0.ffn_up.bias") != nil)
        if a.name == "gemma3" {
          gemma(&text, layers: layers, heads: heads, hidden: hidden, window: window, theta: theta, scaling: rope)
        } else {
          text.member("rope_theta", theta)
          if let rope { text.member("rope_scaling", json: rope) }
          if let window, window > 0, !a.name.hasPrefix("qwen") { text.member("sliding_window", window) }
        }
        if a.name == "smollm3" {
          // llama.cpp has it so whatever the file says: each fourth layer does not rotate.
          text.array("no_rope_layers") { list in
            for layer in 0..<min(layers, 1 << 12) { list.element(json: (layer + 1) % 4 == 0 ? "0" : "1") }
          }
        }
        if a.family == "olmo3" { layerTypes(&text, layers: layers, every: 4) }
        for (name, value) in multipliers { text.member(name, value) }
      }
      text.member("torch_dtype", "float32")
    }
    return text.bytes
  }

  private func layerTypes(_ text: inout JSONText, layers: Int, every pattern: Int) {
    text.array("layer_types") { list in
      for layer in 0..<min(layers, 1 << 12) {
        list.element(Array(((layer + 1) % pattern == 0 ? "full_attention" : "sliding_attention").utf8))
      }
    }
  }

  private func gemma(
    _ text: inout JSONText, layers: Int, heads: Int, hidden: Int, window: Int?, theta: Double, scaling: String?
  ) {
    if let window { text.member("sliding_window", window) }
    layerTypes(
      &text, layers: layers, every: gguf.integer(key("attention.sliding_window_pattern")).map { max(1, $0) } ?? 6)
    // The 27B model alone scales scores by the width of its heads as it was before they were chosen apart.
    text.member("query_pre_attn_scalar", layers == 62 ? hidden / max(1, heads) : architecture.headSize)
    text.object("rope_parameters") { text in
      text.object("full_attention") { text in
        text.member("rope_theta", theta)
        if let factor = gguf.number(key("rope.scaling.factor")), scaling != nil {
          text.member("rope_type", "linear")
          text.member("factor", factor)
        } else {
          text.member("rope_type", "default")
        }
      }
      text.object("sliding_attention") { text in
        text.member("rope_theta", gguf.number(key("rope.freq_base_swa")) ?? 10000)
        text.member("rope_type", "default")
      }
    }
  }

  /// Granite's four factors, under Hugging Face's names.
  private func multipliers() throws(CheckpointError) -> [(String, Double)] {
    let names = [
      ("attention.scale", "attention_multiplier"), ("embedding_scale", "embedding_multiplier"),
      ("residual_scale", "residual_multiplier"), ("logit_scale", "logits_scaling"),
    ]
    let found = names.compactMap { name, theirs in gguf.number(key(name)).map { (theirs, $0) } }
    guard found.isEmpty || architecture.name == "granite" else {
      throw .unsupportedSetting(
        "scaling by factors (\(names.map { key($0.0) }.filter { gguf.metadata[$0] != nil }.joined(separator: ", ")))",
        file: path)
    }
    return found
  }

  /// `rope_scaling`, as JSON.
  private func scaling(context: Int) throws(CheckpointError) -> String? {
    let type = gguf.text(key("rope.scaling.type")) ?? "none"
    let factor = gguf.number(key("rope.scaling.factor")) ?? gguf.number(key("rope.scale_linear"))
    let original = gguf.integer(key("rope.scaling.original_context_length"))
    if let long = try tensors.floats("rope_factors_long.weight"),
      let short = try tensors.floats("rope_factors_short.weight")
    {
      func list(_ factors: [Float]) -> String { "[" + factors.map { "\($0)" }.joined(separator: ",") + "]" }
      guard let original else { throw gguf.malformed("\(key("rope.scaling.original_context_length")) is missing") }
      return """
        {"rope_type": "longrope", "long_factor": \(list(long)), "short_factor": \(list(short)), \
        "factor": \(Double(context) / Double(max(1, original))), "original_max_position_embeddings": \(original)}
        """
    }
    if let factors = try tensors.floats("rope_freqs.weight") { return try llama3(factors) }
    switch type {
    case "none": return nil
    case "linear": return (factor ?? 1) == 1 ? nil : "{\"rope_type\": \"linear\", \"factor\": \(factor ?? 1)}"
    case "yarn":
      guard let factor, let original else {
        throw gguf.malformed("a rope scaling \"yarn\" without its factor or context")
      }
      return "{\"rope_type\": \"yarn\", \"factor\": \(factor), \"original_max_position_embeddings\": \(original)}"
    default: throw .unsupportedSetting("rope scaling \"\(type)\"", file: path)
    }
  }

  /// Llama 3.1 and later: the converter writes what each frequency is divided by, and leaves the settings out that it follows
  /// from. They are found again: the factor is the largest, the context follows from a frequency between the plateaus.
  private func llama3(_ factors: [Float]) throws(CheckpointError) -> String? {
    if factors.allSatisfy({ $0 == 1 }) { return nil }
    let theta = gguf.number(key("rope.freq_base")) ?? 10000
    let size = architecture.headSize
    let factor = Double(factors.max() ?? 1)
    let wavelengths = factors.indices.map { 2 * Double.pi * pow(theta, Double(2 * $0) / Double(max(1, size))) }
    let between = zip(factors, wavelengths).compactMap { found, wavelength -> Double? in
      let smooth = (1 / Double(found) - 1 / factor) / (1 - 1 / factor)
      return smooth > 0.01 && smooth < 0.99 ? (wavelength * (1 + 3 * smooth)).rounded() : nil
    }
    for original in [8192] + between.prefix(1) where factor > 1 && factors.count == size / 2 {
      let fits = zip(factors, wavelengths).allSatisfy { found, wavelength in
        let smooth = (original / wavelength - 1) / 3
        let expected =
          wavelength < original / 4 ? 1 : wavelength > original ? factor : 1 / ((1 - smooth) / factor + smooth)
        return abs(Double(found) - expected) <= 1e-4 * expected
      }
      if fits {
        return """
          {"rope_type": "llama3", "factor": \(factor), "low_freq_factor": 1.0, "high_freq_factor": 4.0, \
          "original_max_position_embeddings": \(Int(original))}
          """
      }
    }
    throw .unsupportedSetting("rope_freqs.weight that follows from no known scaling", file: path)
  }
}
