import Datasets
import Domain
import Foundation
import LanguageModel
import Numerics
import Samples
import Store
import Study
import Synchronization
import TestSupport
import Testing
import Workbench

/// Whole studies on the small model of the fixtures.
@Suite struct StudyRunTests {
  private let folder: URL
  private let paths: StorePaths
  private let model = Places.fixtures.appendingPathComponent("Scoring/model").path

  init() throws {
    folder = try Places.makeTemporaryFolder()
    paths = StorePaths(
      configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache")
    let data = SampleGenerator.generate(seed: 3, rows: 30)
    for (name, text) in [("pool", data.pool), ("target", data.target), ("test", data.test)] {
      try text.write(toFile: folder.path + "/\(name).jsonl", atomically: true, encoding: .utf8)
    }
  }

  private func specification(
    _ methods: [Domain.Method] = [.length, .bm25], seeds: Int = 2, rate: Float? = 1e-3, loraRank: Int? = nil
  ) -> StudySpecification {
    StudySpecification(
      pool: [folder.path + "/pool.jsonl"], target: folder.path + "/target.jsonl", test: folder.path + "/test.jsonl",
      model: model, methods: methods, budgets: [.count(4), .fraction(0.3)], seeds: seeds, steps: 2, batchSize: 4,
      loraRank: loraRank, rate: rate)
  }

  private func run(
    _ specification: StudySpecification, _ name: String, workers: Int = 2, stopAfter: Int = .max,
    heard: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> StudyResult {
    let cancellation = Cancellation()
    let events = Mutex(0)
    return try StudyEngine(paths: paths, workers: Workers(count: workers)).run(
      specification, in: folder.path + "/\(name)", version: "test", cancellation: cancellation
    ) { event in
      if case .notice(let text) = event { heard(text) }
      if events.withLock({
        $0 += 1
        return $0
      }) >= stopAfter {
        cancellation.cancel()
      }
    }
  }

  private static let files = ["results.jsonl", "table.md", "table.csv", "chart.svg"]

  private func contents(_ name: String) throws -> [Data] {
    try Self.files.map { try Data(contentsOf: folder.appendingPathComponent("\(name)/\($0)")) }
  }

  private func end() { try? FileManager.default.removeItem(at: folder) }

  private struct Line: Decodable {
    var method: String
    var budget: Double?
    var seed: Int
    var row: Int
    var loss: Double
    var tokens: Int
  }

  @Test func armsSeedsAndRowsAllStandInTheResults() throws {
    defer { end() }
    let found = try run(specification(), "a")
    let lines = try String(contentsOfFile: folder.path + "/a/results.jsonl", encoding: .utf8).split(separator: "\n")
      .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    // Untrained, the whole pool, and three methods at two budgets, each with two seeds on twelve rows.
    #expect(lines.count == (2 + 3 * 2) * 2 * 12)
    #expect(Set(lines.map(\.row)) == Set(0..<12) && lines.allSatisfy { $0.loss.isFinite && $0.tokens > 0 })
    // The mean of what is there is what the table says.
    for arm in found.arms {
      let budget = arm.budget.map { budget -> Double in
        if case .count(let count) = budget { Double(count) } else { 0.3 }
      }
      let own = lines.filter { $0.method == arm.method && $0.budget == budget }
      let mean = own.reduce(0) { $0 + $1.loss } / Double(own.count)
      #expect(abs((arm.loss ?? 0) - mean) < 1e-9)
      guard !arm.isReference else { continue }
      let reference = lines.filter { $0.method == "random" && $0.budget == (budget ?? 0.3) }
      let difference = mean - reference.reduce(0) { $0 + $1.loss } / Double(reference.count)
      #expect(abs((arm.difference ?? 0) - difference) < 1e-9)
      #expect((arm.adjusted ?? 0) < 0.05 ? arm.verdict != .cannotTell : arm.verdict == .cannotTell)
      let interval = try #require(arm.interval)
      #expect(interval.contains(0) == (arm.verdict == .cannotTell))
    }
    // Training did something: whom it was done to differs from the untrained model.
    let untrained = lines.filter { $0.method == "untrained" }.map(\.loss)
    #expect(untrained != lines.filter { $0.method == "full" }.map(\.loss))
    let svg = try String(contentsOfFile: folder.path + "/a/chart.svg", encoding: .utf8)
    #expect(svg.hasPrefix("<svg") && svg.contains("length") && svg.hasSuffix("</svg>\n"))
  }

  @Test func stoppedAnywhereItEndsWithTheSameBytes() throws {
    defer { end() }
    let whole = specification([.length, .kCentre], rate: nil)
    _ = try run(whole, "whole")
    for stop in [3, 11, 24] {
      #expect(throws: CancellationError.self) { try run(whole, "parts", stopAfter: stop) }
    }
    _ = try run(whole, "parts", workers: 1)
    #expect(try contents("parts") == contents("whole"))
    // Once more it trains nothing and says the same.
    let said = Mutex(0)
    _ = try run(whole, "parts") { _ in said.withLock { $0 += 1 } }
    #expect(try contents("parts") == contents("whole"))
    let manifests = try ["whole", "parts"].map {
      try #require(try StudyManifest(path: folder.path + "/\($0)/manifest.json"))
    }
    #expect(manifests[0].differences(from: manifests[1]) == [] && manifests[0].tuned.count == 5)
  }

  @Test func aBrokenArmIsNamedAndTheOthersGoOn() throws {
    defer { end() }
    // A file that is not there ends the study before it begins.
    var broken = specification([.length, .deliftContinual])
    broken.budgets = [.count(4)]
    broken.existing = folder.path + "/missing.jsonl"
    #expect(throws: (any Error).self) { try run(broken, "missing") }
    // A rate at which the loss is no number any more breaks every trained arm, and the study says so.
    let wild = try run(specification(rate: 1e30), "wild")
    #expect(wild.arms.first { $0.method == "untrained" }?.loss != nil)
    let random = try #require(wild.arms.first { $0.method == "random" })
    #expect(random.errors.first?.contains("not a number") == true && random.loss == nil)
    let table = try String(contentsOfFile: folder.path + "/wild/table.md", encoding: .utf8)
    #expect(table.contains("Trainings that failed") && table.contains("| failed |"))
  }

  @Test func rowsOfTheTestThatAreElsewhereAreRefused() throws {
    defer { end() }
    let pool = try String(contentsOfFile: folder.path + "/pool.jsonl", encoding: .utf8).split(separator: "\n")
    let test = try String(contentsOfFile: folder.path + "/test.jsonl", encoding: .utf8)
    try (test + pool[5] + "\n").write(toFile: folder.path + "/test.jsonl", atomically: true, encoding: .utf8)
    do {
      _ = try run(specification(), "leak")
      Issue.record("a leak was not seen")
    } catch let report as ErrorReport {
      #expect(report.problem.contains("row 12 is") && report.problem.contains("pool.jsonl:6"))
      #expect(report.remedy?.contains("--allow-overlap") == true && report.status == .badData)
    }
    var allowed = specification()
    allowed.allowsOverlap = true
    _ = try run(allowed, "allowed")
    let manifest = try #require(try StudyManifest(path: folder.path + "/allowed/manifest.json"))
    #expect(manifest.overlaps.map(\.row) == [12])
  }

  @Test func whatCannotBeStudiedIsRefusedBeforeAnythingIsMade() throws {
    defer { end() }
    var refused: [StudySpecification] = []
    for change in [
      { $0.methods = [.random] }, { $0.budgets = [] }, { $0.seeds = 1 }, { $0.methods = [.randomLength] },
      { $0.target = nil }, { $0.methods = [.deliftContinual] }, { $0.rate = -1 }, { $0.loraRank = 0 },
      { $0.budgets = [.count(3), .count(3)] }, { $0.epochs = 0 },
    ] as [(inout StudySpecification) -> Void] {
      var study = specification()
      change(&study)
      refused.append(study)
    }
    for study in refused {
      #expect(throws: ErrorReport.self) { try run(study, "refused") }
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/refused"))
    // A folder of other things, and one of another study.
    try FileManager.default.createDirectory(atPath: folder.path + "/other", withIntermediateDirectories: true)
    try "x".write(toFile: folder.path + "/other/notes.txt", atomically: true, encoding: .utf8)
    #expect(throws: ErrorReport.self) { try run(specification(), "other") }
    _ = try run(specification([.length]), "one")
    // More seeds and methods go on in it; another kind of training does not.
    _ = try run(specification([.length, .bm25], seeds: 3), "one")
    #expect(throws: ErrorReport.self) { try run(specification(loraRank: 2), "one") }
  }

  @Test func answersAreGeneratedAndMeasured() throws {
    defer { end() }
    var study = specification([.length])
    study.metrics = [.rouge1, .exact]
    study.maxNewTokens = 6
    study.budgets = [.count(4)]
    let found = try run(study, "answers")
    for arm in found.arms {
      #expect(arm.metrics.map(\.metric) == [.rouge1, .exact])
      #expect(arm.metrics.allSatisfy { (0...1).contains($0.mean) && ($0.difference == nil) == arm.isReference })
    }
    let first = try #require(
      String(contentsOfFile: folder.path + "/answers/results.jsonl", encoding: .utf8).split(separator: "\n").first)
    let line = try #require(try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any])
    #expect(line["rouge1"] is Double && line["exact"] is Double)
    let table = try String(contentsOfFile: folder.path + "/answers/table.md", encoding: .utf8)
    #expect(table.contains("| method | budget | rouge1 | difference | interval | exact |"))
  }

  @Test func adaptersAndEqualTokensTrainToo() throws {
    defer { end() }
    var study = specification([.length], loraRank: 2)
    study.equal = .tokens
    study.steps = 6
    let found = try run(study, "lora")
    let length = try #require(found.arms.first { $0.method == "length" })
    let random = try #require(found.arms.first { $0.method == "random" })
    // Longer rows, fewer steps.
    #expect(length.steps < random.steps + 2 && length.steps >= 1 && length.errors.isEmpty)
  }
}
