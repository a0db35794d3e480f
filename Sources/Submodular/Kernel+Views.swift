import Domain
import Numerics

extension Kernel {
  /// Elements that are stored.
  package var entries: Int {
    switch storage {
    case .dense: rows * columns
    case .sparse(let rows, _): rows.count
    }
  }

  /// Bytes of the stored elements.
  package var bytes: Int {
    switch storage {
    case .dense: entries * MemoryLayout<Float>.stride
    case .sparse: entries * MemoryLayout<SparseEntry>.stride
    }
  }

  /// Writes a row's `columns` elements to `target`.
  package func copyRow(_ row: Int, to target: UnsafeMutablePointer<Float>) {
    precondition(row >= 0 && row < rows)
    switch storage {
    case .dense(let dense):
      let elements = dense.row(row, scratch: target)
      if elements != UnsafePointer(target) { target.update(from: elements, count: columns) }
    case .sparse(let rows, _):
      target.update(repeating: 0, count: columns)
      for entry in rows[row] { target[Int(entry.column)] = entry.value }
    }
  }

  /// Writes a column's `rows` elements to `target`.
  package func copyColumn(_ column: Int, to target: UnsafeMutablePointer<Float>) {
    precondition(column >= 0 && column < columns)
    target.update(repeating: 0, count: rows)
    forEachInColumn(column) { row, value in target[row] = value }
  }

  /// Calls `body(row, value)` for each element of a column that is not 0 by structure, in the order of rows.
  func forEachInColumn(_ column: Int, _ body: (Int, Float) -> Void) {
    switch storage {
    case .dense(let dense):
      for row in 0..<rows { body(row, dense[row, column]) }
    case .sparse(_, let columns):
      for entry in columns[column] { body(Int(entry.column), entry.value) }
    }
  }

  /// The largest element of each row.
  package func rowMaxima(workers: Workers = Workers()) -> [Float] {
    var maxima = [Float](repeating: 0, count: rows)
    switch storage {
    case .dense(let dense):
      let scratch = dense.makeScratch(rows: workers.count)
      workers.fill(&maxima) { row, maximum, worker in
        let elements = dense.row(row.lowerBound, scratch: scratch[worker])
        maximum[0] = RowScan.survey(elements, count: columns).greatest
      }
    case .sparse(let rows, _):
      for row in 0..<rows.rows { maxima[row] = rows[row].reduce(0) { max($0, $1.value) } }
    }
    return maxima
  }

  /// The largest element of each column.
  package func columnMaxima(workers: Workers = Workers()) -> [Float] {
    var maxima = [Float](repeating: 0, count: columns)
    maxima.withUnsafeMutableBufferPointer { buffer in
      guard let best = buffer.baseAddress else { return }
      switch storage {
      case .dense(let dense):
        let scratch = dense.makeScratch(rows: 1)
        for row in 0..<rows { RowScan.raise(best, to: dense.row(row, scratch: scratch[0]), count: columns) }
      case .sparse(_, let byColumn):
        for column in 0..<columns { best[column] = byColumn[column].reduce(0) { max($0, $1.value) } }
      }
    }
    return maxima
  }

  /// A value for each row, made from `start` by `body(&value, rank, utility)` for each pick whose utility for the row is
  /// not 0 by structure, ranks ascending. O(rows × picks).
  func forEachPick<Value>(
    _ picks: [Candidate], from start: Value, workers: Workers, _ body: @Sendable (inout Value, Rank, Float) -> Void
  ) -> [Value] {
    var values = [Value](repeating: start, count: rows)
    switch storage {
    case .dense(let dense):
      let scratch = dense.makeScratch(rows: workers.count)
      workers.fill(&values) { row, value, worker in
        let elements = dense.row(row.lowerBound, scratch: scratch[worker])
        for (rank, pick) in picks.enumerated() { body(&value[0], Rank(rank), elements[pick.value]) }
      }
    case .sparse(_, let columns):
      for (rank, pick) in picks.enumerated() {
        for entry in columns[pick.value] { body(&values[Int(entry.column)], Rank(rank), entry.value) }
      }
    }
    return values
  }
}
