import Domain
import Foundation
import Numerics

/// Made-up points around cluster centres, and the cosines between them: what `winnow-bench select` chooses from.
struct BenchPoints {
  var dimensions: Int
  var clusters: Int
  /// Standard deviation of a cluster's points around its centre, whose coordinates have standard deviation 1.
  var spread: Double
  var seed: UInt64

  /// Unit vectors, `count` × dimensions. Points of different `draw` share the centres and nothing else.
  func unitVectors(_ count: Int, draw: UInt64 = 0) -> Matrix {
    var forCentres = SeededGenerator(seed: seed)
    let centres = (0..<clusters).map { _ in (0..<dimensions).map { _ in forCentres.normal() } }
    var generator = SeededGenerator(seed: seed &+ 1 &+ draw)
    let points = Matrix(uninitializedRows: count, columns: dimensions)
    for row in 0..<count {
      let centre = centres[generator.below(clusters)]
      let point = centre.map { $0 + spread * generator.normal() }
      let length = point.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for (column, value) in point.enumerated() { points.base[row * dimensions + column] = Float(value / length) }
    }
    return points
  }

  /// max(0, cosine) between the rows of `a` and those of `b`.
  static func cosines(_ a: borrowing Matrix, _ b: borrowing Matrix, workers: Workers) -> Matrix {
    let (rows, columns, dimensions) = (a.rows, b.rows, a.columns)
    let matrix = Matrix(uninitializedRows: rows, columns: columns)
    nonisolated(unsafe) let (left, right, target) = (a.base, b.base, matrix.base)
    let block = 128
    workers.forEach((rows + block - 1) / block) { piece, _ in
      let first = piece * block
      let height = min(block, rows - first)
      Product.multiply(
        m: height, n: columns, k: dimensions, left + first * dimensions, lda: dimensions, right, ldb: dimensions,
        transposedB: true, into: target + first * columns, ldc: columns)
      for place in (first * columns)..<((first + height) * columns) { target[place] = min(1, max(0, target[place])) }
    }
    return matrix
  }
}

extension SeededGenerator {
  /// A normally distributed number (Box and Muller).
  fileprivate mutating func normal() -> Double {
    let radius = (-2 * log(1 - unit())).squareRoot()
    return radius * cos(2 * .pi * unit())
  }
}
