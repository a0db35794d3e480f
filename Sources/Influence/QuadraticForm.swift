import Numerics

/// A symmetric matrix that is known by its products with vectors.
package protocol QuadraticForm: Sendable {
  var size: Int { get }
  func times(_ vector: [Double]) -> [Double]
}

/// One that is held as a whole: exact influence of a small pool.
package struct DenseForm: QuadraticForm {
  package let matrix: DoubleMatrix
  package var size: Int { matrix.rows }

  package init(_ matrix: DoubleMatrix) {
    precondition(matrix.rows == matrix.columns)
    self.matrix = matrix
  }

  package func times(_ vector: [Double]) -> [Double] { matrix.times(vector) }
}

/// C M Cᵀ with C [n, l] and M [l, l]: what landmarks tell of a whole pool, never formed as n × n.
package struct FactoredForm: QuadraticForm {
  package let factor: DoubleMatrix
  package let core: DoubleMatrix
  package var size: Int { factor.rows }

  package init(factor: DoubleMatrix, core: DoubleMatrix) {
    precondition(factor.columns == core.rows && core.rows == core.columns)
    self.factor = factor
    self.core = core
  }

  package func times(_ vector: [Double]) -> [Double] {
    factor.times(core.times(factor.times(vector, transposed: true)))
  }
}
