import Numerics

/// How a selection's value grows with its size, against what all candidates together would reach.
package struct CoverageCurve: Sendable, Hashable {
  /// f of the first 1, 2, … picks.
  package let values: [Double]
  /// f of all candidates: no subset reaches more.
  package let ceiling: Double

  /// From the gains of a run, in order; reads the kernel once for the ceiling.
  package init(_ objective: CoverageObjective, gains: [Double], workers: Workers = Workers()) {
    var sum = 0.0
    values = gains.map {
      sum += $0
      return sum
    }
    ceiling = objective.valueOfAll(workers: workers)
  }

  /// Shares of the ceiling, from 0 to 1; all 1 where the ceiling is 0, since there is nothing to cover.
  package var shares: [Double] { values.map { ceiling > 0 ? min(1, $0 / ceiling) : 1 } }
}

extension CoverageObjective {
  /// f of all candidates.
  package func valueOfAll(workers: Workers = Workers()) -> Double {
    var sum: Int64 = 0
    for (row, best) in kernel.rowMaxima(workers: workers).enumerated() {
      let raised = max(floors[row], min(Double(best), ceilings[row]))
      sum += grid.fixed(raised) - grid.fixed(floors[row])
    }
    for candidate in 0..<candidates { sum += bonus(of: candidate) }
    return grid.value(sum)
  }
}
