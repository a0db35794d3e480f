import Domain
import Numerics
import Submodular
import Testing

@Suite struct ParityTests {
  static let shapes = [(1, 1), (1, 9), (9, 1), (7, 7), (60, 60), (23, 60), (60, 23), (130, 70)]

  /// All objectives over one random kernel, with their brute-force forms.
  static func objectives(
    rows: Int, columns: Int, texture: Texture, strength: Double, seed: UInt64
  ) throws -> [(CoverageObjective, BruteForce)] {
    var generator = SeededGenerator(seed: seed)
    let pool = texture.rows(rows, columns: columns, from: &generator)
    let other = texture.rows(rows, columns: 1 + generator.below(6), from: &generator)
    let kernel = try Kernel(matrix(pool), rescaling: .none)
    let side = try Kernel(matrix(other), rescaling: .none, name: "side")
    return [
      (.facilityLocation(kernel), BruteForce(kernel: pool, form: .facilityLocation)),
      (
        try .mutualInformation(kernel, target: side, eta: strength),
        BruteForce(kernel: pool, form: .mutualInformation(target: other, eta: strength))
      ),
      (
        try .queryMutualInformation(target: kernel, eta: strength),
        BruteForce(kernel: pool, form: .queryMutualInformation(eta: strength))
      ),
      (
        try .conditionalGain(kernel, existing: side, nu: strength),
        BruteForce(kernel: pool, form: .conditionalGain(existing: other, nu: strength))
      ),
    ]
  }

  @Test(arguments: Texture.allCases, [0, 0.5, 1, 2])
  func lazyAndNaiveTakeThePicksOfTheFormulas(texture: Texture, strength: Double) throws {
    for (place, (rows, columns)) in Self.shapes.enumerated() {
      let all = try Self.objectives(
        rows: rows, columns: columns, texture: texture, strength: strength, seed: UInt64(place) + 1)
      for (objective, reference) in all {
        let budget = max(1, columns * 2 / 3)
        let expected = reference.greedy(budget)
        for maximizer in [Maximizer.naive, .lazy] {
          let picks = try run(objective, budget: budget, maximizer: maximizer)
          #expect(
            picks.map(\.candidate) == expected.map(\.candidate), "\(reference.form) \(rows)×\(columns) \(maximizer)")
          for (pick, other) in zip(picks, expected) { #expect(abs(pick.gain - other.gain) < 1e-9) }
        }
      }
    }
  }
}

/// All picks of a run.
func run(
  _ objective: CoverageObjective, budget: Int, maximizer: Maximizer = .lazy, epsilon: Double = 0.1, seed: UInt64 = 0,
  pinned: [Candidate] = [], banned: [Candidate] = [], threads: Int = 2
) throws -> [GreedyStep] {
  var run = try GreedyRun(
    objective, budget: budget, maximizer: maximizer, epsilon: epsilon, seed: seed, pinned: pinned, banned: banned,
    workers: Workers(count: threads))
  var picks: [GreedyStep] = []
  while let pick = try run.next() { picks.append(pick) }
  return picks
}
