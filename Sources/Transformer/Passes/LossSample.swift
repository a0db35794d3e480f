/// A sequence and the places that carry the loss: the mean cross-entropy of the targets, each predicted from all tokens up to
/// and including its row.
package struct LossSample: Sendable, Hashable {
  package struct Target: Sendable, Hashable {
    /// The token of the sequence behind which the prediction is made.
    package var row: Int
    package var token: Int32

    package init(row: Int, token: Int32) {
      self.row = row
      self.token = token
    }
  }

  package var tokens: [Int32]
  /// In ascending order of rows, one a row.
  package var targets: [Target]

  package init(tokens: [Int32], targets: [Target]) {
    self.tokens = tokens
    self.targets = targets
  }

  /// The loss on the tokens of a response; with no prompt its first token has nothing to be predicted from and is left out.
  package init(prompt: [Int32], response: [Int32]) {
    tokens = prompt + response
    targets = (max(1, prompt.count)..<max(1, tokens.count)).map { [tokens] in Target(row: $0 - 1, token: tokens[$0]) }
  }
}
