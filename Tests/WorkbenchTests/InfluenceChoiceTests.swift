import Datasets
import Domain
import Foundation
import Influence
import Samples
import Store
import TestSupport
import Testing
import Workbench

/// A tenth of a pool of small tasks, chosen for two of its families by the sample model.
@Suite struct InfluenceChoiceTests {
  /// Pools that are chosen from; `WINNOW_ALL_POOLS` names more of them.
  private static let seeds: [UInt64] =
    ProcessInfo.processInfo.environment["WINNOW_ALL_POOLS"] == nil ? [7] : [7, 9, 2024]
  typealias AdamWCase = (UInt64, InfluenceSettings.Order, Int)
  private struct Labelled: Decodable { var family: String }

  private func families(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      .map { try JSONDecoder().decode(Labelled.self, from: Data($0.utf8)).family }
  }

  private func run(_ settings: InfluenceSettings, seed: UInt64, in folder: URL) throws -> RunOutcome {
    try SampleGenerator.generate(seed: seed, rows: 300).write(toFolder: folder.path, overwrite: true)
    let engine = RunEngine(
      paths: StorePaths(
        configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache"))
    return try engine.execute(
      RunSpecification(
        method: .influence, pool: folder.path + "/pool.jsonl", target: folder.path + "/target.jsonl",
        source: .model(directory: Places.sampleData.appendingPathComponent("model").path), budget: .fraction(0.1),
        influence: settings), cancellation: Cancellation()
    ) { _ in }
  }

  @Test(arguments: seeds, [Budget?.none, .fraction(1)])
  func nineOfTenPicksAreOfTheFamiliesOfTheTarget(seed: UInt64, landmarks: Budget?) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let outcome = try run(InfluenceSettings(landmarks: landmarks), seed: seed, in: folder)
    let pool = try families(folder.path + "/pool.jsonl")
    let wanted = Set(try families(folder.path + "/target.jsonl"))
    #expect(wanted.count == 2)
    let picks = outcome.selection.picks.map { pool[$0.row.value] }
    #expect(picks.count == 30)
    #expect(picks.count { wanted.contains($0) } >= 27)
    // What a blind draw would give.
    #expect(Double(pool.count { wanted.contains($0) }) / Double(pool.count) < 0.15)
  }

  /// AdamW's scaling gives weight to parameters that few samples move, so that less is told apart: four of five, and nine of ten to
  /// the second order.
  @Test(arguments: seeds.map { ($0, .first, 24) } + [(7, .second, 27)] as [AdamWCase])
  func aStepOfAdamWChoosesThemToo(seed: UInt64, order: InfluenceSettings.Order, least: Int) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let settings = InfluenceSettings(
      order: order, step: .adamW, pooling: order == .second ? .pooled : InfluenceSettings().pooling)
    let outcome = try run(settings, seed: seed, in: folder)
    let pool = try families(folder.path + "/pool.jsonl")
    let wanted = Set(try families(folder.path + "/target.jsonl"))
    #expect(outcome.selection.picks.count { wanted.contains(pool[$0.row.value]) } >= least)
  }

  @Test func influenceSpreadByTheTokenTablesIsTrue() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    func correlation(_ embedding: InfluenceSettings.Embedding, _ step: InfluenceSettings.Step) throws -> Double {
      let settings = InfluenceSettings(step: step, landmarks: .fraction(0.1), embedding: embedding, heldOut: 100)
      return try #require(try run(settings, seed: 7, in: folder).influence?.result.propagated?.heldOutCorrelation)
    }
    #expect(try correlation(.tables, .gradientDescent) >= 0.8)
    #expect(try correlation(.output, .gradientDescent) >= 0.7)
    #expect(try correlation(.tables, .adamW) >= 0.6)
    #expect(try correlation(.output, .adamW) >= 0.55)
  }

  @Test func groupsTakeTheBestThatIsLeftByTheMeanOfTheirTargets() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let outcome = try run(InfluenceSettings(pooling: .groups, landmarks: .fraction(1)), seed: 7, in: folder)
    let found = try #require(outcome.influence)
    let influence = found.result.influence
    let labels = try families(folder.path + "/target.jsonl")
    #expect(influence.columns == labels.count)
    var taken: Set<Int> = []
    for pick in found.picks {
      let group = labels.indices.filter { labels[$0] == labels[pick.target ?? 0] }
      func mean(_ sample: Int) -> Double {
        group.reduce(0) { $0 + influence[sample, $1] } / Double(group.count)
      }
      #expect(abs(pick.score - mean(pick.candidate.value)) < 1e-12)
      let best = (0..<influence.rows).filter { !taken.contains($0) }.map(mean).max()
      #expect(pick.score >= (best ?? 0) - 1e-12)
      #expect(
        group.allSatisfy { influence[pick.candidate.value, $0] <= influence[pick.candidate.value, pick.target ?? 0] })
      taken.insert(pick.candidate.value)
    }
    let turns = found.picksByGroup.map(\.picks)
    #expect(turns == [15, 15])
  }
}
