/// What a family's tensors are called in a checkpoint, without `.weight` and `.bias`.
package struct TensorNames: Sendable, Hashable {
  /// Stands before all names in some checkpoints of the family, in others not.
  package var optionalPrefix = ""
  package var embedding: String
  /// Vectors of positions; nil where positions are rotations.
  package var positions: String?
  /// Followed by a block's number, a dot, and one of those down to `down`.
  package var block: String
  /// Norms have biases: layer norms, not RMS norms.
  package var normsHaveBiases = false
  package var attentionNorm: String
  /// One for each, or one tensor of all three.
  package var queryKeyValue: [String]
  package var queryNorm: String?
  package var keyNorm: String?
  package var output: String
  package var feedForwardNorm: String
  /// Gate and up, or up alone.
  package var up: [String]
  package var down: String
  package var finalNorm: String
  /// Where embeddings are not tied.
  package var head = "lm_head"
  /// Weights of products are stored as [inputs, outputs].
  package var isTransposed = false
}
