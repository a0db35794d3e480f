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
  ///   - pairs: those to score; nil for all.
  ///   - onlyKept: throw `ScoringError.notKept` where something would have to be computed.
  ///   - progress: called from workers, often: pairs done, of them taken from the store, and tokens run.
  package func run(
    _ pairs: ExamplePairs? = nil, onlyKept: Bool = false, cancellation: Cancellation,
    progress: @escaping @Sendable (_ done: Int, _ total: Int, _ resumed: Int, _ tokens: Int) -> Void
  ) throws -> Distances {
    // Equal samples are measured once.
    let distinct = Distinct(scorer.queryHashes, order: scorer.queryOrder)
    let examples = Distinct(scorer.exampleHashes, order: Array(scorer.exampleHashes.indices))
    let shape = shape(of: pairs, distinct, examples)
    var table = DistanceTable(shape)

    let columns: [ContentHash?] = [nil] + examples.hashes
    if let store {
      try store.load(fingerprint: scorer.fingerprint, examples: columns, queries: distinct.hashes) {
        example, query, distance in
        if let entry = shape.entry(example, query) { table.values.mutableElements[entry] = distance }
      }
    }
    let total = shape.count
    let resumed = table.values.elements.reduce(0) { $0 + ($1.isNaN ? 0 : 1) }
    let pieces = piecesWithGaps(in: table)
    if onlyKept, !pieces.isEmpty { throw ScoringError.notKept }

    let done = Atomic<Int>(resumed)
    let tokens = Atomic<Int>(0)
    progress(resumed, total, resumed, 0)
    try table.values.withPieces(of: 1) { cells in
      // Pieces are disjoint; each is looked at and written by the one worker that holds it.
      @Sendable func missing(_ piece: Piece) -> [Int] { piece.entries.filter { cells[$0][0].isNaN } }
      @Sendable func queries(_ piece: Piece) -> [Int] { missing(piece).map { shape.query(at: $0, of: piece.column) } }
      try LeasedWork(workers: workers, cancellation: cancellation).run(pieces.count, in: store, loadsFirst: false) {
        index in
        let hashes = queries(pieces[index]).map { distinct.hashes[$0] }
        return CacheKey(
          fingerprint: scorer.fingerprint, .distances(example: columns[pieces[index].column], queries: hashes))
      } compute: { index, worker in
        let column = pieces[index].column
        let block = ScoreBlock(
          example: column == 0 ? nil : examples.representative[column - 1],
          queries: queries(pieces[index]).map { distinct.representative[$0] })
        return try scorer.distances(of: block, worker: worker, cancellation: cancellation) { count in
          let all = tokens.wrappingAdd(count, ordering: .relaxed).newValue
          progress(done.load(ordering: .relaxed), total, resumed, all)
        }
      } take: { index, distances, _ in
        for (entry, distance) in zip(missing(pieces[index]), distances) { cells[entry][0] = distance }
        let all = done.wrappingAdd(distances.count, ordering: .relaxed).newValue
        progress(all, total, resumed, tokens.load(ordering: .relaxed))
      }
    }
    try cancellation.check()
    return Distances(
      table: table, query: distinct.number, example: examples.number, truncated: scorer.truncated,
      fingerprint: scorer.fingerprint)
  }

  /// A column for the queries alone and one for each distinct example, with the queries that are asked of it.
  private func shape(of pairs: ExamplePairs?, _ queries: Distinct, _ examples: Distinct) -> DistanceShape {
    guard let pairs else { return DistanceShape(columns: examples.count + 1, queries: queries.count) }
    var lists = [Set<Int32>](repeating: [], count: examples.count)
    for query in 0..<pairs.queries {
      for example in pairs[query] { lists[examples.number[Int(example)]].insert(Int32(queries.number[query])) }
    }
    return DistanceShape(
      queries: queries.count, lists: [Array(0..<Int32(queries.count))] + lists.map { $0.sorted() })
  }

  /// A cell of the grid of blocks: a column of the table and a range of its entries.
  private struct Piece: Sendable {
    var column: Int
    var entries: Range<Int>
  }

  // The grid is fixed; what is missing of a cell is one block, so that a run that goes on asks for the very blocks that it
  // would have asked for.
  private func piecesWithGaps(in table: borrowing DistanceTable) -> [Piece] {
    var pieces: [Piece] = []
    for column in 0..<table.shape.columns {
      let entries = table.shape.entries(of: column)
      for first in stride(from: entries.lowerBound, to: entries.upperBound, by: Self.blockQueries) {
        let piece = first..<min(first + Self.blockQueries, entries.upperBound)
        if piece.contains(where: { table.values.elements[$0].isNaN }) {
          pieces.append(Piece(column: column, entries: piece))
        }
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
