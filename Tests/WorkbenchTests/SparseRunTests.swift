import Domain
import Foundation
import Scoring
import Store
import Synchronization
import TestSupport
import Testing
import Workbench

/// Runs that score a part of the pairs (Methods 5).
@Suite struct SparseRunTests {
  private struct Row: Decodable, Encodable {
    var instruction: String
    var input: String
    var output: String
  }
  private struct Oracle: Decodable { var samples: [[String: String]] }

  private let folder: URL
  private let engine: RunEngine

  init() throws {
    folder = try Places.makeTemporaryFolder()
    engine = RunEngine(
      paths: StorePaths(
        configuration: folder.path + "/config", state: folder.path + "/state", cache: folder.path + "/cache"))
    let oracle = try JSONDecoder().decode(
      Oracle.self, from: Data(contentsOf: Places.fixtures.appendingPathComponent("Scoring/delift.json")))
    for (name, rows) in [("pool", 0..<12), ("target", 3..<7), ("existing", 8..<12)] {
      let lines = try oracle.samples[rows].map { try JSONEncoder().encode($0) + [0x0A] }
      try Data(lines.joined()).write(to: folder.appendingPathComponent("\(name).jsonl"))
    }
  }

  private func specification(_ method: Domain.Method, _ sparse: SparsePairs?) -> RunSpecification {
    RunSpecification(
      method: method, pool: folder.path + "/pool.jsonl",
      target: method.needs.contains(.target) ? folder.path + "/target.jsonl" : nil,
      existing: method.needs.contains(.existing) ? folder.path + "/existing.jsonl" : nil,
      source: .model(directory: Places.fixtures.appendingPathComponent("Scoring/model").path), budget: .count(6),
      sparse: sparse)
  }

  private func run(_ specification: RunSpecification) throws -> RunOutcome {
    try engine.execute(specification, cancellation: Cancellation()) { _ in }
  }

  @Test(arguments: [Domain.Method.deliftInstruction, .deliftTask, .deliftContinual], TaskObjective.allCases)
  func withAllNeighboursTheChoiceIsThatOfAllPairs(method: Domain.Method, objective: TaskObjective) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var (whole, sparse) = (specification(method, nil), specification(method, SparsePairs(neighbours: 2, explore: 20)))
    (whole.objective, sparse.objective) = (objective, objective)
    for kernel in UtilityKernel.allCases {
      (whole.utilityKernel, sparse.utilityKernel) = (kernel, kernel)
      let (dense, found) = (try run(whole), try run(sparse))
      #expect(dense.selection.picks == found.selection.picks)
      #expect(dense.selection.objective == found.selection.objective)
    }
  }

  @Test func whatIsScoredHasTheValuesOfAllPairsAndTheRestIsNoHelp() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let sparse = specification(.deliftInstruction, SparsePairs(neighbours: 3, explore: 2))
    let scored = Mutex(0)
    let found = try #require(
      engine.execute(sparse, cancellation: Cancellation()) { event in
        if case .progress(let progress) = event, progress.phase == .score { scored.withLock { $0 = progress.total } }
      }.kernel)
    // Alone, itself, three near ones and two drawn ones.
    #expect(scored.withLock { $0 } == 12 * 7)
    let whole = try #require(run(specification(.deliftInstruction, nil)).kernel)
    var differing = 0
    for row in 0..<12 {
      #expect(found[row, row] == whole[row, row], "a row is always its own example")
      var kept = 0
      for column in 0..<12 where whole[row, column] > 0 {
        if found[row, column] == whole[row, column] { kept += 1 } else { #expect(found[row, column] == 0) }
      }
      #expect(kept <= 6)
      differing += (0..<12).count { found[row, $0] != whole[row, $0] }
    }
    #expect(differing > 0)
  }

  @Test func theSamePairsOnAnyNumberOfThreadsAndFromTheCacheAgain() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let sparse = specification(.deliftTask, SparsePairs(neighbours: 3, explore: 1))
    let first = try run(sparse)
    let one = RunEngine(
      paths: StorePaths(configuration: folder.path, state: folder.path + "/s2", cache: folder.path + "/c2"),
      workers: .init(count: 1))
    #expect(try one.execute(sparse, cancellation: Cancellation()) { _ in }.selection == first.selection)
    // Opened again: nothing is scored, and the picks can be asked why.
    let record = try engine.storage.runs().run(try #require(first.id))
    #expect(record.specification.sparse == sparse.sparse)
    let again = try engine.reopen(record, cancellation: Cancellation())
    #expect(try again.explain(rank: 1).represents == first.explain(rank: 1).represents)
  }

  @Test func minMaxIsRefused() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var sparse = specification(.deliftInstruction, SparsePairs(neighbours: 3))
    sparse.rescaling = .minMax
    #expect(throws: ErrorReport.self) { try run(sparse) }
  }

  // MARK: Words

  @Test func nearestAreThoseOfTheFormula() {
    let texts = [
      "Sort the words: pear fig", "sort these words => a b", "Add 3 and 4", "add the numbers 3, 4", "=> 7", "",
      "the the the",
    ]
    let bags = texts.map { WordIndex.words($0) }
    let lengths = bags.map { Double($0.values.reduce(0, +)) }
    let mean = lengths.reduce(0, +) / Double(texts.count)
    func score(_ query: [String: Int], _ document: Int) -> Double {
      query.reduce(0) { sum, word in
        let holding = Double(bags.count { $0[word.key] != nil })
        let times = Double(bags[document][word.key] ?? 0)
        let rarity = log(1 + (Double(texts.count) - holding + 0.5) / (holding + 0.5))
        let length = 1 - 0.75 + 0.75 * lengths[document] / mean
        return sum + Double(word.value) * rarity * times * 2.5 / (times + 1.5 * length)
      }
    }
    let index = WordIndex(texts)
    var scores = [Float](repeating: 0, count: texts.count)
    for (number, text) in texts.enumerated() {
      let expected = texts.indices.filter { $0 != number && score(bags[number], $0) > 0 }
        .sorted { (score(bags[number], $1), $0) < (score(bags[number], $0), $1) }
      for count in [1, 2, 7] {
        let found = index.nearest(to: text, count: count, leavingOut: number, scores: &scores)
        #expect(found == Array(expected.prefix(count)), "\(text)")
      }
    }
    #expect(scores.allSatisfy { $0 == 0 })
  }

  @Test func wordsAreLettersAndDigitsOrSigns() {
    #expect(WordIndex.words("The THE, a=>b 42.") == ["the": 2, ",": 1, "a": 1, "=>": 1, "b": 1, "42": 1, ".": 1])
    #expect(WordIndex.words("größer Straße") == ["größer": 1, "straße": 1])
  }
}
