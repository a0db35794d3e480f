import Domain
import Numerics

extension LandmarkChoice {
  /// `count` of the embeddings' rows, ascending; all of them if there are no more.
  package func choose(_ count: Int, of embeddings: borrowing Matrix, seed: UInt64) -> [SampleNumber] {
    guard count < embeddings.rows else { return Array(0..<SampleNumber(embeddings.rows)) }
    let chosen =
      switch self {
      case .uniform: Self.uniform(count, of: embeddings.rows, seed: seed)
      case .kMeans: Self.farSpread(count, of: embeddings, seed: seed)
      case .leverage: Self.byLeverage(count, of: embeddings, seed: seed)
      }
    return chosen.map { SampleNumber($0) }
  }

  private static func uniform(_ count: Int, of rows: Int, seed: UInt64) -> [Int] {
    var chance = SeededGenerator(seed: seed)
    return chance.sample(min(count, rows), of: rows).sorted()
  }

  private static func farSpread(_ count: Int, of embeddings: borrowing Matrix, seed: UInt64) -> [Int] {
    var chance = SeededGenerator(seed: seed)
    var chosen = [chance.below(embeddings.rows)]
    var distances = [Double](repeating: .infinity, count: embeddings.rows)
    while chosen.count < count {
      let last = chosen[chosen.count - 1]
      for row in 0..<embeddings.rows {
        distances[row] = min(distances[row], squaredDistance(embeddings, row, last))
      }
      let total = distances.reduce(0, +)
      guard total > 0 else {
        // All that is left equals something chosen: any will do.
        let taken = Set(chosen)
        chosen += (0..<embeddings.rows).filter { !taken.contains($0) }.prefix(count - chosen.count)
        break
      }
      chosen.append(draw(distances, total: total, &chance))
    }
    return chosen.sorted()
  }

  private static func squaredDistance(_ matrix: borrowing Matrix, _ left: Int, _ right: Int) -> Double {
    var sum: Float = 0
    let (x, y) = (matrix.start(ofRow: left), matrix.start(ofRow: right))
    for element in 0..<matrix.columns { sum += (x[element] - y[element]) * (x[element] - y[element]) }
    return Double(sum)
  }

  private static func draw(_ weights: [Double], total: Double, _ chance: inout SeededGenerator) -> Int {
    var point = chance.unit() * total
    for (index, weight) in weights.enumerated() where weight > 0 {
      point -= weight
      if point < 0 { return index }
    }
    return weights.lastIndex { $0 > 0 } ?? 0
  }

  /// Scores from a smaller space: e_i' (E'E + ridge)⁻¹ e_i after a random projection to at most 256 numbers.
  private static func byLeverage(_ count: Int, of embeddings: borrowing Matrix, seed: UInt64) -> [Int] {
    let (rows, wide) = (embeddings.rows, embeddings.columns)
    let columns = min(wide, 256)
    var small = Matrix(uninitializedRows: rows, columns: columns)
    if columns < wide {
      let projection = RandomProjection(kind: .hadamard, inputs: wide, outputs: columns, seed: seed)
      let workspace = projection.makeWorkspace()
      for row in 0..<rows {
        projection(embeddings.start(ofRow: row), into: small.mutableStart(ofRow: row), in: workspace)
      }
    } else {
      small = embeddings.copy()
    }
    var product = Matrix(uninitializedRows: columns, columns: columns)
    Product.multiply(
      m: columns, n: columns, k: rows, small.start(), lda: columns, transposedA: true, small.start(), ldb: columns,
      into: product.mutableStart(), ldc: columns)
    var gram = DoubleMatrix(rows: columns, columns: columns, elements: product.elements.map { Double($0) }).symmetrised
    let trace = (0..<columns).reduce(0.0) { $0 + gram[$1, $1] }
    for column in 0..<columns { gram[column, column] += max(trace / Double(count), .leastNormalMagnitude) }
    guard let inverse = Cholesky(gram)?.inverse else { return uniform(count, of: rows, seed: seed) }
    var scores = (0..<rows).map { row -> Double in
      let vector = small.row(row).map { Double($0) }
      return max(0, dot(vector, inverse.times(vector)))
    }
    var chance = SeededGenerator(seed: seed)
    var chosen: [Int] = []
    while chosen.count < count {
      let total = scores.reduce(0, +)
      guard total > 0 else {
        let taken = Set(chosen)
        chosen += (0..<rows).filter { !taken.contains($0) }.prefix(count - chosen.count)
        break
      }
      let next = draw(scores, total: total, &chance)
      scores[next] = 0
      chosen.append(next)
    }
    return chosen.sorted()
  }
}
