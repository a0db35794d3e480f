import Domain
import Foundation
import Numerics
import Transformer

/// The expansion of the target loss held against the truth: a weighted step is taken, and the loss measured.
///
///     L(theta') − L(theta)  against  (eta/n)(−p·w + (eta/2) w'Q w) − eta g·b + (eta²/2) b'H b
///
/// with theta' = theta − eta (a ∘ (G'w/n) + b). Since the expansion is whole to the second order, its error falls with the cube of the
/// step (arXiv 2505.19051, the derivation of both theorems). The terms in b alone, which no weight changes, are left out of p and Q
/// and counted here.
package struct ExpansionCheck: Sendable, Hashable, Codable {
  /// One step size.
  package struct Row: Sendable, Hashable, Codable {
    package var stepSize: Double
    package var measured: Double
    /// With and without the second-order terms.
    package var predicted: Double
    package var firstOrder: Double

    package var error: Double { abs(measured - predicted) }
  }

  /// Samples whose gradients make the step.
  package var samples: Int
  package var targetLoss: Double
  /// By falling step size, each half of the one before.
  package var rows: [Row]

  /// The powers of the step by which the error falls from row to row: about 3, until it drowns in rounding.
  package var exponents: [Double] {
    zip(rows, rows.dropFirst()).map { log2($0.error / max($1.error, .leastNormalMagnitude)) }
  }

  /// - Parameters:
  ///   - samples: of the pool; few, since the Hessian is multiplied once for each step direction only.
  ///   - weights: one a sample, their sum the number of samples.
  ///   - stepSize: the largest; it is halved `count` − 1 times.
  package init(
    _ gradients: GradientRows, samples: [LossSample], weights: [Double], target: [LossSample], shares: [Double],
    stepSize: Double, count: Int = 4, workers: Workers, cancellation: Cancellation = Cancellation()
  ) throws {
    precondition(gradients.projection == nil && samples.count == weights.count)
    let differentiator = gradients.differentiator
    let space = gradients.space
    let rows = try gradients.matrix(of: samples, workers: workers, cancellation: cancellation)
    // a ∘ (G'w/n) and b, as rows.
    var directions = Matrix(zerosOfRows: 2, columns: rows.columns)
    for (number, weight) in weights.enumerated() {
      Product.multiply(
        m: 1, n: rows.columns, k: 1, alpha: Float(weight / Double(samples.count)), [1], lda: 1,
        rows.rows.start(ofRow: number), ldb: rows.columns, beta: 1, into: directions.mutableStart(), ldc: rows.columns)
    }
    if let scaling = gradients.scaling {
      space.compress(scaling.b.start(), into: directions.mutableStart(ofRow: 1))
    }
    let targetRows = try gradients.unscaled.matrix(of: target, workers: workers, cancellation: cancellation)
    let curvature = Curvature(gradients, targets: target, shares: shares)
    let images = try curvature.images(
      of: directions, workers: workers, cancellation: cancellation, advance: { _ in })
    let targetGradient = DoubleMatrix(
      rows: target.count, columns: 2,
      elements: GradientMatrix(targetRows.rows.copy()).products(
        with: GradientMatrix(directions.copy()), workers: workers
      ).products.elements
    ).times(shares, transposed: true)
    let bends =
      Self.product(directions, 0, images, 0) + 2 * Self.product(directions, 0, images, 1)
      + Self.product(directions, 1, images, 1)

    var values = Matrix(uninitializedRows: 1, columns: differentiator.count)
    differentiator.copyValues(into: values.mutableStart())
    var move = Matrix(zerosOfRows: 1, columns: differentiator.count)
    let whole = zip(directions.row(0), directions.row(1)).map { $0 + $1 }
    space.spread(whole, into: move.mutableStart())
    let before = Self.loss(differentiator, target, shares, workers)
    var found: [Row] = []
    for halving in 0..<count {
      try cancellation.check()
      let eta = stepSize / Double(1 << halving)
      var moved = values.copy()
      for element in 0..<moved.columns { moved[0, element] -= Float(eta) * move[0, element] }
      let after = Self.loss(Differentiator(differentiator, values: moved.start()), target, shares, workers)
      let first = -eta * (targetGradient[0] + targetGradient[1])
      found.append(
        Row(stepSize: eta, measured: after - before, predicted: first + eta * eta / 2 * bends, firstOrder: first))
    }
    self.samples = samples.count
    targetLoss = before
    self.rows = found
  }

  /// The inner product of a row of one matrix with a row of another.
  private static func product(_ a: borrowing Matrix, _ left: Int, _ b: borrowing Matrix, _ right: Int) -> Double {
    Reduction.dot(a.start(ofRow: left), b.start(ofRow: right), count: a.columns)
  }

  /// The target loss: a weighted mean.
  private static func loss(
    _ differentiator: Differentiator, _ target: [LossSample], _ shares: [Double], _ workers: Workers
  ) -> Double {
    var losses = [Double](repeating: 0, count: target.count)
    let workspaces = PerWorker(workers) { differentiator.makeWorkspace() }
    workers.fill(&losses) { sample, loss, worker in
      loss[0] = differentiator.loss(of: target[sample.lowerBound], in: workspaces[worker])
    }
    return zip(losses, shares).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
