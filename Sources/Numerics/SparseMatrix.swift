/// A sparse float32 matrix by compressed rows: each row's entries, in ascending order of column. What is not there is 0.
///
/// Immutable once made, so any number of threads may read it.
package final class SparseMatrix: @unchecked Sendable {
  // Sound as Sendable: everything is written before `init` returns and only read afterwards.
  package let rows: Int
  package let columns: Int
  /// Entries in all.
  package let count: Int
  private let starts: LargeMemory
  private let entries: LargeMemory

  /// The entries of a row; valid while the matrix lives.
  @inline(__always)
  package subscript(row: Int) -> UnsafeBufferPointer<SparseEntry> {
    let starts = starts.base.assumingMemoryBound(to: Int.self)
    let base = entries.base.assumingMemoryBound(to: SparseEntry.self)
    return UnsafeBufferPointer(start: base + starts[row], count: starts[row + 1] - starts[row])
  }

  /// One element, by binary search.
  package subscript(row: Int, column: Int) -> Float {
    let entries = self[row]
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if Int(entries[middle].column) < column { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && Int(entries[low].column) == column ? entries[low].value : 0
  }

  /// A matrix whose rows have the given numbers of entries; `fill` writes all entries of a row, columns ascending. Rows
  /// are filled by several workers.
  package init(
    rows: Int, columns: Int, workers: Workers = Workers(), count countOf: (Int) -> Int,
    fill: @Sendable (_ row: Int, _ entries: UnsafeMutableBufferPointer<SparseEntry>, _ worker: Int) -> Void
  ) {
    precondition(rows >= 0 && columns >= 0 && columns <= Int(UInt32.max))
    self.rows = rows
    self.columns = columns
    starts = LargeMemory(bytes: (rows + 1) * MemoryLayout<Int>.stride)
    let offsets = starts.base.bindMemory(to: Int.self, capacity: rows + 1)
    var sum = 0
    for row in 0..<rows {
      offsets[row] = sum
      sum += countOf(row)
    }
    offsets[rows] = sum
    count = sum
    entries = LargeMemory(bytes: sum * MemoryLayout<SparseEntry>.stride)
    // As one piece, cut by the rows' own starts.
    let whole = Pieces(
      UnsafeMutableBufferPointer(
        start: entries.base.bindMemory(to: SparseEntry.self, capacity: max(sum, 1)), count: sum), of: 1)
    let block = 256
    workers.forEach((rows + block - 1) / block) { piece, worker in
      for row in (piece * block)..<min(rows, (piece + 1) * block) {
        let starts = starts.base.assumingMemoryBound(to: Int.self)
        fill(row, whole[starts[row]..<starts[row + 1]], worker)
      }
    }
  }

  /// The transpose of rows of entries that come in any order: entry (i, j) of the source stands in row j here.
  ///
  /// - Parameters:
  ///   - sourceRows, sourceColumns: shape of the source.
  ///   - source: the entries of a source row.
  package init(
    transposing sourceRows: Int, _ sourceColumns: Int, _ source: (Int) -> UnsafeBufferPointer<SparseEntry>
  ) {
    rows = sourceColumns
    columns = sourceRows
    starts = LargeMemory(bytes: (rows + 1) * MemoryLayout<Int>.stride)
    let offsets = starts.base.bindMemory(to: Int.self, capacity: rows + 1)
    offsets.initialize(repeating: 0, count: rows + 1)
    // Counted one row further on, so that filling, which moves each start to the next one, leaves starts.
    var sum = 0
    for row in 0..<sourceRows {
      for entry in source(row) where Int(entry.column) + 2 <= rows { offsets[Int(entry.column) + 2] += 1 }
      sum += source(row).count
    }
    for row in stride(from: 1, through: rows, by: 1) { offsets[row] += offsets[row - 1] }
    count = sum
    entries = LargeMemory(bytes: sum * MemoryLayout<SparseEntry>.stride)
    let base = entries.base.bindMemory(to: SparseEntry.self, capacity: max(sum, 1))
    for row in 0..<sourceRows {
      for entry in source(row) {
        let position = offsets[Int(entry.column) + 1]
        base[position] = SparseEntry(column: UInt32(truncatingIfNeeded: row), value: entry.value)
        offsets[Int(entry.column) + 1] = position + 1
      }
    }
  }
}
