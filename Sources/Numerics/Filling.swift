import Domain
import Synchronization

/// Memory in lines (elements of an array, rows of a matrix) that workers can fill piece by piece.
package protocol Fillable: ~Copyable {
  associatedtype Element
  var lineCount: Int { get }
  /// Calls `body` with the memory cut into pieces of `lines` lines; the last may be shorter.
  mutating func withPieces<Result, Failure: Error>(
    of lines: Int, _ body: (Pieces<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result
}

/// Consecutive pieces of memory, each for one call to write. ``Workers/fill(_:by:_:)`` hands them out; where another
/// driver decides who computes a piece, a call writes the piece of its own number and no other.
package struct Pieces<Element>: @unchecked Sendable {
  // Sound as Sendable: pieces do not overlap, and each is written by the call that has its number.
  private let elements: UnsafeMutableBufferPointer<Element>
  private let size: Int

  /// `size`: elements of a piece.
  package init(_ elements: UnsafeMutableBufferPointer<Element>, of size: Int) {
    self.elements = elements
    self.size = size
  }

  package subscript(piece: Int) -> UnsafeMutableBufferPointer<Element> {
    let first = piece * size
    precondition(piece >= 0 && first <= elements.count)
    let count = min(size, elements.count - first)
    return UnsafeMutableBufferPointer(start: elements.baseAddress.map { $0 + first }, count: count)
  }

  /// The elements of several pieces in a row.
  package subscript(pieces: Range<Int>) -> UnsafeMutableBufferPointer<Element> {
    let (first, end) = (pieces.lowerBound * size, min(pieces.upperBound * size, elements.count))
    precondition(pieces.lowerBound >= 0 && first <= end)
    return UnsafeMutableBufferPointer(start: elements.baseAddress.map { $0 + first }, count: end - first)
  }
}

extension Workers {
  /// Fills an array or a matrix on all workers, `lines` elements or rows at a time: `body` is called once for each piece
  /// and gets the range of lines, their memory to write, and its worker. No two calls get the same memory.
  ///
  /// - Throws: the first error of `body`; the contents are then undefined.
  package func fill<Target: Fillable & ~Copyable, Failure: Error>(
    _ target: inout Target, by lines: Int = 1,
    _ body:
      @Sendable (_ lines: Range<Int>, _ out: UnsafeMutableBufferPointer<Target.Element>, _ worker: Int)
      throws(Failure) -> Void
  ) throws(Failure) {
    let count = target.lineCount
    try target.withPieces(of: lines) { (out: Pieces<Target.Element>) throws(Failure) in
      try forEach((count + lines - 1) / lines) { (piece: Int, worker: Int) throws(Failure) in
        try body(piece * lines..<min(count, (piece + 1) * lines), out[piece], worker)
      }
    }
  }

  /// The same for two targets of as many lines.
  package func fill<First: Fillable & ~Copyable, Second: Fillable & ~Copyable, Failure: Error>(
    _ first: inout First, _ second: inout Second, by lines: Int = 1,
    _ body:
      @Sendable (
        _ lines: Range<Int>, _ first: UnsafeMutableBufferPointer<First.Element>,
        _ second: UnsafeMutableBufferPointer<Second.Element>, _ worker: Int
      ) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(first.lineCount == second.lineCount)
    try second.withPieces(of: lines) { (others: Pieces<Second.Element>) throws(Failure) in
      try fill(&first, by: lines) {
        (range: Range<Int>, out: UnsafeMutableBufferPointer<First.Element>, worker: Int) throws(Failure) in
        try body(range, out, others[range.lowerBound / lines], worker)
      }
    }
  }

  /// The first form with a look at `cancellation` before each piece and after the last.
  ///
  /// - Parameter progress: called from workers with the number of lines done so far.
  /// - Throws: the first error of `body`, or `CancellationError`.
  package func fill<Target: Fillable & ~Copyable>(
    _ target: inout Target, by lines: Int = 1, cancellation: Cancellation,
    progress: @Sendable (_ done: Int) -> Void = { _ in },
    _ body:
      @Sendable (_ lines: Range<Int>, _ out: UnsafeMutableBufferPointer<Target.Element>, _ worker: Int)
      throws -> Void
  ) throws {
    let done = Atomic<Int>(0)
    try fill(&target, by: lines) {
      (range: Range<Int>, out: UnsafeMutableBufferPointer<Target.Element>, worker: Int) throws(any Error) in
      try cancellation.check()
      try body(range, out, worker)
      progress(done.wrappingAdd(range.count, ordering: .relaxed).newValue)
    }
    try cancellation.check()
  }
}

extension Array: Fillable {
  package var lineCount: Int { count }

  package mutating func withPieces<Result, Failure: Error>(
    of lines: Int, _ body: (Pieces<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeMutableBufferPointer { buffer throws(Failure) in try body(Pieces(buffer, of: lines)) }
  }
}

extension Matrix: Fillable {
  package var lineCount: Int { rows }

  package mutating func withPieces<Result, Failure: Error>(
    of lines: Int, _ body: (Pieces<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(Pieces(mutableElements, of: lines * columns))
  }
}

extension DoubleMatrix: Fillable {
  package var lineCount: Int { rows }

  package mutating func withPieces<Result, Failure: Error>(
    of lines: Int, _ body: (Pieces<Double>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try elements.withPieces(of: lines * columns, body)
  }
}
