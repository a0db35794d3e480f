import Domain
import Numerics
import Synchronization

/// What a candidate that was not chosen would have been worth to a finished selection.
package struct Reconsideration: Sendable, Hashable {
  /// What it would add to the whole selection.
  package let gain: Double
  /// Candidates that were not chosen and would add more; on equal gains those of a lower index.
  package let better: Int
  /// Candidates that were not chosen, this one among them.
  package let others: Int
  /// What it would have added as the first pick.
  package let firstGain: Double
  /// For each pick, by rank, what the objective changes by where this candidate takes that pick's place.
  package let swaps: [Double]
}

extension CoverageObjective {
  /// Looks at a candidate beside a finished selection, exactly: values and gains are those of the objective's grid.
  ///
  /// Where pick p leaves, a row that it served best falls back to its second best pick, so that one pass over the rows gives
  /// the change for every pick: O(rows), beside the gains of all candidates, O(kernel).
  ///
  /// - Parameters:
  ///   - candidate: one that was not chosen.
  ///   - assignments: of the selection, on this objective's kernel.
  ///   - banned: candidates that no place is kept for.
  /// - Throws: `CancellationError`.
  package func reconsider(
    _ candidate: Candidate, beside assignments: Assignments, banned: Set<Candidate> = [], workers: Workers = Workers(),
    cancellation: Cancellation = Cancellation()
  ) throws -> Reconsideration {
    let picks = assignments.picks
    var full = initialState()
    for row in 0..<kernel.rows { full.coverage[row] = covered(row, by: assignments.utility[row]) }
    let state = full
    let gain = marginalGain(of: candidate, in: state)

    let others = (0..<Candidate(candidates)).filter { $0 == candidate || !banned.contains($0) && !picks.contains($0) }
    let piece = 256
    let better = Mutex(0)
    try workers.forEach((others.count + piece - 1) / piece, cancellation: cancellation) { number, _ in
      var count = 0
      for other in others[number * piece..<min(others.count, (number + 1) * piece)] where other != candidate {
        let theirs = marginalGain(of: other, in: state)
        if theirs > gain || theirs == gain && other < candidate { count += 1 }
      }
      better.withLock { $0 += count }
    }

    // What a pick's rows lose without it, and what of that the candidate makes good.
    var own = [Double](repeating: 0, count: kernel.rows)
    kernel.forEachInColumn(candidate.value) { row, value in own[row] = min(Double(value), ceilings[row]) }
    let all = grid.fixedTotal(gain)
    var changes = picks.map { all - bonus(of: $0) }
    for row in 0..<kernel.rows {
      guard let rank = assignments.representative[row] else { continue }
      let with = max(state.coverage[row], own[row])
      let without = max(covered(row, by: assignments.second[row]), own[row])
      changes[rank.value] += grid.fixed(without) - grid.fixed(with)
    }
    return Reconsideration(
      gain: gain, better: better.withLock { $0 }, others: others.count,
      firstGain: marginalGain(of: candidate, in: initialState()), swaps: changes.map { grid.value($0) })
  }

  private func covered(_ row: Int, by utility: Float) -> Double {
    max(floors[row], min(Double(utility), ceilings[row]))
  }
}
