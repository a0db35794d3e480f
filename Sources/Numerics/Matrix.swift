/// A dense float32 matrix in row-major order that owns its memory.
///
/// Not copyable: a matrix of a hundred million elements changes hands, it is not duplicated by an assignment.
package struct Matrix: ~Copyable, @unchecked Sendable {
  // Sound as Sendable: the memory has one owner, and mutation goes through `mutating` or an explicit unsafe door.
  package let rows: Int
  package let columns: Int
  /// Rows × columns elements; row i starts at `base + i * columns`. Valid while the matrix lives.
  package let base: UnsafeMutablePointer<Float>

  /// A matrix of undefined contents: every element must be written before it is read.
  package init(uninitializedRows rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0)
    self.rows = rows
    self.columns = columns
    let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
    precondition(!overflow)
    base = Self.allocate(count)
  }

  /// A matrix of zeros.
  package init(zerosOfRows rows: Int, columns: Int) {
    self.init(uninitializedRows: rows, columns: columns)
    base.initialize(repeating: 0, count: rows * columns)
  }

  /// A matrix of given elements in row-major order; `elements.count` must be rows × columns.
  package init(rows: Int, columns: Int, elements: [Float]) {
    precondition(elements.count == rows * columns)
    self.init(uninitializedRows: rows, columns: columns)
    elements.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { base.update(from: start, count: source.count) }
    }
  }

  deinit { base.deallocate() }

  package var count: Int { rows * columns }

  package subscript(row: Int, column: Int) -> Float {
    get {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns)
      return base[row * columns + column]
    }
    set {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns)
      base[row * columns + column] = newValue
    }
  }

  /// Row `row` as a buffer; valid while the matrix lives.
  package func row(_ row: Int) -> UnsafeMutableBufferPointer<Float> {
    precondition(row >= 0 && row < rows)
    return UnsafeMutableBufferPointer(start: base + row * columns, count: columns)
  }

  /// All elements in row-major order; valid while the matrix lives.
  package var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }

  /// A copy, asked for by name.
  package func copy() -> Matrix {
    let other = Matrix(uninitializedRows: rows, columns: columns)
    other.base.update(from: base, count: count)
    return other
  }

  // 64-byte alignment: a cache line, and the widest vector register.
  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
    LargeMemory.allocate(bytes: max(count, 1) * MemoryLayout<Float>.stride)
      .bindMemory(to: Float.self, capacity: max(count, 1))
  }
}
