import Domain
import Numerics

extension GainTable {
  /// Adds the gains of all candidates for the present coverage to `gains`, which are 0; makes the column index, and lists
  /// the rows that have little left. O(elements of the kernel).
  func fill() throws {
    switch kernel.storage {
    case .dense(let dense): try fill(from: dense)
    case .sparse(let sparse, _): try fill(from: sparse)
    }
    sums.move(to: gains)
    if let bonuses = objective.bonuses {
      for candidate in bonuses.indices {
        gains[candidate] &+= UInt64(bitPattern: objective.bonus(of: Candidate(candidate)))
      }
    }
  }

  private func fill(from dense: DenseRows) throws {
    let blocks = (dense.rows + 63) / 64
    let scratch = dense.makeScratch(rows: workers.count * 64)
    workers.forEach(blocks) { block, worker in
      if cancellation.isCancelled { return }
      let first = 64 * block
      let rows = (first..<min(first + 64, dense.rows)).map {
        dense.row($0, scratch: scratch[worker * 64 + $0 - first])
      }
      for start in stride(from: 0, to: rows.count, by: 4) {
        var group = RowGroup(padding: rows[start])
        for number in 0..<min(4, rows.count - start) {
          let row = first + start + number
          group.set(number, rows[start + number], low: coverage[row], high: objective.ceilings[row])
        }
        grid.add(group, count: dense.columns, to: sums[worker])
      }
      if upkeep == .maintain {
        columnIndex.encode(block: block, rows: rows)
        for (offset, elements) in rows.enumerated() {
          list(first + offset, elements, count: dense.columns, worker: worker)
        }
      }
    }
    try cancellation.check()
    columnIndex.start(coverage: coverage, ceilings: objective.ceilings)
    counters.elements += dense.rows * dense.columns
    counters.bytes += dense.rows * dense.columns * MemoryLayout<Float>.stride
  }

  private func fill(from sparse: SparseMatrix) throws {
    let longest = upkeep == .recompute ? (0..<sparse.rows).reduce(0) { max($0, sparse[$1].count) } : 0
    let unused = LargeMemory(bytes: workers.count * longest * MemoryLayout<SparseEntry>.stride)
    let block = 1024
    workers.forEach((sparse.rows + block - 1) / block) { piece, worker in
      if cancellation.isCancelled { return }
      for row in (block * piece)..<min(block * (piece + 1), sparse.rows) {
        let entries = sparse[row]
        guard let start = entries.baseAddress else { continue }
        let (low, high) = (coverage[row], objective.ceilings[row])
        switch upkeep {
        case .maintain:
          lists.list(
            row, start, count: entries.count, low: low, high: high, grid: grid, gains: sums[worker], worker: worker)
        case .recompute:
          let scratch = unused.base.assumingMemoryBound(to: SparseEntry.self) + worker * longest
          _ = grid.add(start, count: entries.count, low: low, high: high, to: sums[worker], keeping: scratch)
        }
      }
    }
    try cancellation.check()
    counters.elements += sparse.count
    counters.bytes += sparse.count * MemoryLayout<SparseEntry>.stride
  }

  /// Lists a dense row if it has little left above its coverage.
  private func list(_ row: Int, _ elements: UnsafePointer<Float>, count: Int, worker: Int) {
    if coverage[row] >= objective.ceilings[row] {
      lists.listAsEmpty(row)
    } else {
      lists.listIfShort(row, elements, count: count, above: coverage[row].floatRoundedDown, worker: worker)
    }
  }

  /// Takes from the gains what the changes cost: O(entries of the changed rows' lists), and O(candidates) for each changed
  /// row that has none yet. `coverage` holds the raised values already.
  func apply(_ changes: [RowChange]) throws {
    let listed = changes.filter { lists.count($0.row) != nil }
    let whole = changes.count > listed.count ? changes.filter { lists.count($0.row) == nil } : []
    let entries = listed.reduce(0) { $0 + (lists.count($1.row) ?? 0) }
    counters.elements += entries + whole.count * kernel.columns
    counters.bytes += entries * MemoryLayout<SparseEntry>.stride
    counters.bytes += whole.count * kernel.columns * MemoryLayout<Float>.stride

    // A hand-over to other threads costs some microseconds, and sums of their own a pass over all candidates. An entry
    // of a list takes about a nanosecond, an element of a streamed row a quarter of that.
    let work = entries + whole.count * kernel.columns / 4
    let parallel = workers.count > 1 && work > max(131_072, 2 * kernel.columns)
    let crew = parallel ? workers : Workers(count: 1)
    let wholeGroups = (whole.count + 3) / 4
    let listGroups = (listed.count + 63) / 64
    let scratch = wholeGroups > 0 ? wholeRowScratch(workers: crew.count) : nil
    crew.forEach(wholeGroups + listGroups) { piece, worker in
      if cancellation.isCancelled { return }
      let target = parallel ? sums[worker] : gains
      if piece < wholeGroups, let scratch {
        takeWhole(whole[(4 * piece)..<min(4 * piece + 4, whole.count)], from: target, scratch: scratch, worker: worker)
      } else {
        let first = 64 * (piece - wholeGroups)
        for change in listed[first..<min(first + 64, listed.count)] {
          lists.drain(
            change.row, low: change.low, high: change.high, ceiling: objective.ceilings[change.row], grid: grid,
            gains: target)
        }
      }
    }
    if parallel { sums.move(to: gains) }
    try cancellation.check()
  }

  private func wholeRowScratch(workers: Int) -> RowScratch? {
    switch kernel.storage {
    case .dense(let dense): dense.makeScratch(rows: 4 * workers)
    case .sparse: nil
    }
  }

  /// Streams up to four rows that have no list, and lists them if they have little left.
  private func takeWhole(
    _ changes: ArraySlice<RowChange>, from target: UnsafeMutablePointer<UInt64>, scratch: RowScratch, worker: Int
  ) {
    guard case .dense(let dense) = kernel.storage else { return }
    let rows = changes.enumerated().map { dense.row($1.row, scratch: scratch[4 * worker + $0]) }
    var group = RowGroup(padding: rows[0])
    for (number, change) in changes.enumerated() {
      group.set(number, rows[number], low: change.low, high: change.high)
    }
    grid.take(group, count: dense.columns, from: target)
    for (number, change) in changes.enumerated() {
      list(change.row, rows[number], count: dense.columns, worker: worker)
    }
  }
}

extension Double {
  /// The largest float32 that is not above this number: for a float32 v, `v > self` means `v > floatRoundedDown`.
  var floatRoundedDown: Float {
    let nearest = Float(self)
    return Double(nearest) > self ? nearest.nextDown : nearest
  }
}
