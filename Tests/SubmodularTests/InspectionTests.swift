import Domain
import Numerics
import Submodular
import Testing

@Suite struct InspectionTests {
  @Test func assignmentsNameTheBestPickOfEachRowAndTheEarliestOnTies() throws {
    let rows: [[Float]] = [[0.5, 0.9, 0.1], [0.7, 0.7, 0.2], [0, 0, 0], [0.1, 0, 0.3]]
    for kernel in [try Kernel(matrix(rows), rescaling: .none), try Kernel(sparse(rows))] {
      let assignments = Assignments(kernel, picks: [2, 1, 0])
      #expect(assignments.representative == [1, 1, nil, 0])
      #expect(assignments.utility == [0.9, 0.7, 0, 0.3])
      #expect(assignments.second == [0.5, 0.7, 0, 0.1])
      #expect(assignments.counts == [1, 2, 0])
      #expect(assignments.represented(by: 1).map(\.row) == [0, 1])
      #expect(assignments.represented(by: 1).map(\.utility) == [0.9, 0.7])
    }
  }

  @Test func swapsChangeTheValueAsTheySay() throws {
    for objective in try PropertyTests.objectives(rows: 30, columns: 40, seed: 81) {
      let picks = try run(objective, budget: 8).map(\.index)
      let swaps = Swaps(objective, picks: picks)
      let value = objective.value(of: picks)
      for (rank, loss) in swaps.losses.enumerated() {
        #expect(abs(value - objective.value(of: picks.without(rank)) - loss) < 1e-9)
      }
      for candidate in 0..<objective.candidates {
        let gains = swaps.gains(swappingIn: candidate)
        if picks.contains(candidate) {
          #expect(gains == [] && swaps.gain(adding: candidate) == 0)
          continue
        }
        #expect(abs(objective.value(of: picks + [candidate]) - value - swaps.gain(adding: candidate)) < 1e-9)
        for (rank, gain) in gains.enumerated() {
          #expect(abs(objective.value(of: picks.without(rank) + [candidate]) - value - gain) < 1e-9)
        }
      }
    }
  }

  @Test func theCurveEndsAtItsCeilingOnceAllAreChosen() throws {
    for objective in try PropertyTests.objectives(rows: 25, columns: 30, seed: 91) {
      let curve = CoverageCurve(objective, gains: try run(objective, budget: 30).map(\.gain))
      #expect(abs((curve.values.last ?? -1) - curve.ceiling) < 1e-9)
      #expect(abs(curve.ceiling - objective.value(of: Array(0..<30))) < 1e-9)
      for (less, more) in zip(curve.shares, curve.shares.dropFirst()) { #expect(less <= more + 1e-12) }
    }
  }

  @Test func aKernelOfZerosIsCoveredFromTheStart() throws {
    let objective = CoverageObjective.facilityLocation(
      try Kernel(matrix([[0, 0], [0, 0]]), rescaling: .none))
    let picks = try run(objective, budget: 2)
    #expect(picks.map(\.index) == [0, 1] && picks.allSatisfy { $0.gain == 0 })
    #expect(CoverageCurve(objective, gains: picks.map(\.gain)).shares == [1, 1])
  }
}

extension [Int] {
  fileprivate func without(_ place: Int) -> [Int] {
    var rest = self
    rest.remove(at: place)
    return rest
  }
}

/// The elements above 0 as a sparse matrix.
func sparse(_ rows: [[Float]]) -> SparseMatrix {
  let entries = rows.map { row in
    row.enumerated().filter { $1 > 0 }.map { SparseEntry(column: UInt32($0), value: $1) }
  }
  return SparseMatrix(rows: rows.count, columns: rows.first?.count ?? 0) {
    entries[$0].count
  } fill: { row, target, _ in
    for (place, entry) in entries[row].enumerated() { target[place] = entry }
  }
}
