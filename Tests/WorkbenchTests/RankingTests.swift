import Datasets
import Domain
import Foundation
import LanguageModel
import Numerics
import SampleEncoding
import Scoring
import Store
import Synchronization
import TestSupport
import Testing
import Workbench

/// Methods that rank rows by a score of their own, or draw them by a rule, beside transformers, bm25s and plain loops (Methods 3).
@Suite struct RankingTests {
  private struct Oracle: Decodable { var samples: [[String: String]] }
  private struct States: Decodable { var states: [[Double]] }
  /// See Tests/Fixtures/README.md.
  private struct Expected: Decodable {
    var loss: [Double]
    var responseAlone: [Double]
    /// Of the targets 3 to 6 as queries, a score for each sample.
    var bm25: [[Double]]
    /// Samples that are shown before, and each row's loss behind them.
    var contexts: [[Int]]
    var lossInContext: [[Double]]
    private enum CodingKeys: String, CodingKey {
      case loss, contexts
      case lossInContext = "loss_in_context"
      case responseAlone = "loss_of_response_alone"
      case bm25
    }
  }

  private let folder: URL
  private let engine: RunEngine
  private let samples: [[String: String]]

  init() throws {
    folder = try Places.makeTemporaryFolder()
    engine = RunEngine(
      paths: StorePaths(
        configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache"),
      workers: Workers(count: 2))
    samples = try Self.read("delift.json", Oracle.self).samples
    try write("pool", samples)
    try write("target", Array(samples[3..<7]))
  }

  private static func read<Value: Decodable>(_ name: String, _ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: Places.fixtures.appendingPathComponent("Scoring/\(name)")))
  }

  private func write(_ name: String, _ rows: [[String: String]]) throws {
    let lines = try rows.map { try JSONEncoder().encode($0) + [0x0A] }
    try Data(lines.joined()).write(to: folder.appendingPathComponent("\(name).jsonl"))
  }

  private func specification(
    _ method: Domain.Method, budget: Int = 12, ranking: RankingSettings? = nil, pinned: [RowIndex] = [],
    banned: [RowIndex] = [], seed: UInt64 = 0
  ) -> RunSpecification {
    RunSpecification(
      method: method, pool: folder.path + "/pool.jsonl",
      target: method.needs.contains(.target) ? folder.path + "/target.jsonl" : nil,
      source: [.passes, .lengths].contains(method.signal)
        ? .model(directory: Places.fixtures.appendingPathComponent("Scoring/model").path) : nil,
      budget: .count(budget), seed: seed, pinned: pinned, banned: banned, ranking: ranking)
  }

  private func run(
    _ specification: RunSpecification, workers: Int? = nil,
    observe: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) throws -> RunOutcome {
    let paths = engine.paths
    let running = workers.map { RunEngine(paths: paths, workers: Workers(count: $0)) } ?? engine
    return try running.execute(specification, cancellation: Cancellation(), observe: observe)
  }

  private func end() { try? FileManager.default.removeItem(at: folder) }

  /// Rows by falling score, the first row first among equals.
  private func order(_ scores: [Double]) -> [Int] {
    scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
  }

  private func expect(_ picks: [Pick], are scores: [Double], within tolerance: Double = 1e-4) {
    let order = order(scores).filter { scores[$0].isFinite }
    #expect(picks.map(\.row.value) == Array(order.prefix(picks.count)))
    for pick in picks { #expect(abs(pick.gain - scores[pick.row.value]) < tolerance) }
  }

  @Test func statesAreComparedAsTransformersHasThem() throws {
    defer { end() }
    let states = try Self.read("states.json", States.self).states
    let cosines = states.map { state in (3..<7).map { zip(state, states[$0]).reduce(0) { $0 + $1.0 * $1.1 } } }
    let found = try run(specification(.rds))
    // The targets are rows of the pool: they have 1 but for the last bits, in any order.
    #expect(Set(found.selection.picks.prefix(4).map(\.row.value)) == [3, 4, 5, 6])
    let scores = cosines.map { $0.max() ?? 0 }
    #expect(found.selection.picks.dropFirst(4).map(\.row.value) == order(scores).filter { !(3..<7).contains($0) })
    for pick in found.selection.picks { #expect(abs(pick.gain - scores[pick.row.value]) < 1e-4) }
    let why = try found.explain(rank: 7)
    let row = found.selection.picks[7].row.value
    #expect(why.targets.count == 4 && abs(Double(why.targets[0].utility) - scores[row]) < 1e-4)
    #expect(why.targets[0].row.value == cosines[row].firstIndex(of: scores[row]))
    #expect(why.utilityHistogram.reduce(0, +) == 12)
  }

  @Test func groupsOfTargetsTakeTurns() throws {
    defer { end() }
    var target = Array(samples[3..<7])
    for (number, label) in ["b", "a", "a", "b"].enumerated() { target[number]["task"] = label }
    try write("target", target)
    for method in [Domain.Method.rds, .bm25] {
      let columns: [[Double]]
      if method == .rds {
        let states = try Self.read("states.json", States.self).states
        columns = (3..<7).map { q in states.map { zip($0, states[q]).reduce(0) { $0 + $1.0 * $1.1 } } }
      } else {
        columns = try Self.read("rankings.json", Expected.self).bm25
      }
      for pooling in InfluenceSettings.Pooling.allCases {
        let groups: [[Int]] =
          switch pooling {
          case .groups: [[0, 3], [1, 2]]
          case .roundRobin: [[0], [1], [2], [3]]
          case .pooled: [[0, 1, 2, 3]]
          }
        let scores = groups.map { group in (0..<12).map { row in group.map { columns[$0][row] }.max() ?? 0 } }
        var (left, expected) = (Set(0..<12), [Int]())
        while expected.count < 6 {
          for group in scores where expected.count < 6 {
            guard let best = left.max(by: { (group[$0], -$0) < (group[$1], -$1) }) else { break }
            left.remove(best)
            expected.append(best)
          }
        }
        let found = try run(specification(method, budget: 6, ranking: RankingSettings(pooling: pooling)))
        if method == .rds {
          // Four rows are targets themselves, equal but for the last bits.
          #expect(Set(found.selection.picks.map(\.row.value)) == Set(expected))
          #expect(found.selection.picks.dropFirst(4).map(\.row.value) == Array(expected.dropFirst(4)))
        } else {
          #expect(found.selection.picks.map(\.row.value) == expected, "\(method.rawValue) \(pooling)")
        }
      }
    }
  }

  @Test func wordsAreWeighedAsBM25sDoes() throws {
    defer { end() }
    let expected = try Self.read("rankings.json", Expected.self).bm25
    let found = try run(specification(.bm25))
    expect(found.selection.picks, are: (0..<12).map { row in expected.map { $0[row] }.max() ?? 0 })
    let why = try found.explain(rank: 0)
    let row = found.selection.picks[0].row.value
    #expect(
      why.targets.map { Double($0.utility) }
        .elementsEqual(expected.map { $0[row] }.sorted(by: >)) { abs($0 - $1) < 1e-4 })
  }

  @Test func perplexitiesAreThoseOfTransformers() throws {
    defer { end() }
    let expected = try Self.read("rankings.json", Expected.self)
    let perplexities = expected.loss.map { exp($0) }
    let sorted = perplexities.sorted()
    let median = (sorted[5] + sorted[6]) / 2
    // Perplexities go up to 875: a relative error.
    let found = try run(specification(.middlePerplexity)).selection.picks
    #expect(found.map(\.row.value) == order(perplexities.map { -abs($0 - median) }))
    for pick in found {
      #expect(abs(pick.gain + abs(perplexities[pick.row.value] - median)) < 1e-4 * perplexities[pick.row.value])
    }
    let difficulties = zip(expected.loss, expected.responseAlone).map { exp($0 - $1) }
    let notices = Mutex<[String]>([])
    let difficult = try run(specification(.ifd)) { event in
      if case .notice(let text) = event { notices.withLock { $0.append(text) } }
    }.selection.picks
    #expect(difficult.count == difficulties.count { $0 < 1 } && difficult.count == 11)
    expect(difficult, are: difficulties.map { $0 < 1 ? $0 : .nan })
    #expect(notices.withLock { $0.contains { $0.hasPrefix("only 11 of 12 picks") } })
    #expect(notices.withLock { $0.contains { $0.hasPrefix("1 samples whose instruction") } })
  }

  @Test func theLongestResponsesAreCountedInTokensOrWords() throws {
    defer { end() }
    var words = specification(.length)
    words.source = nil
    expect(
      try run(words).selection.picks,
      are: samples.map { Double(($0["output"] ?? "").split(separator: " ").count) })
    let tokens = try run(specification(.length)).selection.picks
    #expect(tokens.map(\.gain) == tokens.map(\.gain).sorted(by: >))
    #expect(
      tokens.reduce(0) { $0 + $1.gain }
        > samples.reduce(0) { $0 + Double(($1["output"] ?? "").split(separator: " ").count) })
  }

  @Test func eachCentreIsTheFarthestFromThoseBeforeIt() throws {
    defer { end() }
    let states = try Self.read("states.json", States.self).states
    func distance(_ a: Int, _ b: Int) -> Double {
      zip(states[a], states[b]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    for seed in 0..<4 {
      let picks = try run(specification(.kCentre, budget: 8, pinned: seed == 3 ? [2, 9] : [], seed: UInt64(seed)))
        .selection.picks
      if seed == 3 { #expect(picks.prefix(2).map(\.row) == [2, 9]) } else { #expect(picks[0].gain == 2) }
      for rank in (seed == 3 ? 2 : 1)..<8 {
        let before = picks.prefix(rank).map(\.row.value)
        let radius = (0..<12).filter { !before.contains($0) }.map { row in before.map { distance(row, $0) }.min() ?? 2 }
        #expect(abs(picks[rank].gain - (radius.max() ?? 0)) < 1e-4)
        #expect(abs(picks[rank].gain - (before.map { distance(picks[rank].row.value, $0) }.min() ?? 2)) < 1e-4)
      }
    }
  }

  @Test func labelsHaveEqualQuotasAndWhatIsLeftOverIsShared() throws {
    defer { end() }
    let labels = ["a", "a", "b", "a", "a", "c", "a", "a", "a", "b", "c", "c"]
    var labelled = samples
    for (row, label) in labels.enumerated() { labelled[row]["task"] = label }
    try write("pool", labelled)
    func counts(_ budget: Int, pinned: [RowIndex] = []) throws -> [String: Int] {
      let picks = try run(specification(.randomBalanced, budget: budget, pinned: pinned, seed: 5)).selection.picks
      #expect(picks.prefix(pinned.count).map(\.row) == pinned && Set(picks.map(\.row)).count == budget)
      return picks.reduce(into: [:]) { $0[labels[$1.row.value], default: 0] += 1 }
    }
    #expect(try counts(6) == ["a": 2, "b": 2, "c": 2])
    #expect(try counts(10) == ["a": 5, "b": 2, "c": 3])
    #expect(try counts(6, pinned: [0, 1, 3, 4]) == ["a": 4, "b": 1, "c": 1])
    #expect(try counts(4).values.sorted() == [1, 1, 2])
    // Another seed draws other rows.
    func rows(_ seed: UInt64) throws -> Set<RowIndex> {
      Set(try run(specification(.randomBalanced, budget: 6, seed: seed)).selection.picks.map(\.row))
    }
    #expect(try rows(5) == rows(5) && (6..<12).contains { try rows($0) != rows(5) })
  }

  @Test func aDrawHasTheLengthsOfAnotherRun() throws {
    defer { end() }
    let rows = (0..<200).map { row in
      ["instruction": "Row \(row)", "output": [String](repeating: "word", count: 1 + row % 40).joined(separator: " ")]
    }
    try write("pool", rows)
    var longest = specification(.length, budget: 50)
    longest.source = nil
    let like = try run(longest)
    var draw = specification(
      .randomLength, budget: 20, ranking: RankingSettings(like: Int(try #require(like.id))), seed: 3)
    draw.source = nil
    let found = try run(draw)
    func length(_ pick: Pick) -> Int { 1 + pick.row.value % 40 }
    // Deciles of 31 to 40, five rows of each length: two of each.
    let lengths = found.selection.picks.map(length).sorted()
    #expect(lengths == (31...40).flatMap { [$0, $0] })
    // The histogram is on record: without the other run the draw is the same.
    let kept = try #require(found.specification.ranking?.lengths)
    #expect(kept.count == 10 && kept.allSatisfy { $0.picks == 5 })
    var again = found.specification
    again.ranking?.like = 999
    #expect(try run(again).selection.picks == found.selection.picks)
    draw.ranking = RankingSettings(like: 999)
    #expect(throws: ErrorReport.self) { try run(draw) }
    draw.ranking = RankingSettings()
    #expect(throws: ErrorReport.self) { try run(draw) }
    try write("pool", Array(rows.dropLast()))
    draw.ranking = RankingSettings(like: Int(try #require(like.id)))
    #expect(throws: ErrorReport.self) { try run(draw) }
  }

  @Test func nearDuplicatesAreTakenOutFirst() throws {
    defer { end() }
    let base = (0..<30).map { "word\($0)" }
    func text(_ changed: Int) -> String {
      (base.dropLast(changed) + (0..<changed).map { "other\($0)" }).joined(separator: " ")
    }
    // 29 shingles: with the last word changed 28 of 30 are shared, with the last ten 19 of 39.
    let texts = [
      text(0), text(0).uppercased() + "!", text(1), text(10), "something else entirely", "something else entirely",
    ]
    try write("pool", texts.map { ["instruction": "Say", "output": $0] })
    func rows(_ sameness: Double, pinned: [RowIndex] = [], banned: [RowIndex] = []) throws -> Set<RowIndex> {
      Set(
        try run(
          specification(
            .dedupRandom, budget: 5, ranking: RankingSettings(sameness: sameness), pinned: pinned, banned: banned)
        ).selection.picks.map(\.row))
    }
    #expect(try rows(0.8) == [0, 3, 4])
    #expect(try rows(0.4) == [0, 4])
    #expect(try rows(0.95) == [0, 2, 3, 4])
    #expect(try rows(0.8, pinned: [2, 5]) == [2, 3, 5])
    #expect(try rows(0.8, banned: [0]) == [1, 3, 4])
  }

  static let all: [Domain.Method] = [
    .rds, .bm25, .middlePerplexity, .ifd, .kCentre, .length, .dedupRandom, .randomBalanced, .inContext,
  ]

  @Test(arguments: all) func theAnswerIsTheSameOnAnyNumberOfThreadsAndMarksAreKept(method: Domain.Method) throws {
    defer { end() }
    let marked = specification(method, budget: 7, pinned: [8, 2], banned: [3, 0, 11], seed: 4)
    let found = try run(marked)
    #expect(found.selection.picks.prefix(2).map(\.row) == [8, 2])
    #expect(found.selection.picks.allSatisfy { ![3, 0, 11].contains($0.row) && $0.gain.isFinite })
    #expect(Set(found.selection.picks.map(\.row)).count == 7)
    try? FileManager.default.removeItem(atPath: engine.paths.cache)
    for workers in [1, 5] { #expect(try run(marked, workers: workers).selection == found.selection) }
    // From the library it can be opened again.
    let later = RunEngine(paths: engine.paths, workers: Workers(count: 2))
    let record = try later.storage.runs().run(try #require(found.id))
    #expect(try later.reopen(record, cancellation: Cancellation()).selection.picks == found.selection.picks)
    #expect(record.specification.ranking != nil)
  }

  @Test(arguments: all) func whatIsMissingIsNamed(method: Domain.Method) throws {
    defer { end() }
    var bare = specification(method)
    bare.pool = nil
    #expect(throws: WorkbenchError.self) { try run(bare) }
    if method.signal == .passes {
      bare = specification(method)
      bare.source = nil
      #expect(throws: WorkbenchError.self) { try run(bare) }
      if method == .inContext { return }
      bare.source = .endpoint(Endpoint(url: "http://localhost:1/v1"))
      #expect(throws: WorkbenchError.self) { try run(bare) }
    }
    if method.needs.contains(.target) {
      bare = specification(method)
      bare.target = nil
      #expect(throws: WorkbenchError.self) { try run(bare) }
    }
    #expect(throws: (any Error).self) { try run(specification(method, budget: 12, banned: [1])) }
    #expect(throws: (any Error).self) { try run(specification(method, budget: 3, pinned: [1], banned: [1])) }
  }

  @Test func lossesInContextAreThoseOfTransformers() throws {
    defer { end() }
    let expected = try Self.read("rankings.json", Expected.self)
    let directory = Places.fixtures.appendingPathComponent("Scoring/model").path
    let pool = try DatasetFile.open(path: folder.path + "/pool.jsonl", role: .pool)
    let rows = try pool.samples(at: 0..<pool.count)
    let scorer = try LocalScorer(
      model: Model(directory: directory), template: .delift, queries: rows,
      contexts: expected.contexts.map { $0.map { rows[$0] } }, measure: .loss, queryPath: nil, workers: 1)
    for (number, losses) in expected.lossInContext.enumerated() {
      let found = try scorer.distances(
        of: ScoreBlock(example: number, queries: Array(rows.indices)), worker: 0, cancellation: Cancellation()
      ) { _ in }
      for row in rows.indices { #expect(abs(Double(found[row]) - losses[row]) < 1e-4) }
    }
  }

  @Test func whatContextSavesIsTheScore() throws {
    defer { end() }
    let expected = try Self.read("rankings.json", Expected.self)
    // One target: every draw shows it, as the first context of the oracle does.
    try write("target", [samples[expected.contexts[0][0]]])
    let gains = zip(expected.loss, expected.lossInContext[0]).map { $0 - $1 }
    let one = try run(specification(.inContext, ranking: RankingSettings(draws: 3)))
    expect(one.selection.picks, are: gains)
    #expect(try one.explain(rank: 0).spread == 0)
    // Several: the draws are fresh orders of all four, their mean is the score and their deviation the spread.
    try write("target", Array(samples[3..<7]))
    let settings = RankingSettings(draws: 5)
    let several = try run(specification(.inContext, ranking: settings))
    let spreads = try (0..<12).map { try #require(try several.explain(rank: $0).spread) }
    #expect(spreads.contains { $0 > 0 } && spreads.allSatisfy { $0.isFinite })
    let single = try run(specification(.inContext, ranking: RankingSettings(draws: 1)))
    #expect(try single.explain(rank: 0).spread == nil)
  }

  @Test func targetsTakeTurnsWhereTheContextIsFull() {
    let sizes = [5, 9, 3, 40, 4, 6, 2]
    for seed in 0..<20 {
      let draws = ContextDraws(sizes: sizes, room: 12, seed: UInt64(seed)).draws(12)
      var shown = [Int](repeating: 0, count: sizes.count)
      for draw in draws {
        #expect(!draw.isEmpty && Set(draw).count == draw.count && draw.reduce(0) { $0 + sizes[$1] } <= 12)
        for number in draw { shown[number] += 1 }
      }
      #expect(shown[3] == 0)
      let others = shown.indices.filter { $0 != 3 }.map { shown[$0] }
      #expect((others.min() ?? 0) >= 2 && (others.max() ?? 0) - (others.min() ?? 0) <= 2, "\(shown)")
    }
    #expect(ContextDraws(sizes: [13], room: 12, seed: 0).draws(3).isEmpty)
  }
}
