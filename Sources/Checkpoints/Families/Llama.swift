extension ModelFamily {
  /// Llama 2, 3, 3.1, 3.2 and SmolLM2.
  static let llama = ModelFamily("llama", tensors: .llama)
}

extension TensorNames {
  /// Those of Llama, which later families took over.
  static let llama = TensorNames(
    embedding: "model.embed_tokens", block: "model.layers.", attentionNorm: "input_layernorm",
    queryKeyValue: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"], output: "self_attn.o_proj",
    feedForwardNorm: "post_attention_layernorm", up: ["mlp.gate_proj", "mlp.up_proj"], down: "mlp.down_proj",
    finalNorm: "model.norm")
}
