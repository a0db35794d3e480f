import CVectorKernels

extension Matrix {
  /// Range and finiteness of all elements; the matrix must not be empty.
  public borrowing func survey(workers: Workers = Workers()) -> RowScan.Survey {
    let rows = rows
    let columns = columns
    let base = base
    var surveys = [RowScan.Survey](repeating: .init(least: 0, greatest: 0, isFinite: true), count: rows)
    surveys.withUnsafeMutableBufferPointer { buffer in
      // Each row writes its own place, so the pointer may be shared.
      nonisolated(unsafe) let places = buffer
      nonisolated(unsafe) let start = base
      workers.forEach(rows) { row, _ in places[row] = RowScan.survey(start + row * columns, count: columns) }
    }
    return surveys.dropFirst().reduce(surveys[0]) { $0.joined(with: $1) }
  }

  /// Rescales in place to (u - least) / (greatest - least), each operation rounded to float32; a constant matrix becomes
  /// zeros (methods.md 1.1).
  public borrowing func rescale(least: Float, greatest: Float, workers: Workers = Workers()) {
    if least == greatest {
      base.update(repeating: 0, count: count)
      return
    }
    if least == 0 && greatest == 1 { return }
    let columns = columns
    nonisolated(unsafe) let start = base
    workers.forEach(rows) { row, _ in
      wk_rescale(start + row * columns, columns, least, greatest - least, start + row * columns)
    }
  }
}

extension RowScan.Survey {
  /// The survey of two parts together.
  public func joined(with other: Self) -> Self {
    .init(
      least: min(least, other.least), greatest: max(greatest, other.greatest), isFinite: isFinite && other.isFinite)
  }
}
