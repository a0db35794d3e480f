import Domain
import Foundation
import Testing

/// A transformer in double precision, written from the formulas with plain loops: what the engine's derivatives are held
/// against. Slow, and for tiny shapes only.
struct ReferenceModel {
  /// One kind of model, at a tiny size.
  struct Kind: CustomTestStringConvertible, Sendable {
    var name: String
    var family: String
    var hidden = 8
    var heads = 4
    var keyValueHeads = 2
    var headSize = 2
    var inner = 12
    var layers = 2
    var vocabulary = 12
    var tied = false
    var attentionBias = false
    var outputBias = false
    var perceptronBias = false
    var window: Int?
    /// The `rope_scaling` of config.json.
    var scaling: String?

    var testDescription: String { name }
    var isGPT2: Bool { family == "gpt2" }
    var queryKeyValue: [Int] { [heads * headSize, keyValueHeads * headSize, keyValueHeads * headSize] }
  }

  static let kinds = [
    Kind(name: "Llama, grouped heads", family: "llama"),
    Kind(
      name: "Llama, tied, biases everywhere", family: "llama", tied: true, attentionBias: true, outputBias: true,
      perceptronBias: true),
    Kind(name: "Llama, a head of keys for each of queries", family: "llama", keyValueHeads: 4),
    Kind(
      name: "Llama, linear rope scaling", family: "llama", headSize: 4, scaling: #"{"type":"linear","factor":2.5}"#),
    Kind(
      name: "Llama 3 rope scaling", family: "llama", headSize: 6,
      scaling:
        #"{"rope_type":"llama3","factor":4.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":64}"#
    ),
    Kind(name: "Qwen2", family: "qwen2", attentionBias: true),
    Kind(name: "Qwen3, wide heads", family: "qwen3", headSize: 6, tied: true),
    Kind(name: "Mistral, window of 3", family: "mistral", window: 3),
    Kind(
      name: "GPT-2", family: "gpt2", keyValueHeads: 4, inner: 32, tied: true, attentionBias: true, outputBias: true,
      perceptronBias: true),
    Kind(name: "Llama in panels", family: "llama", hidden: 32, headSize: 8, inner: 64, layers: 1, vocabulary: 32),
    Kind(
      name: "GPT-2 in panels", family: "gpt2", hidden: 32, keyValueHeads: 4, headSize: 8, inner: 128, layers: 1,
      vocabulary: 32, tied: true, attentionBias: true, outputBias: true, perceptronBias: true),
  ]

  let kind: Kind
  /// Row-major, as the checkpoint stores them.
  var tensors: [String: [Double]] = [:]
  private(set) var shapes: [(name: String, shape: [Int])] = []

  /// Random weights, exact in float32.
  init(_ kind: Kind, seed: UInt64) {
    self.kind = kind
    let c = kind
    func add(_ name: String, _ shape: [Int]) { shapes.append((name, shape)) }
    if c.isGPT2 {
      add("wte.weight", [c.vocabulary, c.hidden])
      add("wpe.weight", [16, c.hidden])
      for layer in 0..<c.layers {
        for norm in ["ln_1", "ln_2"] {
          add("h.\(layer).\(norm).weight", [c.hidden])
          add("h.\(layer).\(norm).bias", [c.hidden])
        }
        let products = [
          ("attn.c_attn", c.hidden, c.queryKeyValue.reduce(0, +)), ("attn.c_proj", c.queryKeyValue[0], c.hidden),
          ("mlp.c_fc", c.hidden, c.inner), ("mlp.c_proj", c.inner, c.hidden),
        ]
        for (name, inputs, outputs) in products {
          add("h.\(layer).\(name).weight", [inputs, outputs])
          add("h.\(layer).\(name).bias", [outputs])
        }
      }
      add("ln_f.weight", [c.hidden])
      add("ln_f.bias", [c.hidden])
    } else {
      add("model.embed_tokens.weight", [c.vocabulary, c.hidden])
      for layer in 0..<c.layers {
        let name = "model.layers.\(layer)."
        add(name + "input_layernorm.weight", [c.hidden])
        add(name + "post_attention_layernorm.weight", [c.hidden])
        for (letter, size) in zip("qkv", c.queryKeyValue) {
          add(name + "self_attn.\(letter)_proj.weight", [size, c.hidden])
          if c.attentionBias { add(name + "self_attn.\(letter)_proj.bias", [size]) }
        }
        if c.family == "qwen3" {
          add(name + "self_attn.q_norm.weight", [c.headSize])
          add(name + "self_attn.k_norm.weight", [c.headSize])
        }
        add(name + "self_attn.o_proj.weight", [c.hidden, c.queryKeyValue[0]])
        if c.outputBias { add(name + "self_attn.o_proj.bias", [c.hidden]) }
        for (part, inputs, outputs) in [
          ("gate", c.hidden, c.inner), ("up", c.hidden, c.inner), ("down", c.inner, c.hidden),
        ] {
          add(name + "mlp.\(part)_proj.weight", [outputs, inputs])
          if c.perceptronBias { add(name + "mlp.\(part)_proj.bias", [outputs]) }
        }
      }
      add("model.norm.weight", [c.hidden])
      if !c.tied { add("lm_head.weight", [c.vocabulary, c.hidden]) }
    }
    var chance = SeededGenerator(seed: seed)
    for (name, shape) in shapes {
      let isNorm = name.contains("norm") || name.contains("ln_")
      let center = isNorm && name.hasSuffix("weight") ? 1.0 : 0
      tensors[name] = (0..<shape.reduce(1, *)).map { _ in Double(Float(center + 1.2 * chance.unit() - 0.6)) }
    }
  }

  // MARK: Formulas

  private func tensor(_ name: String) -> [Double] { tensors[name] ?? [] }

  /// y = W x + b for each row; GPT-2 stores W as [inputs, outputs].
  private func product(_ rows: [[Double]], _ name: String, outputs: Int) -> [[Double]] {
    let (weight, bias) = (tensor(name + ".weight"), tensors[name + ".bias"])
    return rows.map { x in
      (0..<outputs).map { output in
        var sum = bias?[output] ?? 0
        for input in x.indices {
          sum += x[input] * weight[kind.isGPT2 ? input * outputs + output : output * x.count + input]
        }
        return sum
      }
    }
  }

  private func norm(_ x: [Double], _ name: String) -> [Double] {
    let weight = tensor(name + ".weight")
    let count = Double(x.count)
    if kind.isGPT2 {
      let (bias, mean) = (tensor(name + ".bias"), x.reduce(0, +) / count)
      let scale = 1 / (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count + 1e-5).squareRoot()
      return x.indices.map { (x[$0] - mean) * scale * weight[$0] + bias[$0] }
    }
    let scale = 1 / (x.reduce(0) { $0 + $1 * $1 } / count + 1e-5).squareRoot()
    return x.indices.map { x[$0] * scale * weight[$0] }
  }

  private func rotate(_ x: [Double], position: Int) -> [Double] {
    let half = x.count / 2
    var y = x
    for pair in 0..<half {
      var frequency = pow(10000, -Double(2 * pair) / Double(x.count))
      if kind.scaling?.contains("linear") == true { frequency /= 2.5 }
      if kind.scaling?.contains("llama3") == true {
        // Llama 3.1: wavelengths above 64 / 1 are stretched fourfold, those below 64 / 4 kept, a ramp between.
        let wavelength = 2 * Double.pi / frequency
        let smooth = min(1, max(0, (64 / wavelength - 1) / 3))
        frequency = (1 - smooth) * frequency / 4 + smooth * frequency
      }
      let (sine, cosine) = (sin(Double(position) * frequency), cos(Double(position) * frequency))
      y[pair] = x[pair] * cosine - x[pair + half] * sine
      y[pair + half] = x[pair + half] * cosine + x[pair] * sine
    }
    return y
  }

  private func attention(_ rows: [[Double]], layer: Int) -> [[Double]] {
    let c = kind
    let name = c.isGPT2 ? "h.\(layer).attn." : "model.layers.\(layer).self_attn."
    let sizes = c.queryKeyValue
    let (query, key, value): ([[Double]], [[Double]], [[Double]])
    if c.isGPT2 {
      let all = product(rows, name + "c_attn", outputs: sizes.reduce(0, +))
      query = all.map { Array($0[..<sizes[0]]) }
      key = all.map { Array($0[sizes[0]..<2 * sizes[0]]) }
      value = all.map { Array($0[(2 * sizes[0])...]) }
    } else {
      query = product(rows, name + "q_proj", outputs: sizes[0])
      key = product(rows, name + "k_proj", outputs: sizes[1])
      value = product(rows, name + "v_proj", outputs: sizes[2])
    }
    func head(_ x: [Double], _ number: Int, _ norm: String?, position: Int) -> [Double] {
      var y = Array(x[number * c.headSize..<(number + 1) * c.headSize])
      guard let norm else { return y }
      if c.family == "qwen3" { y = self.norm(y, name + norm) }
      return c.isGPT2 ? y : rotate(y, position: position)
    }
    let attended = rows.indices.map { place -> [Double] in
      (0..<c.heads).flatMap { number -> [Double] in
        let shared = number / (c.heads / c.keyValueHeads)
        let q = head(query[place], number, "q_norm", position: place)
        let first = c.window.map { max(0, place - $0 + 1) } ?? 0
        let scores = (first...place).map { other in
          zip(q, head(key[other], shared, "k_norm", position: other)).reduce(0) { $0 + $1.0 * $1.1 }
            / Double(c.headSize).squareRoot()
        }
        let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
        let total = weights.reduce(0, +)
        var sum = [Double](repeating: 0, count: c.headSize)
        for (weight, other) in zip(weights, first...place) {
          for (element, v) in head(value[other], shared, nil, position: other).enumerated() {
            sum[element] += weight / total * v
          }
        }
        return sum
      }
    }
    return product(attended, name + (c.isGPT2 ? "c_proj" : "o_proj"), outputs: c.hidden)
  }

  private func perceptron(_ rows: [[Double]], layer: Int) -> [[Double]] {
    if kind.isGPT2 {
      let up = product(rows, "h.\(layer).mlp.c_fc", outputs: kind.inner).map {
        $0.map { x in 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) }
      }
      return product(up, "h.\(layer).mlp.c_proj", outputs: kind.hidden)
    }
    let name = "model.layers.\(layer).mlp."
    let gate = product(rows, name + "gate_proj", outputs: kind.inner)
    let up = product(rows, name + "up_proj", outputs: kind.inner)
    let activated = zip(gate, up).map { gate, up in zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 } }
    return product(activated, name + "down_proj", outputs: kind.hidden)
  }

  /// Normed hidden states behind the first blocks: [tokens][hidden].
  func hidden(_ tokens: [Int32], blocks: Int? = nil) -> [[Double]] {
    let embedding = tensor(kind.isGPT2 ? "wte.weight" : "model.embed_tokens.weight")
    var rows = tokens.map { Array(embedding[Int($0) * kind.hidden..<(Int($0) + 1) * kind.hidden]) }
    if kind.isGPT2 {
      let table = tensor("wpe.weight")
      for place in rows.indices {
        for element in 0..<kind.hidden { rows[place][element] += table[place * kind.hidden + element] }
      }
    }
    func add(_ change: [[Double]]) {
      for place in rows.indices { rows[place] = zip(rows[place], change[place]).map { $0 + $1 } }
    }
    for layer in 0..<(blocks ?? kind.layers) {
      let norms = kind.isGPT2 ? ["ln_1", "ln_2"] : ["input_layernorm", "post_attention_layernorm"]
      let name = kind.isGPT2 ? "h.\(layer)." : "model.layers.\(layer)."
      add(attention(rows.map { norm($0, name + norms[0]) }, layer: layer))
      add(perceptron(rows.map { norm($0, name + norms[1]) }, layer: layer))
    }
    return rows.map { norm($0, kind.isGPT2 ? "ln_f" : "model.norm") }
  }

  /// The mean cross-entropy of the tokens from `first` on, each predicted from those before it.
  func loss(_ tokens: [Int32], from first: Int) -> Double {
    let head = tensor(kind.tied ? (kind.isGPT2 ? "wte.weight" : "model.embed_tokens.weight") : "lm_head.weight")
    let states = hidden(tokens)
    var total = 0.0
    for place in first..<tokens.count {
      let x = states[place - 1]
      let logits = (0..<kind.vocabulary).map { token in
        (0..<kind.hidden).reduce(0) { $0 + x[$1] * head[token * kind.hidden + $1] }
      }
      total += log(logits.reduce(0) { $0 + exp($1) }) - logits[Int(tokens[place])]
    }
    return total / Double(tokens.count - first)
  }

  /// The weights moved by `step` along tangents by name.
  func moved(_ step: Double, along direction: [String: [Double]]) -> ReferenceModel {
    var model = self
    for (name, tangent) in direction {
      model.tensors[name] = zip(tensor(name), tangent).map { $0 + step * $1 }
    }
    return model
  }

  // MARK: Files

  /// Writes the model as a checkpoint directory.
  func write(to folder: URL) throws {
    let c = kind
    var fields = [
      #""model_type":"\#(c.family)""#, #""hidden_size":\#(c.hidden)"#, #""num_hidden_layers":\#(c.layers)"#,
      #""num_attention_heads":\#(c.heads)"#, #""num_key_value_heads":\#(c.keyValueHeads)"#,
      #""head_dim":\#(c.headSize)"#, #""intermediate_size":\#(c.inner)"#, #""vocab_size":\#(c.vocabulary)"#,
      #""max_position_embeddings":16"#, #""tie_word_embeddings":\#(c.tied)"#, #""eos_token_id":0"#,
      c.isGPT2 ? #""layer_norm_epsilon":1e-5"# : #""rms_norm_eps":1e-5"#,
      c.isGPT2 ? #""activation_function":"gelu_new""# : #""hidden_act":"silu""#,
    ]
    if c.family == "llama" {
      fields += [#""attention_bias":\#(c.attentionBias)"#, #""mlp_bias":\#(c.perceptronBias)"#]
    }
    if let window = c.window { fields.append(#""sliding_window":\#(window)"#) }
    if let scaling = c.scaling { fields.append(#""rope_scaling":\#(scaling)"#) }
    try Data("{\(fields.joined(separator: ","))}".utf8).write(to: folder.appendingPathComponent("config.json"))
    let letters = (0..<c.vocabulary).map { #""\#(Character(UnicodeScalar(UInt8(48 + $0))))":\#($0)"# }
    let tokenizer =
      #"{"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"#
      + #""post_processor":null,"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{"#
      + letters.filter { !$0.hasPrefix(#""\"#) }.joined(separator: ",") + #"},"merges":[]}}"#
    try Data(tokenizer.utf8).write(to: folder.appendingPathComponent("tokenizer.json"))
    var header: [String: Any] = [:]
    var data = Data()
    for (name, shape) in shapes {
      let start = data.count
      for value in tensor(name) {
        withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { data.append(contentsOf: $0) }
      }
      header[name] = ["dtype": "F32", "shape": shape, "data_offsets": [start, data.count]]
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    var bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    bytes.append(text)
    bytes.append(data)
    try bytes.write(to: folder.appendingPathComponent("model.safetensors"))
  }
}
