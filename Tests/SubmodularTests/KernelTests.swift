import Domain
import Foundation
import Numerics
import Submodular
import TestSupport
import Testing

@Suite struct KernelTests {
  @Test func aSparseKernelChoosesAsTheDenseOneWithZeros() throws {
    for (rows, columns, seed) in [(1, 1, 1), (1, 20, 2), (20, 1, 3), (80, 80, 4), (700, 300, 5)] as [(Int, Int, UInt64)]
    {
      var generator = SeededGenerator(seed: seed)
      let elements = Texture.sparse.rows(rows, columns: columns, from: &generator)
      let side = try Kernel(matrix(Texture.smooth.rows(rows, columns: 3, from: &generator)), rescaling: .none)
      func objectives(_ kernel: Kernel) throws -> [CoverageObjective] {
        [
          .facilityLocation(kernel), try .mutualInformation(kernel, target: side, eta: 0.8),
          try .queryMutualInformation(target: kernel, eta: 0.5),
          try .conditionalGain(kernel, existing: side, nu: 0.3),
        ]
      }
      let dense = try objectives(Kernel(matrix(elements), rescaling: .none))
      let sparse = try objectives(Kernel(sparse(elements)))
      for (one, other) in zip(dense, sparse) {
        let budget = (columns + 1) / 2
        for maximizer in Maximizer.allCases {
          let picks = try run(one, budget: budget, maximizer: maximizer)
          #expect(try picks == run(other, budget: budget, maximizer: maximizer), "\(rows)×\(columns) \(maximizer)")
          #expect(one.value(of: picks.map(\.candidate)) == other.value(of: picks.map(\.candidate)))
        }
      }
    }
  }

  @Test func rescalingIsThatOfTheFormulaInFloat() throws {
    var generator = SeededGenerator(seed: 6)
    let raw = (0..<30).map { _ in (0..<20).map { _ in Float(generator.unit() * 6 - 4) } }
    let least = raw.flatMap { $0 }.min() ?? 0
    let greatest = raw.flatMap { $0 }.max() ?? 0
    let kernel = try Kernel(matrix(raw), rescaling: .minMax)
    for (row, elements) in raw.enumerated() {
      for (column, value) in elements.enumerated() {
        #expect(kernel[row, column] == (value - least) / (greatest - least))
      }
    }
    #expect(kernel.greatest == 1)
  }

  @Test func thePositivePartIsWhatStandsAboveNoHelp() throws {
    let raw: [[Float]] = [[0.5, -0.25, 0], [0.125, -0.5, 0.75]]
    for noHelp in [Float(0), 0.25] {
      let kernel = try Kernel(matrix(raw), rescaling: .positive, noHelp: noHelp)
      for (row, elements) in raw.enumerated() {
        for (column, value) in elements.enumerated() { #expect(kernel[row, column] == max(value - noHelp, 0)) }
      }
      #expect(kernel.greatest == 0.75 - noHelp && !kernel.isConstant)
    }
    let none = try Kernel(matrix([[-1, -2], [-3, 0]]), rescaling: .positive)
    #expect(none.isConstant && none.greatest == 0)
  }

  @Test func aConstantMatrixBecomesZerosAndSaysSo() throws {
    let kernel = try Kernel(matrix([[3, 3], [3, 3]]), rescaling: .minMax)
    #expect(kernel.isConstant && kernel[1, 0] == 0)
    #expect(try !Kernel(matrix([[3, 2], [3, 3]]), rescaling: .minMax).isConstant)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func anElementThatIsNotFiniteIsNamed(value: Float) throws {
    var elements = [[Float]](repeating: [Float](repeating: 0.5, count: 37), count: 21)
    elements[20][36] = value
    elements[13][30] = value
    for rescaling in Rescaling.allCases {
      do {
        _ = try Kernel(matrix(elements), rescaling: rescaling, name: "U.npy")
        Issue.record("accepted")
      } catch let error as SubmodularError {
        #expect(error.report.location == "U.npy, row 13, column 30")
        #expect(error.report.status == .badData)
      }
    }
    #expect(throws: SubmodularError.self) { try Kernel(sparse([[.infinity, 0]])) }
  }

  @Test func negativeElementsAreRefusedUnlessRescaled() throws {
    let elements: [[Float]] = [[0.5, 0.25], [0.125, -0.5]]
    #expect(throws: SubmodularError.negative(kernel: "utilities", row: 1, column: 1, value: -0.5)) {
      try Kernel(matrix(elements), rescaling: .none)
    }
    #expect(try Kernel(matrix(elements), rescaling: .minMax)[1, 1] == 0)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let kernel = try Kernel(matrix([[1, 0, 0], [0, 1, 0]]), rescaling: .none)
    let side = try Kernel(matrix([[1], [0], [1]]), rescaling: .none, name: "side")
    #expect(throws: SubmodularError.self) { try CoverageObjective.mutualInformation(kernel, target: side, eta: 1) }
    #expect(throws: SubmodularError.self) { try CoverageObjective.conditionalGain(kernel, existing: side, nu: 1) }
    for eta in [-1, Double.nan, .infinity, .greatestFiniteMagnitude] {
      #expect(throws: SubmodularError.self) { try CoverageObjective.queryMutualInformation(target: kernel, eta: eta) }
    }
    #expect(throws: SubmodularError.empty(kernel: "none")) {
      try Kernel(Matrix(zerosOfRows: 0, columns: 4), rescaling: .minMax, name: "none")
    }
  }

  @Test func argumentsOfARunAreChecked() throws {
    let objective = CoverageObjective.facilityLocation(
      try Kernel(matrix([[1, 0, 0], [0, 1, 0]]), rescaling: .none))
    #expect(throws: SubmodularError.budget(4, candidates: 3)) { try run(objective, budget: 4) }
    #expect(throws: SubmodularError.budget(0, candidates: 3)) { try run(objective, budget: 0) }
    #expect(throws: SubmodularError.budget(3, candidates: 2)) { try run(objective, budget: 3, banned: [1, 1]) }
    #expect(throws: SubmodularError.noCandidate(3, candidates: 3)) {
      try run(objective, budget: 1, pinned: [3])
    }
    #expect(throws: SubmodularError.contradiction(1)) {
      try run(objective, budget: 2, pinned: [1], banned: [1])
    }
    #expect(throws: SubmodularError.epsilon(1)) {
      try run(objective, budget: 1, maximizer: .stochastic, epsilon: 1)
    }
  }

  @Test func filesChooseAsMemoryDoes() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var generator = SeededGenerator(seed: 8)
    let rows = Texture.smooth.rows(300, columns: 180, from: &generator).map { $0.map { 3 * $0 - 1 } }
    for (fortran, rescaling) in [(false, .minMax), (true, .minMax), (false, .positive), (true, .positive)]
      as [(Bool, Rescaling)]
    {
      let expected = try run(.facilityLocation(Kernel(matrix(rows), rescaling: rescaling)), budget: 90)
      let path = folder.appendingPathComponent("\(fortran).npy").path
      try NumpyBytes.file(rows, fortran: fortran).write(to: URL(fileURLWithPath: path))
      for (maximizer, memory) in [(.lazy, Int.max), (.naive, Int.max), (.lazy, 0), (.naive, 0)] as [(Maximizer, Int)] {
        let kernel = try Kernel(NumpyMatrix(path: path), rescaling: rescaling, memory: memory)
        #expect(try run(.facilityLocation(kernel), budget: 90, maximizer: maximizer) == expected)
      }
    }
  }

  @Test func largeAndSmallValuesKeepTheirOrder() throws {
    // The grid adapts to the magnitude: the same picks at any power of two.
    var generator = SeededGenerator(seed: 9)
    let rows = Texture.smooth.rows(50, columns: 50, from: &generator)
    let expected = try run(.facilityLocation(Kernel(matrix(rows), rescaling: .none)), budget: 25)
    for exponent in [-100, -20, 20, 100] {
      let factor = Float(sign: .plus, exponent: exponent, significand: 1)
      let scaled = try Kernel(matrix(rows.map { $0.map { $0 * factor } }), rescaling: .none)
      let picks = try run(.facilityLocation(scaled), budget: 25)
      #expect(picks.map(\.candidate) == expected.map(\.candidate))
      #expect(picks.map { $0.gain / Double(factor) } == expected.map(\.gain))
    }
  }

  @Test func elementsAHairAboveTheFloorCount() throws {
    // nu · max is no float32 here, and some elements are the float32 next above it: they gain less than half a unit in
    // the last place, and still count the same whether a row is streamed or listed.
    let nu = 0.7
    var generator = SeededGenerator(seed: 10)
    let side = (0..<40).map { _ in [Float(generator.unit() * 0.8 + 0.1)] }
    let pool = side.enumerated().map { place, row -> [Float] in
      let floor = nu * Double(row[0])
      let nearest = Float(floor)
      let above = Double(nearest) > floor ? nearest : nearest.nextUp
      let large = place.isMultiple(of: 2) ? above * 1.2 : 0
      return (0..<64).map { _ in generator.below(40) == 0 ? above : generator.below(20) == 0 ? large : 0 }
    }
    let objective = try CoverageObjective.conditionalGain(
      Kernel(matrix(pool), rescaling: .none), existing: Kernel(matrix(side), rescaling: .none), nu: nu)
    let picks = try run(objective, budget: 64)
    #expect(try picks == run(objective, budget: 64, maximizer: .naive))
    #expect(picks.contains { $0.gain > 0 && $0.gain < 1e-5 })
  }
}
