import Numerics

/// What a finished selection would gain or lose by changes of one pick.
package struct Swaps: Sendable {
  package let objective: CoverageObjective
  package let assignments: Assignments
  /// On the objective's grid: coverage of each row by the whole selection, and without the pick that serves it best.
  private let covered: [Double]
  private let without: [Double]

  package init(_ objective: CoverageObjective, picks: [Int], workers: Workers = Workers()) {
    self.objective = objective
    let assignments = Assignments(objective.kernel, picks: picks, workers: workers)
    self.assignments = assignments
    covered = assignments.utility.indices.map { objective.coverage(Double(assignments.utility[$0]), row: $0) }
    without = assignments.second.indices.map { objective.coverage(Double(assignments.second[$0]), row: $0) }
  }

  /// f(A) - f(A without the pick), for each pick in order.
  package var losses: [Double] {
    let grid = objective.grid
    var losses = assignments.picks.map { objective.bonus(of: $0) }
    for (row, rank) in assignments.representative.enumerated() {
      if let rank { losses[rank] += grid.fixed(covered[row]) - grid.fixed(without[row]) }
    }
    return losses.map(grid.value)
  }

  /// f(A and the candidate) - f(A); 0 for a pick.
  package func gain(adding candidate: Int) -> Double {
    if assignments.picks.contains(candidate) { return 0 }
    let grid = objective.grid
    var sum = objective.bonus(of: candidate)
    objective.kernel.forEachInColumn(candidate) { row, value in
      let raised = objective.coverage(Double(value), row: row)
      if raised > covered[row] { sum += grid.fixed(raised) - grid.fixed(covered[row]) }
    }
    return grid.value(sum)
  }

  /// f(A without pick r and with the candidate) - f(A) for every rank r, in one reading of the candidate's column. Empty
  /// for a candidate that is a pick.
  package func gains(swappingIn candidate: Int) -> [Double] {
    let picks = assignments.picks
    if picks.contains(candidate) { return [] }
    let grid = objective.grid
    // What comes whichever pick goes, and what depends on the pick that goes.
    var common = objective.bonus(of: candidate)
    var own = picks.map { -objective.bonus(of: $0) }
    for (row, rank) in assignments.representative.enumerated() {
      if let rank { own[rank] -= grid.fixed(covered[row]) - grid.fixed(without[row]) }
    }
    objective.kernel.forEachInColumn(candidate) { row, value in
      let raised = objective.coverage(Double(value), row: row)
      if raised > covered[row] { common += grid.fixed(raised) - grid.fixed(covered[row]) }
      if let rank = assignments.representative[row], raised > without[row] {
        own[rank] += grid.fixed(min(raised, covered[row])) - grid.fixed(without[row])
      }
    }
    return own.map { grid.value($0 + common) }
  }
}

extension CoverageObjective {
  /// What utility `value` covers of a row.
  func coverage(_ value: Double, row: Int) -> Double { max(floors[row], min(value, ceilings[row])) }
}
