import Glibc

/// Standard normal numbers from a seeded source (Box and Muller, 1958).
package struct NormalGenerator: Sendable {
  private var uniform: SeededGenerator
  private var spare: Double?

  package init(seed: UInt64) { uniform = SeededGenerator(seed: seed) }

  package mutating func next() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    let radius = (-2 * log(1 - uniform.unit())).squareRoot()
    let angle = 2 * Double.pi * uniform.unit()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }
}
