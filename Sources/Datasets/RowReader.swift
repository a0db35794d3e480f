import Domain
import Glibc
import JSONBytes

/// Reads rows' bytes out of a file, many at a time into one buffer. For one thread at a time.
final class RowReader {
  /// The longest row that is read. Parsing takes about 14 times a row's length.
  static let longestRow = 16 << 20
  /// Rows are read in stretches of about so many bytes.
  private static let stretch = 1 << 20

  private let file: ByteFile
  private let index: RowOffsets
  private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(file: ByteFile, index: RowOffsets) {
    self.file = file
    self.index = index
  }

  deinit { buffer.deallocate() }

  /// Calls `body` with each row and its bytes, without its line end and with ``JSONReader/padding`` readable bytes after
  /// them; nil for a row longer than ``longestRow``. `body` returns whether to go on.
  func forEach(
    _ rows: Range<Int>, _ body: (Int, UnsafeRawBufferPointer?) throws(DatasetError) -> Bool
  ) throws(DatasetError) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      // As many rows as lie in a stretch, or one: its line end and the blank lines after it may be left out.
      let first = index.extent(of: row)
      var last = row
      while last + 1 < rows.upperBound, index.extent(of: last + 1).upperBound - first.lowerBound <= Self.stretch {
        last += 1
      }
      var end = index.extent(of: last).upperBound
      if last == row { end = min(end, first.lowerBound + Self.longestRow + 2) }
      let bytes = try fill(first.lowerBound..<end)
      while row <= last {
        let start = index.extent(of: row).lowerBound - first.lowerBound
        let text = Self.line(in: UnsafeRawBufferPointer(rebasing: bytes[start...]))
        if try !body(row, text.count > Self.longestRow ? nil : text) { return }
        row += 1
      }
    }
  }

  /// The bytes up to the first line end, or all.
  private static func line(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard let base = bytes.baseAddress else { return bytes }
    var length = memchr(base, 0x0A, bytes.count).map { UnsafeRawPointer($0) - base } ?? bytes.count
    if length > 0 && bytes[length - 1] == 0x0D { length -= 1 }
    return UnsafeRawBufferPointer(start: base, count: length)
  }

  private func fill(_ range: Range<Int>) throws(DatasetError) -> UnsafeRawBufferPointer {
    if buffer.count < range.count + JSONReader.padding {
      buffer.deallocate()
      // Grown a step at a time: who asks for single rows needs no room for a stretch.
      buffer = .allocate(
        byteCount: max(range.count, min(2 * buffer.count, Self.stretch)) + JSONReader.padding, alignment: 64)
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
    }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<range.count])
    try file.read(at: range.lowerBound, into: bytes)
    return UnsafeRawBufferPointer(bytes)
  }
}
