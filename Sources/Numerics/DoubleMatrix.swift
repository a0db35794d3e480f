import COpenBLAS

/// A small dense matrix of doubles in row-major order, for systems and quadratic forms whose rounding matters.
package struct DoubleMatrix: Sendable, Hashable {
  package let rows: Int
  package let columns: Int
  /// Rows × columns elements; row i begins at i · columns.
  package var elements: [Double]

  package init(rows: Int, columns: Int, elements: [Double]) {
    precondition(elements.count == rows * columns)
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  package init(zerosOfRows rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, elements: [Double](repeating: 0, count: rows * columns))
  }

  package subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  package func row(_ row: Int) -> ArraySlice<Double> { elements[row * columns..<(row + 1) * columns] }

  package func column(_ column: Int) -> [Double] { (0..<rows).map { elements[$0 * columns + column] } }

  /// A x, or Aᵀ x with `transposed`.
  package func times(_ x: [Double], transposed: Bool = false) -> [Double] {
    precondition(x.count == (transposed ? rows : columns))
    var y = [Double](repeating: 0, count: transposed ? columns : rows)
    guard rows > 0, columns > 0 else { return y }
    Product.useOneThread()
    cblas_dgemv(
      CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns), 1, elements,
      blasint(columns), x, 1, 0, &y, 1)
    return y
  }

  /// A B.
  package func times(_ other: DoubleMatrix) -> DoubleMatrix {
    precondition(columns == other.rows)
    var result = DoubleMatrix(zerosOfRows: rows, columns: other.columns)
    guard rows > 0, columns > 0, other.columns > 0 else { return result }
    Product.useOneThread()
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(other.columns), blasint(columns), 1, elements,
      blasint(columns), other.elements, blasint(other.columns), 0, &result.elements, blasint(other.columns))
    return result
  }

  /// (A + Aᵀ) / 2 of a square matrix.
  package var symmetrised: DoubleMatrix {
    var result = self
    for row in 0..<rows {
      for column in 0..<row {
        let mean = (self[row, column] + self[column, row]) / 2
        result[row, column] = mean
        result[column, row] = mean
      }
    }
    return result
  }
}

/// The factor L of a symmetric positive definite matrix A = L Lᵀ.
package struct Cholesky: Sendable {
  private let factor: DoubleMatrix  // L in the lower triangle

  /// Nil if the matrix is not positive definite.
  package init?(_ matrix: DoubleMatrix) {
    precondition(matrix.rows == matrix.columns)
    var factor = matrix
    if matrix.rows > 0 {
      Product.useOneThread()
      // LAPACK counts columns first: its upper triangle is the lower one here.
      var size = Int32(matrix.rows)
      var info: Int32 = 0
      dpotrf_("U", &size, &factor.elements, &size, &info)
      guard info == 0 else { return nil }
    }
    self.factor = factor
  }

  /// A⁻¹ B for B of as many rows as A.
  package func solve(_ right: DoubleMatrix) -> DoubleMatrix {
    precondition(right.rows == factor.rows)
    var result = right
    guard right.rows > 0, right.columns > 0 else { return result }
    for transposed in [CblasNoTrans, CblasTrans] {
      cblas_dtrsm(
        CblasRowMajor, CblasLeft, CblasLower, transposed, CblasNonUnit, blasint(right.rows), blasint(right.columns), 1,
        factor.elements, blasint(factor.columns), &result.elements, blasint(right.columns))
    }
    return result
  }

  /// A⁻¹.
  package var inverse: DoubleMatrix {
    var identity = DoubleMatrix(zerosOfRows: factor.rows, columns: factor.rows)
    for row in 0..<factor.rows { identity[row, row] = 1 }
    return solve(identity)
  }
}
