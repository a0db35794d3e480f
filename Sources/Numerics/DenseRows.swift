/// A dense float32 matrix that is read row by row, from memory of its own or from a mapped file.
///
/// Immutable once made, so any number of threads may read it.
public final class DenseRows: Sendable {
  public let rows: Int
  public let columns: Int
  private let matrix: Matrix

  public init(_ matrix: consuming Matrix) {
    rows = matrix.rows
    columns = matrix.columns
    self.matrix = matrix
  }

  /// Row `row`: in place, or copied into `scratch`, which has room for `columns` elements. Valid while the source and
  /// the scratch live and the scratch is not written again.
  @inline(__always)
  public func row(_ row: Int, scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
    UnsafePointer(matrix.base + row * columns)
  }

  /// One element.
  @inline(__always)
  public subscript(row: Int, column: Int) -> Float { matrix.base[row * columns + column] }

  /// Room for `rows` rows that are not read in place.
  public func makeScratch(rows: Int) -> RowScratch { RowScratch(rows: rows, columns: 0) }
}

/// Room for rows that a source cannot give in place, one for each that is held at a time.
public final class RowScratch: @unchecked Sendable {
  // Sound as Sendable: a row of it belongs to one worker.
  private let memory: LargeMemory
  private let columns: Int

  init(rows: Int, columns: Int) {
    self.columns = columns
    memory = LargeMemory(bytes: rows * columns * MemoryLayout<Float>.stride)
  }

  public subscript(row: Int) -> UnsafeMutablePointer<Float> {
    memory.base.assumingMemoryBound(to: Float.self) + row * columns
  }
}
