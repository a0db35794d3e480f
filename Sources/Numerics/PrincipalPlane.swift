import Domain

/// The plane through a cloud of vectors that keeps most of their variance: the first two principal components, by
/// randomised subspace iteration (Halko, Martinsson and Tropp, 2011, algorithm 4.4), the vectors read once an iteration.
///
/// The same vectors give the same plane on any number of threads: rows are summed in fixed pieces, pieces in order.
package struct PrincipalPlane: Sendable {
  /// Two coordinates of each vector, in the vectors' units, centred.
  package let points: [(x: Float, y: Float)]
  /// Share of the whole variance along each of the two directions; 0 where there is none.
  package let shares: (Double, Double)

  private static let width = 6
  private static let rounds = 12
  private static let piece = 256

  /// - Parameters:
  ///   - count: vectors, each of `dimension` elements.
  ///   - row: gives a vector, in place or written to the scratch of `dimension` elements that it is handed.
  /// - Throws: `CancellationError`.
  package init(
    count: Int, dimension: Int, workers: Workers = Workers(), cancellation: Cancellation = Cancellation(),
    row: @escaping @Sendable (Int, UnsafeMutablePointer<Float>) -> UnsafePointer<Float>
  ) throws {
    guard count > 0, dimension > 0 else {
      points = []
      shares = (0, 0)
      return
    }
    let cloud = Cloud(count: count, dimension: dimension, workers: workers, row: row)
    let width = min(Self.width, dimension)
    var generator = SeededGenerator(seed: 1)
    var basis = (0..<width).map { _ in (0..<dimension).map { _ in Float(generator.unit() - 0.5) } }
    Self.orthonormalise(&basis)
    let mean = cloud.mean()
    var coordinates: [[Float]] = []
    for round in 0..<Self.rounds {
      try cancellation.check()
      let product = cloud.covariance(times: basis, mean: mean)
      coordinates = product.coordinates
      if round < Self.rounds - 1 {
        basis = product.next
        Self.orthonormalise(&basis)
      }
    }
    // Within the subspace the components are the eigenvectors of a small symmetric matrix.
    var small = [[Double]](repeating: [Double](repeating: 0, count: width), count: width)
    for a in 0..<width {
      for b in 0...a {
        var sum = 0.0
        for number in 0..<count { sum += Double(coordinates[a][number]) * Double(coordinates[b][number]) }
        small[a][b] = sum
        small[b][a] = sum
      }
    }
    let (values, vectors) = Self.eigen(&small)
    let variance = cloud.variance(mean: mean)
    let order = values.indices.sorted { values[$0] > values[$1] }
    func direction(_ rank: Int) -> [Float] {
      guard order.indices.contains(rank) else { return [Float](repeating: 0, count: count) }
      let vector = vectors[order[rank]]
      var line = (0..<count).map { number in
        Float((0..<width).reduce(0.0) { $0 + vector[$1] * Double(coordinates[$1][number]) })
      }
      // A direction and its opposite are as good as each other: the one in which the farthest point is positive is shown.
      let farthest = line.max { abs($0) < abs($1) } ?? 0
      if farthest < 0 { line = line.map { -$0 } }
      return line
    }
    let (x, y) = (direction(0), direction(1))
    points = (0..<count).map { (x[$0], y[$0]) }
    func share(_ rank: Int) -> Double {
      guard variance > 0, order.indices.contains(rank) else { return 0 }
      return max(0, min(1, values[order[rank]] / variance))
    }
    shares = (share(0), share(1))
  }

  /// Gram and Schmidt, twice for accuracy; what is no new direction becomes zeros.
  static func orthonormalise(_ basis: inout [[Float]]) {
    for number in basis.indices {
      for _ in 0..<2 {
        for before in 0..<number {
          var dot = 0.0
          for (a, b) in zip(basis[number], basis[before]) { dot += Double(a) * Double(b) }
          for element in basis[number].indices { basis[number][element] -= Float(dot) * basis[before][element] }
        }
      }
      let length = basis[number].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      let factor = length > 1e-20 ? Float(1 / length) : 0
      for element in basis[number].indices { basis[number][element] *= factor }
    }
  }

  /// Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations.
  static func eigen(_ matrix: inout [[Double]]) -> (values: [Double], vectors: [[Double]]) {
    let size = matrix.count
    var vectors = (0..<size).map { row in (0..<size).map { $0 == row ? 1.0 : 0.0 } }
    for _ in 0..<60 {
      var rest = 0.0
      for a in 0..<size { for b in 0..<a { rest += matrix[a][b] * matrix[a][b] } }
      if rest < 1e-300 { break }
      for p in 0..<size {
        for q in p + 1..<max(p + 1, size) where matrix[p][q] != 0 {
          let theta = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q])
          let t = (theta >= 0 ? 1.0 : -1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<size {
            let (a, b) = (matrix[k][p], matrix[k][q])
            matrix[k][p] = c * a - s * b
            matrix[k][q] = s * a + c * b
          }
          for k in 0..<size {
            let (a, b) = (matrix[p][k], matrix[q][k])
            matrix[p][k] = c * a - s * b
            matrix[q][k] = s * a + c * b
          }
          for k in 0..<size {
            let (a, b) = (vectors[p][k], vectors[q][k])
            vectors[p][k] = c * a - s * b
            vectors[q][k] = s * a + c * b
          }
        }
      }
    }
    return ((0..<size).map { matrix[$0][$0] }, vectors)
  }

  /// The vectors, read in fixed pieces.
  private struct Cloud {
    typealias Scratch = UnsafeMutablePointer<Float>

    let count: Int
    let dimension: Int
    let workers: Workers
    let row: @Sendable (Int, UnsafeMutablePointer<Float>) -> UnsafePointer<Float>

    var pieces: Int { (count + PrincipalPlane.piece - 1) / PrincipalPlane.piece }
    func range(_ piece: Int) -> Range<Int> {
      piece * PrincipalPlane.piece..<min(count, (piece + 1) * PrincipalPlane.piece)
    }

    /// Adds up what `body` writes for each piece into rows of `size` elements, in the order of the pieces.
    private func sum(
      _ size: Int, _ body: @Sendable (_ piece: Int, _ part: UnsafeMutablePointer<Float>, _ scratch: Scratch) -> Void
    ) -> [Double] {
      var total = [Double](repeating: 0, count: size)
      // A fixed number of pieces at a time: memory stays bounded, the order of the sum fixed.
      let group = 16
      var parts = Matrix(uninitializedRows: min(group, pieces), columns: size)
      let scratch = RowScratch(rows: workers.count, columns: dimension)
      for start in stride(from: 0, to: pieces, by: group) {
        workers.fill(&parts) { number, part, worker in
          part.update(repeating: 0)
          let piece = start + number.lowerBound
          if piece < pieces, let part = part.baseAddress { body(piece, part, scratch[worker]) }
        }
        for number in 0..<min(group, pieces - start) {
          for (element, value) in parts.row(number).enumerated() { total[element] += Double(value) }
        }
      }
      return total
    }

    func mean() -> [Float] {
      let total = sum(dimension) { piece, part, scratch in
        for number in range(piece) {
          let vector = row(number, scratch)
          for element in 0..<dimension { part[element] += vector[element] }
        }
      }
      return total.map { Float($0 / Double(count)) }
    }

    /// Sum of the squared distances to the mean.
    func variance(mean: [Float]) -> Double {
      let total = sum(1) { piece, part, scratch in
        var sum: Float = 0
        for number in range(piece) {
          let vector = row(number, scratch)
          mean.withUnsafeBufferPointer { mean in
            for element in 0..<dimension {
              let difference = vector[element] - mean[element]
              sum += difference * difference
            }
          }
        }
        part[0] += sum
      }
      return total[0]
    }

    /// Coordinates of the centred vectors along each basis vector, and the covariance's product with the basis.
    func covariance(times basis: [[Float]], mean: [Float]) -> (coordinates: [[Float]], next: [[Float]]) {
      let width = basis.count
      // dimension × width, so that a vector times it is one product.
      let packed = Matrix(
        rows: dimension, columns: width, elements: (0..<dimension).flatMap { row in basis.map { $0[row] } })
      let shift = basis.map { vector in
        Float(zip(vector, mean).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
      }
      var coordinates = Matrix(uninitializedRows: count, columns: width)
      let product = coordinates.withPieces(of: 1) { coordinates in
        sum(dimension * width) { piece, part, scratch in
          for number in range(piece) {
            let vector = row(number, scratch)
            guard let own = coordinates[number].baseAddress else { return }
            Product.multiply(
              m: 1, n: width, k: dimension, vector, lda: dimension, packed.start(), ldb: width, into: own, ldc: width)
            for column in 0..<width { own[column] -= shift[column] }
            Product.multiply(
              m: dimension, n: width, k: 1, vector, lda: 1, own, ldb: width, beta: 1, into: part, ldc: width)
          }
        }
      }
      // What centring takes away: the coordinates are centred up to rounding, so this is small.
      var sums = [Double](repeating: 0, count: width)
      for number in 0..<count { for column in 0..<width { sums[column] += Double(coordinates[number, column]) } }
      let next = (0..<width).map { column in
        (0..<dimension).map { Float(product[$0 * width + column] - Double(mean[$0]) * sums[column]) }
      }
      let lines = (0..<width).map { column in (0..<count).map { coordinates[$0, column] } }
      return (lines, next)
    }
  }
}
