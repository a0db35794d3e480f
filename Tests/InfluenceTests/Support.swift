import Domain
import Numerics

/// Largest difference over the largest magnitude; infinite for a NaN or a wrong count.
func relativeError(_ found: [Double], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  let scale = expected.map(\.magnitude).max() ?? 0
  let difference = zip(found, expected).map { abs($0 - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
  return difference / max(scale, .leastNormalMagnitude)
}

extension Matrix {
  /// A float32 matrix of doubles.
  init(_ matrix: DoubleMatrix) {
    self.init(rows: matrix.rows, columns: matrix.columns, elements: matrix.elements.map { Float($0) })
  }
}

func numbers(_ values: [Int]) -> [SampleNumber] { values.map { SampleNumber($0) } }
