import Domain
import Glibc
import Numerics
import Synchronization

/// Where finished blocks are kept, so that a killed run goes on at the next one.
package protocol DistanceStore: Sendable {
  /// Hands over every kept distance of a space that belongs to one of `examples` (nil: the queries alone) and one of
  /// `queries`, given as their places in these arrays.
  func load(
    space: ContentHash, examples: [ContentHash?], queries: [ContentHash],
    into take: (_ example: Int, _ query: Int, _ distance: Float) -> Void
  ) throws

  /// Asks for a block: what is granted no other process computes until it is saved or given back.
  func claim(space: ContentHash, example: ContentHash?, queries: [ContentHash]) throws -> BlockClaim

  /// Gives back a block that was granted and not computed.
  func giveBack(space: ContentHash, example: ContentHash?, queries: [ContentHash]) throws

  /// Keeps a block. When this returns it is on disk.
  func save(space: ContentHash, example: ContentHash?, queries: [ContentHash], distances: [Float]) throws
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
      try store.load(space: scorer.space, examples: columns, queries: queries.hashes) { example, query, distance in
        table[example, query] = distance
      }
    }
    let total = table.count
    let resumed = table.elements.reduce(0) { $0 + ($1.isNaN ? 0 : 1) }
    let pieces = piecesWithGaps(in: table)
    if onlyKept, !pieces.isEmpty { throw ScoringError.notKept }

    let done = Atomic<Int>(resumed)
    let tokens = Atomic<Int>(0)
    let failure = Mutex<(any Error)?>(nil)
    let stop = Atomic<Bool>(false)
    progress(resumed, total, resumed, 0)
    // Sound: blocks are disjoint parts of the table, and each is written by the one worker that holds it.
    nonisolated(unsafe) let base = table.base
    let width = table.columns
    var left = pieces
    // How often each piece was said to be kept and was not there.
    let absences = Mutex([Int](repeating: 0, count: pieces.count))
    var numbers = Array(pieces.indices)
    while !left.isEmpty {
      let held = Mutex<[Int]>([])
      let begun = done.load(ordering: .relaxed)
      workers.forEach(left.count) { [left, numbers] number, worker in
        if stop.load(ordering: .relaxed) || cancellation.isCancelled { return }
        let (column, range) = (left[number].column, left[number].range)
        let places = range.filter { base[column * width + $0].isNaN }
        let hashes = places.map { queries.hashes[$0] }
        do {
          let isLost = absences.withLock { $0[numbers[number]] } > 1
          let claim = try isLost ? nil : store?.claim(space: scorer.space, example: columns[column], queries: hashes)
          switch claim ?? .granted {
          case .granted:
            let block = ScoreBlock(
              example: column == 0 ? nil : examples.representative[column - 1],
              queries: places.map { queries.representative[$0] })
            let distances = try compute(
              block, columns[column], hashes, keeping: claim != nil, worker, cancellation
            ) { count in
              let all = tokens.wrappingAdd(count, ordering: .relaxed).newValue
              progress(done.load(ordering: .relaxed), total, resumed, all)
            }
            for (place, distance) in zip(places, distances) { base[column * width + place] = distance }
            done.wrappingAdd(places.count, ordering: .relaxed)
          case .kept:
            try store?.load(space: scorer.space, examples: [columns[column]], queries: hashes) { _, query, distance in
              base[column * width + places[query]] = distance
            }
            let found = places.count { !base[column * width + $0].isNaN }
            done.wrappingAdd(found, ordering: .relaxed)
            // A block that turned out damaged is forgotten by now, and asked for again. One that stays kept and is not there, in an
            // index that is damaged, is computed and not kept.
            if found < places.count {
              held.withLock { $0.append(number) }
              absences.withLock { $0[numbers[number]] += 1 }
            }
          case .held:
            held.withLock { $0.append(number) }
          }
          progress(done.load(ordering: .relaxed), total, resumed, tokens.load(ordering: .relaxed))
        } catch {
          failure.withLock { $0 = $0 ?? error }
          stop.store(true, ordering: .relaxed)
        }
      }
      if let error = failure.withLock({ $0 }) { throw error }
      try cancellation.check()
      let again = held.withLock { $0.sorted() }
      left = again.map { left[$0] }
      numbers = again.map { numbers[$0] }
      // What others compute is looked for again in a moment.
      if !left.isEmpty, done.load(ordering: .relaxed) == begun { usleep(50_000) }
    }
    try cancellation.check()
    return Distances(
      table: table, query: queries.place, example: examples.place, shortened: scorer.shortened, space: scorer.space)
  }

  /// Computes a block that was granted, and keeps it; one that fails is given back.
  private func compute(
    _ block: ScoreBlock, _ example: ContentHash?, _ hashes: [ContentHash], keeping: Bool, _ worker: Int,
    _ cancellation: Cancellation, advance: @escaping @Sendable (Int) -> Void
  ) throws -> [Float] {
    let store = keeping ? store : nil
    do {
      let distances = try scorer.distances(
        of: block, worker: worker, cancellation: cancellation, advance: advance)
      try store?.save(space: scorer.space, example: example, queries: hashes, distances: distances)
      return distances
    } catch {
      // Best effort: a lease that can't be given back ends with this process.
      try? store?.giveBack(space: scorer.space, example: example, queries: hashes)
      throw error
    }
  }

  /// A cell of the grid of blocks: a column of the table and a range of its places.
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
  /// For each sample its distinct hash's place.
  var place: [Int]

  init(_ all: [ContentHash], order: [Int]) {
    place = Array(repeating: 0, count: all.count)
    var known: [ContentHash: Int] = [:]
    for sample in order {
      if let found = known[all[sample]] {
        place[sample] = found
      } else {
        known[all[sample]] = hashes.count
        place[sample] = hashes.count
        representative.append(sample)
        hashes.append(all[sample])
      }
    }
  }

  var count: Int { hashes.count }
}
