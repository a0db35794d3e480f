import CVectorKernels

/// A dense float32 matrix that is read row by row: from memory of its own, or from a mapped file, in place where that
/// holds what is asked for and converted row by row where not.
///
/// Immutable once made, so any number of threads may read it.
package final class DenseRows: @unchecked Sendable {
  // Sound as Sendable: everything is written before `init` returns and only read afterwards.
  package let rows: Int
  package let columns: Int
  /// Elements in row-major order, where they can be read in place.
  private let inPlace: UnsafePointer<Float>?
  private let source: Source
  private let rescaling: Range?

  private enum Source {
    case matrix(Owned)
    case file(NumpyMatrix)
    /// A copy made from a file in Fortran order.
    case copy(LargeMemory)
  }

  private final class Owned {
    var matrix: Matrix
    init(_ matrix: consuming Matrix) { self.matrix = matrix }
  }

  /// What rescaling needs to know: elements become max(u - least, 0) / (greatest - least) in float32.
  package struct Range: Sendable, Hashable {
    package var least: Float
    package var greatest: Float

    package init(least: Float, greatest: Float) {
      self.least = least
      self.greatest = greatest
    }

    /// Elements above a level as they stand over it, and 0 below.
    package static func above(_ level: Float) -> Range { Range(least: level, greatest: level + 1) }

    /// Rescales `count` elements; those of a constant matrix become zeros.
    func rescale(_ elements: UnsafePointer<Float>, count: Int, to target: UnsafeMutablePointer<Float>) {
      if least < greatest {
        wk_rescale(elements, count, least, greatest - least, target)
      } else {
        target.update(repeating: 0, count: count)
      }
    }

    /// The same in place.
    func rescale(_ elements: UnsafeMutableBufferPointer<Float>) {
      guard let start = elements.baseAddress else { return }
      rescale(start, count: elements.count, to: start)
    }
  }

  package init(_ matrix: consuming Matrix) {
    rows = matrix.rows
    columns = matrix.columns
    inPlace = matrix.start()
    source = .matrix(Owned(matrix))
    rescaling = nil
  }

  /// A file's elements, rescaled if a range is given. A file in C order is read where it is, however large; of one in
  /// Fortran order a transposed copy is made, in memory, or on disk where it would take most of `memory`, in bytes.
  package init(
    _ file: NumpyMatrix, rescaling range: Range? = nil, workers: Workers = Workers(),
    memory: Int = SystemMemory.available
  ) throws {
    rows = file.rows
    columns = file.columns
    if file.header.isFortranOrder {
      let copy = try Self.transposed(file, workers: workers, memory: memory)
      inPlace = UnsafePointer(copy.base.assumingMemoryBound(to: Float.self))
      source = .copy(copy)
      rescaling = nil
      if let range { rescaleInPlace(range, workers: workers) }
    } else {
      inPlace = range == nil ? file.floats : nil
      source = .file(file)
      rescaling = range
    }
  }

  /// Row `row`: in place, or written to `scratch`, which `makeScratch` made. Valid while the source lives and the scratch
  /// row is not written again.
  @inline(__always)
  package func row(_ row: Int, scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
    if let inPlace { return inPlace + row * columns }
    return converted(row, scratch)
  }

  private func converted(_ row: Int, _ scratch: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
    guard case .file(let file) = source else { return UnsafePointer(scratch) }
    if let rescaling, let floats = file.floats {
      rescaling.rescale(floats + row * columns, count: columns, to: scratch)
    } else {
      file.read(line: row, from: 0, count: columns, to: scratch)
      rescaling?.rescale(scratch, count: columns, to: scratch)
    }
    return UnsafePointer(scratch)
  }

  /// One element.
  @inline(__always)
  package subscript(row: Int, column: Int) -> Float {
    if let inPlace { return inPlace[row * columns + column] }
    return converted(row, column)
  }

  private func converted(_ row: Int, _ column: Int) -> Float {
    guard case .file(let file) = source else { return 0 }
    var value = file[row, column]
    rescaling?.rescale([value], count: 1, to: &value)
    return value
  }

  /// Room for `rows` rows at a time, none if they are read in place.
  package func makeScratch(rows: Int) -> RowScratch { RowScratch(rows: rows, columns: inPlace == nil ? columns : 0) }

  /// Rescales the elements, if they are this object's own to write; returns whether they were. To be called before
  /// anything else reads them.
  @discardableResult
  package func rescaleInPlace(_ range: Range, workers: Workers = Workers()) -> Bool {
    let elements: UnsafeMutableBufferPointer<Float>
    switch source {
    case .file: return false
    case .matrix(let owned): elements = owned.matrix.mutableElements
    case .copy(let copy):
      elements = .init(start: copy.base.assumingMemoryBound(to: Float.self), count: rows * columns)
    }
    let lines = Pieces(elements, of: columns)
    workers.forEach(rows) { row, _ in range.rescale(lines[row]) }
    return true
  }

  /// A copy of a file in Fortran order, in row-major order.
  private static func transposed(_ file: NumpyMatrix, workers: Workers, memory: Int) throws -> LargeMemory {
    let (rows, columns) = (file.rows, file.columns)
    // The file was opened, so the product of its sides is in range; four bytes an element may still not be.
    let (bytes, overflow) = (rows * columns).multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard !overflow else { throw NumericsError.tooLarge(path: file.path, rows: rows, columns: columns) }
    let copy = try LargeMemory(bytes: bytes, onDiskAbove: memory / 4 * 3)
    let (width, height) = (64, 512)
    // A piece is a block of columns, so that each reads its lines of the file from end to end.
    let tiles = LargeMemory(bytes: workers.count * width * height * MemoryLayout<Float>.stride)
    let blocks = (columns + width - 1) / width
    workers.forEach(blocks) { block, worker in
      let tile = tiles.base.assumingMemoryBound(to: Float.self) + worker * width * height
      let target = copy.base.assumingMemoryBound(to: Float.self)
      let first = block * width
      let lines = min(width, columns - first)
      for start in stride(from: 0, to: rows, by: height) {
        let length = min(height, rows - start)
        for line in 0..<lines {
          file.read(line: first + line, from: start, count: length, to: tile + line * height)
        }
        wk_transpose(tile, height, lines, length, target + start * columns + first, columns)
      }
    }
    return copy
  }
}

/// Room for some rows, each for one worker: of what a source cannot give in place, or other scratch memory.
package final class RowScratch: @unchecked Sendable {
  // Sound as Sendable: a row of it belongs to one worker.
  private let memory: LargeMemory
  private let columns: Int

  package init(rows: Int, columns: Int) {
    self.columns = columns
    memory = LargeMemory(bytes: rows * columns * MemoryLayout<Float>.stride)
  }

  package subscript(row: Int) -> UnsafeMutablePointer<Float> {
    memory.base.assumingMemoryBound(to: Float.self) + row * columns
  }
}
