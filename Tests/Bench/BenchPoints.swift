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
    var points = Matrix(uninitializedRows: count, columns: dimensions)
    for row in 0..<count {
      let centre = centres[generator.below(clusters)]
      let point = centre.map { $0 + spread * generator.normal() }
      let length = point.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for (column, value) in point.enumerated() { points[row, column] = Float(value / length) }
    }
    return points
  }

  /// max(0, cosine) between the rows of `a` and those of `b`.
  static func cosines(_ a: borrowing Matrix, _ b: borrowing Matrix, workers: Workers) -> Matrix {
    var matrix = Matrix(uninitializedRows: a.rows, columns: b.rows)
    workers.fill(&matrix, by: 128) { rows, out, _ in
      guard let target = out.baseAddress else { return }
      Product.multiply(
        m: rows.count, n: b.rows, k: a.columns, a.start(ofRow: rows.lowerBound), lda: a.columns, b.start(),
        ldb: a.columns, transposedB: true, into: target, ldc: b.rows)
      for place in out.indices { out[place] = min(1, max(0, out[place])) }
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
