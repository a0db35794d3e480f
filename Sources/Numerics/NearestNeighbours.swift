import Domain

/// Exact nearest neighbours by cosine, without ever forming the n × n matrix: tiles of it are computed by matrix products
/// and only each row's best entries are kept.
package enum NearestNeighbours {
  // The shape of a tile: it fits the second-level cache, and every tile has it, the last ones by padding, so that equal
  // vectors have equal cosines wherever they stand.
  private static let tileRows = 128
  private static let tileColumns = 1024

  /// The `count` largest cosines of each row of `embeddings` (n × d) with all rows, itself included, ties to the lowest
  /// index. Cosines of 0 and below are left out, those above 1 by rounding become 1; a row of zeros has no neighbours.
  ///
  /// - Parameter progress: called with a number of rows that were done, from any thread.
  /// - Returns: n × n, at most `count` entries a row.
  /// - Throws: `CancellationError`.
  package static func cosine(
    _ embeddings: DenseRows, count: Int, workers: Workers = Workers(),
    cancellation: Cancellation = Cancellation(), progress: @Sendable (Int) -> Void = { _ in }
  ) throws -> SparseMatrix {
    precondition(count > 0)
    let (n, d) = (embeddings.rows, embeddings.columns)
    let padded = (n + tileColumns - 1) / tileColumns * tileColumns
    let unit = unitRows(embeddings, padded: padded, workers: workers)

    // For each row its best entries, as many as `counts` says.
    let keep = min(count, n)
    let memory = LargeMemory(bytes: n * keep * MemoryLayout<SparseEntry>.stride)
    let found = Pieces(
      UnsafeMutableBufferPointer(
        start: memory.base.bindMemory(to: SparseEntry.self, capacity: max(n * keep, 1)), count: n * keep), of: keep)
    var counts = [Int](repeating: 0, count: n)
    let tiles = PerWorker(workers) { Tile(keep: keep) }
    try workers.fill(&counts, by: tileRows) { rows, counts, worker in
      let tile = tiles[worker]
      tile.reset()
      for start in stride(from: 0, to: padded, by: tileColumns) {
        try cancellation.check()
        Product.multiply(
          m: tileRows, n: tileColumns, k: d, unit.start(ofRow: rows.lowerBound), lda: d, unit.start(ofRow: start),
          ldb: d, transposedB: true, into: tile.cosines, ldc: tileColumns)
        for row in rows { tile.offer(row - rows.lowerBound, columnsFrom: start) }
      }
      for row in rows { counts[row - rows.lowerBound] = tile.finish(row - rows.lowerBound, to: found[row]) }
      progress(rows.count)
    }
    try cancellation.check()
    return withExtendedLifetime(memory) {
      SparseMatrix(rows: n, columns: n, workers: workers) {
        counts[$0]
      } fill: { row, entries, _ in
        for number in 0..<entries.count { entries[number] = found[row][number] }
      }
    }
  }

  /// The rows scaled to length 1, and rows of zeros up to `padded`.
  private static func unitRows(_ embeddings: DenseRows, padded: Int, workers: Workers) -> Matrix {
    let (n, d) = (embeddings.rows, embeddings.columns)
    var unit = Matrix(uninitializedRows: padded, columns: d)
    let scratch = embeddings.makeScratch(rows: workers.count)
    workers.fill(&unit, by: 256) { rows, unit, worker in
      unit.update(repeating: 0)
      for row in rows.clamped(to: 0..<n) {
        let elements = embeddings.row(row, scratch: scratch[worker])
        var square = 0.0
        for column in 0..<d { square += Double(elements[column]) * Double(elements[column]) }
        let scale = square > 0 ? 1 / square.squareRoot() : 0
        let first = (row - rows.lowerBound) * d
        for column in 0..<d { unit[first + column] = Float(Double(elements[column]) * scale) }
      }
    }
    return unit
  }

  /// One worker's tile of cosines, and the best entries of its rows so far.
  private final class Tile {
    let cosines: UnsafeMutablePointer<Float>
    private let keep: Int
    /// Entries of room a row: what is kept, what may gather before it is sorted out, and a tile's row of new ones.
    private let room: Int
    private let limit: Int
    private let entries: UnsafeMutablePointer<SparseEntry>
    private var counts: [Int]
    private var thresholds: [Float]

    init(keep: Int) {
      self.keep = keep
      limit = 3 * keep + 64
      room = limit + tileColumns + RowScan.gatherSlack
      cosines = .allocate(capacity: tileRows * tileColumns)
      entries = .allocate(capacity: tileRows * room)
      counts = Array(repeating: 0, count: tileRows)
      thresholds = Array(repeating: 0, count: tileRows)
    }

    deinit {
      cosines.deallocate()
      entries.deallocate()
    }

    func reset() {
      for row in 0..<tileRows {
        counts[row] = 0
        thresholds[row] = 0
      }
    }

    /// Takes over what lies above the row's threshold, the smallest cosine that is among the best so far. Columns come in
    /// ascending order, so an equal cosine further on is rightly left out.
    func offer(_ row: Int, columnsFrom first: Int) {
      let target = entries + row * room + counts[row]
      let found = RowScan.gatherAbove(thresholds[row], in: cosines + row * tileColumns, count: tileColumns, to: target)
      for entry in 0..<found { target[entry].column += UInt32(truncatingIfNeeded: first) }
      counts[row] += found
      if counts[row] > limit { sortOut(row) }
    }

    private func sortOut(_ row: Int) {
      let base = entries + row * room
      Self.select(base, count: counts[row], best: keep)
      counts[row] = keep
      thresholds[row] = (0..<keep).reduce(Float.infinity) { min($0, base[$1].value) }
    }

    /// Writes the row's best entries to `target`, columns ascending; returns how many there are.
    func finish(_ row: Int, to target: UnsafeMutableBufferPointer<SparseEntry>) -> Int {
      if counts[row] > keep { sortOut(row) }
      var best = UnsafeMutableBufferPointer(start: entries + row * room, count: counts[row])
      best.sort { $0.column < $1.column }
      for (index, entry) in best.enumerated() {
        target[index] = SparseEntry(column: entry.column, value: min(entry.value, 1))
      }
      return best.count
    }

    /// Whether `a` is better: larger, or as large and of a lower column.
    @inline(__always)
    private static func isBetter(_ a: SparseEntry, _ b: SparseEntry) -> Bool {
      a.value > b.value || (a.value == b.value && a.column < b.column)
    }

    /// Moves the `best` best of `count` entries to the front, in no order (Hoare's selection, the middle of three as
    /// pivot).
    private static func select(_ entries: UnsafeMutablePointer<SparseEntry>, count: Int, best: Int) {
      var (low, high) = (0, count - 1)
      while low < high {
        let (a, b, c) = (entries[low], entries[(low + high) / 2], entries[high])
        let pivot =
          isBetter(a, b)
          ? (isBetter(b, c) ? b : (isBetter(a, c) ? c : a)) : (isBetter(a, c) ? a : (isBetter(b, c) ? c : b))
        var (left, right) = (low, high)
        while left <= right {
          while isBetter(entries[left], pivot) { left += 1 }
          while isBetter(pivot, entries[right]) { right -= 1 }
          if left <= right {
            (entries[left], entries[right]) = (entries[right], entries[left])
            left += 1
            right -= 1
          }
        }
        if best - 1 <= right {
          high = right
        } else if best - 1 >= left {
          low = left
        } else {
          return
        }
      }
    }
  }
}
