extension ModelFamily {
  /// Qwen3: a norm on each query and key head.
  static let qwen3 = ModelFamily("qwen3", tensors: .qwen3, slidingWindow: .upperLayers)
}

extension TensorNames {
  fileprivate static var qwen3: TensorNames {
    var names = llama
    names.queryNorm = "self_attn.q_norm"
    names.keyNorm = "self_attn.k_norm"
    return names
  }
}
