import Domain
import Foundation
import LanguageModel
import Numerics
import Scoring
import Synchronization
import TestSupport
import Testing
import Transformer

/// Twelve samples and their distances by PyTorch in float64 (see Tests/Fixtures/README.md).
private struct Oracle: Decodable {
  struct Row: Decodable {
    var instruction: String
    var input: String
    var output: String
  }
  var samples: [Row]
  var tokensAlone: [[Int32]]
  var alone: [Double]
  var behind: [[Double]]
  var utility: [[Double]]

  static func read() throws -> Oracle {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      Oracle.self, from: Data(contentsOf: Places.fixtures.appendingPathComponent("Scoring/delift.json")))
  }

  var domainSamples: [Sample] {
    samples.enumerated().map { index, row in
      Sample(index: RowIndex(index), query: .instruction(row.instruction, input: row.input), response: row.output)
    }
  }
}

private let modelFolder = Places.fixtures.appendingPathComponent("Scoring/model")

private func oracleModel() throws -> Model {
  try Model(directory: modelFolder.path)
}

/// Keeps blocks in memory, counts what it is asked to keep, and can fail after so many.
private final class MemoryStore: DistanceStore {
  struct Pair: Hashable {
    var example: ContentHash?
    var query: ContentHash
  }
  struct State {
    var distances: [Pair: Float] = [:]
    var blocks = 0
    var failAfter: Int?
  }
  struct Full: Error {}
  let state = Mutex(State())

  func load(
    fingerprint: ContentHash, examples: [ContentHash?], queries: [ContentHash],
    into take: (_ example: Int, _ query: Int, _ distance: Float) -> Void
  ) throws {
    let kept = state.withLock { $0.distances }
    for (column, example) in examples.enumerated() {
      for (row, query) in queries.enumerated() {
        if let distance = kept[Pair(example: example, query: query)] { take(column, row, distance) }
      }
    }
  }

  func load(_ key: CacheKey) -> [Float]? { nil }
  func lease(_ key: CacheKey) -> LeaseResult { .granted }
  func release(_ key: CacheKey) {}

  func store(_ distances: [Float], for key: CacheKey) throws {
    guard case .distances(let example, let queries) = key.content else { return }
    try state.withLock { state in
      if let most = state.failAfter, state.blocks >= most { throw Full() }
      state.blocks += 1
      for (query, distance) in zip(queries, distances) {
        state.distances[Pair(example: example, query: query)] = distance
      }
    }
  }
}

private func distances(
  _ samples: [Sample], model: Model, examples: [Sample]? = nil, store: MemoryStore? = nil, workers: Int = 1
) throws -> Distances {
  let scorer = try LocalScorer(
    model: model, template: .delift, queries: samples, examples: examples ?? samples, queryPath: "samples.jsonl",
    workers: workers)
  return try ScoringJob(scorer: scorer, store: store, workers: Workers(count: workers))
    .run(cancellation: Cancellation()) { _, _, _, _ in }
}

private func all(_ distances: borrowing Distances) -> [Float] {
  var values: [Float] = []
  for row in 0..<distances.queryCount {
    values.append(distances.alone(row))
    for column in 0..<distances.exampleCount { values.append(distances.behind(column, query: row)) }
  }
  return values
}

/// Says that all is stored, and has nothing: an index that is damaged.
private struct ForgetfulStore: DistanceStore {
  func load(
    fingerprint: ContentHash, examples: [ContentHash?], queries: [ContentHash],
    into take: (_ example: Int, _ query: Int, _ distance: Float) -> Void
  ) throws {}
  func load(_ key: CacheKey) -> [Float]? { nil }
  func lease(_ key: CacheKey) -> LeaseResult { .stored }
  func release(_ key: CacheKey) {}
  func store(_ distances: [Float], for key: CacheKey) {}
}

@Suite struct ScoringTests {
  @Test func blocksThatAreSaidToBeKeptAndAreNotThereAreComputed() throws {
    let samples = try Oracle.read().domainSamples
    let model = try oracleModel()
    let scorer = try LocalScorer(
      model: model, template: .delift, queries: samples, examples: samples, queryPath: "samples.jsonl", workers: 1)
    let found = try ScoringJob(scorer: scorer, store: ForgetfulStore(), workers: Workers(count: 1))
      .run(cancellation: Cancellation()) { _, _, _, _ in }
    #expect(all(found) == all(try distances(samples, model: model)))
  }

  @Test func distancesAndUtilitiesEqualThoseOfPyTorch() throws {
    let oracle = try Oracle.read()
    let found = try distances(oracle.domainSamples, model: try oracleModel())
    let utilities = found.utilities(.euclidean, examples: 0..<12)
    let exponential = found.utilities(.exponential, examples: 0..<12)
    for row in 0..<12 {
      #expect(abs(Double(found.alone(row)) - oracle.alone[row]) < 1e-5)
      for column in 0..<12 {
        #expect(abs(Double(found.behind(column, query: row)) - oracle.behind[row][column]) < 1e-5)
        #expect(abs(Double(utilities[row, column]) - oracle.utility[row][column]) < 1e-5)
        #expect(abs(Double(exponential[row, column]) - exp(oracle.utility[row][column])) < 1e-5)
      }
    }
  }

  @Test func aRangeOfExamplesGivesThoseColumns() throws {
    let samples = try Oracle.read().domainSamples
    let found = try distances(Array(samples[..<3]), model: try oracleModel(), examples: samples)
    let whole = found.utilities(.euclidean, examples: 0..<12)
    let part = found.utilities(.euclidean, examples: 4..<9)
    #expect(part.rows == 3 && part.columns == 5)
    for row in 0..<3 { for column in 0..<5 { #expect(part[row, column] == whole[row, column + 4]) } }
  }

  @Test func theAnswerIsTheSameBitsOnOneAndOnTwoWorkers() throws {
    let samples = try Oracle.read().domainSamples
    let model = try oracleModel()
    #expect(all(try distances(samples, model: model)) == all(try distances(samples, model: model, workers: 2)))
  }

  @Test func equalSamplesAreMeasuredOnce() throws {
    let samples = try Oracle.read().domainSamples
    let model = try oracleModel()
    var doubled = samples
    for sample in samples {
      var copy = sample
      copy.index = copy.index.advanced(by: 12)
      doubled.append(copy)
    }
    let store = MemoryStore()
    let found = try distances(doubled, model: model, store: store)
    #expect(store.state.withLock { $0.distances.count } == 12 * 13)
    for row in 0..<24 {
      #expect(found.alone(row) == found.alone(row % 12))
      for column in 0..<24 { #expect(found.behind(column, query: row) == found.behind(column % 12, query: row % 12)) }
    }
  }

  @Test func aRunThatWasStoppedGoesOnAtTheNextBlockWithTheSameAnswer() throws {
    let samples = try Oracle.read().domainSamples
    let model = try oracleModel()
    let whole = MemoryStore()
    let expected = all(try distances(samples, model: model, store: whole))
    let blocks = whole.state.withLock { $0.blocks }
    #expect(blocks > 10)

    let store = MemoryStore()
    store.state.withLock { $0.failAfter = 5 }
    #expect(throws: MemoryStore.Full.self) { _ = try distances(samples, model: model, store: store) }
    store.state.withLock { $0.failAfter = nil }
    #expect(all(try distances(samples, model: model, store: store)) == expected)
    // No finished block was measured again.
    #expect(store.state.withLock { $0.blocks } == blocks)
    // And with all of them there nothing is.
    #expect(all(try distances(samples, model: model, store: store)) == expected)
    #expect(store.state.withLock { $0.blocks } == blocks)
  }

  @Test func aCancelledRunThrowsAndKeepsWhatIsDone() throws {
    let samples = try Oracle.read().domainSamples
    let scorer = try LocalScorer(
      model: try oracleModel(), template: .delift, queries: samples, examples: samples, queryPath: nil, workers: 1)
    let store = MemoryStore()
    let cancellation = Cancellation()
    #expect(throws: CancellationError.self) {
      _ = try ScoringJob(scorer: scorer, store: store, workers: Workers(count: 1))
        .run(cancellation: cancellation) { done, _, _, _ in if done >= 36 { cancellation.cancel() } }
    }
    #expect(store.state.withLock { $0.distances.count } == 36)
  }

  @Test func progressCountsPairsUpToTheirNumberAndTokens() throws {
    let samples = try Oracle.read().domainSamples
    let scorer = try LocalScorer(
      model: try oracleModel(), template: .delift, queries: samples, examples: samples, queryPath: nil, workers: 2)
    let seen = Mutex<[(Int, Int, Int)]>([])
    _ = try ScoringJob(scorer: scorer, store: nil, workers: Workers(count: 2))
      .run(cancellation: Cancellation()) { done, total, _, tokens in seen.withLock { $0.append((done, total, tokens)) }
      }
    let states = seen.withLock { $0 }
    #expect(states.allSatisfy { $0.1 == 156 && $0.0 <= 156 })
    #expect(states.map(\.0).max() == 156)
    #expect((states.map(\.2).max() ?? 0) > 1000)
  }
}

@Suite struct ContextTests {
  /// The oracle's model under a shorter context.
  private func model(context: Int, in folder: URL) throws -> Model {
    let source = modelFolder
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) where name != "config.json" {
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent(name), withDestinationURL: source.appendingPathComponent(name))
    }
    let text = try String(contentsOf: source.appendingPathComponent("config.json"), encoding: .utf8)
    try text.replacingOccurrences(
      of: "\"max_position_embeddings\": 2048", with: "\"max_position_embeddings\": \(context)"
    ).write(to: folder.appendingPathComponent("config.json"), atomically: true, encoding: .utf8)
    return try Model(directory: folder.path)
  }

  @Test func aResponseThatDoesNotFitIsCutAtItsEndAndCounted() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let samples = try Oracle.read().domainSamples
    // Alone, sample 0 has 95 tokens: 71 of prompt and E, 24 of response and E.
    let short = try distances([samples[0]], model: try model(context: 90, in: folder), examples: [])
    #expect(short.cuts == ContextCuts(truncated: 1, unmeasured: 0))

    // Kept are as many response tokens as fit beside the prompt and E: 90 - 71.
    let full = try oracleModel()
    let tokens = try Oracle.read().tokensAlone[0]
    var batch = TokenBatch()
    let segment = batch.append(tokens.dropLast(), after: nil)
    for position in 70..<89 { batch.target(segment: segment, offset: position, token: tokens[position + 1]) }
    let kept = full.network.logProbabilities(batch, after: nil, in: full.network.makeWorkspace())
    let expected = (kept.reduce(0.0) { $0 + pow(1 - exp(Double($1)), 2) } / Double(kept.count)).squareRoot()
    #expect(kept.count == 19)
    #expect(abs(Double(short.alone(0)) - expected) < 1e-6)
  }

  @Test func anExampleThatLeavesNoRoomIsNoHelpAndIsCounted() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let samples = try Oracle.read().domainSamples
    let found = try distances(
      [samples[2]], model: try model(context: 100, in: folder), examples: [samples[10], samples[2]])
    #expect(found.cuts.unmeasured == 2)
    let utilities = found.utilities(.euclidean, examples: 0..<2)
    #expect(utilities[0, 0] == 0 && utilities[0, 1] == 0)
  }

  @Test func aQueryThatFillsTheContextIsNamed() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let samples = try Oracle.read().domainSamples
    let model = try model(context: 60, in: folder)
    do {
      _ = try distances(samples, model: model)
      Issue.record("scored a query that does not fit")
    } catch let error as ScoringError {
      #expect(error.report.status == .badData)
      #expect(error.report.location?.contains("samples.jsonl row 0") == true)
    }
  }
}
