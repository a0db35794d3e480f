import Domain
import Numerics
import Synchronization
import Testing

@Suite struct WorkersTests {
  private struct Refusal: Error, Equatable {
    var piece: Int
  }

  @Test(arguments: [1, 2, 5], [0, 1, 7, 64])
  func everyPieceIsDoneOnce(workers: Int, pieces: Int) {
    let calls = Mutex([Int](repeating: 0, count: pieces))
    Workers(count: workers).forEach(pieces) { piece, worker in
      #expect((0..<workers).contains(worker))
      calls.withLock { $0[piece] += 1 }
    }
    #expect(calls.withLock { $0 } == [Int](repeating: 1, count: pieces))
  }

  @Test(arguments: [1, 3])
  func theFirstErrorIsThrownAndNothingMoreIsBegun(workers: Int) {
    let begun = Atomic<Int>(0)
    let error = #expect(throws: Refusal.self) {
      try Workers(count: workers).forEach(10_000) { piece, _ in
        begun.wrappingAdd(1, ordering: .relaxed)
        if piece >= 4 { throw Refusal(piece: piece) }
      }
    }
    // Each worker throws once at most.
    #expect((4..<4 + workers).contains(error?.piece ?? -1))
    #expect(begun.load(ordering: .relaxed) <= 4 + workers)
  }

  @Test func aCancelledJobBeginsNoOtherPiece() {
    let cancellation = Cancellation()
    let begun = Atomic<Int>(0)
    #expect(throws: CancellationError.self) {
      try Workers(count: 1).forEach(10, cancellation: cancellation) { piece, _ in
        begun.wrappingAdd(1, ordering: .relaxed)
        if piece == 3 { cancellation.cancel() }
      }
    }
    #expect(begun.load(ordering: .relaxed) == 4)
  }

  @Test func aJobThatIsCancelledInItsLastPieceSaysSo() {
    let cancellation = Cancellation()
    var numbers = [Int](repeating: 0, count: 4)
    #expect(throws: CancellationError.self) {
      try Workers(count: 1).fill(&numbers, by: 2, cancellation: cancellation) { lines, _, _ in
        if lines.contains(3) { cancellation.cancel() }
      }
    }
  }

  @Test(arguments: [1, 2, 3], [1, 4, 100])
  func anArrayIsFilledPieceByPiece(workers: Int, lines: Int) {
    for count in [0, 1, 4, 9] {
      var numbers = [Int](repeating: -1, count: count)
      Workers(count: workers).fill(&numbers, by: lines) { range, out, _ in
        #expect(out.count == range.count && range.count <= lines)
        for (offset, line) in range.enumerated() { out[offset] = line }
      }
      #expect(numbers == Array(0..<count))
    }
  }

  @Test(arguments: [(5, 3), (1, 1), (0, 4), (4, 0)])
  func aMatrixIsFilledByRows(shape: (rows: Int, columns: Int)) throws {
    var matrix = Matrix(uninitializedRows: shape.rows, columns: shape.columns)
    let done = Mutex<[Int]>([])
    try Workers(count: 3).fill(&matrix, by: 2, cancellation: Cancellation()) { count in
      done.withLock { $0.append(count) }
    } _: { rows, out, _ in
      #expect(out.count == rows.count * shape.columns)
      for element in out.indices { out[element] = Float(rows.lowerBound * shape.columns + element) }
    }
    #expect(Array(matrix.elements) == (0..<matrix.count).map { Float($0) })
    #expect((done.withLock { $0.max() } ?? 0) == shape.rows)
  }

  @Test func twoTargetsAreFilledTogether() throws {
    var products = DoubleMatrix(zerosOfRows: 7, columns: 2)
    var norms = [Float](repeating: 0, count: 7)
    Workers(count: 2).fill(&products, &norms, by: 3) { rows, products, norms, _ in
      for (offset, row) in rows.enumerated() {
        norms[offset] = Float(row)
        for column in 0..<2 { products[2 * offset + column] = Double(10 * row + column) }
      }
    }
    #expect(norms == (0..<7).map { Float($0) })
    for row in 0..<7 { #expect(Array(products.row(row)) == [Double(10 * row), Double(10 * row + 1)]) }
  }

  @Test func eachWorkerHasAValueOfItsOwn() {
    final class Counter {
      var count = 0
    }
    let workers = Workers(count: 4)
    let counters = PerWorker(workers) { Counter() }
    workers.forEach(1000) { _, worker in counters[worker].count += 1 }
    #expect((0..<4).reduce(0) { $0 + counters[$1].count } == 1000)
  }
}
