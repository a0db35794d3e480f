/// Weights from the first-order expansion of the target loss: argmin −p·w + (lambda/2)|w|² subject to w >= 0, Σ w = n
/// (Influence Distillation, arXiv 2505.19051; Methods 2.3), in closed form.
package struct FirstOrderWeights: Sendable, Hashable {
  /// n weights: max(0, (p − tau) / lambda).
  package let weights: [Double]
  package let lambda: Double
  package let tau: Double

  /// - Parameters:
  ///   - influence: p, finite.
  ///   - lambda: above 0.
  package init(influence: [Double], lambda: Double) {
    precondition(lambda > 0)
    let (weights, tau) = ScaledSimplex.project(influence.map { $0 / lambda }, total: Double(influence.count))
    self.weights = weights
    self.lambda = lambda
    self.tau = tau * lambda
  }

  /// Chooses lambda so that `count` weights are not 0: the middle of ``lambdaInterval(influence:count:)``. Where equal influences
  /// leave no such lambda, the nearest count is taken that does.
  package init(influence: [Double], count: Int) {
    let interval = Self.lambdaInterval(influence: influence, count: count)
    let greatest = influence.max() ?? 0
    // Far below every difference that could matter, so that ties at the top share the weight.
    let least = max(greatest.magnitude, .leastNormalMagnitude) * 1e-9
    let middle =
      interval.upper.isFinite ? (interval.lower + interval.upper) / 2 : max(2 * interval.lower, interval.lower + least)
    self.init(influence: influence, lambda: max(middle, least))
  }

  /// The lambdas that give exactly `count` weights above 0, as (lower, upper]; upper is infinite for all of them.
  package static func lambdaInterval(influence: [Double], count: Int) -> (lower: Double, upper: Double) {
    precondition(count >= 1 && count <= influence.count)
    let sorted = influence.sorted(by: >)
    func bound(_ level: Double) -> Double {
      sorted.prefix(count).reduce(0) { $0 + ($1 - level) } / Double(influence.count)
    }
    return (bound(sorted[count - 1]), count < sorted.count ? bound(sorted[count]) : .infinity)
  }
}
