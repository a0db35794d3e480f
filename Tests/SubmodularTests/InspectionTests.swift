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

  @Test func noSelectionIsWorthMoreThanAllCandidates() throws {
    for objective in try PropertyTests.objectives(rows: 25, columns: 30, seed: 91) {
      let all = objective.valueOfAll()
      #expect(all == objective.value(of: Array(0..<30)))
      #expect(abs(try run(objective, budget: 30).reduce(0) { $0 + $1.gain } - all) < 1e-9)
      #expect(objective.value(of: try run(objective, budget: 8).map(\.candidate)) <= all)
    }
  }

  @Test func aKernelOfZerosIsCoveredFromTheStart() throws {
    let objective = CoverageObjective.facilityLocation(
      try Kernel(matrix([[0, 0], [0, 0]]), rescaling: .none))
    let picks = try run(objective, budget: 2)
    #expect(picks.map(\.candidate) == [0, 1] && picks.allSatisfy { $0.gain == 0 })
    #expect(objective.valueOfAll() == 0)
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
