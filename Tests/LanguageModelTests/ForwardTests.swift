import Domain
import LanguageModel
import Testing
import Transformer

@Suite struct ForwardTests {
  @Test(arguments: Oracle.names) func logitsAreThoseOfTransformers(name: String) throws {
    let oracle = try Oracle(name)
    let model = try Model(directory: oracle.directory)
    let workspace = model.network.makeWorkspace()
    for (number, sequence) in oracle.facts.sequences.enumerated() {
      let expected = try oracle.tensors.floats("logits.\(number)")
      let logits = model.network.logits(of: sequence, in: workspace)
      #expect(logits.rows == sequence.count)
      #expect(relativeError(Array(logits.elements), expected) < 1e-5, "sequence \(number)")
    }
  }

  @Test(arguments: Oracle.names) func responseLogProbabilitiesAreThoseOfTheFloat64Reference(name: String) throws {
    let oracle = try Oracle(name)
    let model = try Model(directory: oracle.directory)
    let expected = try oracle.tensors.floats("response_logprobs_f64")
    let workspace = model.network.makeWorkspace()
    var batch = TokenBatch()
    let segment = batch.append(oracle.facts.promptIDs + oracle.facts.responseIDs)
    for (place, token) in oracle.facts.responseIDs.enumerated() {
      batch.target(segment: segment, offset: oracle.facts.promptIDs.count + place - 1, token: token)
    }
    let whole = model.network.logProbabilities(batch, in: workspace)
    #expect(relativeError(whole, expected) < 1e-5)
    // The same through a prefix that is run once.
    let cut = oracle.facts.promptIDs.count - 3
    let prefix = model.network.keysAndValues(of: Array(oracle.facts.promptIDs[..<cut]), in: workspace)
    var rest = TokenBatch()
    rest.append(oracle.facts.promptIDs[cut...] + oracle.facts.responseIDs)
    for (place, token) in oracle.facts.responseIDs.enumerated() {
      rest.target(segment: 0, offset: 2 + place, token: token)
    }
    #expect(relativeError(model.network.logProbabilities(rest, after: prefix, in: workspace), expected) < 1e-5)
  }

  /// A forest of many short segments, each path of which is also run by itself.
  @Test(arguments: ["llama-tied", "qwen3", "gpt2", "mistral"], [0, 5, 70])
  func aForestGivesWhatItsPathsGiveAlone(name: String, prefixLength: Int) throws {
    let oracle = try Oracle(name)
    let model = try Model(directory: oracle.directory)
    let workspace = model.network.makeWorkspace()
    var chance = SeededGenerator(seed: UInt64(prefixLength) + 1)
    func tokens(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(chance.below(500)) } }
    let prefixTokens = tokens(prefixLength)
    let prefix = prefixLength > 0 ? model.network.keysAndValues(of: prefixTokens, in: workspace) : nil

    var batch = TokenBatch()
    var expected: [Float] = []
    var path: [(segment: Int, tokens: [Int32])] = []
    for _ in 0..<90 {
      path.removeLast(min(path.count, chance.below(4)))
      let segment = tokens(1 + chance.below(chance.below(8) == 0 ? 40 : 6))
      path.append((batch.append(segment, after: path.last?.segment), segment))
      guard let last = path.last else { continue }
      let offset = chance.below(segment.count)
      let target = Int32(chance.below(500))
      batch.target(segment: last.segment, offset: offset, token: target)

      var alone = TokenBatch()
      let whole = prefixTokens + path.dropLast().flatMap(\.tokens) + segment[...offset]
      alone.append(whole)
      alone.target(segment: 0, offset: whole.count - 1, token: target)
      expected += model.network.logProbabilities(alone, in: model.network.makeWorkspace())
    }
    let found = model.network.logProbabilities(batch, after: prefix, in: workspace)
    #expect(relativeError(found, expected) < 1e-5)
    #expect(
      found == model.network.logProbabilities(batch, after: prefix, in: model.network.makeWorkspace()),
      "same bits again")
  }

  @Test func severalTargetsMayStandOnOneToken() throws {
    let oracle = try Oracle("qwen2")
    let model = try Model(directory: oracle.directory)
    let workspace = model.network.makeWorkspace()
    let sequence = oracle.facts.sequences[0]
    var batch = TokenBatch()
    batch.append(sequence)
    for token in 0..<Int32(model.configuration.vocabularySize) {
      batch.target(segment: 0, offset: sequence.count - 1, token: token)
    }
    // The whole distribution sums to 1.
    let total = model.network.logProbabilities(batch, in: workspace).map { Double($0) }.reduce(0) {
      $0 + .exponential($1)
    }
    #expect(abs(total - 1) < 1e-5)
  }
}

extension Double {
  fileprivate static func exponential(_ x: Double) -> Double {
    var term = 1.0
    var sum = 1.0
    // A plain series of e^(x/64), raised: the test needs no library.
    for n in 1..<20 {
      term *= x / 64 / Double(n)
      sum += term
    }
    return (0..<6).reduce(sum) { power, _ in power * power }
  }
}
