import Foundation

/// A model architecture of llama.cpp's that is computed here: which family it is in Hugging Face's words, what its tensors are
/// called there, and what llama.cpp's converter (`convert_hf_to_gguf.py`) did to them.
struct GGUFArchitecture: Sendable {
  /// What was done to a tensor.
  enum Change: Sendable, Hashable {
    /// Rows of each head interleaved, for rotary embeddings that turn neighbours.
    case interleaved(headSize: Int)
    case transposed
    /// The weight of a norm that scales by one more than it.
    case plusOne

    var headSize: Int? {
      if case .interleaved(let size) = self { size } else { nil }
    }
  }

  /// Tensors that follow from settings, and are read as such.
  static let derived: Set<String> = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"]

  /// `general.architecture`.
  var name: String
  /// `model_type` and `architectures` of config.json.
  var family: String
  var className: String
  /// What its parts are called, outside of blocks and in them; those that all have are left out.
  var outer: [String: String] = [:]
  var inner: [String: String] = [:]
  var block = "model.layers."
  /// Query and key rows are interleaved.
  var interleaves = false
  var transposes = false
  /// Norms scale by one more than their weight.
  var addsOne = false
  /// Where the activation has a name in config.json other than Llama's.
  var activation = "silu"
  var activationKey = "hidden_act"
  /// Of query and key heads, from the file.
  var headSize = 0

  static let all: [GGUFArchitecture] = [
    GGUFArchitecture(name: "llama", family: "llama", className: "LlamaForCausalLM", interleaves: true),
    GGUFArchitecture(name: "qwen2", family: "qwen2", className: "Qwen2ForCausalLM"),
    GGUFArchitecture(
      name: "qwen3", family: "qwen3", className: "Qwen3ForCausalLM", inner: headNorms),
    GGUFArchitecture(
      name: "gemma3", family: "gemma3_text", className: "Gemma3ForCausalLM",
      inner: headNorms.merging([
        "post_attention_norm": "post_attention_layernorm", "ffn_norm": "pre_feedforward_layernorm",
        "post_ffw_norm": "post_feedforward_layernorm",
      ]) { $1 },
      addsOne: true, activation: "gelu_pytorch_tanh", activationKey: "hidden_activation"),
    GGUFArchitecture(
      name: "smollm3", family: "smollm3", className: "SmolLM3ForCausalLM", interleaves: true),
    GGUFArchitecture(
      name: "olmo2", family: "olmo2", className: "Olmo2ForCausalLM",
      inner: headNorms.merging([
        "post_attention_norm": "post_attention_layernorm", "post_ffw_norm": "post_feedforward_layernorm",
      ]) { $1 }),
    GGUFArchitecture(
      name: "granite", family: "granite", className: "GraniteForCausalLM", interleaves: true),
    GGUFArchitecture(
      name: "phi3", family: "phi3", className: "Phi3ForCausalLM",
      inner: ["attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj"]),
    GGUFArchitecture(
      name: "gpt2", family: "gpt2", className: "GPT2LMHeadModel",
      outer: [
        "token_embd": "transformer.wte", "position_embd": "transformer.wpe", "output_norm": "transformer.ln_f",
      ],
      inner: [
        "attn_norm": "ln_1", "attn_qkv": "attn.c_attn", "attn_output": "attn.c_proj", "ffn_norm": "ln_2",
        "ffn_up": "mlp.c_fc", "ffn_down": "mlp.c_proj",
      ], block: "transformer.h.", transposes: true, activation: "gelu_new", activationKey: "activation_function"),
  ]

  private static let headNorms = ["attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"]

  private static let usualOuter = [
    "token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head",
  ]
  private static let usualInner = [
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
  ]

  /// Name and change of a tensor by its name in the file; nil for one that no such model has.
  func tensor(_ name: String) -> (name: String, change: Change?)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let kind = parts.last, kind == "weight" || kind == "bias" else { return nil }
    if parts.count == 2 {
      guard let found = outer[String(parts[0])] ?? Self.usualOuter[String(parts[0])] else { return nil }
      return ("\(found).\(kind)", addsOne && parts[0] == "output_norm" ? .plusOne : nil)
    }
    guard parts.count == 4, parts[0] == "blk", let number = Int(parts[1]), number >= 0, String(number) == parts[1],
      let found = inner[String(parts[2])] ?? Self.usualInner[String(parts[2])]
    else { return nil }
    var change: Change?
    if interleaves, parts[2] == "attn_q" || parts[2] == "attn_k" { change = .interleaved(headSize: headSize) }
    if addsOne, parts[2].hasSuffix("norm") { change = .plusOne }
    if transposes, kind == "weight", !parts[2].hasSuffix("norm") { change = .transposed }
    return ("\(block)\(number).\(found).\(kind)", change)
  }
}
