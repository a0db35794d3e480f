import Domain
import Numerics

/// Facility location and its relatives (Methods 1.2), which share one form: row i of a kernel is covered by a set A up
/// to c_i = min(max(floor_i, max_{j in A} S_ij), ceiling_i), and
///
///     f(A) = Σ_i (c_i - floor_i) + Σ_{j in A} bonus_j
///
/// All arithmetic is on the objective's fixed-point grid, so values and gains are exact sums, the same in any order.
package struct CoverageObjective: Sendable {
  /// Rows are represented, columns are candidates.
  package let kernel: Kernel
  /// Coverage of each row by the empty set, at most its ceiling.
  let floors: [Double]
  /// Coverage beyond which more is worth nothing.
  let ceilings: [Double]
  /// What a candidate is worth whatever else is chosen; nil for nothing.
  let bonuses: [Double]?
  let grid: FixedPoint

  package var candidates: Int { kernel.columns }

  // MARK: The definition

  /// Coverage of each row by a set.
  package struct State: Sendable {
    package internal(set) var coverage: [Double]
  }

  /// The state of the empty set.
  package func initialState() -> State { State(coverage: floors) }

  /// f(A and the candidate) - f(A) for the set A of `state`. O(rows), or O(entries of a sparse column).
  package func marginalGain(of candidate: Candidate, in state: State) -> Double {
    var sum: Int64 = bonus(of: candidate)
    kernel.forEachInColumn(candidate.value) { row, value in
      let raised = min(Double(value), ceilings[row])
      if raised > state.coverage[row] { sum += grid.fixed(raised) - grid.fixed(state.coverage[row]) }
    }
    return grid.value(sum)
  }

  /// Puts a candidate into the set of `state`. As costly as its gain.
  package func add(_ candidate: Candidate, to state: inout State) {
    kernel.forEachInColumn(candidate.value) { row, value in
      state.coverage[row] = max(state.coverage[row], min(Double(value), ceilings[row]))
    }
  }

  /// f of a set. O(rows × set).
  package func value(of set: [Candidate]) -> Double {
    var state = initialState()
    var sum: Int64 = 0
    for candidate in Set(set) {
      sum += bonus(of: candidate)
      add(candidate, to: &state)
    }
    return grid.value(sum + rise(to: state.coverage))
  }

  /// f of all candidates: no subset reaches more. One pass over the kernel.
  package func valueOfAll(workers: Workers = Workers()) -> Double {
    let best = kernel.rowMaxima(workers: workers)
    var sum = rise(to: best.indices.map { max(floors[$0], min(Double(best[$0]), ceilings[$0])) })
    for candidate in 0..<Candidate(candidates) { sum += bonus(of: candidate) }
    return grid.value(sum)
  }

  /// Σ_i (c_i - floor_i) on the grid.
  private func rise(to coverage: [Double]) -> Int64 {
    zip(coverage, floors).reduce(0) { $0 + grid.fixed($1.0) - grid.fixed($1.1) }
  }

  /// The bonus on the grid.
  func bonus(of candidate: Candidate) -> Int64 { bonuses.map { grid.fixedTotal($0[candidate.value]) } ?? 0 }

  // MARK: The four objectives

  private init(kernel: Kernel, floors: [Double]?, ceilings: [Double]?, bonuses: [Double]?) {
    self.kernel = kernel
    // No element exceeds the greatest, so neither need a bound: the grid may then be as fine as the elements allow.
    let greatest = Double(kernel.greatest)
    let ceilings = ceilings.map { $0.map { min($0, greatest) } } ?? Array(repeating: greatest, count: kernel.rows)
    self.ceilings = ceilings
    self.floors = floors.map { zip($0, ceilings).map { min($0, $1) } } ?? Array(repeating: 0, count: kernel.rows)
    self.bonuses = bonuses
    grid = FixedPoint(
      magnitude: greatest, total: greatest * Double(kernel.rows) + (bonuses?.reduce(0, +) ?? 0))
  }

  /// FL: Σ_i max_{j in A} S_ij (`delift-instruction`).
  package static func facilityLocation(_ kernel: Kernel) -> CoverageObjective {
    CoverageObjective(kernel: kernel, floors: nil, ceilings: nil, bonuses: nil)
  }

  /// FLMI: Σ_i min(max_{j in A} S_ij, eta · max_q S_iq) (`delift-task`).
  ///
  /// - Parameters:
  ///   - kernel: n × n.
  ///   - target: n × m, S_iq the utility of target q as an example for sample i.
  package static func mutualInformation(
    _ kernel: Kernel, target: Kernel, eta: Double, workers: Workers = Workers()
  ) throws -> CoverageObjective {
    try check(eta, name: "eta")
    guard target.rows == kernel.rows else {
      throw SubmodularError.shape(
        kernel: target.name, rows: target.rows, columns: target.columns, expected: "\(kernel.rows) × targets")
    }
    return CoverageObjective(
      kernel: kernel, floors: nil, ceilings: target.rowMaxima(workers: workers).map { eta * Double($0) }, bonuses: nil)
  }

  /// FLQMI: Σ_q max_{j in A} S_qj + eta · Σ_{j in A} max_q S_qj (`delift-task --objective flqmi`).
  ///
  /// - Parameter target: m × n, S_qj the utility of sample j for target q.
  package static func queryMutualInformation(
    target: Kernel, eta: Double, workers: Workers = Workers()
  ) throws -> CoverageObjective {
    try check(eta, name: "eta")
    let bonuses = target.columnMaxima(workers: workers).map { eta * Double($0) }
    guard bonuses.reduce(0, +).isFinite else { throw SubmodularError.parameter(name: "eta", value: eta) }
    return CoverageObjective(kernel: target, floors: nil, ceilings: nil, bonuses: bonuses)
  }

  /// FLCG: Σ_i max(max_{j in A} S_ij - nu · max_{k in E} S_ik, 0) (`delift-continual`).
  ///
  /// - Parameters:
  ///   - kernel: n × n.
  ///   - existing: n × e, S_ik the utility of existing sample k as an example for sample i.
  package static func conditionalGain(
    _ kernel: Kernel, existing: Kernel, nu: Double, workers: Workers = Workers()
  ) throws -> CoverageObjective {
    try check(nu, name: "nu")
    guard existing.rows == kernel.rows else {
      throw SubmodularError.shape(
        kernel: existing.name, rows: existing.rows, columns: existing.columns,
        expected: "\(kernel.rows) × existing samples")
    }
    return CoverageObjective(
      kernel: kernel, floors: existing.rowMaxima(workers: workers).map { nu * Double($0) }, ceilings: nil, bonuses: nil)
  }

  private static func check(_ parameter: Double, name: String) throws {
    guard parameter >= 0, parameter.isFinite else { throw SubmodularError.parameter(name: name, value: parameter) }
  }
}
