import Domain
import Numerics
import Synchronization

/// How the kernel between embeddings is made.
package enum EmbeddingKernel: Sendable, Hashable {
  /// exp(−|x − y|² / 2 width²).
  case radial(width: Double)
  /// x·y.
  case linear
}

/// How influence spreads from landmarks to all samples by their embeddings: p = C p_L with
///
///     C = K(E, E_L) (K(E_L, E_L) + ridge · mean diag K · I)⁻¹
///
/// With the radial kernel this is kernel ridge regression as the authors' code has it; with the linear one C is the minimiser of
/// |E − C E_L|² + ridge|C|², the paper's form (arXiv 2505.19051; Methods 2.4). C itself is not formed unless asked for.
package struct Propagation: Sendable {
  package let kernel: EmbeddingKernel
  /// Relative to the mean of the kernel's diagonal.
  package let ridge: Double
  private let landmarks: LandmarkRows
  /// (K(E_L, E_L) + ridge)⁻¹.
  private let inverse: DoubleMatrix

  /// Embeddings of the landmarks, and their squared lengths.
  private final class LandmarkRows: Sendable {
    let rows: Matrix
    let squares: [Float]
    init(_ rows: consuming Matrix) {
      squares = (0..<rows.rows).map { row in
        let start = rows.start(ofRow: row)
        return Float(Reduction.dot(start, start, count: rows.columns))
      }
      self.rows = rows
    }
  }

  /// - Parameters:
  ///   - embeddings: [n, e], finite.
  ///   - landmarks: which of them are.
  package init(
    _ embeddings: borrowing Matrix, landmarks: [SampleNumber], kernel: EmbeddingKernel, ridge: Double
  ) throws(InfluenceError) {
    let rows = LandmarkRows(embeddings.rows(at: landmarks.map(\.value)))
    let gram = Self.gram(rows, kernel: kernel)
    self.kernel = kernel
    self.ridge = ridge
    self.landmarks = rows
    inverse = try Self.inverse(gram, ridge: ridge)
  }

  /// Width and ridge chosen by the error that each landmark's influence has when it is spread from the others, which the inverse gives
  /// at no more cost (the leave-one-out residuals of kernel ridge regression).
  ///
  /// - Parameter influence: at the landmarks, [l, targets].
  package init(
    choosing embeddings: borrowing Matrix, landmarks: [SampleNumber], influence: DoubleMatrix,
    kernels: [EmbeddingKernel], ridges: [Double] = [1e-4, 1e-3, 1e-2, 1e-1, 1]
  ) throws(InfluenceError) {
    let rows = LandmarkRows(embeddings.rows(at: landmarks.map(\.value)))
    var best: (error: Double, kernel: EmbeddingKernel, ridge: Double, inverse: DoubleMatrix)?
    for kernel in kernels {
      let gram = Self.gram(rows, kernel: kernel)
      for ridge in ridges {
        guard let inverse = try? Self.inverse(gram, ridge: ridge) else { continue }
        let error = Self.leaveOneOut(inverse, influence)
        if error.isFinite, best.map({ error < $0.error }) ?? true { best = (error, kernel, ridge, inverse) }
      }
    }
    guard let best else { throw .singular }
    kernel = best.kernel
    ridge = best.ridge
    self.landmarks = rows
    inverse = best.inverse
  }

  /// The lower median of the distances between at most 1000 of the landmarks, at least 1e-6: the authors' width.
  package static func medianWidth(_ embeddings: borrowing Matrix, landmarks: [SampleNumber]) -> Double {
    let some = embeddings.rows(at: landmarks.prefix(1000).map(\.value))
    var distances: [Double] = []
    distances.reserveCapacity(some.rows * (some.rows - 1) / 2)
    for left in 0..<some.rows {
      for right in 0..<left {
        var square = 0.0
        for element in 0..<some.columns {
          let difference = Double(some[left, element] - some[right, element])
          square += difference * difference
        }
        distances.append(square)
      }
    }
    guard !distances.isEmpty else { return 1e-6 }
    distances.sort()
    return max(1e-6, distances[(distances.count - 1) / 2].squareRoot())
  }

  private static func gram(_ rows: LandmarkRows, kernel: EmbeddingKernel) -> DoubleMatrix {
    let count = rows.rows.rows
    var block = Matrix(uninitializedRows: count, columns: count)
    fill(block.mutableStart(), from: rows.rows.start(), rows: count, landmarks: rows, kernel: kernel)
    return DoubleMatrix(rows: count, columns: count, elements: block.elements.map { Double($0) }).symmetrised
  }

  private static func inverse(_ gram: DoubleMatrix, ridge: Double) throws(InfluenceError) -> DoubleMatrix {
    var system = gram
    let mean = (0..<gram.rows).reduce(0.0) { $0 + gram[$1, $1] } / Double(max(1, gram.rows))
    for row in 0..<gram.rows { system[row, row] += ridge * mean }
    guard let factor = Cholesky(system) else { throw .singular }
    return factor.inverse
  }

  private static func leaveOneOut(_ inverse: DoubleMatrix, _ influence: DoubleMatrix) -> Double {
    let solved = inverse.times(influence)
    var error = 0.0
    for row in 0..<solved.rows {
      for column in 0..<solved.columns {
        let residual = solved[row, column] / inverse[row, row]
        error += residual * residual
      }
    }
    return error
  }

  /// Rows of the kernel between some embeddings and all landmarks: [rows, l].
  private static func fill(
    _ target: UnsafeMutablePointer<Float>, from embeddings: UnsafePointer<Float>, rows: Int, landmarks: LandmarkRows,
    kernel: EmbeddingKernel
  ) {
    let (count, columns) = (landmarks.rows.rows, landmarks.rows.columns)
    Product.multiply(
      m: rows, n: count, k: columns, embeddings, lda: columns, landmarks.rows.start(), ldb: columns, transposedB: true,
      into: target, ldc: count)
    guard case .radial(let width) = kernel else { return }
    for row in 0..<rows {
      let base = embeddings + row * columns
      InfluenceKernel.radial(
        products: target + row * count, square: Float(Reduction.dot(base, base, count: columns)),
        squares: landmarks.squares, count: count, scale: Float(-0.5 / (width * width)), into: target + row * count)
    }
  }

  /// C times the landmarks' values [l, m]: [n, m]. Blocks of rows of a fixed size, so the answer does not depend on the workers.
  package func propagate(
    _ values: DoubleMatrix, to embeddings: borrowing Matrix, workers: Workers = Workers(),
    advance: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) -> DoubleMatrix {
    let weights = inverse.times(values)
    var result = DoubleMatrix(zerosOfRows: embeddings.rows, columns: values.columns)
    let count = landmarks.rows.rows
    let done = Atomic<Int>(0)
    workers.fill(&result, by: 64) { rows, out, _ in
      var kernels = Matrix(uninitializedRows: rows.count, columns: count)
      Self.fill(
        kernels.mutableStart(), from: embeddings.start(ofRow: rows.lowerBound), rows: rows.count, landmarks: landmarks,
        kernel: kernel)
      let wide = DoubleMatrix(rows: rows.count, columns: count, elements: kernels.elements.map { Double($0) })
      _ = out.update(fromContentsOf: wide.times(weights).elements)
      advance(done.wrappingAdd(rows.count, ordering: .relaxed).newValue)
    }
    return result
  }

  /// C as a whole, [n, l].
  package func factor(for embeddings: borrowing Matrix, workers: Workers = Workers()) -> DoubleMatrix {
    var identity = DoubleMatrix(zerosOfRows: landmarks.rows.rows, columns: landmarks.rows.rows)
    for row in 0..<identity.rows { identity[row, row] = 1 }
    return propagate(identity, to: embeddings, workers: workers)
  }

  /// The landmarks whose kernel with an embedding is largest, by their number among the landmarks, at most `count` of them.
  package func nearest(_ count: Int, to embedding: UnsafePointer<Float>) -> [(landmark: Int, kernel: Float)] {
    var row = Matrix(uninitializedRows: 1, columns: landmarks.rows.rows)
    Self.fill(row.mutableStart(), from: embedding, rows: 1, landmarks: landmarks, kernel: kernel)
    let values = Array(row.elements)
    return values.indices.sorted { values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1] }
      .prefix(count).map { ($0, values[$0]) }
  }
}

extension Matrix {
  /// Copies of some rows, in the order given.
  package func rows(at indices: [Int]) -> Matrix {
    var result = Matrix(uninitializedRows: indices.count, columns: columns)
    for (row, index) in indices.enumerated() {
      result.mutableStart(ofRow: row).update(from: start(ofRow: index), count: columns)
    }
    return result
  }
}
