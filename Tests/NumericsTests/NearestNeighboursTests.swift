import Domain
import Numerics
import Testing

@Suite struct NearestNeighboursTests {
  /// The definition, in Double.
  static func cosine(_ a: [Float], _ b: [Float]) -> Double {
    func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    let lengths = (dot(a, a) * dot(b, b)).squareRoot()
    return lengths > 0 ? dot(a, b) / lengths : 0
  }

  @Test(arguments: [(1, 3, 1), (40, 2, 5), (300, 8, 10), (1500, 5, 40), (50, 4, 80)])
  func theyAreTheLargestCosines(n: Int, dimensions: Int, count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(n))
    let points = (0..<n).map { _ in (0..<dimensions).map { _ in Float(generator.unit() - 0.4) } }
    let rows = DenseRows(Matrix(rows: n, columns: dimensions, elements: points.flatMap { $0 }))
    let found = try NearestNeighbours.cosine(rows, count: count)
    #expect(found.rows == n && found.columns == n)
    for row in stride(from: 0, to: n, by: max(1, n / 60)) {
      let cosines = points.map { Self.cosine(points[row], $0) }
      let best = cosines.sorted(by: >)
      let entries = Array(found[row])
      #expect(entries.count == min(count, cosines.count { $0 > 1e-7 }))
      #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.column < $1.column })
      for entry in entries { #expect(abs(Double(entry.value) - cosines[Int(entry.column)]) < 1e-6) }
      let values = entries.map { Double($0.value) }.sorted(by: >)
      for (value, expected) in zip(values, best) { #expect(abs(value - expected) < 1e-6) }
    }
  }

  @Test func equalVectorsTieAndTheLowestIndexWins() throws {
    // 2500 copies of three vectors, so that every row has ties by the hundred, in every tile.
    let n = 2500
    let kinds: [[Float]] = [[1, 0.2, 0], [0.3, 1, 0.1], [0, 0.1, 1]]
    let points = DenseRows(Matrix(rows: n, columns: 3, elements: (0..<n).flatMap { kinds[$0 % 3] }))
    let found = try NearestNeighbours.cosine(points, count: 20)
    for row in stride(from: 0, to: n, by: 37) {
      #expect(found[row].map { Int($0.column) } == (0..<20).map { 3 * $0 + row % 3 })
    }
  }

  @Test func threadsDoNotChangeThem() throws {
    var generator = SeededGenerator(seed: 12)
    let points = DenseRows(
      Matrix(rows: 900, columns: 6, elements: (0..<5400).map { _ in Float(generator.unit() - 0.5) }))
    let one = try NearestNeighbours.cosine(points, count: 25, workers: Workers(count: 1))
    let three = try NearestNeighbours.cosine(points, count: 25, workers: Workers(count: 3))
    for row in 0..<900 {
      #expect(one[row].map(\.column) == three[row].map(\.column))
      #expect(one[row].map(\.value) == three[row].map(\.value))
    }
  }

  @Test func aRowOfZerosHasNoNeighbours() throws {
    let points = DenseRows(Matrix(rows: 3, columns: 2, elements: [1, 0, 0, 0, -1, 0]))
    let found = try NearestNeighbours.cosine(points, count: 3)
    #expect((0..<3).map { found[$0].map { Int($0.column) } } == [[0], [], [2]])
  }

  @Test func cancelledWorkThrows() {
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: CancellationError.self) {
      try NearestNeighbours.cosine(DenseRows(Matrix(zerosOfRows: 10, columns: 2)), count: 1, cancellation: cancellation)
    }
  }
}
