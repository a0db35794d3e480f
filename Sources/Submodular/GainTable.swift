import Domain
import Numerics

/// The marginal gain of every candidate for the set chosen so far, on the objective's fixed-point grid.
///
/// `recompute` makes all gains anew after each pick: the definition, and slow. `maintain` changes them by what the pick
/// changed: where the coverage of row i rises from c to c', each candidate loses clamp(S_ij, c, c') - c, which is 0 for
/// all but the entries above c. Those are found by streaming the row at first, and in a list once they are few (their
/// number shrinks like 1/t over t picks). Integer sums make both the same to the last bit.
final class GainTable: @unchecked Sendable {
  // Sound as Sendable: a run owns its table and calls it from one thread at a time; inside a call, workers write only
  // rows that are theirs and sums of their own.
  enum Upkeep {
    case recompute, maintain
  }

  /// What was read so far.
  struct Counters {
    /// Elements whose part in a gain was computed.
    var elements = 0
    /// Bytes of matrix, codes and lists that were looked at for it.
    var bytes = 0
  }

  let objective: CoverageObjective
  let kernel: Kernel
  let workers: Workers
  let cancellation: Cancellation
  let grid: FixedPoint
  let upkeep: Upkeep
  var counters = Counters()

  /// Coverage of each row by the chosen set.
  let coverage: UnsafeMutablePointer<Double>
  /// Gains as integers; those of candidates that cannot be chosen are lowered below 0.
  let gains: UnsafeMutablePointer<UInt64>
  let lists: RowLists
  let columnIndex: ColumnIndex
  /// For each worker, a sum for each candidate, all 0 between uses.
  let sums: WorkerSums
  private var maxima: BlockMaxima
  var changes: [RowChange] = []

  /// Lowers a gain below all others. Gains stay below 2^61.
  private static let removed: UInt64 = 1 << 62

  /// The gains for the empty set: one pass over the kernel.
  init(_ objective: CoverageObjective, upkeep: Upkeep, workers: Workers, cancellation: Cancellation) throws {
    self.objective = objective
    kernel = objective.kernel
    grid = objective.grid
    self.workers = workers
    self.cancellation = cancellation
    self.upkeep = upkeep
    let rows = kernel.rows
    coverage = .allocate(capacity: rows)
    gains = .allocate(capacity: kernel.columns)
    gains.initialize(repeating: 0, count: kernel.columns)
    sums = WorkerSums(workers: workers.count, count: kernel.columns)
    lists = RowLists(rows: rows, limit: kernel.columns / 16, workers: workers.count)
    columnIndex = ColumnIndex(kernel, mayEncode: upkeep == .maintain, workers: workers)
    maxima = BlockMaxima(count: kernel.columns)
    for row in 0..<rows { coverage[row] = objective.floors[row] }
    try fill()
  }

  deinit {
    coverage.deallocate()
    gains.deallocate()
  }

  // MARK: Gains

  /// The gain of a candidate.
  func gain(_ candidate: Candidate) -> Int64 {
    let gain = Int64(bitPattern: gains[candidate.value])
    return gain < 0 ? Int64(bitPattern: gains[candidate.value] &+ Self.removed) : gain
  }

  /// Keeps a candidate from being the best.
  func remove(_ candidate: Candidate) {
    if Int64(bitPattern: gains[candidate.value]) >= 0 { gains[candidate.value] &-= Self.removed }
  }

  /// The candidate of the largest gain, the lowest index on ties, among those not removed. O(candidates) at worst; with
  /// `maintain` a look at each block's bound, and at the few blocks whose best has fallen.
  func best() -> (candidate: Candidate, gain: Int64)? {
    let best = upkeep == .maintain ? maxima.best(of: gains) : FixedPoint.firstMaximum(gains, count: kernel.columns)
    return best.gain >= 0 ? (Candidate(best.index), best.gain) : nil
  }

  /// The same among some candidates, in one look at each.
  func best(among candidates: [Candidate]) -> (candidate: Candidate, gain: Int64)? {
    var best: (candidate: Candidate, gain: Int64)?
    for candidate in candidates {
      let gain = Int64(bitPattern: gains[candidate.value])
      guard gain >= 0 else { continue }
      if let present = best, gain < present.gain || (gain == present.gain && candidate > present.candidate) { continue }
      best = (candidate, gain)
    }
    return best
  }

  /// Takes the candidate into the set: raises the coverage of the rows it serves best, and brings all gains up to date.
  ///
  /// With `recompute` O(elements of the kernel). With `maintain` O(rows) to find the rows that change, and for each of
  /// these the entries above its coverage, which are O(candidates) at first and few soon.
  func cover(_ candidate: Candidate) throws {
    if upkeep == .maintain { columnIndex.turnIfDue(lists) }
    counters.bytes += columnIndex.changes(
      by: candidate, coverage: coverage, ceilings: objective.ceilings, into: &changes)
    for change in changes {
      coverage[change.row] = change.high
      columnIndex.raise(change.row, to: change.high, ceiling: objective.ceilings[change.row])
    }
    switch upkeep {
    case .recompute: try refill()
    case .maintain: try apply(changes)
    }
  }

  private func refill() throws {
    let removed = (0..<kernel.columns).filter { Int64(bitPattern: gains[$0]) < 0 }
    gains.update(repeating: 0, count: kernel.columns)
    try fill()
    for candidate in removed { remove(Candidate(candidate)) }
  }
}

/// A row whose coverage rises.
struct RowChange {
  var row: Int
  var low: Double
  var high: Double
}

/// For each worker, an integer sum for each candidate.
final class WorkerSums: @unchecked Sendable {
  // Sound as Sendable: each worker writes its own part.
  private let base: UnsafeMutablePointer<UInt64>
  private let workers: Int
  let count: Int

  init(workers: Int, count: Int) {
    self.workers = workers
    self.count = count
    base = .allocate(capacity: workers * count)
    base.initialize(repeating: 0, count: workers * count)
  }

  deinit { base.deallocate() }

  subscript(worker: Int) -> UnsafeMutablePointer<UInt64> { base + worker * count }

  /// Adds all workers' sums to `totals` and sets them to 0.
  func move(to totals: UnsafeMutablePointer<UInt64>) {
    for worker in 0..<workers { FixedPoint.move(self[worker], to: totals, count: count) }
  }
}
