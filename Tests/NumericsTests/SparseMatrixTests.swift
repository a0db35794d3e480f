import Domain
import Numerics
import Testing

@Suite struct SparseMatrixTests {
  @Test func theTransposeHoldsTheSameEntriesByColumn() {
    var generator = SeededGenerator(seed: 7)
    for (rows, columns) in [(1, 1), (5, 1), (1, 5), (2, 2), (30, 47)] {
      let elements = (0..<rows).map { _ in
        (0..<columns).map { _ in generator.below(3) == 0 ? Float(generator.unit()) + 0.01 : 0 }
      }
      let entries = elements.map { $0.enumerated().filter { $1 > 0 } }
      let matrix = SparseMatrix(rows: rows, columns: columns) {
        entries[$0].count
      } fill: { row, target, _ in
        for (place, entry) in entries[row].enumerated() {
          target[place] = SparseEntry(column: UInt32(entry.offset), value: entry.element)
        }
      }
      let transpose = SparseMatrix(transposing: rows, columns) { matrix[$0] }
      #expect(transpose.rows == columns && transpose.columns == rows && transpose.count == matrix.count)
      for row in 0..<rows {
        for column in 0..<columns {
          #expect(matrix[row, column] == elements[row][column] && transpose[column, row] == elements[row][column])
        }
      }
    }
  }
}
