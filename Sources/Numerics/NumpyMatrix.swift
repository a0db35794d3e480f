import CVectorKernels

/// A matrix in a `.npy` file, mapped into memory: float16, float32 or float64, in C or Fortran order. Elements are read
/// as float32; a float64 is rounded to nearest.
package final class NumpyMatrix: Sendable {
  package let header: NumpyHeader
  package var path: String { file.path }
  package var rows: Int { header.rows }
  package var columns: Int { header.columns }
  private let file: MappedFile

  /// Opens and checks a file; its elements are not read yet.
  package init(path: String) throws(NumericsError) {
    file = try MappedFile(path: path)
    header = try NumpyHeader(file.bytes, path: path)
    let (count, overflow) = header.rows.multipliedReportingOverflow(by: header.columns)
    let (size, overflowing) = count.multipliedReportingOverflow(by: header.elementType.size)
    let (end, beyond) = size.addingReportingOverflow(header.dataOffset)
    guard !overflow, !overflowing, !beyond else {
      throw .tooLarge(path: path, rows: header.rows, columns: header.columns)
    }
    guard end == file.bytes.count else { throw .length(path: path, bytes: file.bytes.count, expected: end) }
  }

  /// Contiguous lines of elements: rows, or columns in Fortran order.
  package var lines: Int { header.isFortranOrder ? columns : rows }
  /// Elements of a line.
  package var lineLength: Int { header.isFortranOrder ? rows : columns }

  /// The elements where they lie, line after line, if they are float32 and aligned as such.
  package var floats: UnsafePointer<Float>? {
    guard header.elementType == .single, header.dataOffset % MemoryLayout<Float>.alignment == 0 else { return nil }
    return file.bytes.baseAddress.map { ($0 + header.dataOffset).assumingMemoryBound(to: Float.self) }
  }

  /// Writes `count` elements of a line, from `start` on, to `target`.
  package func read(line: Int, from start: Int, count: Int, to target: UnsafeMutablePointer<Float>) {
    precondition(line >= 0 && line < lines && start >= 0 && count >= 0 && start <= lineLength - count)
    guard count > 0, let bytes = file.bytes.baseAddress else { return }
    let source = bytes + header.dataOffset + (line * lineLength + start) * header.elementType.size
    switch header.elementType {
    case .half: Widen.run(source, .float16, count: count, into: target)
    case .single: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * 4)
    case .double: wk_narrow_double(source, count, target)
    }
  }

  /// One element.
  package subscript(row: Int, column: Int) -> Float {
    var value: Float = 0
    let (line, element) = header.isFortranOrder ? (column, row) : (row, column)
    read(line: line, from: element, count: 1, to: &value)
    return value
  }
}
