/// What a run will take, told from a quick measurement before anything starts.
package struct RunEstimate: Sendable, Hashable, Codable {
  /// Rows that go through the model: each example once, and each query behind each example. 0 without a model.
  package var passes: Int
  /// Tokens that go through it.
  package var tokens: Double
  /// Bytes of memory at its height: weights, distances and kernel.
  package var memory: Double
  package var seconds: Double
  /// What was measured; nil where nothing had to be.
  package var tokensPerSecond: Double?
  /// Share of the scores that are kept already and are not counted, about; nil where nothing is looked up.
  package var kept: Double?
  /// What would be better, if something would.
  package var advice: String?

  package init(
    passes: Int, tokens: Double, memory: Double, seconds: Double, tokensPerSecond: Double? = nil, advice: String? = nil
  ) {
    self.passes = passes
    self.tokens = tokens
    self.memory = memory
    self.seconds = seconds
    self.tokensPerSecond = tokensPerSecond
    self.advice = advice
  }

  /// The two one after the other.
  package func behind(_ first: RunEstimate) -> RunEstimate {
    var both = self
    both.passes += first.passes
    both.tokens += first.tokens
    both.memory = max(memory, first.memory)
    both.seconds += first.seconds
    return both
  }
}
