import Numerics

/// For each row, the entries that lie above its coverage: all that can still matter to a gain. A list is made when it has
/// become short, and from then on only shrinks.
final class RowLists: @unchecked Sendable {
  // Sound as Sendable: at any time a row, and a worker's slabs, are touched by one worker only.
  /// Rows are listed once at most this many entries remain.
  let limit: Int
  private let rows: Int
  private let starts: UnsafeMutablePointer<UnsafeMutablePointer<SparseEntry>?>
  private let counts: UnsafeMutablePointer<Int32>
  private let slabs: [Slabs]

  init(rows: Int, limit: Int, workers: Int) {
    self.limit = min(limit, Int(Int32.max))
    self.rows = rows
    starts = .allocate(capacity: rows)
    starts.initialize(repeating: nil, count: rows)
    counts = .allocate(capacity: rows)
    counts.initialize(repeating: -1, count: rows)
    slabs = (0..<workers).map { _ in Slabs() }
  }

  deinit {
    starts.deallocate()
    counts.deallocate()
  }

  /// How many entries the row's list has; nil while it has none.
  @inline(__always)
  func count(_ row: Int) -> Int? { counts[row] >= 0 ? Int(counts[row]) : nil }

  /// Lists a row of a dense matrix if at most `limit` elements lie above `threshold`.
  @inline(__always)
  func listIfShort(_ row: Int, _ elements: UnsafePointer<Float>, count: Int, above threshold: Float, worker: Int) {
    let above = RowScan.countAbove(threshold, in: elements, count: count)
    guard above <= limit else { return }
    let start = slabs[worker].take(above + RowScan.gatherSlack)
    _ = RowScan.gatherAbove(threshold, in: elements, count: count, to: start)
    slabs[worker].giveBack(RowScan.gatherSlack)
    starts[row] = start
    counts[row] = Int32(truncatingIfNeeded: above)
  }

  /// Lists a row that has nothing left above its coverage.
  func listAsEmpty(_ row: Int) { counts[row] = 0 }

  /// Lists the entries of a sparse row that lie above `low`, and adds what they promise to the gains.
  func list(
    _ row: Int, _ entries: UnsafePointer<SparseEntry>, count: Int, low: Double, high: Double, grid: FixedPoint,
    gains: UnsafeMutablePointer<UInt64>, worker: Int
  ) {
    let start = slabs[worker].take(count)
    let kept = grid.add(entries, count: count, low: low, high: high, to: gains, keeping: start)
    slabs[worker].giveBack(count - kept)
    starts[row] = start
    counts[row] = Int32(truncatingIfNeeded: kept)
  }

  /// The entries of a row's list; none while it has no list.
  func entries(_ row: Int) -> UnsafeBufferPointer<SparseEntry> {
    UnsafeBufferPointer(start: starts[row], count: max(0, Int(counts[row])))
  }

  /// Takes what the rise of a row's coverage from `low` to `high` costs from the gains, and drops what no longer matters.
  @inline(__always)
  func drain(
    _ row: Int, low: Double, high: Double, ceiling: Double, grid: FixedPoint, gains: UnsafeMutablePointer<UInt64>
  ) {
    guard let start = starts[row] else { return }
    let kept = grid.drain(start, count: Int(counts[row]), low: low, high: high, from: gains)
    counts[row] = high < ceiling ? Int32(truncatingIfNeeded: kept) : 0
  }
}

/// Memory that is handed out piece by piece and freed at once.
private final class Slabs {
  private static let entries = 1 << 19
  private var blocks: [LargeMemory] = []
  private var next: UnsafeMutablePointer<SparseEntry>?
  private var left = 0

  /// Room for `count` entries.
  func take(_ count: Int) -> UnsafeMutablePointer<SparseEntry> {
    if let target = next, count <= left {
      next = target + count
      left -= count
      return target
    }
    let size = max(count, Self.entries)
    let block = LargeMemory(bytes: size * MemoryLayout<SparseEntry>.stride)
    blocks.append(block)
    let target = block.base.bindMemory(to: SparseEntry.self, capacity: size)
    next = target + count
    left = size - count
    return target
  }

  /// Takes back the last `count` entries of what was handed out last.
  func giveBack(_ count: Int) {
    next = next.map { $0 - count }
    left += count
  }
}
