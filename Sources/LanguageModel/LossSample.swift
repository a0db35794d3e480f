/// A sequence and the part of it that carries the loss: the mean cross-entropy of the response's tokens, each predicted from
/// all before it.
public struct LossSample: Sendable, Hashable {
  public var tokens: [Int32]
  /// Place of the first response token; at least 1, since the first token of all has nothing to be predicted from.
  public var responseStart: Int

  public init(prompt: [Int32], response: [Int32]) {
    tokens = prompt + response
    responseStart = max(1, prompt.count)
  }

  /// Tokens that carry the loss.
  public var responseCount: Int { max(0, tokens.count - responseStart) }
}
