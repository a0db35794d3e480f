import Domain
import LanguageModel
import Numerics
import TestSupport
import Testing
import Transformer

/// Greedy decoding against whole passes without anything kept.
@Suite struct GenerationTests {
  @Test(arguments: ["llama-tied", "qwen3", "gpt2", "mistral"]) func tokensAreThoseOfWholePasses(name: String) throws {
    let model = try Model(directory: Oracle(name).directory)
    let workspace = model.network.makeWorkspace()
    let oracle = try Oracle(name)
    for prompt in oracle.facts.sequences.prefix(2).map({ Array($0.prefix(9)) }) + [[3]] {
      var whole = prompt
      for _ in 0..<12 {
        let logits = model.network.logits(of: whole, in: workspace)
        let row = whole.count - 1
        let best = (0..<logits.columns).max {
          logits[row, $0] != logits[row, $1] ? logits[row, $0] < logits[row, $1] : $0 > $1
        }
        whole.append(Int32(try #require(best)))
      }
      let expected = Array(whole.dropFirst(prompt.count))
      func greedy(_ limit: Int, ends: Set<Int32> = []) throws -> [Int32] {
        try model.network.greedy(after: prompt, limit: limit, ends: ends, in: workspace, cancellation: Cancellation())
      }
      #expect(try greedy(12) == expected)
      #expect(try greedy(0) == [])
      // An end is not given back, and nothing after it.
      let end = expected[7]
      let first = try #require(expected.firstIndex(of: end))
      #expect(try greedy(12, ends: [end]) == Array(expected[..<first]))
    }
    let context = model.configuration.contextLength
    let long = (0..<context - 3).map { Int32($0 % 50 + 3) }
    #expect(
      try model.network.greedy(after: long, limit: 100, ends: [], in: workspace, cancellation: Cancellation()).count
        == 3)
  }
}
