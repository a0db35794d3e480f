import Domain
import Numerics
import Submodular

extension RunOutcome {
  /// Why a row was not chosen. A method without utilities says no more than that it was not.
  ///
  /// Errors: `WorkbenchError.outsideRange` for a row that could not be chosen, `WorkbenchError.isChosen`; `CancellationError`.
  package func whyNot(
    _ row: RowIndex, workers: Workers = Workers(), cancellation: Cancellation = Cancellation()
  ) throws -> WhyNot {
    guard let candidate = map.candidate(of: row) else {
      throw WorkbenchError.outsideRange(
        option: "row", value: "\(row)", bounds: "the \(candidates) rows of the run's pool")
    }
    if selection.picks.contains(where: { $0.row == row }) { throw WorkbenchError.isChosen(row: row) }
    let isBanned = specification.banned.contains(row)
    let others = candidates - selection.picks.count
    var answer = WhyNot(row: row, isBanned: isBanned, others: others)
    if let scores = rowScores {
      // A row's score is the greatest that it has for a target.
      guard let score = scores(candidate) else { return answer }
      answer.gain = score
      let chosen = Set(selection.picks.map(\.row))
      answer.place = (0..<Candidate(candidates)).count { other in
        !chosen.contains(map.row(of: other)) && (scores(other).map { $0 > score } ?? false)
      }
      answer.leastGain = selection.picks.last?.gain
      return answer
    }
    guard let kernels, let assignments,
      let objective = try (RunPlan(specification).selector as? DeliftSelector)?.coverage(kernels, workers: workers)
    else { return answer }
    let banned = Set(specification.banned.compactMap(map.candidate))
    let found = try objective.reconsider(
      candidate, beside: assignments, banned: banned, workers: workers, cancellation: cancellation)
    (answer.gain, answer.place, answer.others) = (found.gain, found.better, found.others)
    answer.firstGain = found.firstGain
    answer.leastGain = selection.picks.last?.gain
    let pinned = Set(specification.pinned)
    let best = found.swaps.indices.filter { !pinned.contains(selection.picks[$0].row) }
      .max { found.swaps[$0] != found.swaps[$1] ? found.swaps[$0] < found.swaps[$1] : $0 > $1 }
    answer.bestSwap = best.map { WhyNot.Related(pick: selection.picks[$0], value: found.swaps[$0]) }
    // Where the kernel's rows are the target's, none of them is this row.
    if !kernels.servesTarget, candidate.value < assignments.representative.count,
      let rank = assignments.representative[candidate.value]
    {
      answer.served = WhyNot.Related(
        pick: selection.picks[rank.value], value: Double(assignments.utility[candidate.value]))
      answer.swapWithServing = WhyNot.Related(pick: selection.picks[rank.value], value: found.swaps[rank.value])
    }
    return answer
  }

  /// Of each candidate the score that it was ranked by; nil for a method that ranks none.
  private var rowScores: ((Candidate) -> Double?)? {
    if let influence { return influence.score(of:) }
    guard let ranking, !ranking.scores.isEmpty else { return nil }
    return { ranking.scores[$0.value].isFinite ? ranking.scores[$0.value] : nil }
  }
}
