extension ModelFamily {
  /// Qwen2 and Qwen2.5: biases on query, key and value.
  static let qwen2 = ModelFamily("qwen2", tensors: .llama, biases: .queryKeyValue, slidingWindow: .upperLayers)
}
