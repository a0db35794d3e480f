/// Weights from the second-order expansion of the target loss (arXiv 2505.19051; Methods 2.3):
///
///     argmin −p·w + (eta/2) w'Q w + (lambda/2)|w|²   subject to  w >= 0, Σ w = n
///
/// by an accelerated projected gradient method with restarts (Beck and Teboulle, 2009; O'Donoghue and Candès, 2015).
package struct SecondOrderWeights: Sendable, Hashable {
  package let weights: [Double]
  package let lambda: Double
  /// Every lambda above it makes the problem convex: −eta times the smallest eigenvalue of Q, or 0.
  package let lambdaBound: Double
  /// How far the weights are from the conditions of an optimum, relative to the largest of the gradient's elements: positive weights
  /// have the same derivative, no weight of 0 has a better one.
  package let residual: Double
  package let iterations: Int

  /// The problem but for lambda.
  package struct Problem: Sendable {
    package let influence: [Double]
    package let form: any QuadraticForm
    package let stepSize: Double
    package let eigenvalues: ExtremeEigenvalues

    /// - Parameters:
    ///   - influence: p, finite.
    ///   - form: Q, of as many dimensions.
    ///   - stepSize: eta, at least 0.
    package init(influence: [Double], form: any QuadraticForm, stepSize: Double) {
      precondition(form.size == influence.count)
      self.influence = influence
      self.form = form
      self.stepSize = stepSize
      eigenvalues = ExtremeEigenvalues(of: form)
    }

    package var lambdaBound: Double { max(0, -stepSize * eigenvalues.least) }

    /// The smallest lambda that is solved for: a little above the bound.
    package var leastLambda: Double {
      let scale = max(stepSize * eigenvalues.greatest.magnitude, lambdaBound)
      return max(1.05 * lambdaBound, 1e-6 * scale, influence.map(\.magnitude).max().map { 1e-12 * $0 } ?? 0, 1e-300)
    }

    /// The objective's value.
    package func value(_ weights: [Double], lambda: Double) -> Double {
      -dot(influence, weights) + stepSize / 2 * dot(weights, form.times(weights)) + lambda / 2 * dot(weights, weights)
    }

    /// Minus the objective's gradient.
    func ascent(_ weights: [Double], lambda: Double) -> [Double] {
      let image = form.times(weights)
      return influence.indices.map { influence[$0] - stepSize * image[$0] - lambda * weights[$0] }
    }
  }

  /// - Parameter lambda: above the problem's bound.
  package init(_ problem: Problem, lambda: Double, tolerance: Double = 1e-9, limit: Int = 50_000) {
    precondition(lambda > problem.lambdaBound)
    let count = problem.influence.count
    let total = Double(count)
    // The curvature's bounds, with room for what Lanczos' method leaves open.
    let steepest = max(lambda, lambda + problem.stepSize * problem.eigenvalues.greatest) * 1.0001
    var weights = [Double](repeating: 1, count: count)
    var ahead = weights
    var momentum = 1.0
    var used = 0
    var residual = Self.residual(weights, problem.ascent(weights, lambda: lambda))
    while used < limit, residual > tolerance {
      used += 1
      let ascent = problem.ascent(ahead, lambda: lambda)
      let next = ScaledSimplex.project(ahead.indices.map { ahead[$0] + ascent[$0] / steepest }, total: total).weights
      // A step against the direction of travel: the momentum has overshot, begin anew.
      let turn = ahead.indices.reduce(0.0) { $0 + (ahead[$1] - next[$1]) * (next[$1] - weights[$1]) }
      if turn > 0 { momentum = 1 }
      let following = (1 + (1 + 4 * momentum * momentum).squareRoot()) / 2
      let carry = turn > 0 ? 0 : (momentum - 1) / following
      ahead = next.indices.map { next[$0] + carry * (next[$0] - weights[$0]) }
      weights = next
      momentum = following
      if used % 10 == 0 { residual = Self.residual(weights, problem.ascent(weights, lambda: lambda)) }
    }
    self.weights = weights
    self.lambda = lambda
    lambdaBound = problem.lambdaBound
    self.residual = Self.residual(weights, problem.ascent(weights, lambda: lambda))
    iterations = used
  }

  /// Solves with the given lambda, or, where there is none or it is too small, with the smallest that is convex and, if `count` is
  /// given, leaves at least so many weights above 0.
  package static func solve(_ problem: Problem, lambda: Double?, count: Int?) -> SecondOrderWeights {
    if let lambda { return SecondOrderWeights(problem, lambda: max(lambda, problem.leastLambda)) }
    var lambda = problem.leastLambda
    if let count { lambda = max(lambda, FirstOrderWeights(influence: problem.influence, count: count).lambda) }
    var solution = SecondOrderWeights(problem, lambda: lambda)
    // Weights spread as lambda grows, until all are equal.
    while let count, solution.weights.count(where: { $0 > 0 }) < count, lambda < 1e30 {
      lambda *= 1.5
      solution = SecondOrderWeights(problem, lambda: lambda)
    }
    return solution
  }

  /// What is left of the Karush-Kuhn-Tucker conditions.
  static func residual(_ weights: [Double], _ ascent: [Double]) -> Double {
    let scale = max(ascent.map(\.magnitude).max() ?? 0, .leastNormalMagnitude)
    let positive = weights.indices.filter { weights[$0] > 0 }
    guard !positive.isEmpty else { return 0 }
    let multiplier = positive.reduce(0.0) { $0 + ascent[$1] } / Double(positive.count)
    let spread = positive.map { abs(ascent[$0] - multiplier) }.max() ?? 0
    let better = weights.indices.filter { weights[$0] == 0 }.map { ascent[$0] - multiplier }.max() ?? 0
    return max(spread, better, 0) / scale
  }
}
