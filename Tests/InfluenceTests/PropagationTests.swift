import Domain
import Influence
import LanguageModel
import Numerics
import Testing
import Transformer

@Suite struct PropagationTests {
  @Test(arguments: ["sgd_full", "adam_full", "down_proj_rad"]) func kernelRidgeIsTheAuthors(name: String) throws {
    let oracle = try Oracle()
    let run = try #require(oracle.facts.runs[name])
    let embeddings = Matrix(try oracle.matrix("embeddings"))
    let width = Propagation.medianWidth(embeddings, landmarks: numbers(run.landmarks))
    #expect(abs(width - run.sigma) < 1e-3 * run.sigma)
    let propagation = try Propagation(
      embeddings, landmarks: numbers(run.landmarks), kernel: .radial(width: width), ridge: 0.01)
    let found = propagation.propagate(try oracle.matrix("\(name).p_L"), to: embeddings)
    #expect(relativeError(found.elements, try oracle.floats("\(name).p")) < 1e-3)
    // C as a whole says the same.
    let factor = propagation.factor(for: embeddings)
    let product = factor.times(try oracle.matrix("\(name).p_L"))
    #expect(relativeError(product.elements, found.elements) < 1e-5)
  }

  @Test func theLinearFormMinimisesItsError() throws {
    var chance = SeededGenerator(seed: 5)
    let embeddings = Matrix(rows: 9, columns: 6, elements: (0..<54).map { _ in Float(chance.unit() - 0.5) })
    let landmarks = [1, 4, 7]
    let ridge = 0.05
    let factor = try Propagation(embeddings, landmarks: numbers(landmarks), kernel: .linear, ridge: ridge).factor(
      for: embeddings)
    let mean =
      landmarks.reduce(0.0) { sum, row in
        sum + (0..<6).reduce(0.0) { $0 + Double(embeddings[row, $1] * embeddings[row, $1]) }
      } / 3
    func error(_ factor: DoubleMatrix) -> Double {
      var error = 0.0
      for row in 0..<9 {
        for column in 0..<6 {
          let spread = (0..<3).reduce(0.0) { $0 + factor[row, $1] * Double(embeddings[landmarks[$1], column]) }
          error += (Double(embeddings[row, column]) - spread) * (Double(embeddings[row, column]) - spread)
        }
        error += ridge * mean * factor.row(row).reduce(0) { $0 + $1 * $1 }
      }
      return error
    }
    let best = error(factor)
    for _ in 0..<200 {
      var other = factor
      other.elements[chance.below(27)] += 0.02 * (chance.unit() - 0.5)
      #expect(error(other) >= best - 1e-9)
    }
  }

  /// The error that chooses width and ridge is that of spreading to each landmark from all others, done one by one.
  @Test func theChoiceIsTheOneWithTheLeastErrorWhenEachLandmarkIsLeftOut() throws {
    let oracle = try Oracle()
    let embeddings = Matrix(try oracle.matrix("embeddings"))
    let landmarks = Array(0..<20)
    let exact = try oracle.matrix("sgd_full.exact_cosines")
    func values(_ rows: [Int]) -> DoubleMatrix {
      DoubleMatrix(rows: rows.count, columns: exact.columns, elements: rows.flatMap { Array(exact.row($0)) })
    }
    let width = Propagation.medianWidth(embeddings, landmarks: numbers(landmarks))
    let kernels: [EmbeddingKernel] = [.radial(width: width / 2), .radial(width: width), .linear]
    let ridges = [1e-2, 1]
    var best: (Double, EmbeddingKernel, Double) = (.infinity, .linear, 0)
    for kernel in kernels {
      for ridge in ridges {
        var error = 0.0
        for left in landmarks {
          let others = landmarks.filter { $0 != left }
          // The ridge is relative to the mean of the diagonal: of all landmarks in the formula, so it is put right here.
          let mean =
            kernel == .linear ? Self.meanSquare(embeddings, landmarks) / Self.meanSquare(embeddings, others) : 1
          let spread = try Propagation(embeddings, landmarks: numbers(others), kernel: kernel, ridge: ridge * mean)
            .propagate(values(others), to: embeddings)
          for column in 0..<exact.columns {
            error += (spread[left, column] - exact[left, column]) * (spread[left, column] - exact[left, column])
          }
        }
        if error < best.0 { best = (error, kernel, ridge) }
      }
    }
    let chosen = try Propagation(
      choosing: embeddings, landmarks: numbers(landmarks), influence: values(landmarks), kernels: kernels,
      ridges: ridges)
    #expect(chosen.kernel == best.1)
    #expect(chosen.ridge == best.2)
  }

  private static func meanSquare(_ matrix: borrowing Matrix, _ rows: [Int]) -> Double {
    var sum = 0.0
    for row in rows {
      for column in 0..<matrix.columns { sum += Double(matrix[row, column] * matrix[row, column]) }
    }
    return sum / Double(rows.count)
  }

  @Test func embeddingsAlongStoredDirectionsAreTheAuthors() throws {
    let oracle = try Oracle()
    let model = try TangentModel(Model(directory: Oracle.modelPath).network, blocks: 2, directions: 2) {
      parameter, direction in
      (try? oracle.tensors.floats("jvp.\(direction).v.\(parameter.name)")) ?? []
    }
    let embeddings = try TangentEmbedding(model, size: 4096, seed: 0)
      .embeddings(of: oracle.train, workers: Workers(), cancellation: Cancellation(), advance: { _ in })
    let raw = DoubleMatrix(rows: 40, columns: 128, elements: embeddings.elements.map { Double($0) })
    #expect(relativeError(raw.elements, try oracle.floats("jvp.raw_from_stored_tangents")) < 1e-3)
    let projected = raw.times(try oracle.matrix("jvp.proj_matrix_sign_i8")).elements.map { $0 / 8 }
    #expect(relativeError(projected, try oracle.floats("embeddings_from_stored_tangents")) < 1e-3)
  }

  @Test func everyWayOfChoosingLandmarksGivesSoManyDifferentRows() throws {
    let embeddings = Matrix(try Oracle().matrix("embeddings"))
    for choice in LandmarkChoice.allCases {
      for count in [1, 12, 39, 40, 100] {
        let chosen = choice.choose(count, of: embeddings, seed: 3)
        #expect(chosen.count == min(count, 40) && Set(chosen).count == chosen.count, "\(choice) \(count)")
        #expect(chosen == chosen.sorted())
        #expect(chosen == choice.choose(count, of: embeddings, seed: 3))
      }
    }
    let equal = Matrix(rows: 4, columns: 2, elements: [Float](repeating: 1, count: 8))
    #expect(LandmarkChoice.kMeans.choose(3, of: equal, seed: 0).count == 3)
    #expect(LandmarkChoice.leverage.choose(3, of: Matrix(zerosOfRows: 4, columns: 2), seed: 0).count == 3)
  }
}
