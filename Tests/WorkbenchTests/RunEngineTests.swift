import Domain
import Foundation
import Store
import Synchronization
import TestSupport
import Testing
import Workbench

/// Twelve samples and what a plain greedy loop in Python chooses from their utilities (see Tests/Fixtures/README.md).
private struct Oracle: Decodable {
  struct Greedy: Decodable {
    var order: [Int]
    var gains: [Double]
  }
  var samples: [[String: String]]
  var greedy: Greedy

  static func read() throws -> Oracle {
    try JSONDecoder().decode(
      Oracle.self, from: Data(contentsOf: Places.fixtures.appendingPathComponent("Scoring/delift.json")))
  }
}

private func inFolder(_ body: (URL, RunEngine) throws -> Void) throws {
  let folder = try Places.makeTemporaryFolder()
  defer { try? FileManager.default.removeItem(at: folder) }
  let paths = StorePaths(
    configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache")
  try body(folder, RunEngine(paths: paths))
}

/// Writes the oracle's samples as a pool, and gives a specification that chooses from it.
private func specification(_ folder: URL, budget: Budget) throws -> RunSpecification {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  var text = Data()
  for sample in try Oracle.read().samples {
    text += try encoder.encode(sample)
    text.append(0x0A)
  }
  let pool = folder.appendingPathComponent("pool.jsonl")
  try text.write(to: pool)
  return RunSpecification(
    method: .deliftInstruction, pool: pool.path,
    source: .model(directory: Places.fixtures.appendingPathComponent("Scoring/model").path), budget: budget,
    rescaling: .minMax)
}

private final class Events: Sendable {
  private let all = Mutex<[RunEvent]>([])
  func add(_ event: RunEvent) { all.withLock { $0.append(event) } }
  var picks: [Pick] {
    all.withLock { $0.compactMap { if case .picked(let pick) = $0 { pick } else { nil } } }
  }
  var phases: [Phase] {
    all.withLock { events in
      var phases: [Phase] = []
      for case .progress(let progress) in events where phases.last != progress.phase { phases.append(progress.phase) }
      return phases
    }
  }
}

@Suite struct RunEngineTests {
  @Test func fromAFileToPicksTheAnswerIsThatOfPyTorchAndAPlainLoop() throws {
    try inFolder { folder, engine in
      let oracle = try Oracle.read()
      let events = Events()
      let outcome = try engine.execute(
        try specification(folder, budget: .count(12)), cancellation: Cancellation(), observe: events.add)
      #expect(outcome.selection.picks.map(\.row.value) == oracle.greedy.order)
      for (pick, gain) in zip(outcome.selection.picks, oracle.greedy.gains) { #expect(abs(pick.gain - gain) < 1e-3) }
      #expect(events.picks == outcome.selection.picks)
      #expect(events.phases == [.load, .score, .select])
      #expect(outcome.candidates == 12 && outcome.budget == 12)
    }
  }

  @Test func explanationsPartTheRowsAmongThePicks() throws {
    try inFolder { folder, engine in
      let outcome = try engine.execute(
        try specification(folder, budget: .count(3)), cancellation: Cancellation(), observe: { _ in })
      var represented: [RowIndex] = []
      for rank in 0..<3 {
        let explanation = try outcome.explain(rank: Rank(rank))
        #expect(explanation.pick == outcome.selection.picks[rank])
        #expect(explanation.utilityHistogram.reduce(0, +) == 12)
        let utilities = explanation.represents.map(\.utility)
        #expect(utilities == utilities.sorted(by: >))
        represented += explanation.represents.map(\.row)
      }
      #expect(represented.sorted() == Array(0..<12))
      #expect(throws: WorkbenchError.self) { try outcome.explain(rank: 3) }
    }
  }

  @Test func aRunIsOnRecordWithItsPicks() throws {
    try inFolder { folder, engine in
      let outcome = try engine.execute(
        try specification(folder, budget: .fraction(0.5)), cancellation: Cancellation(), observe: { _ in })
      let record = try RunLibrary(path: engine.paths.runs).run(try #require(outcome.id))
      #expect(record.status == .finished)
      #expect(record.selection?.picks == outcome.selection.picks)
      #expect(record.contents == outcome.inputs.contents)
      #expect(record.rows == 12)
    }
  }

  @Test func aRunThatIsCancelledWhileItScoresIsOnRecordAsThat() throws {
    try inFolder { folder, engine in
      let cancellation = Cancellation()
      #expect(throws: CancellationError.self) {
        _ = try engine.execute(try specification(folder, budget: .count(3)), cancellation: cancellation) { event in
          if case .progress(let progress) = event, progress.phase == .score { cancellation.cancel() }
        }
      }
      let records = try RunLibrary(path: engine.paths.runs).runs()
      #expect(records.map(\.status) == [.cancelled])
    }
  }

  @Test func aRunThatIsCancelledWhileItSelectsKeepsItsPicks() throws {
    try inFolder { folder, engine in
      let cancellation = Cancellation()
      let outcome = try engine.execute(try specification(folder, budget: .count(10)), cancellation: cancellation) {
        if case .picked(let pick) = $0, pick.rank == 3 { cancellation.cancel() }
      }
      #expect(outcome.selection.isPartial)
      #expect(outcome.selection.picks.map(\.row.value) == Array(try Oracle.read().greedy.order[..<4]))
      #expect(
        abs(outcome.selection.objective - outcome.selection.picks.reduce(0) { $0 + $1.gain }) < 1e-9)
    }
  }

  @Test func anUnwritableStoreCostsTheRecordAndTheCacheNotTheRun() throws {
    try inFolder { folder, _ in
      let paths = StorePaths(configuration: "/proc/no", state: "/proc/no", cache: "/proc/no")
      let notices = Mutex(0)
      let outcome = try RunEngine(paths: paths).execute(
        try specification(folder, budget: .count(2)), cancellation: Cancellation()
      ) { if case .notice = $0 { notices.withLock { $0 += 1 } } }
      #expect(outcome.selection.picks.count == 2)
      #expect(outcome.id == nil)
      #expect(notices.withLock { $0 } == 2)
    }
  }

  @Test func exportedRowsComeBackByteForByteUnlessThePoolHasChanged() throws {
    try inFolder { folder, engine in
      let specification = try specification(folder, budget: .count(4))
      let outcome = try engine.execute(specification, cancellation: Cancellation(), observe: { _ in })
      let first = folder.appendingPathComponent("first.jsonl")
      let second = folder.appendingPathComponent("second.jsonl")
      try Exporter.export(outcome, to: first.path, replacing: false, version: "test")
      let library = try RunLibrary(path: engine.paths.runs)
      let record = try library.run(try #require(outcome.id))
      try Exporter.export(record, to: second.path, replacing: false, version: "test")
      #expect(try Data(contentsOf: first) == Data(contentsOf: second))
      let manifest = try JSONDecoder().decode(
        Manifest.self, from: Data(contentsOf: URL(fileURLWithPath: first.path + ".manifest.json")))
      #expect(manifest.picks == outcome.inputs.located(outcome.selection.picks))
      #expect(manifest.contents == outcome.inputs.contents)

      let pool = try #require(specification.pool)
      try Data((String(contentsOfFile: pool, encoding: .utf8) + "\n").utf8).write(to: URL(fileURLWithPath: pool))
      #expect(throws: WorkbenchError.self) {
        try Exporter.export(record, to: second.path, replacing: true, version: "test")
      }
    }
  }
}
