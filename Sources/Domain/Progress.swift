/// The phases of a run, in the order they come.
package enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
  case load, tokenize, score
  case warmUp = "warm-up"
  case embed = "embeddings"
  case gradients
  case propagate = "propagation"
  case weigh = "weights"
  case select, export
}

/// How far a phase is, at one moment.
package struct Progress: Sendable, Hashable, Codable {
  package var phase: Phase
  /// Units finished and in all; a unit's name is `unit` ("pairs", "picks", "bytes").
  package var done: Int
  package var total: Int
  package var unit: String
  /// Seconds since the phase began, and units that were done already when it did (resumed from the cache).
  package var elapsed: Double
  package var resumed: Int
  /// Tokens that went through the model since the phase began, where there is a model.
  package var tokens: Int?

  package init(
    phase: Phase, done: Int, total: Int, unit: String, elapsed: Double, resumed: Int = 0, tokens: Int? = nil
  ) {
    self.phase = phase
    self.done = done
    self.total = total
    self.unit = unit
    self.elapsed = elapsed
    self.resumed = resumed
    self.tokens = tokens
  }

  /// Share done, from 0 to 1; a phase of nothing is done.
  package var fraction: Double { total > 0 ? min(1, Double(done) / Double(total)) : 1 }

  /// Units a second since the phase began; nil until there is something to divide.
  package var rate: Double? {
    guard done > resumed, elapsed > 0 else { return nil }
    return Double(done - resumed) / elapsed
  }

  package var tokensPerSecond: Double? {
    guard let tokens, tokens > 0, elapsed > 0 else { return nil }
    return Double(tokens) / elapsed
  }

  /// Seconds left at the present rate.
  package var secondsLeft: Double? { rate.map { Double(total - done) / $0 } }
}

/// Wall-clock seconds that a run's phases took.
package struct PhaseSeconds: Sendable, Hashable, Codable {
  package var load: Double
  package var score: Double
  package var select: Double

  package init(load: Double = 0, score: Double = 0, select: Double = 0) {
    self.load = load
    self.score = score
    self.select = select
  }
}
