import LanguageModel

/// A sample as tokens, and the places of those that carry the loss.
struct EncodedSample: Sendable, Hashable {
  /// Every token that the model reads or predicts.
  var tokens: [Int32]
  /// Ascending. A token at the very start of a sequence cannot be predicted and is none of them.
  var losses: [Int]

  init(tokens: [Int32], losses: [Int]) {
    self.tokens = tokens
    self.losses = losses
  }

  /// Pieces one behind the other, those of the loss marked.
  init(pieces: [(tokens: [Int32], hasLoss: Bool)]) {
    tokens = []
    losses = []
    for piece in pieces {
      if piece.hasLoss { losses += tokens.count..<tokens.count + piece.tokens.count }
      tokens += piece.tokens
    }
  }

  /// Tokens before the first that carries the loss.
  var promptCount: Int { losses.first ?? tokens.count }

  /// Cut at its end to so many tokens.
  func prefix(_ count: Int) -> EncodedSample {
    guard count < tokens.count else { return self }
    return EncodedSample(tokens: Array(tokens.prefix(max(0, count))), losses: losses.filter { $0 < count })
  }

  /// The same behind other tokens.
  func behind(_ before: [Int32]) -> EncodedSample {
    EncodedSample(tokens: before + tokens, losses: losses.map { $0 + before.count })
  }

  /// For training and evaluation.
  var lossSample: LossSample {
    LossSample(
      tokens: tokens, targets: losses.filter { $0 > 0 }.map { LossSample.Target(row: $0 - 1, token: tokens[$0]) })
  }
}
