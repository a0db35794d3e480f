import Domain
import Foundation
import Influence
import Numerics
import Store
import Synchronization
import TestSupport
import Testing
import Workbench

private final class Notes: Sendable {
  private let all = Mutex<[RunEvent]>([])
  func add(_ event: RunEvent) { all.withLock { $0.append(event) } }
  var text: String {
    all.withLock { $0.compactMap { if case .notice(let text) = $0 { text } else { nil } }.joined(separator: "\n") }
  }
  var phases: Set<Phase> {
    all.withLock { Set($0.compactMap { if case .progress(let progress) = $0 { progress.phase } else { nil } }) }
  }
}

private struct Row {
  var instruction: String
  var input: String
  var output: String
  var family: String
}

/// Rows of two families of small tasks.
private func rows(_ count: Int, from first: Int = 0) -> [Row] {
  let words = ["stone", "river", "apple", "cloud", "paper", "green", "house", "night"]
  return (first..<first + count).map { number in
    let (a, b) = (words[number % 8], words[(number * 3 + 1) % 8])
    return number % 2 == 0
      ? Row(instruction: "Return the first word.", input: "\(a) \(b)", output: a, family: "first")
      : Row(instruction: "Add the two numbers.", input: "\(number) and 7", output: "\(number + 7)", family: "add")
  }
}

private func write(_ rows: [Row], to path: URL) throws {
  let lines = rows.map { row in
    #"{"instruction": "\#(row.instruction)", "input": "\#(row.input)", "output": "\#(row.output)", "family": "\#(row.family)"}"#
  }
  try (lines.joined(separator: "\n") + "\n").write(to: path, atomically: true, encoding: .utf8)
}

/// A place with a pool of 24 rows and a target of 4, and runs on them.
private struct Bench {
  let folder: URL
  let engine: RunEngine
  var pool: URL { folder.appendingPathComponent("pool.jsonl") }
  var target: URL { folder.appendingPathComponent("target.jsonl") }

  init() throws {
    folder = try Places.makeTemporaryFolder()
    engine = RunEngine(
      paths: StorePaths(
        configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache"))
    try write(rows(24), to: pool)
    try write(rows(4, from: 100), to: target)
  }

  func end() { try? FileManager.default.removeItem(at: folder) }

  func specification(_ settings: InfluenceSettings, budget: Budget = .count(6)) -> RunSpecification {
    let needsModel = settings.gradients == nil
    return RunSpecification(
      method: .influence, pool: needsModel ? pool.path : nil, target: needsModel ? target.path : nil,
      source: needsModel
        ? .model(directory: Places.fixtures.appendingPathComponent("Scoring/model").path) : nil,
      budget: budget, influence: settings)
  }

  func run(_ settings: InfluenceSettings, notes: Notes = Notes(), budget: Budget = .count(6)) throws -> RunOutcome {
    try engine.execute(specification(settings, budget: budget), cancellation: Cancellation()) { notes.add($0) }
  }

  /// A `.npy` file of float32 numbers.
  func numpy(_ name: String, rows: Int, columns: Int, _ elements: [Float]) throws -> String {
    let path = folder.appendingPathComponent(name)
    try (Data(NumpyHeader.bytes(rows: rows, columns: columns)) + elements.withUnsafeBytes { Data($0) }).write(to: path)
    return path.path
  }
}

private func expectFiniteWeights(_ outcome: RunOutcome, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(outcome.selection.picks.allSatisfy { $0.weight.isFinite && $0.gain.isFinite }, sourceLocation: sourceLocation)
}

@Suite struct InfluenceRunTests {
  @Test func aRunComesBackWithoutItsModel() throws {
    let bench = try Bench()
    defer { bench.end() }
    let model = bench.folder.appendingPathComponent("model")
    try FileManager.default.copyItem(at: Places.fixtures.appendingPathComponent("Scoring/model"), to: model)
    var specification = bench.specification(InfluenceSettings())
    specification.source = .model(directory: model.path)
    let outcome = try bench.engine.execute(specification, cancellation: Cancellation()) { _ in }
    let record = try RunLibrary(path: bench.engine.paths.runs).run(try #require(outcome.id))
    try FileManager.default.removeItem(at: model)
    let again = try bench.engine.reopen(record, cancellation: Cancellation())
    #expect(again.selection == outcome.selection)
    #expect(try again.explain(rank: 0).pick == outcome.selection.picks[0])
  }

  @Test func landmarksGiveAsManyPicksAndSayHowFarTheyAreToBeTrusted() throws {
    let bench = try Bench()
    defer { bench.end() }
    let notes = Notes()
    let outcome = try bench.run(InfluenceSettings(landmarks: .count(8), heldOut: 6), notes: notes)
    #expect(Set(outcome.selection.picks.map(\.row)).count == 6)
    #expect(notes.text.contains("8 landmarks") && notes.text.contains("6 held-out"))
    #expect(notes.phases.isSuperset(of: [.embed, .gradients, .propagate, .select]))
    expectFiniteWeights(outcome)
    let explanation = try outcome.explain(rank: 0)
    #expect(explanation.partners.count == 8)
    #expect(explanation.targets.count == 4)
    // The gain is the mean over the targets of its group.
    #expect(Double(explanation.targets[0].utility) >= outcome.selection.picks[0].gain - 1e-6)
  }

  @Test(arguments: InfluenceSettings.Embedding.allCases, InfluenceSettings.Propagation.allCases)
  func everyEmbeddingAndPropagationRuns(
    embedding: InfluenceSettings.Embedding, propagation: InfluenceSettings.Propagation
  ) throws {
    let bench = try Bench()
    defer { bench.end() }
    let outcome = try bench.run(
      InfluenceSettings(
        landmarks: .count(8), landmarkChoice: .leverage, propagation: propagation, embedding: embedding, blocks: 2))
    #expect(outcome.selection.picks.count == 6)
    expectFiniteWeights(outcome)
  }

  @Test(arguments: InfluenceSettings.Step.allCases, [Budget.count(8), .fraction(1)])
  func theSecondOrderGivesWeights(step: InfluenceSettings.Step, landmarks: Budget) throws {
    let bench = try Bench()
    defer { bench.end() }
    let notes = Notes()
    let outcome = try bench.run(
      InfluenceSettings(
        order: .second, step: step, warmUpSteps: 2, landmarks: landmarks, parameters: "down_proj"), notes: notes)
    let found = try #require(outcome.influence)
    let weights = try #require(found.result.weights)
    #expect(abs(weights.reduce(0, +) - 24) < 1e-6)
    #expect(try #require(found.result.weighing?.residual) < 1e-6)
    let chosen = Set(found.picks.map(\.candidate.value))
    let least = found.picks.map(\.weight).min() ?? 0
    #expect(weights.indices.allSatisfy { chosen.contains($0) || weights[$0] <= least })
    #expect(notes.text.contains("least convex lambda"))
    expectFiniteWeights(outcome)
  }

  @Test func theSameSeedGivesTheSamePicksOnAnyNumberOfThreads() throws {
    let bench = try Bench()
    defer { bench.end() }
    let settings = InfluenceSettings(landmarks: .count(8))
    let picks = try [1, 2, 5].map { threads in
      // Computed each time, not taken from what is kept.
      try? FileManager.default.removeItem(atPath: bench.engine.paths.cache)
      return try RunEngine(paths: bench.engine.paths, workers: Workers(count: threads))
        .execute(bench.specification(settings), cancellation: Cancellation(), observe: { _ in }).selection
    }
    #expect(picks[0] == picks[1] && picks[0] == picks[2])
  }

  @Test func sharesOfTargetGroupsSetHowManyPicksEachMakes() throws {
    let bench = try Bench()
    defer { bench.end() }
    let outcome = try bench.run(
      InfluenceSettings(landmarks: .fraction(1), groupShares: ["first": 2, "add": 1]), budget: .count(9))
    let groups = try #require(outcome.influence).picksByGroup
    #expect(groups.first { $0.group == "first" }?.picks == 6)
    #expect(groups.first { $0.group == "add" }?.picks == 3)
    #expect {
      try bench.run(InfluenceSettings(landmarks: .fraction(1), groupShares: ["sort": 1]))
    } throws: { ErrorReport(describing: $0).problem.contains("sort") }
  }

  @Test func theStateOfAnOptimiserIsTakenInThePlaceOfAWarmUp() throws {
    let bench = try Bench()
    defer { bench.end() }
    let notes = Notes()
    #expect {
      try bench.run(
        InfluenceSettings(step: .adamW, optimizerState: bench.folder.path + "/none", landmarks: .fraction(1)),
        notes: notes)
    } throws: { ErrorReport(describing: $0).status == .noSuchFile }
  }

  // MARK: Data that cannot serve

  @Test func aRowWithoutAResponseIsLeftOutAndNamed() throws {
    let bench = try Bench()
    defer { bench.end() }
    var some = rows(24)
    some[5].input = String(repeating: "stone ", count: 4000)  // fills the model's context
    try write(some, to: bench.pool)
    let notes = Notes()
    let outcome = try bench.run(InfluenceSettings(landmarks: .fraction(1)), notes: notes, budget: .fraction(1))
    #expect(notes.text.contains("1 of 24 rows of the pool are left out") && notes.text.contains("(row 5)"))
    #expect(outcome.selection.picks.count == 23)
    #expect(!outcome.selection.picks.contains { $0.row == 5 })
    expectFiniteWeights(outcome)
  }

  @Test func aSetWithoutAnyResponseIsRefused() throws {
    let bench = try Bench()
    defer { bench.end() }
    try write(
      rows(3).map { row in
        var long = row
        long.input = String(repeating: "stone ", count: 4000)
        return long
      }, to: bench.target)
    #expect {
      try bench.run(InfluenceSettings(landmarks: .fraction(1)))
    } throws: { ErrorReport(describing: $0).problem.hasPrefix("every row of the target") }
  }

  @Test func oneLandmarkAndOneTargetRowSuffice() throws {
    let bench = try Bench()
    defer { bench.end() }
    try write(rows(1, from: 50), to: bench.target)
    for order in InfluenceSettings.Order.allCases {
      let outcome = try bench.run(InfluenceSettings(order: order, landmarks: .count(1), parameters: "down_proj"))
      #expect(outcome.selection.picks.count == 6)
      expectFiniteWeights(outcome)
    }
  }

  @Test func moreLandmarksThanSamplesTakeAllGradientsAndSaySo() throws {
    let bench = try Bench()
    defer { bench.end() }
    let notes = Notes()
    let many = try bench.run(InfluenceSettings(landmarks: .count(500)), notes: notes)
    #expect(notes.text.contains("500 landmarks are more than the 24 samples"))
    let all = try bench.run(InfluenceSettings(landmarks: .fraction(1)))
    #expect(many.selection == all.selection)
  }

  @Test func aLambdaBelowTheBoundIsRaisedAndNamed() throws {
    let bench = try Bench()
    defer { bench.end() }
    let notes = Notes()
    let outcome = try bench.run(
      InfluenceSettings(order: .second, landmarks: .fraction(1), parameters: "down_proj", lambda: 1e-300), notes: notes)
    #expect(notes.text.contains("lambda 1e-300 is not above"))
    expectFiniteWeights(outcome)
  }

  @Test func importedGradientsNeedNoModel() throws {
    let bench = try Bench()
    defer { bench.end() }
    // Row i points along axis i % 3; the target along axis 1.
    var pool = [Float](repeating: 0.1, count: 27)
    for row in 0..<9 { pool[3 * row + row % 3] = Float(row + 1) }
    let settings = InfluenceSettings(
      gradients: try bench.numpy("g.npy", rows: 9, columns: 3, pool),
      targetGradients: try bench.numpy("t.npy", rows: 1, columns: 3, [0, 2, 0]))
    let outcome = try bench.run(settings, budget: .count(3))
    #expect(Set(outcome.selection.picks.map(\.row)) == [1, 4, 7])
    #expect(outcome.selection.picks.first?.row == 7, "the largest cosine first")
  }

  @Test func importedGradientsThatAreZeroNotFiniteOrOfAnotherSizeAreNamed() throws {
    let bench = try Bench()
    defer { bench.end() }
    let good = try bench.numpy("good.npy", rows: 2, columns: 3, [1, 2, 3, 0, 0, 0])
    let zero = try bench.numpy("zero.npy", rows: 2, columns: 3, [0, 0, 0, 0, 0, 0])
    let nan = try bench.numpy("nan.npy", rows: 2, columns: 3, [1, 2, 3, 4, .nan, 6])
    let wide = try bench.numpy("wide.npy", rows: 2, columns: 4, [Float](repeating: 1, count: 8))
    func error(_ pool: String, _ target: String) -> InfluenceError? {
      do {
        _ = try bench.run(InfluenceSettings(gradients: pool, targetGradients: target), budget: .count(1))
        return nil
      } catch { return error as? InfluenceError }
    }
    #expect(error(good, good) == nil)
    #expect(error(zero, good) == .allZero(role: .pool))
    #expect(error(good, zero) == .allZero(role: .target))
    #expect(error(nan, good) == .notFinite(role: .pool, row: 1))
    #expect(error(good, nan) == .notFinite(role: .target, row: 1))
    guard case .mismatch? = error(good, wide) else { return #expect(Bool(false), "another number of columns") }
  }

  @Test func whatTheRunRestsOnIsWrittenForNumPy() throws {
    let bench = try Bench()
    defer { bench.end() }
    let outcome = try bench.run(
      InfluenceSettings(order: .second, landmarks: .count(5), embedding: .tangents, parameters: "down_proj"))
    let folder = bench.folder.path + "/dump"
    try #require(outcome.influence).dump(to: folder, candidates: 24, replacing: false)
    let shapes = try ["p", "weights", "p_exact", "embeddings", "Q_landmarks", "C"].map { name in
      let file = try NumpyMatrix(path: "\(folder)/\(name).npy")
      return [file.rows, file.columns]
    }
    #expect(shapes == [[24, 1], [24, 1], [21, 1], [24, 128], [5, 5], [24, 5]])
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(Set(names).isSuperset(of: ["rows.npy", "landmarks.npy", "held-out.npy"]))
  }

  @Test func theExpansionOfARunIsCheckedByItsNumber() throws {
    let bench = try Bench()
    defer { bench.end() }
    let outcome = try bench.run(InfluenceSettings(landmarks: .fraction(1), stepSize: 2e-4))
    let record = try RunLibrary(path: bench.engine.paths.runs).run(try #require(outcome.id))
    let check = try bench.engine.checkExpansion(
      of: record, most: 6, halvings: 2, stepSize: nil, cancellation: Cancellation(), observe: { _ in })
    #expect(check.samples == 6 && check.rows.count == 2)
    #expect(check.rows.allSatisfy { $0.error < 0.05 * abs($0.firstOrder) })
  }

  @Test func aStoreOfGradientsGoesOnWhereItStoppedAndGivesTheSameSelection() throws {
    let bench = try Bench()
    defer { bench.end() }
    func store(_ data: URL, _ name: String, precision: StoredPrecision, stopAfter: Int? = nil) throws -> String {
      let path = bench.folder.path + "/" + name
      let cancellation = Cancellation()
      try bench.engine.storeGradients(
        RunSpecification(
          method: .influence, pool: data.path,
          source: .model(directory: Places.fixtures.appendingPathComponent("Scoring/model").path),
          budget: .fraction(1), influence: InfluenceSettings(projection: ProjectionSetting(kind: .hadamard, size: 2048))
        ),
        to: path, precision: precision, cancellation: cancellation
      ) { event in
        if case .progress(let progress) = event, let stopAfter, progress.done >= stopAfter { cancellation.cancel() }
      }
      return path
    }
    try write(rows(100), to: bench.pool)
    #expect(throws: CancellationError.self) {
      _ = try store(bench.pool, "g.npy", precision: .float32, stopAfter: 32)
    }
    #expect(!FileManager.default.fileExists(atPath: bench.folder.path + "/g.npy"))
    let half = try store(bench.pool, "half.npy", precision: .float16)
    let whole = try store(bench.pool, "g.npy", precision: .float32)
    #expect(!FileManager.default.fileExists(atPath: whole + ".journal"))
    let (a, b) = (try VectorFile(path: whole), try VectorFile(path: half))
    let target = try store(bench.target, "t.npy", precision: .float32)
    #expect(a.rows == 100 && b.columns == 2048)
    let fromStore = try bench.run(InfluenceSettings(gradients: whole, targetGradients: target), budget: .count(10))
    let fromHalves = try bench.run(InfluenceSettings(gradients: half, targetGradients: target), budget: .count(10))
    let direct = try bench.run(
      // Imported targets have no labels and take turns one by one.
      InfluenceSettings(
        pooling: .roundRobin, landmarks: .fraction(1), projection: ProjectionSetting(kind: .hadamard, size: 2048)),
      budget: .count(10))
    #expect(fromStore.selection.picks.map(\.row) == direct.selection.picks.map(\.row))
    let shared = Set(fromHalves.selection.picks.map(\.row)).intersection(direct.selection.picks.map(\.row))
    #expect(shared.count >= 9)
  }
}
