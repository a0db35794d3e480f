import Foundation

/// Student's t distribution.
package struct StudentT: Sendable {
  package let degrees: Double

  /// - Parameter degrees: of freedom, above 0.
  package init(degrees: Double) { self.degrees = degrees }

  /// P(T <= t), by the regularised incomplete beta function.
  package func cumulative(_ t: Double) -> Double {
    if t.isNaN { return .nan }
    if t.isInfinite { return t > 0 ? 1 : 0 }
    let tail = Self.incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2
    return t > 0 ? 1 - tail : tail
  }

  /// P(|T| >= |t|).
  package func twoSided(_ t: Double) -> Double {
    t.isNaN ? .nan : t.isInfinite ? 0 : Self.incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
  }

  /// The t below which a share of the distribution lies, 0 < share < 1, by bisection.
  package func quantile(_ share: Double) -> Double {
    if share == 0.5 { return 0 }
    if share < 0.5 { return -quantile(1 - share) }
    var (low, high) = (0.0, 1.0)
    while cumulative(high) < share, high < 1e300 { high *= 2 }
    for _ in 0..<200 where high - low > 1e-14 * high {
      let middle = (low + high) / 2
      if cumulative(middle) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// I_x(a, b) by its continued fraction (Lentz's method).
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The fraction converges fast below the mean.
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    let tiny = 1e-300
    var (c, d) = (1.0, 1 - (a + b) * x / (a + 1))
    d = 1 / (abs(d) < tiny ? tiny : d)
    var value = d
    for step in 1...500 {
      let m = Double(step)
      for factor in [
        m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
      ] {
        d = 1 + factor * d
        d = 1 / (abs(d) < tiny ? tiny : d)
        c = 1 + factor / c
        if abs(c) < tiny { c = tiny }
        value *= c * d
      }
      if abs(c * d - 1) < 1e-15 { break }
    }
    return front * value
  }
}
