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

  init(candidates: Int, banned: [Candidate], budget: Int, epsilon: Double, seed: UInt64) throws {
    guard epsilon > 0, epsilon < 1 else { throw SubmodularError.epsilon(epsilon) }
    isLeft = Array(repeating: true, count: candidates)
    for candidate in banned { isLeft[candidate.value] = false }
    listed = (0..<candidates).filter { [isLeft] in isLeft[$0] }
    left = listed.count
    let share = Double(left) / Double(budget) * log(1 / epsilon)
    size = share < Double(left) ? max(1, Int(share.rounded(.up))) : left
    self.seed = seed
  }

  mutating func remove(_ candidate: Candidate) {
    guard isLeft[candidate.value] else { return }
    isLeft[candidate.value] = false
    left -= 1
    if 2 * left < listed.count { listed = listed.filter { isLeft[$0] } }
  }

  /// The sample of a step; empty when nothing is left.
  func sample(step: Rank) -> [Candidate] {
    if left <= size { return listed.lazy.filter { isLeft[$0] }.map { Candidate($0) } }
    var generator = SeededGenerator(seed: seed ^ (UInt64(step.value) &+ 1) &* 0xD134_2543_DE82_EF95)
    // Beyond half of what is left, leave out rather than take in: few draws either way.
    let leavesOut = 2 * size > left
    var drawn = Set<Int>()
    var order: [Int] = []
    while drawn.count < (leavesOut ? left - size : size) {
      let candidate = listed[generator.below(listed.count)]
      if isLeft[candidate], drawn.insert(candidate).inserted { order.append(candidate) }
    }
    let sample = leavesOut ? listed.filter { isLeft[$0] && !drawn.contains($0) } : order
    return sample.map { Candidate($0) }
  }
}
