import Glibc

/// Where the rows of a file of lines begin: each line that is not blank is a row. 8 bytes a row, and 16 more for a row that
/// comes after blank lines.
struct RowIndex: Sendable {
  /// Offset of each row's first byte.
  fileprivate(set) var starts: [Int] = []
  /// Where the last row ends at the latest: the start of the line after it.
  fileprivate(set) var end = 0
  /// For rows that come after blank lines: the row, and the number of blank lines anywhere before it. Ascending.
  fileprivate var blanksBefore: [(row: Int, count: Int)] = []

  var count: Int { starts.count }

  /// The bytes in which a row and its line end lie, and any blank lines after it.
  func extent(of row: Int) -> Range<Int> { starts[row]..<(row + 1 < starts.count ? starts[row + 1] : end) }

  /// The row's line in the file, from 1.
  func line(of row: Int) -> Int {
    var low = 0
    var high = blanksBefore.count
    while low < high {
      let middle = (low + high) / 2
      if blanksBefore[middle].row <= row { low = middle + 1 } else { high = middle }
    }
    return row + 1 + (low > 0 ? blanksBefore[low - 1].count : 0)
  }
}

/// Builds a ``RowIndex`` from a file's bytes, which come in pieces of any size.
struct RowScanner {
  private(set) var index = RowIndex()
  private let limit: Int
  private var offset: Int
  private var lineStart: Int
  private var lineIsBlank = true
  private var blanks = 0

  /// `offset`: where the first line begins (after a byte-order mark). `limit`: rows to index; what follows is passed over.
  init(from offset: Int = 0, limit: Int? = nil) {
    self.offset = offset
    self.lineStart = offset
    self.limit = limit ?? .max
    index.end = offset
  }

  private var isFull: Bool { index.starts.count >= limit }

  mutating func scan(_ piece: UnsafeRawBufferPointer) {
    guard let base = piece.baseAddress else { return }
    var position = 0
    while position < piece.count && !isFull {
      let newline = memchr(base + position, 0x0A, piece.count - position).map { UnsafeRawPointer($0) - base }
      let segmentEnd = newline ?? piece.count
      while lineIsBlank && position < segmentEnd {
        let byte = piece[position]
        if byte == 0x20 || byte == 0x09 || byte == 0x0D { position += 1 } else { lineIsBlank = false }
      }
      guard let newline else { break }
      position = newline + 1
      endLine(next: offset + position)
    }
    offset += piece.count
  }

  /// The index, once the last piece has come: a last line without a line end counts.
  consuming func finish() -> RowIndex {
    if !isFull && offset > lineStart { endLine(next: offset) }
    return index
  }

  private mutating func endLine(next: Int) {
    if lineIsBlank {
      blanks += 1
    } else {
      if blanks > index.blanksBefore.last?.count ?? 0 {
        index.blanksBefore.append((index.starts.count, blanks))
      }
      index.starts.append(lineStart)
    }
    lineStart = next
    index.end = next
    lineIsBlank = true
  }
}
