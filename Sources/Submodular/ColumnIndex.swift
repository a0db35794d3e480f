import Numerics

/// Finds the rows that a candidate serves better than the chosen set does.
///
/// A dense matrix is stored by rows, so reading a column of it misses the cache at every element. At first there is no
/// way around it; once the rows' lists hold little, they are turned into lists by column, which are read instead. The
/// turn is made when as much has been spent on reading columns as it costs, so at most twice what is needed is spent.
final class ColumnIndex: @unchecked Sendable {
  // Sound as Sendable: used by the run's thread alone, which hands each worker places of its own to write.
  private let kernel: Kernel
  private let workers: Workers
  /// Lists by column, and the rows they do not hold, which are read one by one.
  private var byColumn: (lists: SparseMatrix, others: [Int])?
  /// Elements of columns that were read so far.
  private var spent = 0
  private var column: [Float] = []

  /// Elements moved from lists by row to lists by column cost this many scattered reads.
  private static let costOfTurning = 1

  init(_ kernel: Kernel, workers: Workers) {
    self.kernel = kernel
    self.workers = workers
    switch kernel.storage {
    case .dense: column = Array(repeating: 0, count: kernel.rows)
    case .sparse(_, let columns): byColumn = (columns, [])
    }
  }

  /// Turns the lists by row into lists by column, if it is time.
  func turnIfDue(_ lists: RowLists) {
    guard byColumn == nil, spent > 0 else { return }
    var entries = 0
    var others: [Int] = []
    for row in 0..<kernel.rows {
      if let count = lists.count(row) { entries += count } else { others.append(row) }
    }
    guard others.count <= kernel.rows / 8, Self.costOfTurning * entries <= spent else { return }
    byColumn = (SparseMatrix(transposing: kernel.rows, kernel.columns, lists.entries), others)
    column = []
  }

  /// The rows whose coverage rises with `candidate`, in order; returns how many bytes were read for it.
  func changes(
    by candidate: Int, coverage: UnsafePointer<Double>, ceilings: [Double], into changes: inout [RowChange]
  ) -> Int {
    changes.removeAll(keepingCapacity: true)
    func look(_ row: Int, _ value: Float) {
      let raised = min(Double(value), ceilings[row])
      if raised > coverage[row] { changes.append(RowChange(row: row, low: coverage[row], high: raised)) }
    }
    if let (lists, others) = byColumn {
      let entries = lists[candidate]
      for entry in entries { look(Int(entry.column), entry.value) }
      for row in others { look(row, kernel[row, candidate]) }
      return entries.count * MemoryLayout<SparseEntry>.stride + others.count * 64
    }
    guard case .dense(let dense) = kernel.storage else { return 0 }
    read(candidate, of: dense)
    for row in 0..<kernel.rows { look(row, column[row]) }
    spent += kernel.rows
    // A cache line an element.
    return kernel.rows * 64
  }

  private func read(_ candidate: Int, of dense: DenseRows) {
    let block = 2048
    column.withUnsafeMutableBufferPointer { buffer in
      // Each row writes its own place, so the buffer may be shared.
      nonisolated(unsafe) let places = buffer
      workers.forEach((dense.rows + block - 1) / block) { piece, _ in
        for row in (block * piece)..<min(block * (piece + 1), dense.rows) { places[row] = dense[row, candidate] }
      }
    }
  }
}
