import Domain
import Numerics
import Testing

@Suite struct PrincipalPlaneTests {
  private func plane(_ vectors: [[Float]], workers: Int = 1) throws -> PrincipalPlane {
    let dimension = vectors.first?.count ?? 0
    let flat = vectors.flatMap { $0 }
    return try PrincipalPlane(count: vectors.count, dimension: dimension, workers: Workers(count: workers)) {
      row, scratch in
      for column in 0..<dimension { scratch[column] = flat[row * dimension + column] }
      return UnsafePointer(scratch)
    }
  }

  /// Against power iteration with deflation on the covariance matrix, in double precision.
  @Test func thePlaneIsThatOfTheTwoLargestEigenvectorsOfTheCovariance() throws {
    var random = SeededGenerator(seed: 4)
    let (count, dimension) = (400, 24)
    let vectors: [[Float]] = (0..<count).map { _ in
      let (a, b) = (random.unit() - 0.5, random.unit() - 0.5)
      return (0..<dimension).map { column -> Float in
        let first: Double = 9 * a * Double(column % 3 - 1)
        let second: Double = 4 * b * Double(column % 5 - 2)
        let noise: Double = 0.3 * (random.unit() - 0.5)
        return Float(first + second + noise + 7)
      }
    }
    let mean = (0..<dimension).map { column in vectors.reduce(0.0) { $0 + Double($1[column]) } / Double(count) }
    let centred = vectors.map { vector in (0..<dimension).map { Double(vector[$0]) - mean[$0] } }
    var covariance = (0..<dimension).map { a in
      (0..<dimension).map { b in centred.reduce(0.0) { $0 + $1[a] * $1[b] } }
    }
    let whole = (0..<dimension).reduce(0.0) { $0 + covariance[$1][$1] }
    let found = try plane(vectors)
    for rank in 0..<2 {
      var direction = (0..<dimension).map { _ in random.unit() }
      var value = 0.0
      for _ in 0..<2000 {
        var next = covariance.map { row in zip(row, direction).reduce(0.0) { $0 + $1.0 * $1.1 } }
        value = next.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
        next = next.map { $0 / value }
        direction = next
      }
      let expected = centred.map { vector in zip(vector, direction).reduce(0.0) { $0 + $1.0 * $1.1 } }
      let own = found.points.map { Double(rank == 0 ? $0.x : $0.y) }
      let sign: Double = zip(expected, own).reduce(0.0) { $0 + $1.0 * $1.1 } < 0 ? -1 : 1
      for (a, b) in zip(expected, own) { #expect(abs(a - sign * b) < 2e-3) }
      #expect(abs((rank == 0 ? found.shares.0 : found.shares.1) - value / whole) < 1e-4)
      for a in 0..<dimension { for b in 0..<dimension { covariance[a][b] -= value * direction[a] * direction[b] } }
    }
  }

  @Test func theSamePlaneComesOutOnAnyNumberOfThreads() throws {
    var random = SeededGenerator(seed: 9)
    let vectors: [[Float]] = (0..<1500).map { _ in (0..<10).map { _ in Float(random.unit()) } }
    let one = try plane(vectors, workers: 1)
    for workers in [2, 3, 7] {
      let other = try plane(vectors, workers: workers)
      #expect(one.points.map(\.x) == other.points.map(\.x) && one.points.map(\.y) == other.points.map(\.y))
    }
  }

  @Test func cloudsWithoutWidthHaveAPlaneToo() throws {
    #expect(try plane([]).points.isEmpty)
    #expect(try plane([[3]]).points.count == 1)
    let equal = try plane(Array(repeating: [1, 2, 3], count: 9))
    #expect(equal.points.allSatisfy { abs($0.x) < 1e-5 && abs($0.y) < 1e-5 })
    let line = try plane((0..<20).map { [Float($0), 0] })
    #expect(abs(line.shares.0 - 1) < 1e-5)
    #expect(line.points.allSatisfy { $0.x.isFinite && $0.y.isFinite })
  }
}
