import Datasets
import Domain
import Foundation
import Numerics
import Store
import Submodular
import TestSupport
import Testing
import Tokenizers
import Workbench

/// What is worked out beside a run.
@Suite struct StudyTests {
  private let model = Places.sampleData.appendingPathComponent("model").path

  private func inFolder(_ body: (URL, RunEngine) throws -> Void) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let paths = StorePaths(
      configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache")
    try body(folder, RunEngine(paths: paths, saysReachable: true))
  }

  private func pool(_ folder: URL, rows: Int) throws -> URL {
    let lines = try String(contentsOf: Places.sampleData.appendingPathComponent("pool.jsonl"), encoding: .utf8)
      .split(separator: "\n").prefix(rows)
    let url = folder.appendingPathComponent("pool.jsonl")
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
    return url
  }

  private func specification(_ pool: URL, budget: Int = 6) -> RunSpecification {
    RunSpecification(
      method: .deliftInstruction, pool: pool.path, source: .model(directory: model), budget: .count(budget))
  }

  /// Against reading the samples one by one.
  @Test func aSurveyCountsLabelsAndLengthsOfEveryRow() throws {
    try inFolder { folder, _ in
      let file = try DatasetFile.open(path: try pool(folder, rows: 200).path, role: .pool)
      let samples = try file.samples(at: 0..<file.count)
      let plain = try DatasetSurveying.survey(
        file, tokenizer: nil, workers: Workers(count: 3), cancellation: Cancellation())
      #expect(plain.unit == .characters && !plain.isEstimate)
      for (row, sample) in samples.enumerated() {
        let parts = sample.query.instructionAndInput
        let length = [parts.instruction, parts.input, sample.response].reduce(0) { $0 + $1.unicodeScalars.count }
        #expect(Int(plain.lengths[row]) == length)
        #expect(plain.labels[Int(plain.labelOfRow[row])] == sample.label)
      }
      let counts = plain.counts()
      #expect(counts == counts.sorted(by: >) && counts.reduce(0, +) == 200)
      let tokenizer = try Tokenizer(directory: model)
      let counted = try DatasetSurveying.survey(
        file, tokenizer: tokenizer, workers: Workers(count: 2), cancellation: Cancellation())
      #expect(counted.unit == .tokens)
      let parts = samples[17].query.instructionAndInput
      let tokens = [parts.instruction, parts.input, samples[17].response].reduce(0) { $0 + tokenizer.encode($1).count }
      #expect(Int(counted.lengths[17]) == tokens)
      #expect(counted.labelOfRow == plain.labelOfRow)
    }
  }

  @Test func aCancelledSurveyStops() throws {
    try inFolder { folder, _ in
      let file = try DatasetFile.open(path: try pool(folder, rows: 20).path, role: .pool)
      let cancellation = Cancellation()
      cancellation.cancel()
      #expect(throws: CancellationError.self) {
        try DatasetSurveying.survey(file, tokenizer: nil, workers: Workers(), cancellation: cancellation)
      }
    }
  }

  /// Passes are exact; tokens are those of the run within a fifth, since only some rows are measured.
  @Test func anEstimateSaysWhatTheRunThenTakes() throws {
    try inFolder { folder, engine in
      let url = try pool(folder, rows: 60)
      let file = try DatasetFile.open(path: url.path, role: .pool)
      let found = try engine.estimate(
        specification(url), pool: file, target: nil, existing: nil, cancellation: Cancellation())
      #expect(found.passes == 60 * 61 + 60)
      #expect(found.seconds > 0 && found.memory > 60 * 60 * 4)
      let ran = Tokens()
      _ = try engine.execute(specification(url), cancellation: Cancellation()) { event in
        if case .progress(let progress) = event, let tokens = progress.tokens { ran.note(tokens) }
      }
      #expect(Double(ran.most) > found.tokens * 0.6 && Double(ran.most) < found.tokens * 1.4)
      let drawn = try engine.estimate(
        RunSpecification(method: .random, pool: url.path, source: nil, budget: .count(3)), pool: file, target: nil,
        existing: nil, cancellation: Cancellation())
      #expect(drawn.passes == 0 && drawn.tokensPerSecond == nil)
    }
  }

  private final class Tokens: @unchecked Sendable {
    // Sound: guarded by the lock.
    private let lock = NSLock()
    private var seen = 0
    func note(_ tokens: Int) { lock.withLock { seen = max(seen, tokens) } }
    var most: Int { lock.withLock { seen } }
  }

  /// A place for each row, the same on any number of workers, and one place for rows of one text.
  @Test(arguments: [MapSource.gradients, .embeddings])
  func aModelsGradientsAndEmbeddingsMakeAMap(source: MapSource) throws {
    try inFolder { folder, _ in
      let url = try pool(folder, rows: 40)
      let text = try String(contentsOf: url, encoding: .utf8)
      let first = try #require(text.split(separator: "\n").first)
      try Data((text + first + "\n").utf8).write(to: url)
      let file = try DatasetFile.open(path: url.path, role: .pool)
      let make = source == .gradients ? PoolMapping.byGradients : PoolMapping.byEmbeddings
      let map = try make(file, model, "delift", Workers(count: 2), Cancellation(), { _ in })
      #expect(map.source == source && map.rows == Array(0...40))
      #expect(try make(file, model, "delift", Workers(count: 1), Cancellation(), { _ in }) == map)
      let (own, same, other) = (map.points[0], map.points[40], map.points[1])
      let apart = max(abs(own.x - other.x), abs(own.y - other.y))
      #expect(apart > 0 && abs(own.x - same.x) < 0.001 * apart && abs(own.y - same.y) < 0.001 * apart)
      #expect(map.shares[0] >= map.shares[1] && map.shares[0] > 0.02)
      let stopped = Cancellation()
      stopped.cancel()
      #expect(throws: CancellationError.self) { try make(file, model, "delift", Workers(count: 1), stopped, { _ in }) }
    }
  }

  @Test func theMapHasAPlaceForEachRowAndTheSameOnesAgain() throws {
    try inFolder { folder, engine in
      let url = try pool(folder, rows: 60)
      let file = try DatasetFile.open(path: url.path, role: .pool)
      let words = try PoolMapping.byWords(file, workers: Workers(count: 1), cancellation: Cancellation())
      #expect(words.rows == Array(0..<60) && words.points.allSatisfy { $0.x.isFinite && $0.y.isFinite })
      #expect(try PoolMapping.byWords(file, workers: Workers(count: 2), cancellation: Cancellation()) == words)
      let outcome = try engine.execute(specification(url), cancellation: Cancellation()) { _ in }
      let map = try PoolMapping.byUtilities(outcome, workers: Workers(), cancellation: Cancellation())
      #expect(map.rows == words.rows && map.shares[0] >= map.shares[1] && map.shares[0] > 0)
      let random = try engine.execute(
        RunSpecification(method: .random, pool: url.path, source: nil, budget: .count(3)), cancellation: Cancellation()
      ) { _ in }
      #expect(throws: WorkbenchError.self) {
        try PoolMapping.byUtilities(random, workers: Workers(), cancellation: Cancellation())
      }
    }
  }

  /// A matrix that is small enough to be shown whole, ordered by label, against picking its elements one by one.
  @Test func theHeatMapIsTheMatrixInItsOrder() throws {
    try inFolder { folder, engine in
      let url = try pool(folder, rows: 40)
      let out = folder.appendingPathComponent("u.npy")
      try engine.score(
        ScoreRequest(
          pool: [url.path], queries: nil, examples: nil, limit: nil, skipBadRows: false,
          source: .model(directory: model), template: "delift", utilityKernel: .euclidean, rescaling: .minMax),
        to: out.path, replacing: false, cancellation: Cancellation()
      ) { _ in }
      let matrix = try NumpyMatrix(path: out.path)
      let file = try DatasetFile.open(path: url.path, role: .pool)
      let labels = try file.samples(at: 0..<40).map { $0.label ?? "" }
      var specification = specification(url)
      specification.rescaling = .minMax
      let outcome = try engine.execute(specification, cancellation: Cancellation()) { _ in }
      let map = try outcome.heatMap(
        order: .label, label: { labels[$0.value] }, workers: Workers(), cancellation: Cancellation())
      let order = (0..<40).sorted { labels[$0] != labels[$1] ? labels[$0] < labels[$1] : $0 < $1 }
      #expect(map.rows == 40 && map.columns == 40)
      for row in 0..<40 {
        for column in 0..<40 {
          let cell = map.least + map.cells[row * 40 + column] * (map.greatest - map.least)
          #expect(abs(cell - matrix[order[row], order[column]]) < 1e-5)
        }
      }
      #expect(map.groups.map(\.name) == map.groups.map(\.name).sorted() && map.groups.last?.lines.upperBound == 40)
      let cluster = try outcome.heatMap(
        order: .cluster, label: { labels[$0.value] }, workers: Workers(), cancellation: Cancellation())
      #expect(cluster.groups.first?.name == "pick 1")
    }
  }

  @Test func aRunOfTheLibraryComesBackWithItsReasonsAndNothingIsScored() throws {
    try inFolder { folder, engine in
      let url = try pool(folder, rows: 40)
      let outcome = try engine.execute(specification(url), cancellation: Cancellation()) { _ in }
      let record = try RunLibrary(path: engine.paths.runs).run(try #require(outcome.id))
      let again = try engine.reopen(record, cancellation: Cancellation())
      #expect(again.selection == outcome.selection)
      for rank in 0..<Rank(6) { #expect(try again.explain(rank: rank) == outcome.explain(rank: rank)) }
      // Its own objective gives the run's own value, and no other set of so many rows more than a run of its own.
      let own = try #require(try engine.value(of: outcome.selection.picks.map(\.row), to: again))
      #expect(abs(own - outcome.selection.objective) < 1e-9)
      #expect(try #require(try engine.value(of: Array(0..<6), to: again)) <= own * 1.6)
      #expect(try engine.value(of: [4000], to: again) == nil)

      try FileManager.default.removeItem(atPath: engine.paths.scores)
      #expect(throws: WorkbenchError.self) { try engine.reopen(record, cancellation: Cancellation()) }
      try Data("{\"instruction\":\"x\",\"output\":\"y\"}\n".utf8).write(to: url)
      #expect(throws: WorkbenchError.self) { try engine.reopen(record, cancellation: Cancellation()) }
    }
  }

  @Test func runsWithoutBadRowsAreComparedByTheRowsThatTheyChose() throws {
    try inFolder { folder, engine in
      let path = folder.appendingPathComponent("pool.jsonl")
      let row = { (label: String) in "{\"instruction\":\"x\",\"output\":\"y\",\"task\":\"\(label)\"}\n" }
      try Data((row("first") + "no row\n" + row("second") + row("third")).utf8).write(to: path)
      let specification = RunSpecification(
        method: .random, pool: path.path, source: nil, budget: .count(1), skipBadRows: true, pinned: [2])
      let outcome = try engine.execute(specification, cancellation: Cancellation()) { _ in }
      let record = try RunLibrary(path: engine.paths.runs).run(try #require(outcome.id))
      let compared = try engine.compare([record], cancellation: Cancellation())
      #expect(compared.runs.first?.labels == ["second": 1])
    }
  }

  @Test func partnersAreTheRowsThatHelpMostWithThePick() throws {
    try inFolder { folder, engine in
      let url = try pool(folder, rows: 40)
      let outcome = try engine.execute(specification(url), cancellation: Cancellation()) { _ in }
      let explained = try outcome.explain(rank: 2)
      let utilities = explained.partners.map(\.utility)
      #expect(utilities == utilities.sorted(by: >) && !utilities.isEmpty)
      #expect(!explained.partners.map(\.row).contains(explained.pick.row))
      #expect(explained.targets.isEmpty)
    }
  }

  @Test func whatTheWholePoolIsWorthIsSaidAndNoSelectionIsWorthMore() throws {
    try inFolder { folder, engine in
      let url = try pool(folder, rows: 40)
      let said = Tokens()
      let whole = try engine.execute(specification(url, budget: 40), cancellation: Cancellation()) { event in
        if case .reachable(let value) = event { said.note(Int((value * 1e6).rounded())) }
      }
      #expect(abs(Double(said.most) / 1e6 - whole.selection.objective) < 1e-5)
    }
  }
}
