import Domain
import Foundation
import Numerics
import Store
import TestSupport
import Testing
import Workbench

/// Runs that would take long, and what of them is kept.
@Suite struct LengthTests {
  private struct Oracle: Decodable { var samples: [[String: String]] }

  private let folder: URL
  private let paths: StorePaths

  init() throws {
    folder = try Places.makeTemporaryFolder()
    paths = StorePaths(
      configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache")
    let oracle = try JSONDecoder().decode(
      Oracle.self, from: Data(contentsOf: Places.fixtures.appendingPathComponent("Scoring/delift.json")))
    for (name, times) in [("few", 1), ("many", 1200)] {
      let lines = try (0..<times).flatMap { time in
        try oracle.samples.map { row in
          var row = row
          if time > 0 { row["instruction", default: ""] += " \(time)" }
          return try JSONEncoder().encode(row) + [0x0A]
        }
      }
      try Data(lines.joined()).write(to: folder.appendingPathComponent("\(name).jsonl"))
    }
  }

  private func specification(_ pool: String, sparse: SparsePairs? = nil) -> RunSpecification {
    RunSpecification(
      method: .deliftInstruction, pool: folder.path + "/\(pool).jsonl",
      source: .model(directory: Places.fixtures.appendingPathComponent("Scoring/model").path), budget: .count(3),
      sparse: sparse)
  }

  @Test func aRunBeyondTheLimitIsRefusedWithTheWaysOut() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let engine = RunEngine(paths: paths, longest: 1)
    do {
      _ = try engine.execute(specification("many"), cancellation: Cancellation()) { _ in }
      Issue.record("it was not refused")
    } catch let report as ErrorReport {
      #expect(report.status == .unusableArguments && report.problem.hasPrefix("delift-instruction would take about"))
      for way in ["--yes", "--neighbours 32", "--prefilter length:20%", "--limit 200"] {
        #expect(report.remedy?.contains(way) == true, "\(report)")
      }
    }
    // Nothing was begun, and a short one goes on.
    #expect(try engine.storage.runs().runs().isEmpty)
    _ = try engine.execute(specification("few"), cancellation: Cancellation()) { _ in }
  }

  @Test(arguments: [nil, SparsePairs(neighbours: 3, audit: 0)]) func whatIsKeptIsNotCounted(sparse: SparsePairs?) throws
  {
    defer { try? FileManager.default.removeItem(at: folder) }
    let engine = RunEngine(paths: paths)
    let run = specification("few", sparse: sparse)
    func estimate() throws -> RunEstimate {
      let inputs = try RunInputs(opening: run, cancellation: Cancellation())
      return try engine.estimate(
        run, pool: #require(inputs.pool), target: nil, existing: nil, cancellation: Cancellation())
    }
    let before = try estimate()
    #expect(before.kept == nil && before.passes > 50)
    _ = try engine.execute(run, cancellation: Cancellation()) { _ in }
    let after = try estimate()
    #expect((after.kept ?? 0) > 0.95 && after.passes < before.passes / 10)
  }
}
