import Domain
import Numerics
import Submodular
import Testing

/// What a row that was not chosen would have been worth, beside values of whole sets.
@Suite struct ReconsiderationTests {
  @Test(arguments: 0..<12) func gainsPlacesAndSwapsAreDifferencesOfValues(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    for objective in try PropertyTests.objectives(rows: 17, columns: 14, seed: UInt64(seed)) {
      let picks = try run(objective, budget: 1 + generator.below(8)).map(\.candidate)
      let assignments = Assignments(objective.kernel, picks: picks)
      let present = objective.value(of: picks)
      let left = (0..<Candidate(14)).filter { !picks.contains($0) }
      let banned: Set<Candidate> = seed % 3 == 0 ? [left[generator.below(left.count)]] : []
      let gains = left.map { objective.value(of: picks + [$0]) - present }
      for (number, candidate) in left.enumerated() {
        let found = try objective.reconsider(
          candidate, beside: assignments, banned: banned, workers: Workers(count: 1 + seed % 3))
        #expect(abs(found.gain - gains[number]) < 1e-9)
        #expect(abs(found.firstGain - objective.value(of: [candidate])) < 1e-9)
        #expect(found.swaps.count == picks.count)
        for (rank, swap) in found.swaps.enumerated() {
          let other = objective.value(of: picks.enumerated().filter { $0.offset != rank }.map(\.element) + [candidate])
          #expect(abs(swap - (other - present)) < 1e-9)
        }
        let rivals = left.indices.filter { $0 == number || !banned.contains(left[$0]) }
        #expect(found.others == rivals.count)
        // Gains that are equal but for rounding may stand either way.
        #expect(found.better >= rivals.count { gains[$0] > gains[number] + 1e-9 })
        #expect(found.better <= rivals.count { $0 != number && gains[$0] > gains[number] - 1e-9 })
      }
    }
  }
}
