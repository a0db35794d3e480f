import Domain
import Influence
import Numerics
import Testing

@Suite struct FirstOrderWeightsTests {
  @Test(arguments: ["sgd", "adam"]) func theyAreTheOraclesForEachCount(kind: String) throws {
    let oracle = try Oracle()
    let influence = try oracle.floats("second.\(kind).p")
    for solution in oracle.facts.second[kind]?.solutions ?? [] where solution.kind == "first-order" {
      let found = FirstOrderWeights(influence: influence, count: solution.k)
      #expect(abs(found.lambda - solution.lam) < 1e-6 * solution.lam)
      #expect(found.weights.count { $0 > 0 } == solution.k)
      let expected = try oracle.floats("second.\(kind).w_first_order.k\(solution.k)")
      #expect(relativeError(found.weights, expected) < 1e-5)
    }
  }

  @Test func noOtherWeightsDoBetter() {
    var chance = SeededGenerator(seed: 3)
    for size in [1, 2, 5, 9] {
      let influence = (0..<size).map { _ in 4 * chance.unit() - 2 }
      for count in 1...size {
        let found = FirstOrderWeights(influence: influence, count: count)
        func value(_ weights: [Double]) -> Double {
          zip(influence, weights).reduce(0) { $0 - $1.0 * $1.1 + found.lambda / 2 * $1.1 * $1.1 }
        }
        #expect(found.weights.count { $0 > 0 } == count)
        #expect(abs(found.weights.reduce(0, +) - Double(size)) < 1e-9)
        for _ in 0..<200 {
          // Any point of the simplex.
          let cuts = (0..<size).map { _ in chance.unit() }
          let total = cuts.reduce(0, +)
          #expect(value(found.weights) <= value(cuts.map { Double(size) * $0 / total }) + 1e-9)
        }
      }
    }
  }

  @Test func equalInfluencesShareTheWeight() {
    let found = FirstOrderWeights(influence: [1, 1, 1, 0], count: 2)
    #expect(found.weights.allSatisfy { $0.isFinite && $0 >= 0 })
    #expect(relativeError(Array(found.weights.prefix(3)), [4.0 / 3, 4.0 / 3, 4.0 / 3]) < 1e-6)
    #expect(FirstOrderWeights(influence: [0, 0], count: 1).weights == [1, 1])
  }
}

@Suite struct SecondOrderWeightsTests {
  @Test(arguments: ["sgd", "adam"]) func theyAreTheOracles(kind: String) throws {
    let oracle = try Oracle()
    let facts = try #require(oracle.facts.second[kind])
    let problem = SecondOrderWeights.Problem(
      influence: try oracle.floats("second.\(kind).p"),
      form: DenseForm(try oracle.matrix("second.\(kind).Q").symmetrised),
      stepSize: facts.eta)
    #expect(abs(problem.eigenvalues.least - facts.eigenvalues[0]) < 1e-4 * abs(facts.eigenvalues[0]))
    #expect(abs(problem.eigenvalues.greatest - facts.eigenvalues[1]) < 1e-4 * abs(facts.eigenvalues[1]))
    for solution in facts.solutions where solution.kind == "second-order" {
      let found = SecondOrderWeights(problem, lambda: solution.lam)
      let name = "second.\(kind).w_second_order.k\(solution.k).x\(Int(solution.mult ?? 1))"
      #expect(relativeError(found.weights, try oracle.floats(name)) < 1e-3, "\(name)")
      #expect(found.weights.count { $0 > 0 } == solution.nnz)
      #expect(found.residual < 1e-8)
    }
  }

  @Test func aSmallerLambdaThanTheBoundIsRaisedAndTheWeightsAreFinite() throws {
    let oracle = try Oracle()
    let problem = SecondOrderWeights.Problem(
      influence: try oracle.floats("second.sgd.p"), form: DenseForm(try oracle.matrix("second.sgd.Q").symmetrised),
      stepSize: 1e-3)
    let found = SecondOrderWeights.solve(problem, lambda: 1e-6, count: nil)
    #expect(found.lambdaBound > 11 && found.lambda > found.lambdaBound)
    #expect(found.weights.allSatisfy { $0.isFinite })
    #expect(found.residual < 1e-8)
  }

  /// Small problems, against every choice of which weights are 0.
  @Test func noOtherActiveSetDoesBetter() {
    var chance = SeededGenerator(seed: 8)
    for size in 1...5 {
      var matrix = DoubleMatrix(zerosOfRows: size, columns: size)
      for place in matrix.elements.indices { matrix.elements[place] = 2 * chance.unit() - 1 }
      let problem = SecondOrderWeights.Problem(
        influence: (0..<size).map { _ in 2 * chance.unit() - 1 }, form: DenseForm(matrix.symmetrised), stepSize: 0.7)
      let lambda = problem.leastLambda + 0.05
      let found = SecondOrderWeights(problem, lambda: lambda)
      #expect(found.residual < 1e-8)
      #expect(abs(found.weights.reduce(0, +) - Double(size)) < 1e-9)
      for _ in 0..<500 {
        let cuts = (0..<size).map { _ in chance.unit() < 0.4 ? 0 : chance.unit() }
        let total = cuts.reduce(0, +)
        guard total > 0 else { continue }
        let other = cuts.map { Double(size) * $0 / total }
        #expect(problem.value(found.weights, lambda: lambda) <= problem.value(other, lambda: lambda) + 1e-7)
      }
    }
  }

  @Test func aFactoredFormIsItsProduct() {
    var chance = SeededGenerator(seed: 1)
    func random(_ rows: Int, _ columns: Int) -> DoubleMatrix {
      DoubleMatrix(rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in chance.unit() - 0.5 })
    }
    let (factor, core) = (random(7, 3), random(3, 3).symmetrised)
    var dense = DoubleMatrix(zerosOfRows: 7, columns: 7)
    let left = factor.times(core)
    for row in 0..<7 {
      for column in 0..<7 { dense[row, column] = (0..<3).reduce(0) { $0 + left[row, $1] * factor[column, $1] } }
    }
    let vector = (0..<7).map { _ in chance.unit() }
    #expect(relativeError(FactoredForm(factor: factor, core: core).times(vector), dense.times(vector)) < 1e-12)
    // Of rank 3: the same extremes as the whole, 0 among them where all others are on one side.
    let found = ExtremeEigenvalues(of: FactoredForm(factor: factor, core: core))
    let whole = ExtremeEigenvalues(of: DenseForm(dense))
    #expect(abs(found.least - whole.least) < 1e-9 && abs(found.greatest - whole.greatest) < 1e-9)
  }

  @Test func eigenvaluesOfSpecialFormsAreFound() {
    func diagonal(_ values: [Double]) -> DenseForm {
      var matrix = DoubleMatrix(zerosOfRows: values.count, columns: values.count)
      for (place, value) in values.enumerated() { matrix[place, place] = value }
      return DenseForm(matrix)
    }
    for values in [[0.0], [3, 3, 3, 3], [-2, 0, 5], [0, 0, 0, 0, 0, -1]] {
      let found = ExtremeEigenvalues(of: diagonal(values))
      #expect(abs(found.least - (values.min() ?? 0)) < 1e-9, "\(values)")
      #expect(abs(found.greatest - (values.max() ?? 0)) < 1e-9, "\(values)")
    }
  }
}

@Suite struct RoundRobinTests {
  @Test(arguments: ["sgd_full", "sgd_full_k40", "adam_full", "down_proj_rad"])
  func turnsAreTheAuthorsGivenTheirPermutations(name: String) throws {
    let oracle = try Oracle()
    let run = try #require(oracle.facts.runs[name])
    let scores = try oracle.matrix("\(name == "sgd_full_k40" ? "sgd_full" : name).p")
    let turns = RoundRobin(scores: scores).turns(count: run.k) { run.orders[$0] }
    #expect(turns.map(\.sample.value) == run.selected)
    #expect(relativeError(turns.map(\.score), run.weights) < 1e-6)
  }

  @Test func takenSamplesAreLeftOutAndAllOthersComeOnce() {
    let scores = DoubleMatrix(rows: 5, columns: 2, elements: [1, 0, 2, 0, 3, 9, 4, 0, 4, 0])
    let turns = RoundRobin(scores: scores).turns(count: 9, taken: [2]) {
      RoundRobin.order(targets: 2, round: $0, seed: 4)
    }
    #expect(Set(turns.map(\.sample)) == [0, 1, 3, 4])
    #expect(turns.count == 4)
    let first = RoundRobin(scores: scores).turns(count: 1) { _ in [0, 1] }
    #expect(first.map(\.sample) == [3], "the lowest index among equals")
  }
}

@Suite struct RankCorrelationTests {
  @Test func itIsOneForAnyRisingFunctionAndSharesTies() {
    #expect(rankCorrelation([1, 2, 3, 4], [1, 8, 27, 64]) == 1)
    #expect(rankCorrelation([1, 2, 3], [3, 2, 1]) == -1)
    #expect(rankCorrelation([1, 1, 1], [3, 2, 1]) == 0)
    // By hand: ranks 0.5, 0.5, 2, 3 against 0, 1, 2, 3.
    #expect(abs(rankCorrelation([5, 5, 6, 7], [1, 2, 3, 4]) - 4.5 / (4.5 * 5.0).squareRoot()) < 1e-12)
  }
}
