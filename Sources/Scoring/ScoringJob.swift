import Domain
import Numerics
import Synchronization

/// Where finished blocks are kept, so that a killed run goes on at the next one.
package typealias DistanceStore = DistanceReader & LeasedStore<CacheKey, [Float]>

/// Reads the stored distances of a whole table in one go.
package protocol DistanceReader: Sendable {
  /// Hands over every stored distance that belongs to one of `examples` (nil: the queries alone) and one of `queries`,
  /// given as their indices in these arrays.
  func load(
    fingerprint: ContentHash, examples: [ContentHash?], queries: [ContentHash],
    into take: (_ example: Int, _ query: Int, _ distance: Float) -> Void
  ) throws
}

/// Fills a matrix of distances, block by block, from what is kept and from a scorer.
package struct ScoringJob: Sendable {
  package let scorer: any UtilityScorer
  package let store: (any DistanceStore)?
  package let workers: Workers

  /// Pairs in a block, at most.
  private static let blockQueries = 256

  package init(scorer: any UtilityScorer, store: (any DistanceStore)?, workers: Workers) {
    self.scorer = scorer
    self.store = store
    self.workers = workers
  }

  /// Runs what is missing.
  ///
  /// - Parameters:
  ///   - onlyKept: throw `ScoringError.notKept` where something would have to be computed.
  ///   - progress: called from workers, often: pairs done, of them taken from the store, and tokens run.
  package func run(
    onlyKept: Bool = false, cancellation: Cancellation,
    progress: @escaping @Sendable (_ done: Int, _ total: Int, _ resumed: Int, _ tokens: Int) -> Void
  ) throws -> Distances {
    // Equal samples are measured once.
    let queries = Distinct(scorer.queryHashes, order: scorer.queryOrder)
    let examples = Distinct(scorer.exampleHashes, order: Array(scorer.exampleHashes.indices))
    // Column 0 holds the distances alone; column e + 1 those behind example e. Rows are columns here, so that a block
    // is one run of memory: table[e][q].
    var table = Matrix(uninitializedRows: examples.count + 1, columns: queries.count)
    table.mutableElements.update(repeating: .nan)

    let columns: [ContentHash?] = [nil] + examples.hashes
    if let store {
      try store.load(fingerprint: scorer.fingerprint, examples: columns, queries: queries.hashes) {
        example, query, distance in
        table[example, query] = distance
      }
    }
    let total = table.count
    let resumed = table.elements.reduce(0) { $0 + ($1.isNaN ? 0 : 1) }
    let pieces = piecesWithGaps(in: table)
    if onlyKept, !pieces.isEmpty { throw ScoringError.notKept }

    let done = Atomic<Int>(resumed)
    let tokens = Atomic<Int>(0)
    progress(resumed, total, resumed, 0)
    try table.withPieces(of: 1) { columnsOfTable in
      // Pieces of a column are disjoint; each is looked at and written by the one worker that holds it.
      @Sendable func missing(_ piece: Piece) -> [Int] {
        let distances = columnsOfTable[piece.column]
        return piece.range.filter { distances[$0].isNaN }
      }
      try LeasedWork(workers: workers, cancellation: cancellation).run(pieces.count, in: store, loadsFirst: false) {
        index in
        let piece = pieces[index]
        let hashes = missing(piece).map { queries.hashes[$0] }
        return CacheKey(fingerprint: scorer.fingerprint, .distances(example: columns[piece.column], queries: hashes))
      } compute: { index, worker in
        let piece = pieces[index]
        let block = ScoreBlock(
          example: piece.column == 0 ? nil : examples.representative[piece.column - 1],
          queries: missing(piece).map { queries.representative[$0] })
        return try scorer.distances(of: block, worker: worker, cancellation: cancellation) { count in
          let all = tokens.wrappingAdd(count, ordering: .relaxed).newValue
          progress(done.load(ordering: .relaxed), total, resumed, all)
        }
      } take: { index, distances, _ in
        let piece = pieces[index]
        let queries = missing(piece)
        let column = columnsOfTable[piece.column]
        for (query, distance) in zip(queries, distances) { column[query] = distance }
        let all = done.wrappingAdd(queries.count, ordering: .relaxed).newValue
        progress(all, total, resumed, tokens.load(ordering: .relaxed))
      }
    }
    try cancellation.check()
    return Distances(
      table: table, query: queries.number, example: examples.number, shortened: scorer.shortened,
      fingerprint: scorer.fingerprint)
  }

  /// A cell of the grid of blocks: a column of the table and a range of its queries.
  private struct Piece: Sendable {
    var column: Int
    var range: Range<Int>
  }

  // The grid is fixed; what is missing of a cell is one block, so that a run that goes on asks for the very blocks that it
  // would have asked for.
  private func piecesWithGaps(in table: borrowing Matrix) -> [Piece] {
    var pieces: [Piece] = []
    for column in 0..<table.rows {
      for first in stride(from: 0, to: table.columns, by: Self.blockQueries) {
        let range = first..<min(first + Self.blockQueries, table.columns)
        if range.contains(where: { table[column, $0].isNaN }) { pieces.append(Piece(column: column, range: range)) }
      }
    }
    return pieces
  }
}

/// Equal samples told from different ones: each distinct hash once, in the order in which it is first met.
private struct Distinct: Sendable {
  var hashes: [ContentHash] = []
  /// For each distinct hash a sample that has it.
  var representative: [Int] = []
  /// For each sample its distinct hash's index.
  var number: [Int]

  init(_ all: [ContentHash], order: [Int]) {
    number = Array(repeating: 0, count: all.count)
    var known: [ContentHash: Int] = [:]
    for sample in order {
      if let found = known[all[sample]] {
        number[sample] = found
      } else {
        known[all[sample]] = hashes.count
        number[sample] = hashes.count
        representative.append(sample)
        hashes.append(all[sample])
      }
    }
  }

  var count: Int { hashes.count }
}
