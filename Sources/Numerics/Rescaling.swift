extension Matrix {
  /// Range and finiteness of all elements; the matrix must not be empty.
  package borrowing func survey(workers: Workers = Workers()) -> RowScan.Survey {
    let (rows, columns) = (rows, columns)
    var surveys = [RowScan.Survey](repeating: .init(least: 0, greatest: 0, isFinite: true), count: rows)
    // Each row writes its own place and reads its own elements, so the pointers may be shared.
    nonisolated(unsafe) let start = base
    surveys.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let places = buffer
      workers.forEach(rows) { row, _ in places[row] = RowScan.survey(start + row * columns, count: columns) }
    }
    return surveys.dropFirst().reduce(surveys[0]) { $0.joined(with: $1) }
  }

  /// Min-max rescaling in place (Methods 1.1): (u - least) / (greatest - least), each operation rounded to float32, as
  /// NumPy and PyTorch do it; a constant matrix becomes zeros. Both bounds are those of `survey`.
  package borrowing func rescale(least: Float, greatest: Float, workers: Workers = Workers()) {
    let range = DenseRows.Range(least: least, greatest: greatest)
    if range.isIdentity { return }
    let columns = columns
    nonisolated(unsafe) let start = base
    workers.forEach(rows) { row, _ in
      range.rescale(start + row * columns, count: columns, to: start + row * columns)
    }
  }
}

extension RowScan.Survey {
  /// The survey of two parts together.
  package func joined(with other: Self) -> Self {
    .init(
      least: min(least, other.least), greatest: max(greatest, other.greatest), isFinite: isFinite && other.isFinite)
  }
}
