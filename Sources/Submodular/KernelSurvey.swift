import Domain
import Numerics

extension DenseRows {
  /// Looks at every element once.
  ///
  /// - Throws: `SubmodularError` for an empty matrix, an element that is not finite, and without rescaling a negative one:
  ///   the first of them in row-major order.
  func survey(name: String, rescaling: Rescaling, workers: Workers) throws -> RowScan.Survey {
    guard rows > 0, columns > 0 else { throw SubmodularError.empty(kernel: name) }
    // Lists name columns by 32 bits.
    guard columns <= Int(UInt32.max) else {
      throw SubmodularError.shape(
        kernel: name, rows: rows, columns: columns, expected: "at most \(UInt32.max) columns")
    }
    let (rows, columns) = (rows, columns)
    let scratch = makeScratch(rows: workers.count)
    var surveys = [RowScan.Survey](repeating: .init(least: 0, greatest: 0, isFinite: true), count: rows)
    workers.fill(&surveys) { row, survey, worker in
      survey[0] = RowScan.survey(self.row(row.lowerBound, scratch: scratch[worker]), count: columns)
    }
    for (row, survey) in surveys.enumerated() where !survey.isFinite || (survey.least < 0 && rescaling == .none) {
      let elements = self.row(row, scratch: scratch[0])
      for column in 0..<columns {
        let value = elements[column]
        if !value.isFinite { throw SubmodularError.notFinite(kernel: name, row: row, column: column, value: value) }
        if value < 0, rescaling == .none {
          throw SubmodularError.negative(kernel: name, row: row, column: column, value: value)
        }
      }
    }
    let whole = surveys.dropFirst().reduce(surveys[0]) { $0.joined(with: $1) }
    guard (whole.greatest - whole.least).isFinite else {
      throw SubmodularError.range(kernel: name, least: whole.least, greatest: whole.greatest)
    }
    return whole
  }
}

extension RowScan.Survey {
  /// How elements are rescaled; nil where they stay as they are.
  func range(for rescaling: Rescaling, noHelp: Float = 0) -> DenseRows.Range? {
    switch rescaling {
    case .none: nil
    case .minMax: least == 0 && greatest == 1 ? nil : .init(least: least, greatest: greatest)
    case .positive: least >= noHelp && noHelp == 0 ? nil : .above(noHelp)
    }
  }
}
