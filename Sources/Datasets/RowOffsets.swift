import Glibc

/// Where the rows of a file of lines begin: each line that is not blank is a row. 8 bytes a row, and 16 more for a row that
/// comes after blank lines.
struct RowOffsets: Sendable {
  /// Offset of each row's first byte.
  fileprivate(set) var starts: [Int] = []
  /// Where the last row ends at the latest: the start of the line after it.
  fileprivate(set) var end = 0
  /// For rows that were converted from another format: their lines in the file they came from, and why some are none.
  fileprivate var sourceLines: [Int]?
  private(set) var faults: [Int: String] = [:]
  /// For rows that come after blank lines: the row, and the number of blank lines anywhere before it. Ascending.
  fileprivate var blanksBefore: [(row: Int, count: Int)] = []

  init() {}

  /// The index of rows that were converted: where they begin in the file of converted rows, and its size.
  init(starts: [Int], end: Int, sourceLines: [Int], faults: [Int: String]) {
    self.starts = starts
    self.end = end
    self.sourceLines = sourceLines
    self.faults = faults
  }

  var count: Int { starts.count }

  /// Only the first so many rows.
  func prefix(_ count: Int) -> RowOffsets {
    var copy = self
    guard count < starts.count else { return copy }
    copy.end = starts[count]
    copy.starts.removeSubrange(count...)
    return copy
  }

  /// The bytes in which a row and its line end lie, and any blank lines after it.
  func extent(of row: Int) -> Range<Int> { starts[row]..<(row + 1 < starts.count ? starts[row + 1] : end) }

  /// The row's line in the file, from 1.
  func line(of row: Int) -> Int {
    if let sourceLines { return sourceLines[row] }
    var low = 0
    var high = blanksBefore.count
    while low < high {
      let middle = (low + high) / 2
      if blanksBefore[middle].row <= row { low = middle + 1 } else { high = middle }
    }
    return row + 1 + (low > 0 ? blanksBefore[low - 1].count : 0)
  }
}

/// Takes a file's bytes in pieces of any size, without a byte-order mark, and says where its rows are.
protocol RowSource: AnyObject {
  func scan(_ piece: UnsafeRawBufferPointer) throws
  /// The file that the rows are in, and where, once the last piece has come.
  func finish() throws -> (ByteFile, RowOffsets)
  /// What a user should know of how the rows were found, a sentence each.
  var notes: [String] { get }
}

extension RowSource {
  var notes: [String] { [] }
}

/// Builds a ``RowOffsets`` of lines: the rows stay where they are.
final class LineScanner: RowSource {
  private let file: ByteFile
  private var index = RowOffsets()
  private let limit: Int
  private var offset: Int
  private var lineStart: Int
  private var lineIsBlank = true
  private var blanks = 0

  /// `offset`: where the first line begins (after a byte-order mark). `limit`: rows to index; what follows is passed over.
  init(_ file: ByteFile, from offset: Int, limit: Int?) {
    self.file = file
    self.offset = offset
    self.lineStart = offset
    self.limit = limit ?? .max
    index.end = offset
  }

  private var isFull: Bool { index.starts.count >= limit }

  func scan(_ piece: UnsafeRawBufferPointer) {
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

  /// A last line without a line end counts.
  func finish() -> (ByteFile, RowOffsets) {
    if !isFull && offset > lineStart { endLine(next: offset) }
    return (file, index)
  }

  private func endLine(next: Int) {
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
