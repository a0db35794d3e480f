extension Matrix {
  /// Range and finiteness of all elements; the matrix must not be empty.
  package func survey(workers: Workers = Workers()) -> RowScan.Survey {
    var surveys = [RowScan.Survey](repeating: .init(least: 0, greatest: 0, isFinite: true), count: rows)
    workers.fill(&surveys) { rows, surveys, _ in
      surveys[0] = RowScan.survey(start(ofRow: rows.lowerBound), count: columns)
    }
    return surveys.dropFirst().reduce(surveys[0]) { $0.joined(with: $1) }
  }

  /// Min-max rescaling in place (Methods 1.1): (u - least) / (greatest - least), each operation rounded to float32, as
  /// NumPy and PyTorch do it; a constant matrix becomes zeros. Both bounds are those of `survey`.
  package mutating func rescale(least: Float, greatest: Float, workers: Workers = Workers()) {
    let range = DenseRows.Range(least: least, greatest: greatest)
    workers.fill(&self) { _, row, _ in range.rescale(row) }
  }
}

extension RowScan.Survey {
  /// The survey of two parts together.
  package func joined(with other: Self) -> Self {
    .init(
      least: min(least, other.least), greatest: max(greatest, other.greatest), isFinite: isFinite && other.isFinite)
  }
}
