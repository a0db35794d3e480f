extension ModelFamily {
  /// Mistral: a window over all layers, where the configuration has one.
  static let mistral = ModelFamily("mistral", tensors: .llama, slidingWindow: .allLayers)
}
