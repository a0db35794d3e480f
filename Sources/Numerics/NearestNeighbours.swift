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
    nonisolated(unsafe) let vectors = unit.base

    let keep = min(count, n)
    let found = LargeMemory(bytes: n * keep * MemoryLayout<SparseEntry>.stride)
    nonisolated(unsafe) let places = found.base.bindMemory(to: SparseEntry.self, capacity: max(n * keep, 1))
    let counts = LargeMemory(bytes: n * MemoryLayout<Int>.stride)
    nonisolated(unsafe) let kept = counts.base.bindMemory(to: Int.self, capacity: max(n, 1))

    let crew = (0..<workers.count).map { _ in Tile(keep: keep) }
    workers.forEach((n + tileRows - 1) / tileRows) { piece, worker in
      let first = piece * tileRows
      let rows = first..<min(first + tileRows, n)
      let tile = crew[worker]
      tile.reset()
      for start in stride(from: 0, to: padded, by: tileColumns) {
        if cancellation.isCancelled { return }
        Product.multiply(
          m: tileRows, n: tileColumns, k: d, vectors + first * d, lda: d, vectors + start * d, ldb: d,
          transposedB: true, into: tile.cosines, ldc: tileColumns)
        for row in rows { tile.offer(row - first, columnsFrom: start) }
      }
      for row in rows { kept[row] = tile.finish(row - first, to: places + row * keep) }
      progress(rows.count)
    }
    try cancellation.check()
    return SparseMatrix(rows: n, columns: n, workers: workers) {
      kept[$0]
    } fill: { row, entries, _ in
      for place in 0..<entries.count { entries[place] = places[row * keep + place] }
    }
  }

  /// The rows scaled to length 1, and rows of zeros up to `padded`.
  private static func unitRows(_ embeddings: DenseRows, padded: Int, workers: Workers) -> Matrix {
    let (n, d) = (embeddings.rows, embeddings.columns)
    let unit = Matrix(uninitializedRows: padded, columns: d)
    nonisolated(unsafe) let target = unit.base
    let scratch = embeddings.makeScratch(rows: workers.count)
    workers.forEach((padded + 255) / 256) { piece, worker in
      for row in (256 * piece)..<min(256 * (piece + 1), padded) {
        let unitRow = target + row * d
        guard row < n else {
          unitRow.update(repeating: 0, count: d)
          continue
        }
        let elements = embeddings.row(row, scratch: scratch[worker])
        var square = 0.0
        for column in 0..<d { square += Double(elements[column]) * Double(elements[column]) }
        let scale = square > 0 ? 1 / square.squareRoot() : 0
        for column in 0..<d { unitRow[column] = Float(Double(elements[column]) * scale) }
      }
    }
    return unit
  }

  /// One worker's tile of cosines, and the best entries of its rows so far.
  private final class Tile: @unchecked Sendable {
    // Sound as Sendable: it belongs to one worker.
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
      let place = entries + row * room + counts[row]
      let found = RowScan.gatherAbove(thresholds[row], in: cosines + row * tileColumns, count: tileColumns, to: place)
      for entry in 0..<found { place[entry].column += UInt32(truncatingIfNeeded: first) }
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
    func finish(_ row: Int, to target: UnsafeMutablePointer<SparseEntry>) -> Int {
      if counts[row] > keep { sortOut(row) }
      var best = UnsafeMutableBufferPointer(start: entries + row * room, count: counts[row])
      best.sort { $0.column < $1.column }
      for (place, entry) in best.enumerated() {
        target[place] = SparseEntry(column: entry.column, value: min(entry.value, 1))
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
