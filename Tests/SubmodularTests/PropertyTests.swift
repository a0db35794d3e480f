import Domain
import Numerics
import Submodular
import Testing

@Suite struct PropertyTests {
  /// Objectives of all forms over random kernels of all textures, dense and sparse.
  static func objectives(rows: Int, columns: Int, seed: UInt64) throws -> [CoverageObjective] {
    try Texture.allCases.enumerated().flatMap { place, texture in
      try ParityTests.objectives(
        rows: rows, columns: columns, texture: texture, strength: 0.7, seed: seed &+ UInt64(place) * 100
      ).map(\.0)
    }
  }

  @Test func gainsNeverRiseAndSumToTheValue() throws {
    for objective in try Self.objectives(rows: 90, columns: 90, seed: 3) {
      var greedy = try GreedyRun(objective, budget: 60)
      var picks: [GreedyStep] = []
      while let pick = try greedy.next() { picks.append(pick) }
      for (earlier, later) in zip(picks, picks.dropFirst()) { #expect(later.gain <= earlier.gain) }
      let sum = picks.reduce(0) { $0 + $1.gain }
      #expect(abs(sum - greedy.objectiveValue) < 1e-9)
      #expect(greedy.objectiveValue == objective.value(of: picks.map(\.candidate)))
    }
  }

  @Test func theDefinitionsGainsAreThoseOfTheRun() throws {
    for objective in try Self.objectives(rows: 40, columns: 50, seed: 5) {
      var state = objective.initialState()
      for pick in try run(objective, budget: 20) {
        #expect(objective.marginalGain(of: pick.candidate, in: state) == pick.gain)
        for other in 0..<Candidate(objective.candidates) {
          #expect(objective.marginalGain(of: other, in: state) <= pick.gain)
        }
        objective.add(pick.candidate, to: &state)
      }
    }
  }

  @Test func greedyReachesItsShareOfTheBestSet() throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      for objective in try Self.objectives(rows: 11, columns: 12, seed: seed) {
        for budget in [1, 3, 5] {
          let reached = objective.value(of: try run(objective, budget: budget).map(\.candidate))
          var best = 0.0
          for bits in 0..<(1 << 12) where bits.nonzeroBitCount == budget {
            best = max(best, objective.value(of: (0..<12).filter { bits >> $0.value & 1 == 1 }))
          }
          #expect(reached >= 0.6321 * best && reached <= best)
        }
      }
    }
  }

  @Test func threadsDoNotChangeTheAnswer() throws {
    // Large enough for passes and updates to be shared out, and for rows to be listed.
    for objective in try Self.objectives(rows: 700, columns: 900, seed: 11) {
      let one = try run(objective, budget: 200, threads: 1)
      for threads in [2, 3, 7] { #expect(try run(objective, budget: 200, threads: threads) == one) }
    }
  }

  @Test func lazyEqualsNaiveToTheLastBit() throws {
    for objective in try Self.objectives(rows: 500, columns: 640, seed: 21) {
      #expect(try run(objective, budget: 120, maximizer: .lazy) == run(objective, budget: 120, maximizer: .naive))
    }
  }

  @Test func lazyEqualsNaiveToTheLastBitUntilEverythingIsChosen() throws {
    for objective in try Self.objectives(rows: 200, columns: 150, seed: 22) {
      let picks = try run(objective, budget: 150, maximizer: .lazy)
      #expect(try picks == run(objective, budget: 150, maximizer: .naive))
      #expect(Set(picks.map(\.candidate)).count == 150)
    }
  }

  @Test(arguments: Maximizer.allCases)
  func pinsComeFirstAndBansNever(maximizer: Maximizer) throws {
    let objective = try Self.objectives(rows: 60, columns: 80, seed: 41)[0]
    let free = try run(objective, budget: 80, maximizer: maximizer)
    let banned = Array(free.prefix(5).map(\.candidate))
    let pinned = Array(free.suffix(2).map(\.candidate))
    let picks = try run(objective, budget: 75, maximizer: maximizer, pinned: pinned, banned: banned)
    #expect(Array(picks.prefix(2).map(\.candidate)) == pinned)
    #expect(Set(picks.map(\.candidate)).isDisjoint(with: banned))
    #expect(picks.count == 75)
    #expect(picks[1].gain == objective.value(of: pinned) - objective.value(of: [pinned[0]]))
  }

  @Test func stochasticPicksTheBestOfSamplesOfTheRightSize() throws {
    let objective = try Self.objectives(rows: 100, columns: 200, seed: 51)[0]
    let picks = try run(objective, budget: 40, maximizer: .stochastic, epsilon: 0.05, seed: 9)
    #expect(try picks == run(objective, budget: 40, maximizer: .lazier, epsilon: 0.05, seed: 9))
    #expect(try picks != run(objective, budget: 40, maximizer: .stochastic, epsilon: 0.05, seed: 10))
    #expect(Set(picks.map(\.candidate)).count == 40)
    let exact = objective.value(of: try run(objective, budget: 40).map(\.candidate))
    #expect(objective.value(of: picks.map(\.candidate)) > (1 - 0.37 - 0.05) * exact)
    // With a sample of everything, it is exact greedy.
    #expect(try run(objective, budget: 40, maximizer: .stochastic, epsilon: 1e-20) == run(objective, budget: 40))
  }

  @Test func aCancelledRunStopsBeforeItsNextPick() throws {
    let objective = try Self.objectives(rows: 50, columns: 50, seed: 61)[0]
    let cancellation = Cancellation()
    var greedy = try GreedyRun(objective, budget: 20, cancellation: cancellation)
    #expect(try greedy.next() != nil)
    cancellation.cancel()
    #expect(throws: CancellationError.self) { try greedy.next() }
  }

  @Test func lazyReadsLessThanNaive() throws {
    let objective = try Self.objectives(rows: 300, columns: 300, seed: 71)[0]
    func evaluations(_ maximizer: Maximizer) throws -> Int {
      var greedy = try GreedyRun(objective, budget: 90, maximizer: maximizer)
      while try greedy.next() != nil {}
      return greedy.evaluations
    }
    #expect(try evaluations(.naive) == 90 * 300)
    #expect(try evaluations(.lazy) < 10 * 300)
  }
}
