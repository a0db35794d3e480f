import Domain
import Influence
import LanguageModel
import Numerics
import Testing
import Transformer

@Suite struct ExactInfluenceTests {
  private static let workers = Workers()

  private static func products(
    _ oracle: Oracle, _ gradients: GradientRows, landmarks: [Int]? = nil
  ) throws -> GradientProducts {
    let targets = try gradients.unscaled.matrix(of: oracle.target, workers: workers)
    let samples = landmarks.map { places in places.map { oracle.train[$0] } } ?? oracle.train
    return try gradients.products(of: samples, with: targets, workers: workers)
  }

  /// The model after the oracle's three steps of AdamW.
  private static func warm(_ oracle: Oracle) throws -> Trainer {
    let trainer = try Trainer(Model(directory: Oracle.modelPath).network, settings: AdamWSettings(weightDecay: 0))
    for step in 0..<3 {
      _ = trainer.step(on: Array(oracle.train[4 * step..<4 * step + 4]), rate: 1e-3)
    }
    return trainer
  }

  @Test func cosinesOfGradientsAreTheAuthors() throws {
    let oracle = try Oracle()
    let differentiator = Differentiator(try Model(directory: Oracle.modelPath).network)
    let gradients = GradientRows(differentiator, space: try GradientSpace(differentiator))
    let found = try Self.products(oracle, gradients)
    #expect(relativeError(found.norms, try oracle.floats("sgd_full.train_grad_norms")) < 1e-4)
    #expect(relativeError(found.targetNorms, try oracle.floats("sgd_full.target_grad_norms")) < 1e-4)
    #expect(relativeError(found.products.elements, try oracle.floats("sgd_full.exact_raw_dots")) < 1e-3)
    #expect(relativeError(found.cosines.elements, try oracle.floats("sgd_full.exact_cosines")) < 1e-3)
    let landmarks = try #require(oracle.facts.runs["sgd_full"]).landmarks
    let some = try Self.products(oracle, gradients, landmarks: landmarks)
    #expect(relativeError(some.cosines.elements, try oracle.floats("sgd_full.p_L")) < 1e-3)
  }

  @Test func theScalingOfAdamIsReadFromTheStateAsTheFormulasSay() throws {
    let oracle = try Oracle()
    let trainer = try Self.warm(oracle)
    let scaling = AdamScaling(trainer)
    for parameter in trainer.differentiator.parameters where oracle.tensors.shape(of: "adam.a.\(parameter.name)") != nil
    {
      for (name, values) in [("a", scaling.a.start()), ("b", scaling.b.start())] {
        let found = parameter.elements(of: values).map { Double($0) }
        #expect(
          relativeError(found, try oracle.floats("adam.\(name).\(parameter.name)")) < 1e-3, "\(name) \(parameter.name)")
      }
    }
  }

  @Test func cosinesOfScaledGradientsAreTheAuthors() throws {
    let oracle = try Oracle()
    let trainer = try Self.warm(oracle)
    let gradients = GradientRows(
      trainer.differentiator, space: try GradientSpace(trainer.differentiator), scaling: AdamScaling(trainer))
    let found = try Self.products(oracle, gradients)
    #expect(relativeError(found.targetNorms, try oracle.floats("adam_full.target_grad_norms")) < 1e-3)
    #expect(relativeError(found.norms, try oracle.floats("adam_full.train_grad_norms")) < 1e-3)
    #expect(relativeError(found.cosines.elements, try oracle.floats("adam_full.exact_cosines")) < 1e-3)
    let landmarks = try #require(oracle.facts.runs["adam_full"]).landmarks
    let some = try Self.products(oracle, gradients, landmarks: landmarks)
    #expect(relativeError(some.cosines.elements, try oracle.floats("adam_full.p_L")) < 1e-3)
  }

  @Test func aMaskedAndProjectedPartOfTheGradientIsTheAuthors() throws {
    let oracle = try Oracle()
    let differentiator = Differentiator(try Model(directory: Oracle.modelPath).network)
    let whole = try GradientSpace(differentiator, filter: "down_proj")
    let mask = try oracle.floats("down_proj_rad.mask_u8").enumerated().filter { $0.element != 0 }.map(\.offset)
    let space = GradientSpace(ranges: whole.ranges, mask: mask, of: differentiator.count)
    #expect(space.count == 8192)
    let gradients = GradientRows(differentiator, space: space)
    let signs = try oracle.matrix("down_proj_rad.proj_matrix_sign_i8")  // [8192, 48]
    /// Brought to length 1, then projected, as the authors do it.
    func projected(_ samples: [LossSample]) throws -> DoubleMatrix {
      let rows = try gradients.matrix(of: samples, workers: Self.workers)
      let elements = rows.norms.enumerated().flatMap { row, norm in rows.rows.row(row).map { Double($0) / norm } }
      return DoubleMatrix(rows: rows.count, columns: rows.columns, elements: elements).times(signs)
    }
    let landmarks = try #require(oracle.facts.runs["down_proj_rad"]).landmarks
    let train = try projected(landmarks.map { oracle.train[$0] })
    let target = try projected(oracle.target)
    let products = (0..<train.rows).flatMap { row in
      (0..<target.rows).map { other in
        zip(train.row(row), target.row(other)).reduce(0) { $0 + $1.0 * $1.1 } / Double(signs.columns)
      }
    }
    #expect(relativeError(products, try oracle.floats("down_proj_rad.p_L")) < 1e-3)
  }

  @Test func influenceAndCurvatureOfGradientDescentAreTheFormulas() throws {
    let oracle = try Oracle()
    let differentiator = Differentiator(try Model(directory: Oracle.modelPath).network)
    let gradients = GradientRows(differentiator, space: try GradientSpace(differentiator))
    try Self.expectSecondOrder(oracle, "sgd", gradients, stepSize: 1e-3)
  }

  @Test func influenceAndCurvatureOfAdamAreTheFormulas() throws {
    let oracle = try Oracle()
    let trainer = try Self.warm(oracle)
    let space = try GradientSpace(trainer.differentiator, filter: "down_proj")
    // The state as the oracle has it, on the parameters that are measured.
    var a = Matrix(zerosOfRows: 1, columns: trainer.differentiator.count)
    var b = Matrix(zerosOfRows: 1, columns: trainer.differentiator.count)
    space.spread(try oracle.tensors.floats("second.adam.a"), into: a.mutableStart())
    space.spread(try oracle.tensors.floats("second.adam.b"), into: b.mutableStart())
    let gradients = GradientRows(trainer.differentiator, space: space, scaling: AdamScaling(a: a, b: b))
    try Self.expectSecondOrder(oracle, "adam", gradients, stepSize: 1e-3)
  }

  private static func expectSecondOrder(
    _ oracle: Oracle, _ kind: String, _ gradients: GradientRows, stepSize: Double
  ) throws {
    let shares = oracle.target.map { _ in 1 / Double(oracle.target.count) }
    let curvature = Curvature(gradients, targets: oracle.target, shares: shares)
    let targets = try gradients.unscaled.matrix(of: oracle.target, workers: workers)
    let targetGradient = try curvature.targetGradient(targetRows: targets, stepSize: stepSize, workers: workers)
    let rows = try gradients.matrix(of: oracle.train, workers: workers)
    let influence = try gradients.products(of: oracle.train, with: targetGradient, workers: workers).products.elements
    #expect(relativeError(influence, try oracle.floats("second.\(kind).p")) < 1e-3)
    let quadratic = try curvature.quadratic(rows, total: oracle.train.count, workers: workers)
    #expect(relativeError(quadratic.elements, try oracle.floats("second.\(kind).Q")) < 1e-3)
    // And with these, weights as from the oracle's own p and Q.
    let problem = SecondOrderWeights.Problem(
      influence: influence, form: DenseForm(quadratic), stepSize: stepSize)
    for solution in oracle.facts.second[kind]?.solutions ?? [] where solution.kind == "second-order" {
      let expected = try oracle.floats("second.\(kind).w_second_order.k\(solution.k).x\(Int(solution.mult ?? 1))")
      #expect(relativeError(SecondOrderWeights(problem, lambda: solution.lam).weights, expected) < 1e-3)
    }
  }

  @Test func theSameRowsComeFromAnyNumberOfWorkers() throws {
    let oracle = try Oracle()
    let differentiator = Differentiator(try Model(directory: Oracle.modelPath).network)
    let space = try GradientSpace(differentiator)
    let gradients = GradientRows(
      differentiator, space: space,
      projection: RandomProjection(kind: .hadamard, inputs: space.count, outputs: 100, seed: 1))
    let targets = try gradients.matrix(of: oracle.target, workers: Workers(count: 1))
    let one = try gradients.products(of: oracle.train, with: targets, workers: Workers(count: 1))
    let three = try gradients.products(of: oracle.train, with: targets, workers: Workers(count: 3))
    #expect(one == three)
  }

  @Test func aFilterThatFitsNothingIsRefused() throws {
    let differentiator = Differentiator(try Model(directory: Oracle.modelPath).network)
    #expect(throws: InfluenceError.noSuchParameters("up_projection")) {
      try GradientSpace(differentiator, filter: "up_projection")
    }
  }
}
