import Domain
import Foundation
import Store
import TestSupport
import Testing
import Workbench

/// A cheap method that keeps a share of the pool for a dear one (Methods 5).
@Suite struct PrefilterTests {
  private struct Oracle: Decodable { var samples: [[String: String]] }

  private let folder: URL
  private let engine: RunEngine
  private let samples: [[String: String]]

  init() throws {
    folder = try Places.makeTemporaryFolder()
    engine = RunEngine(
      paths: StorePaths(
        configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache"))
    samples = try JSONDecoder().decode(
      Oracle.self, from: Data(contentsOf: Places.fixtures.appendingPathComponent("Scoring/delift.json"))
    ).samples
    try write("pool", samples)
    try write("target", Array(samples[3..<7]))
  }

  private func write(_ name: String, _ rows: [[String: String]]) throws {
    let lines = try rows.map { try JSONEncoder().encode($0) + [0x0A] }
    try Data(lines.joined()).write(to: folder.appendingPathComponent("\(name).jsonl"))
  }

  private func specification(
    _ method: Domain.Method = .deliftTask, _ prefilter: String? = nil, pool: String = "pool",
    budget: Budget = .count(3),
    sparse: SparsePairs? = nil
  ) throws -> RunSpecification {
    RunSpecification(
      method: method, pool: folder.path + "/\(pool).jsonl", target: folder.path + "/target.jsonl",
      source: .model(directory: Places.fixtures.appendingPathComponent("Scoring/model").path), budget: budget,
      sparse: sparse, prefilter: try prefilter.map { try #require(Prefilter(parsing: $0)) })
  }

  private func run(_ specification: RunSpecification) throws -> RunOutcome {
    try engine.execute(specification, cancellation: Cancellation()) { _ in }
  }

  @Test(arguments: ["bm25", "rds", "length", "random", "influence", "in-context", "k-centre", "dedup-random"])
  func theChoiceIsThatOfAFileOfTheKeptRows(method: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let named = Domain.Method(rawValue: method)
    let filter = try #require(named)
    let kept = try run(specification(filter, budget: .count(7))).selection.picks.map(\.row).sorted()
    let found = try run(specification(.deliftTask, method + ":7"))
    #expect(found.specification.prefilter?.kept?.rows == kept && found.candidates == 7)
    try write("kept", kept.map { samples[$0.value] })
    let alone = try run(specification(pool: "kept"))
    #expect(found.selection.picks.map(\.row) == alone.selection.picks.map { kept[$0.row.value] })
    #expect(found.selection.picks.map(\.gain) == alone.selection.picks.map(\.gain))
    #expect(found.selection.objective == alone.selection.objective)
    // It can be asked why, and run again.
    let record = try engine.storage.runs().run(try #require(found.id))
    let again = try engine.reopen(record, cancellation: Cancellation())
    #expect(try again.explain(rank: 1) == found.explain(rank: 1))
    #expect(try run(record.specification).selection == found.selection)
  }

  @Test func sharesAreOfTheWholePoolAndMarksHold() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var marked = try specification(.deliftInstruction, "bm25:50%", budget: .fraction(0.25))
    let plain = try run(marked)
    let gone = try #require(
      (0..<12).map { RowIndex($0) }.first { plain.specification.prefilter?.kept?.rows.contains($0) == false })
    #expect(plain.candidates == 6 && plain.selection.picks.count == 3)
    marked.pinned = [gone]
    marked.banned = [plain.selection.picks[0].row]
    let found = try run(marked)
    #expect(found.selection.picks.count == 3 && found.selection.picks[0].row == gone)
    #expect(!found.selection.picks.map(\.row).contains(plain.selection.picks[0].row))
    // With sparse utilities too.
    let sparse = try run(specification(.deliftTask, "rds:8", sparse: SparsePairs(neighbours: 3)))
    #expect(sparse.selection.picks.count == 3 && sparse.candidates == 8)
  }

  @Test func whatIsNoPrefilterIsRefused() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for text in ["rds", "rds:", "rds:0", "rds:120%", "delift-task:20%", "rdx:20%", ":20%", "random-length:5"] {
      #expect(Prefilter(parsing: text) == nil, "\(text)")
    }
    let withoutTarget: RunSpecification = {
      var run = $0
      run.target = nil
      return run
    }(try specification(.deliftInstruction, "rds:6"))
    let imported: RunSpecification = {
      var run = $0
      run.source = .matrices(pool: "u.npy", target: nil, existing: nil)
      return run
    }(try specification(.deliftInstruction, "bm25:6"))
    for refused in [
      try specification(.deliftTask, "bm25:2"), try specification(.rds, "bm25:6"), withoutTarget, imported,
    ] {
      #expect(throws: (any Error).self) { try run(refused) }
    }
  }

  @Test func rowsAreWrittenDownAsBits() throws {
    for rows in [[], [0], [7, 8], [3, 1, 200, 64]] as [[RowIndex]] {
      let set = RowSet(rows)
      #expect(try JSONDecoder().decode(RowSet.self, from: JSONEncoder().encode(set)) == set)
    }
  }
}
