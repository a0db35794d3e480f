/// The simplex of weights that add up to a total: {w : w >= 0, Σ w = total}.
enum ScaledSimplex {
  /// Its point nearest to `point`: max(0, point − tau) for the one tau that fits (Held, Wolfe and Crowder, 1974). O(n log n).
  static func project(_ point: [Double], total: Double) -> (weights: [Double], tau: Double) {
    guard !point.isEmpty else { return ([], 0) }
    let sorted = point.sorted(by: >)
    var sum = 0.0
    var tau = 0.0
    for (number, value) in sorted.enumerated() {
      sum += value
      let candidate = (sum - total) / Double(number + 1)
      // Weights down to this one are positive as long as it lies above the tau that they give.
      guard value > candidate else { break }
      tau = candidate
    }
    return (point.map { max(0, $0 - tau) }, tau)
  }
}
