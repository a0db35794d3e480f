import Domain
import Foundation
import Scoring
import Store
import Submodular
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
    let sparse = specification(.deliftInstruction, SparsePairs(neighbours: 3, explore: 2, audit: 0))
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

  // MARK: What it costs

  @Test(arguments: [Domain.Method.deliftInstruction, .deliftTask, .deliftContinual], TaskObjective.allCases)
  func withAllPairsNothingIsLost(method: Domain.Method, objective: TaskObjective) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var all = specification(method, SparsePairs(neighbours: 12, explore: 0))
    all.objective = objective
    let report = try #require(run(all).selection.sparse)
    let served = method == .deliftTask && objective == .flqmi
    let pairs = served ? 4 * 12 : 12 * (12 + (method == .deliftInstruction ? 0 : 4))
    #expect((report.pairs, report.densePairs) == (pairs, pairs))
    #expect((report.recall, report.gainCorrelation, report.objectiveRatio) == (1, 1, 1))
  }

  @Test func whatIsLostIsThatOfADenseRun() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let dense = try #require(run(specification(.deliftInstruction, nil)).kernel)
    let found = try run(specification(.deliftInstruction, SparsePairs(neighbours: 3, explore: 1)))
    let sparse = try #require(found.kernel)
    let report = try #require(found.selection.sparse)
    #expect((report.pairs, report.densePairs) == (12 * 5, 144))
    #expect((report.blockRows, report.blockColumns) == (12, 12))
    // Recall: the three best helpers of each row, itself left out.
    var (best, scored) = (0, 0)
    for row in 0..<12 {
      let helpers = (0..<12).filter { $0 != row && dense[row, $0] > 0 }
        .sorted { (dense[row, $1], $0) < (dense[row, $0], $1) }.prefix(3)
      best += helpers.count
      scored += helpers.count { sparse[row, $0] > 0 }
    }
    #expect(report.recall == Double(scored) / Double(best))
    #expect(scored > 0 && scored < best)
    func gains(_ kernel: Kernel, _ covered: [Float]) -> [Double] {
      (0..<12).map { column in
        (0..<12).reduce(0) { $0 + max(0, Double(kernel[$1, column]) - Double(covered[$1])) }
      }
    }
    // Correlation: of ranks, by their differences where there are no ties.
    let none = [Float](repeating: 0, count: 12)
    func ranks(_ values: [Double]) -> [Int] { values.map { value in values.count { $0 < value } } }
    let (a, b) = (ranks(gains(sparse, none)), ranks(gains(dense, none)))
    #expect(Set(a).count == 12 && Set(b).count == 12)
    let differences = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let correlation = 1 - 6 * Double(differences) / Double(12 * (144 - 1))
    #expect(abs((report.gainCorrelation ?? 0) - correlation) < 1e-12)
    // The objective of six picks by each, by all utilities.
    func value(_ kernel: Kernel) -> Double {
      var covered = none
      var (bySparse, chosen) = (none, Set<Int>())
      for _ in 0..<6 {
        let next =
          gains(kernel, bySparse).enumerated().filter { !chosen.contains($0.offset) }
          .max { ($0.element, $1.offset) < ($1.element, $0.offset) }?.offset ?? 0
        chosen.insert(next)
        for row in 0..<12 {
          bySparse[row] = max(bySparse[row], kernel[row, next])
          covered[row] = max(covered[row], dense[row, next])
        }
      }
      return covered.reduce(0) { $0 + Double($1) }
    }
    let ratio = value(sparse) / value(dense)
    #expect(abs((report.objectiveRatio ?? 0) - ratio) < 1e-6)
    #expect(ratio < 1)
  }

  @Test func theAuditChangesNoChoiceAndIsKept() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let found = try run(specification(.deliftContinual, SparsePairs(neighbours: 2, explore: 1)))
    let without = try run(specification(.deliftContinual, SparsePairs(neighbours: 2, explore: 1, audit: 0)))
    #expect(found.selection.picks == without.selection.picks)
    #expect(without.selection.sparse?.pairs == found.selection.sparse?.pairs)
    #expect(without.selection.sparse?.recall == nil && without.selection.sparse?.objectiveRatio == nil)
    let record = try engine.storage.runs().run(try #require(found.id))
    #expect(record.selection == found.selection)
    #expect(try engine.reopen(record, cancellation: Cancellation()).selection.sparse == found.selection.sparse)
    let path = folder.path + "/chosen.jsonl"
    try Exporter.export(found, to: path, replacing: false, version: "test")
    #expect(try Manifest(path: path + ".manifest.json").sparse == found.selection.sparse)
  }

  @Test func aBlockIsWhatItsShareBuys() throws {
    // Columns whole where there are enough of them for the share, and otherwise for a part of the rows.
    func size(_ rows: Int, _ columns: Int, _ sparse: Int, _ share: Double) -> [Int] {
      let size = SparseBlock.size(rows: rows, columns: columns, sparse: sparse, share: share)
      return [size.rows, size.columns]
    }
    #expect(size(12, 12, 60, 0.1) == [12, 12], "few rows are all taken")
    #expect(size(1000, 1000, 1_000_000, 0.1) == [1000, 1000], "what is scored anyway costs nothing")
    #expect(size(1000, 1000, 500_000, 0.1) == [1000, 100])
    #expect(size(1000, 1000, 40_000, 1) == [1000, 41])
    #expect(size(1000, 1000, 40_000, 0.1) == [130, 32])
    #expect(size(1000, 1000, 2_000, 0.1) == [64, 32], "some are always there")
    #expect(size(40, 5000, 400, 0.1) == [40, 32])
    #expect(size(1000, 1000, 40_000, 0) == [0, 0])
    let block = try #require(SparseBlock(rows: 1000, columns: 900, sparse: 40_000, share: 0.1, seed: 3))
    #expect(block.rows.count == 130 && block.columns.count == 32)
    #expect(block.rows == Set(block.rows).sorted() && block.columns == Set(block.columns).sorted())
    #expect(block.columns.allSatisfy { $0 < 900 })
    #expect(SparseBlock(rows: 1000, columns: 900, sparse: 40_000, share: 0.1, seed: 4)?.columns != block.columns)
  }

  @Test func anOlderRecordHasNoAudit() throws {
    let old = Data(#"{"neighbours":5,"explore":2}"#.utf8)
    #expect(try JSONDecoder().decode(SparsePairs.self, from: old) == SparsePairs(neighbours: 5, explore: 2, audit: 0))
  }

  @Test(arguments: [
    SparsePairs(neighbours: 0), SparsePairs(neighbours: 3, explore: -1), SparsePairs(neighbours: 3, audit: .nan),
  ])
  func countsThatAreNoneAreRefused(sparse: SparsePairs) {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: WorkbenchError.self) { try run(specification(.deliftInstruction, sparse)) }
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
