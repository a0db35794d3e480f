import Domain

/// The smallest and the largest eigenvalue of a symmetric form, by Lanczos' method with full reorthogonalisation: exact, up to
/// rounding, once there are as many steps as dimensions.
package struct ExtremeEigenvalues: Sendable, Hashable {
  package let least: Double
  package let greatest: Double

  /// Stops when neither end has moved by more than 1e-10 of the spectrum's size for a few steps, or after `limit` steps.
  package init(of form: some QuadraticForm, limit: Int = 300, seed: UInt64 = 0) {
    var chance = SeededGenerator(seed: seed)
    var basis: [[Double]] = []
    var diagonal: [Double] = []
    var offDiagonal: [Double] = []
    var ends = (least: 0.0, greatest: 0.0)
    var next: [Double]?
    var calm = 0
    for _ in 0..<min(form.size, limit) where calm < 5 {
      guard let vector = next ?? Self.direction(orthogonalTo: basis, size: form.size, &chance) else { break }
      basis.append(vector)
      var rest = form.times(vector)
      diagonal.append(dot(vector, rest))
      Self.takeAway(basis, from: &rest)
      let before = ends
      ends = Self.ends(diagonal, offDiagonal)
      let scale = max(ends.least.magnitude, ends.greatest.magnitude)
      let moved = abs(ends.least - before.least) + abs(ends.greatest - before.greatest)
      calm = moved <= 1e-10 * scale ? calm + 1 : 0
      let norm = dot(rest, rest).squareRoot()
      if norm > 1e-13 * max(scale, .leastNormalMagnitude) {
        offDiagonal.append(norm)
        next = rest.map { $0 / norm }
      } else {
        // An invariant subspace is complete: go on in a fresh direction, which nothing couples to it.
        offDiagonal.append(0)
        next = nil
      }
    }
    (least, greatest) = ends
  }

  /// A random unit vector orthogonal to all of the basis; nil if there is none.
  private static func direction(
    orthogonalTo basis: [[Double]], size: Int, _ chance: inout SeededGenerator
  ) -> [Double]? {
    guard basis.count < size else { return nil }
    for _ in 0..<8 {
      var vector = (0..<size).map { _ in 2 * chance.unit() - 1 }
      takeAway(basis, from: &vector)
      let norm = dot(vector, vector).squareRoot()
      if norm > 1e-6 { return vector.map { $0 / norm } }
    }
    return nil
  }

  /// Twice: once leaves what rounding brings back.
  private static func takeAway(_ basis: [[Double]], from vector: inout [Double]) {
    for _ in 0..<2 {
      for known in basis {
        let share = dot(known, vector)
        for index in vector.indices { vector[index] -= share * known[index] }
      }
    }
  }

  /// The ends of a tridiagonal matrix's spectrum, by bisection on the number of eigenvalues below a point (Sturm).
  private static func ends(_ diagonal: [Double], _ offDiagonal: [Double]) -> (least: Double, greatest: Double) {
    let count = diagonal.count
    func radius(_ index: Int) -> Double {
      (index > 0 ? abs(offDiagonal[index - 1]) : 0) + (index + 1 < count ? abs(offDiagonal[index]) : 0)
    }
    let low = diagonal.indices.map { diagonal[$0] - radius($0) }.min() ?? 0
    let high = diagonal.indices.map { diagonal[$0] + radius($0) }.max() ?? 0
    func below(_ point: Double) -> Int {
      var found = 0
      var ratio = 1.0
      for index in 0..<count {
        let coupling = index > 0 ? offDiagonal[index - 1] * offDiagonal[index - 1] : 0
        ratio = diagonal[index] - point - (coupling == 0 ? 0 : coupling / ratio)
        if ratio == 0 { ratio = -.leastNormalMagnitude }
        if ratio < 0 { found += 1 }
      }
      return found
    }
    /// The point at which the count reaches `target`.
    func bisect(_ target: Int) -> Double {
      var (left, right) = (low, high)
      for _ in 0..<200 {
        let middle = left + (right - left) / 2
        if middle <= left || middle >= right { break }
        if below(middle) >= target { right = middle } else { left = middle }
      }
      return left + (right - left) / 2
    }
    return (bisect(1), bisect(count))
  }
}

/// Σ x y.
func dot(_ x: [Double], _ y: [Double]) -> Double {
  var sum = 0.0
  for index in x.indices { sum += x[index] * y[index] }
  return sum
}
