import Domain
import Foundation
import Numerics
import Submodular
import TestSupport
import Testing

/// What submodlib-py 0.0.3 made of the same kernels. Its conventions differ in two ways that the comparison respects:
/// entries below 0 count as 0 there, and ties go to the highest index, so orders are compared only where it met no tie.
@Suite struct SubmodlibTests {
  struct Oracle: Decodable {
    var budget: Int
    var sets: [[Int]]
    var cases: [Case]
  }

  struct Case: Decodable {
    var kernel: String
    var function: String
    var parameter: Double
    var values: [Double]
    var tieFree: Bool
    var order: [Int]
    var gains: [Double]

    func objective() throws -> CoverageObjective {
      let pool = try SubmodlibTests.kernel("\(kernel)_V")
      switch function {
      case "FL": return .facilityLocation(pool)
      case "FLMI":
        return try .mutualInformation(pool, target: SubmodlibTests.kernel("\(kernel)_VQ"), eta: parameter)
      case "FLVMI":
        return try .queryMutualInformation(
          target: SubmodlibTests.kernel("\(kernel)_VQ", transposed: true), eta: parameter)
      default:
        return try .conditionalGain(pool, existing: SubmodlibTests.kernel("\(kernel)_VP"), nu: parameter)
      }
    }
  }

  static let folder = Places.fixtures.appendingPathComponent("Submodular")

  static func oracle() throws -> Oracle {
    try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: folder.appendingPathComponent("submodlib.json")))
  }

  static func kernel(_ name: String, transposed: Bool = false) throws -> Kernel {
    let file = try NumpyMatrix(path: folder.appendingPathComponent("\(name).npy").path)
    let (rows, columns) = transposed ? (file.columns, file.rows) : (file.rows, file.columns)
    var elements: [Float] = []
    for row in 0..<rows {
      for column in 0..<columns { elements.append(max(0, transposed ? file[column, row] : file[row, column])) }
    }
    return try Kernel(Matrix(rows: rows, columns: columns, elements: elements), rescaling: .none, name: name)
  }

  @Test func setsHaveTheSameValues() throws {
    let oracle = try Self.oracle()
    #expect(oracle.cases.count > 30)
    for item in oracle.cases {
      let objective = try item.objective()
      for (set, value) in zip(oracle.sets, item.values) {
        #expect(
          abs(objective.value(of: set.map { Candidate($0) }) - value) < 1e-4,
          "\(item.kernel) \(item.function) \(item.parameter) \(set.count)"
        )
      }
    }
  }

  @Test func ordersAndGainsAgreeWhereThereAreNoTies() throws {
    let oracle = try Self.oracle()
    var compared = 0
    for item in oracle.cases where item.tieFree {
      let picks = try run(item.objective(), budget: oracle.budget)
      #expect(
        picks.map(\.candidate) == item.order.map { Candidate($0) }, "\(item.kernel) \(item.function) \(item.parameter)")
      for (pick, gain) in zip(picks, item.gains) { #expect(abs(pick.gain - gain) < 1e-5) }
      compared += 1
    }
    #expect(compared >= 12)
  }
}
