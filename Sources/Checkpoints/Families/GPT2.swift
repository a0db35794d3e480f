extension ModelFamily {
  /// GPT-2: learned positions, layer norms, no gate, and products stored as [inputs, outputs].
  static let gpt2 = ModelFamily(
    "gpt2",
    tensors: TensorNames(
      optionalPrefix: "transformer.", embedding: "wte", positions: "wpe", block: "h.", normsHaveBiases: true,
      attentionNorm: "ln_1", queryKeyValue: ["attn.c_attn"], output: "attn.c_proj", feedForwardNorm: "ln_2",
      up: ["mlp.c_fc"], down: "mlp.c_proj", finalNorm: "ln_f", isTransposed: true),
    otherKeys: [
      "hidden_size": "n_embd", "num_hidden_layers": "n_layer", "num_attention_heads": "n_head",
      "max_position_embeddings": "n_positions", "intermediate_size": "n_inner", "rms_norm_eps": "layer_norm_epsilon",
      "hidden_act": "activation_function",
    ],
    biases: .all, activations: ["gelu_new", "gelu_pytorch_tanh"],
    refusals: [
      Refusal(key: "scale_attn_by_inverse_layer_idx", value: true, name: "GPT-2's attention scaling by layer"),
      Refusal(key: "scale_attn_weights", value: false, name: "GPT-2's attention scaling by layer"),
    ],
    normEpsilon: 1e-5, tiesEmbeddings: true, intermediateFactor: 4, adapterTargets: ["c_attn"])
}
