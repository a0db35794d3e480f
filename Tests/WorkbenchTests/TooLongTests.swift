import Domain
import Foundation
import Store
import Synchronization
import TestSupport
import Testing
import Workbench

/// Rows whose prompt alone fills the model's context: one rule for all methods.
@Suite struct TooLongTests {
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
    var (pool, target) = (samples, Array(samples[3..<7]))
    for row in [2, 9] { pool[row]["input"] = String(repeating: "over and over ", count: 2000) }
    target[1]["input"] = String(repeating: "again ", count: 4000)
    try write("pool", pool)
    try write("target", target)
    // The same without the long rows.
    try write("short", pool.indices.filter { ![2, 9].contains($0) }.map { pool[$0] })
    try write("target-short", [target[0], target[2], target[3]])
  }

  private func write(_ name: String, _ rows: [[String: String]]) throws {
    let lines = try rows.map { try JSONEncoder().encode($0) + [0x0A] }
    try Data(lines.joined()).write(to: folder.appendingPathComponent("\(name).jsonl"))
  }

  private func specification(
    _ method: Domain.Method, _ pool: String = "pool", _ target: String = "target", rule: TooLong = .leaveOut
  ) -> RunSpecification {
    RunSpecification(
      method: method, pool: folder.path + "/\(pool).jsonl",
      target: method.needs.contains(.target) ? folder.path + "/\(target).jsonl" : nil,
      source: .model(directory: Places.fixtures.appendingPathComponent("Scoring/model").path), budget: .count(4),
      influence: method.needsGradients ? InfluenceSettings() : nil, tooLong: rule)
  }

  @Test(arguments: [
    Domain.Method.deliftInstruction, .deliftTask, .influence, .rds, .inContext, .middlePerplexity, .ifd, .kCentre,
  ])
  func theyAreLeftOutByEveryMethodAndCounted(method: Domain.Method) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let notices = Mutex<[String]>([])
    let found = try engine.execute(specification(method), cancellation: Cancellation()) { event in
      if case .notice(let text) = event { notices.withLock { $0.append(text) } }
    }
    let said = notices.withLock { $0 }
    #expect(said.contains { $0.hasPrefix("2 of 12 rows of the pool are left out") && $0.contains("row 2, row 9") })
    #expect(said.contains { $0.hasPrefix("1 of 4 rows of the target") } == method.needs.contains(.target))
    #expect(found.candidates == 10)
    // The choice is that of files without them.
    let short = try engine.execute(specification(method, "short", "target-short"), cancellation: Cancellation()) { _ in
    }
    let rows = (0..<12).filter { ![2, 9].contains($0) }
    #expect(found.selection.picks.map(\.row.value) == short.selection.picks.map { rows[$0.row.value] })
    #expect(found.selection.picks.map(\.gain) == short.selection.picks.map(\.gain))
    // From the library it is the same run.
    let record = try engine.storage.runs().run(try #require(found.id))
    let again = try engine.reopen(record, cancellation: Cancellation())
    #expect(again.inputs.pool?.count == 10 && again.selection == found.selection)
  }

  @Test func stopNamesTheFirstBeforeAnythingIsBegun() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for method in [Domain.Method.deliftInstruction, .influence, .rds] {
      do {
        _ = try engine.execute(specification(method, rule: .stop), cancellation: Cancellation()) { _ in }
        Issue.record("it was not refused")
      } catch let report as ErrorReport {
        #expect(report.status == .badData && report.location?.hasSuffix("pool.jsonl:3") == true)
        #expect(report.remedy?.contains("--too-long leave-out") == true)
      }
    }
    try write(
      "pool", [samples[0], samples[1]].map { $0.merging(["input": String(repeating: "x y ", count: 9000)]) { $1 } })
    #expect(throws: ErrorReport.self) {
      try engine.execute(specification(.rds), cancellation: Cancellation()) { _ in }
    }
    #expect(try engine.storage.runs().runs().isEmpty)
  }
}
