import Domain
import Foundation
import Samples
import Store
import TestSupport
import Testing
import Workbench

/// A tenth of a pool of small tasks, chosen by what the sample model learns from examples.
@Suite struct DeliftChoiceTests {
  /// Pools that are chosen from; `WINNOW_ALL_POOLS` names more of them.
  private static let seeds: [UInt64] =
    ProcessInfo.processInfo.environment["WINNOW_ALL_POOLS"] == nil ? [7] : [7, 101, 102, 103, 104, 105]
  private struct Labelled: Decodable { var family: String }

  private func families(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      .map { try JSONDecoder().decode(Labelled.self, from: Data($0.utf8)).family }
  }

  /// One test for the three stages, so that the pool is scored once.
  @Test(arguments: seeds)
  func eachStageTakesWhatItIsFor(seed: UInt64) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try SampleGenerator.generate(seed: seed, rows: 300).write(toFolder: folder.path, overwrite: true)
    let engine = RunEngine(
      paths: StorePaths(
        configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache"))
    let pool = try families(folder.path + "/pool.jsonl")
    let targets = Set(try families(folder.path + "/target.jsonl"))
    let existing = Set(try families(folder.path + "/existing.jsonl"))
    func picks(_ method: Domain.Method) throws -> [String] {
      var specification = RunSpecification(
        method: method, pool: folder.path + "/pool.jsonl",
        source: .model(directory: Places.sampleData.appendingPathComponent("model").path), budget: .fraction(0.1))
      if method.needs.contains(.target) { specification.target = folder.path + "/target.jsonl" }
      if method.needs.contains(.existing) { specification.existing = folder.path + "/existing.jsonl" }
      let outcome = try engine.execute(specification, cancellation: Cancellation()) { _ in }
      return outcome.selection.picks.map { pool[$0.row.value] }
    }

    let instruction = try picks(.deliftInstruction)
    #expect(Set(instruction).subtracting(["noise"]).count == 15, "every family is there")
    #expect(instruction.count { $0 == "noise" } == 0)

    let task = try picks(.deliftTask)
    #expect(task.count { targets.contains($0) } >= 18, "\(task.count { targets.contains($0) }) of \(task.count)")

    let continual = try picks(.deliftContinual)
    func lacks(_ family: String) -> Bool { !existing.contains(family) && family != "noise" }
    let chance = Double(pool.count(where: lacks)) / Double(pool.count)
    #expect(Double(continual.count(where: lacks)) >= 2 * chance * Double(continual.count))
  }
}
