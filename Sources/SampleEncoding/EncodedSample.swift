import Transformer

/// A sample as tokens, and the positions of those that carry the loss.
package struct EncodedSample: Sendable, Hashable {
  /// Every token that the model reads or predicts.
  package var tokens: [Int32]
  /// Ascending. A token at the very start of a sequence cannot be predicted and is none of them.
  package var losses: [Int]

  package init(tokens: [Int32], losses: [Int]) {
    self.tokens = tokens
    self.losses = losses
  }

  /// Pieces one behind the other, those of the loss marked.
  package init(pieces: [(tokens: [Int32], hasLoss: Bool)]) {
    tokens = []
    losses = []
    for piece in pieces {
      if piece.hasLoss { losses += tokens.count..<tokens.count + piece.tokens.count }
      tokens += piece.tokens
    }
  }

  /// Tokens before the first that carries the loss.
  package var promptCount: Int { losses.first ?? tokens.count }

  /// Cut at its end to so many tokens.
  package func prefix(_ count: Int) -> EncodedSample {
    guard count < tokens.count else { return self }
    return EncodedSample(tokens: Array(tokens.prefix(max(0, count))), losses: losses.filter { $0 < count })
  }

  /// The same behind other tokens.
  package func behind(_ before: [Int32]) -> EncodedSample {
    EncodedSample(tokens: before + tokens, losses: losses.map { $0 + before.count })
  }

  /// For training and evaluation.
  package var lossSample: LossSample {
    LossSample(
      tokens: tokens, targets: losses.filter { $0 > 0 }.map { LossSample.Target(row: $0 - 1, token: tokens[$0]) })
  }
}
