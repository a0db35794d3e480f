import Domain
import Influence
import Numerics
import Scoring
import Submodular

/// A random block of pairs that a sparse run scores whole, to tell what it loses by the pairs that it leaves out (Methods 5).
package struct SparseBlock: Sendable {
  /// Ascending: queries, and candidates as examples.
  package let rows: [Int]
  package let columns: [Int]

  /// With fewer columns there is nothing to rank or to choose from, with fewer rows nothing to rank them by.
  private static let fewestColumns = 32
  private static let fewestRows = 64

  /// Whole columns where the share pays for enough of them, otherwise columns for a part of the rows.
  ///
  /// - Parameters:
  ///   - sparse: pairs of these rows and columns that are scored anyway.
  ///   - share: what the others of the block may cost, as a share of these.
  package static func size(rows: Int, columns: Int, sparse: Int, share: Double) -> (rows: Int, columns: Int) {
    guard share > 0, rows > 0, columns > 0 else { return (0, 0) }
    let affordable = share * Double(sparse)
    // What is scored anyway costs nothing.
    let fresh = max(0, 1 - Double(sparse) / (Double(rows) * Double(columns)))
    let whole = affordable / (Double(rows) * fresh)
    if whole >= Double(min(columns, fewestColumns)) { return (rows, Int(min(Double(columns), whole))) }
    let width = min(columns, fewestColumns)
    return (min(rows, max(fewestRows, Int(affordable / (Double(width) * fresh)))), width)
  }

  /// Nil where nothing is to be told.
  package init?(rows: Int, columns: Int, sparse: Int, share: Double, seed: UInt64) {
    let size = Self.size(rows: rows, columns: columns, sparse: sparse, share: share)
    guard size.rows > 0, size.columns > 0 else { return nil }
    var generator = SeededGenerator(seed: seed ^ 0xB10C_C0DE_5EED_0001)
    self.rows = generator.sample(size.rows, of: rows).sorted()
    self.columns = generator.sample(size.columns, of: columns).sorted()
  }

  /// Its pairs alone, of so many queries.
  func pairs(of queries: Int) -> ExamplePairs {
    var lists = [[Int]](repeating: [], count: queries)
    for row in rows { lists[row] = columns }
    return ExamplePairs(lists)
  }

  /// Other pairs, and its own.
  func joined(to pairs: ExamplePairs) -> ExamplePairs {
    let within = Set(rows)
    return ExamplePairs(
      (0..<pairs.queries).map { row in
        let listed = pairs[row].map { Int($0) }
        return within.contains(row) ? Array(Set(listed).union(columns)) : listed
      })
  }
}

/// What a sparse run is told by: its own utilities, and all of a block.
struct SparseAudit {
  let block: SparseBlock
  /// The pairs that the choice is made of; candidates are the first of the examples.
  let pairs: ExamplePairs
  /// Queries × candidates: what was scored.
  let sparse: SparseMatrix
  /// The block's rows × its columns: all pairs.
  let full: SparseMatrix
  /// Whether queries and candidates are the same rows: each helps itself, which is no discovery.
  let isWithin: Bool

  /// Share of the best helpers of the block's rows that was scored. As many of the block's columns count as best as the
  /// neighbours are of all candidates, at least one, and none that does not help; nil where none helps.
  func recall(neighbours: Int) -> Double? {
    let share = Double(neighbours) * Double(block.columns.count) / Double(sparse.columns)
    let most = max(1, Int(share.rounded()))
    var (found, best) = (0, 0)
    for (line, row) in block.rows.enumerated() {
      let helpers = full[line].filter { !isWithin || block.columns[Int($0.column)] != row }
        .sorted { $0.value != $1.value ? $0.value > $1.value : $0.column < $1.column }.prefix(most)
      let scored = Set(pairs[row])
      best += helpers.count
      found += helpers.count { scored.contains(Int32(block.columns[Int($0.column)])) }
    }
    return best > 0 ? Double(found) / Double(best) : nil
  }

  /// The utilities of the block's columns as the run has them, of all rows.
  var restricted: SparseMatrix { sparse.part(rows: Array(0..<sparse.rows), columns: block.columns) }

  /// Spearman's correlation of first gains; nil where there are too few columns or nothing to rank by.
  static func gainCorrelation(_ sparse: CoverageObjective, _ full: CoverageObjective) -> Double? {
    func gains(_ objective: CoverageObjective) -> [Double] {
      let state = objective.initialState()
      return (0..<Candidate(objective.candidates)).map { objective.marginalGain(of: $0, in: state) }
    }
    let (x, y) = (gains(sparse), gains(full))
    guard x.count >= 3, Set(x).count > 1, Set(y).count > 1 else { return nil }
    return rankCorrelation(x, y)
  }

  /// What a greedy choice by the one is worth to the other, by the other's own; nil where nothing is worth anything.
  static func objectiveRatio(
    _ sparse: CoverageObjective, _ full: CoverageObjective, picks: Int, workers: Workers
  ) throws -> Double? {
    func choice(_ objective: CoverageObjective) throws -> [Candidate] {
      var run = try GreedyRun(objective, budget: picks, workers: workers)
      var chosen: [Candidate] = []
      while let step = try run.next() { chosen.append(step.candidate) }
      return chosen
    }
    let best = full.value(of: try choice(full))
    return best > 0 ? full.value(of: try choice(sparse)) / best : nil
  }
}
