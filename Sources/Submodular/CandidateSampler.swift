import Domain
import Glibc

/// Draws the samples of the stochastic maximisers (Mirzasoleiman et al., 2015): at each step ceil((n/k) ln(1/epsilon))
/// of the candidates that are left, uniformly and without replacement.
///
/// Each step has a generator of its own, made from the seed and the step.
struct CandidateSampler {
  /// Candidates a step.
  let size: Int
  private let seed: UInt64
  /// Ascending; at least half of its entries are left.
  private var listed: [Int]
  private var isLeft: [Bool]
  private var left: Int

  init(candidates: Int, banned: [Int], budget: Int, epsilon: Double, seed: UInt64) throws {
    guard epsilon > 0, epsilon < 1 else { throw SubmodularError.epsilon(epsilon) }
    isLeft = Array(repeating: true, count: candidates)
    for index in banned { isLeft[index] = false }
    listed = (0..<candidates).filter { [isLeft] in isLeft[$0] }
    left = listed.count
    let share = Double(left) / Double(budget) * log(1 / epsilon)
    size = share < Double(left) ? max(1, Int(share.rounded(.up))) : left
    self.seed = seed
  }

  mutating func remove(_ candidate: Int) {
    guard isLeft[candidate] else { return }
    isLeft[candidate] = false
    left -= 1
    if 2 * left < listed.count { listed = listed.filter { isLeft[$0] } }
  }

  /// The sample of step `step`; empty when nothing is left.
  func sample(step: Int) -> [Int] {
    if left <= size { return listed.filter { isLeft[$0] } }
    var generator = SeededGenerator(seed: seed ^ (UInt64(step) &+ 1) &* 0xD134_2543_DE82_EF95)
    // Beyond half of what is left, leave out rather than take in: few draws either way.
    let leavesOut = 2 * size > left
    var drawn = Set<Int>()
    var order: [Int] = []
    while drawn.count < (leavesOut ? left - size : size) {
      let candidate = listed[generator.below(listed.count)]
      if isLeft[candidate], drawn.insert(candidate).inserted { order.append(candidate) }
    }
    return leavesOut ? listed.filter { isLeft[$0] && !drawn.contains($0) } : order
  }
}
