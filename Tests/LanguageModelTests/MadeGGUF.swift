import Checkpoints
import Foundation
import TestSupport

/// A fixture's checkpoint as llama.cpp's converter writes it: its metadata, names and order of rows, the weights in float32.
struct MadeGGUF {
  var file = GGUFBytes()

  private static let names = [
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
  ]

  init(of directory: String, architecture: String) throws {
    let configuration = try object(directory + "/config.json")
    func number(_ keys: String...) -> Double? {
      keys.lazy.compactMap { (configuration[$0] as? NSNumber)?.doubleValue }.first
    }
    let heads = Int(number("num_attention_heads", "n_head") ?? 1)
    let hidden = Int(number("hidden_size", "n_embd") ?? 1)
    let groups = Int(number("num_key_value_heads") ?? Double(heads))
    let headSize = Int(number("head_dim") ?? Double(hidden / heads))
    file.set("general.architecture", .string(architecture))
    func set(_ key: String, _ value: Double?) {
      if let value { file.set("\(architecture).\(key)", .uint32(UInt32(value))) }
    }
    set("block_count", number("num_hidden_layers", "n_layer"))
    set("context_length", number("max_position_embeddings", "n_positions"))
    set("embedding_length", Double(hidden))
    set("feed_forward_length", number("intermediate_size", "n_inner") ?? Double(4 * hidden))
    set("attention.head_count", Double(heads))
    set("attention.head_count_kv", Double(groups))
    if architecture != "gpt2" {
      set("attention.key_length", Double(headSize))
      set("attention.value_length", Double(headSize))
      set("attention.sliding_window", number("sliding_window"))
      file.set("\(architecture).rope.freq_base", .float32(Float(number("rope_theta") ?? 10000)))
    }
    file.set(
      "\(architecture).attention.layer_norm\(architecture == "gpt2" ? "" : "_rms")_epsilon",
      .float32(Float(number("rms_norm_eps", "layer_norm_epsilon") ?? 1e-5)))

    let tensors = try SafeTensors(path: directory + "/model.safetensors")
    for name in tensors.names {
      let parts = name.split(separator: ".").map(String.init)
      let plain = parts.filter { $0 != "model" && $0 != "transformer" }
      guard let kind = plain.last, var shape = tensors.shape(of: name) else { continue }
      var values = try tensors.floats(name)
      var own = ["embed_tokens": "token_embd", "wte": "token_embd", "wpe": "position_embd", "lm_head": "output"][
        plain[0]]
      if ["norm", "ln_f"].contains(plain[0]) { own = "output_norm" }
      if plain.count > 3 {
        let part = Self.names[plain[2..<plain.count - 1].joined(separator: ".")] ?? "?"
        own = "blk.\(plain[1]).\(part)"
        if architecture == "llama", part == "attn_q" || part == "attn_k" {
          values = interleaved(values, rows: shape[0], headSize: headSize)
        }
        if architecture == "gpt2", shape.count == 2 {
          values = (0..<values.count).map { values[$0 % shape[0] * shape[1] + $0 / shape[0]] }
          shape.reverse()
        }
      }
      file.tensors.append(.init("\(own ?? "?").\(kind)", shape: shape, floats: values))
    }
    if let scaling = configuration["rope_scaling"] as? [String: Any], scaling["rope_type"] as? String == "llama3" {
      let theta = number("rope_theta") ?? 10000
      func setting(_ key: String) -> Double { (scaling[key] as? NSNumber)?.doubleValue ?? 0 }
      let (low, high) = (setting("low_freq_factor"), setting("high_freq_factor"))
      let (factor, context) = (setting("factor"), setting("original_max_position_embeddings"))
      let factors = (0..<headSize / 2).map { pair -> Float in
        let wavelength = 2 * Double.pi * pow(theta, Double(2 * pair) / Double(headSize))
        if wavelength < context / high { return 1 }
        if wavelength > context / low { return Float(factor) }
        let smooth = (context / wavelength - low) / (high - low)
        return Float(1 / ((1 - smooth) / factor + smooth))
      }
      file.tensors.append(.init("rope_freqs.weight", shape: [factors.count], floats: factors))
    }
  }

  /// Adds a byte-level tokenizer of a `tokenizer.json`.
  mutating func addTokenizer(of directory: String, pre: String) throws {
    let json = try object(directory + "/tokenizer.json")
    let model = json["model"] as? [String: Any] ?? [:]
    addTokens(json, model)
    let merges = (model["merges"] as? [Any] ?? []).map { merge in
      merge as? String ?? (merge as? [String] ?? []).joined(separator: " ")
    }
    file.set("tokenizer.ggml.model", .string("gpt2"))
    file.set("tokenizer.ggml.pre", .string(pre))
    file.set("tokenizer.ggml.merges", .strings(merges.map { Array($0.utf8) }))
    let settings = try object(directory + "/tokenizer_config.json")
    for (role, key) in [("bos_token", "bos"), ("eos_token", "eos")] {
      let value = settings[role]
      if let text = value as? String ?? (value as? [String: Any])?["content"] as? String,
        let id = id(of: text, json, model)
      {
        file.set("tokenizer.ggml.\(key)_token_id", .uint32(UInt32(id)))
      }
    }
  }

  /// Adds a SentencePiece-style one, with the scores that its merges follow from.
  mutating func addPieces(of directory: String) throws {
    let json = try object(directory + "/tokenizer.json")
    let model = json["model"] as? [String: Any] ?? [:]
    let count = addTokens(json, model)
    var scores = [Float](repeating: 0, count: count)
    let vocabulary = model["vocab"] as? [String: Int] ?? [:]
    for (rank, merge) in (model["merges"] as? [Any] ?? []).enumerated() {
      let whole = merge as? String ?? (merge as? [String] ?? []).joined(separator: " ")
      if let id = vocabulary[whole.replacingOccurrences(of: " ", with: "")], scores[id] == 0 {
        scores[id] = -Float(rank)
      }
    }
    file.set("tokenizer.ggml.model", .string("llama"))
    file.set("tokenizer.ggml.scores", .floats(scores))
    file.set("tokenizer.ggml.bos_token_id", .uint32(1))
    file.set("tokenizer.ggml.eos_token_id", .uint32(2))
    file.set("tokenizer.ggml.unknown_token_id", .uint32(0))
  }

  private func id(of text: String, _ json: [String: Any], _ model: [String: Any]) -> Int? {
    for case let token as [String: Any] in json["added_tokens"] as? [Any] ?? []
    where token["content"] as? String == text {
      return token["id"] as? Int
    }
    return (model["vocab"] as? [String: Int])?[text]
  }

  @discardableResult private mutating func addTokens(_ json: [String: Any], _ model: [String: Any]) -> Int {
    var tokens: [Int: String] = [:]
    for (token, id) in model["vocab"] as? [String: Int] ?? [:] { tokens[id] = token }
    var kinds: [Int: Int32] = [:]
    for case let token as [String: Any] in json["added_tokens"] as? [Any] ?? [] {
      guard let id = token["id"] as? Int, let content = token["content"] as? String else { continue }
      tokens[id] = content
      kinds[id] = token["special"] as? Bool == true ? 3 : 4
    }
    let count = (tokens.keys.max() ?? -1) + 1
    for (id, token) in tokens where token.wholeMatch(of: /<0x[0-9A-F]{2}>/) != nil { kinds[id] = 6 }
    file.set("tokenizer.ggml.tokens", .strings((0..<count).map { Array((tokens[$0] ?? "[PAD\($0)]").utf8) }))
    file.set("tokenizer.ggml.token_type", .integers((0..<count).map { kinds[$0] ?? (tokens[$0] == nil ? 5 : 1) }))
    return count
  }

  func write(to folder: URL, name: String = "model.gguf") throws -> String {
    let url = folder.appendingPathComponent(name)
    try file.data.write(to: url)
    return url.path
  }
}

private func object(_ path: String) throws -> [String: Any] {
  let data = try Data(contentsOf: URL(fileURLWithPath: path))
  return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
}

/// Row 2 i of a head is its row i, row 2 i + 1 its row i + half: `permute` of llama.cpp's converter.
private func interleaved(_ values: [Float], rows: Int, headSize: Int) -> [Float] {
  let columns = values.count / max(1, rows)
  var result: [Float] = []
  for row in 0..<rows {
    let (head, within) = (row / headSize, row % headSize)
    let source = head * headSize + within % 2 * (headSize / 2) + within / 2
    result += values[source * columns..<(source + 1) * columns]
  }
  return result
}
