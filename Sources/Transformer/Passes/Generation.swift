import Domain
import Numerics

extension Network {
  /// Greedy decoding: the likeliest token again and again, the lower id of equals, until one of `ends` (which is not given back), `limit`
  /// tokens, or the context's end.
  ///
  /// The prompt goes through once and its keys and values are kept; what is generated goes through behind them.
  /// - Parameter prompt: not empty, below the context's length.
  /// - Throws: `CancellationError`.
  package func greedy(
    after prompt: [Int32], limit: Int, ends: Set<Int32>, in workspace: Workspace, cancellation: Cancellation
  ) throws -> [Int32] {
    precondition(!prompt.isEmpty)
    let prefix = keysAndValues(of: Array(prompt.dropLast()), in: workspace)
    var pending = [prompt[prompt.count - 1]]
    while pending.count <= limit, prefix.count + pending.count < configuration.contextLength {
      try cancellation.check()
      let next = likeliest(after: pending, behind: prefix, in: workspace)
      if ends.contains(next) { break }
      pending.append(next)
    }
    return Array(pending.dropFirst())
  }

  private func likeliest(after tokens: [Int32], behind prefix: KeyValueCache, in workspace: Workspace) -> Int32 {
    let logits = lastLogits(of: tokens, after: prefix.count == 0 ? nil : prefix, in: workspace)
    var best = 0
    for id in 1..<logits.columns where logits[0, id] > logits[0, best] { best = id }
    return Int32(best)
  }
}
