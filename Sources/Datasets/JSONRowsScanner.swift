import Domain

/// Finds the rows in a JSON list of objects, or in an object that holds one (`{"data": [...]}`), from the file's bytes in
/// pieces. It looks at brackets and strings only: whether an element is valid JSON is seen when it is decoded.
final class JSONRowsScanner: RowSource {
  /// Why the file is no such list.
  enum Problem: Error {
    /// It is something else, perhaps JSON lines.
    case noList
    case severalLists([String])
    case broken(line: Int, String)
  }

  /// Lists in objects that belong to a row, and are not the rows.
  private static let listsOfARow = [
    "messages", "conversations", "conversation", "chosen", "rejected", "instances", "answers",
  ]

  private let conversion: RowConversion
  private var line = 1
  /// Brackets open, and the kinds of the outer two.
  private var depth = 0
  private var outer: (UInt8, UInt8) = (0, 0)
  private var inString = false
  private var escaped = false
  /// Depth at which the rows stand; 0 until they are found.
  private var rowDepth = 0
  /// In an object: the string read last at depth 1, which is a key when a colon follows, and the keys of lists of objects.
  private var key: [UInt8] = []
  private var lists: [String] = []
  private var isInRows = false
  private var isInRow = false
  private var rowLine = 0
  private var needsComma = false
  private var isSkippingIndent = false
  private var isOver = false
  private var endsWithComma = false

  init(from path: String, limit: Int?) throws(DatasetError) {
    conversion = try RowConversion(from: path, limit: limit)
  }

  var notes: [String] {
    endsWithComma
      ? ["A comma stands behind the last row of the list, which JSON does not have; it was passed over."] : []
  }

  /// Takes the next piece. Throws ``Problem`` and ``DatasetError``.
  func scan(_ piece: UnsafeRawBufferPointer) throws {
    // The part of the row being read that has not been handed on.
    var start = 0
    var offset = -1
    while offset + 1 < piece.count {
      offset += 1
      if inString {
        // Most of a file is text: what ends nothing is passed over in a loop of its own.
        if !escaped && !isCapturingKey { offset = Self.endOfPlainText(piece, from: offset) }
        if offset < piece.count { scanString(piece[offset]) }
        continue
      }
      let byte = piece[offset]
      switch byte {
      case 0x20, 0x09, 0x0D, 0x0A:
        if byte == 0x0A { line += 1 }
        if isInRow && !isSkippingIndent && (byte == 0x0A || byte == 0x0D) {
          // A row over several lines becomes one: a space for the line end and what it is indented by.
          conversion.append(piece[start..<offset])
          conversion.append(" ")
          isSkippingIndent = true
        }
        continue
      default: break
      }
      if isOver {
        throw rowDepth == 2 || conversion.count == 0
          ? Problem.noList : .broken(line: line, "there is something after the list")
      }
      if isSkippingIndent {
        isSkippingIndent = false
        start = offset
      }
      switch byte {
      case UInt8(ascii: "\""):
        try beginElement(at: offset, &start)
        inString = true
        if depth == 1 { key.removeAll(keepingCapacity: true) }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        try open(byte, at: offset, &start)
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        try close(byte, piece, at: offset, start)
      case UInt8(ascii: ","):
        if isInRows && depth == rowDepth {
          // A row that is no object or list ends here.
          if isInRow { try endRow(piece[start..<offset]) }
          guard needsComma else { throw Problem.broken(line: line, "a comma stands where a row is expected") }
          needsComma = false
        }
      default:
        if depth == 0 { throw Problem.noList }
        try beginElement(at: offset, &start)
      }
    }
    if isInRow && !isSkippingIndent { conversion.append(piece[min(start, piece.count)...]) }
  }

  /// The first byte from an offset on that means something in a text: a quote, a backslash or a line end.
  private static func endOfPlainText(_ piece: UnsafeRawBufferPointer, from offset: Int) -> Int {
    var offset = offset
    while offset < piece.count {
      let byte = piece[offset]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x0A { break }
      offset += 1
    }
    return offset
  }

  private var isCapturingKey: Bool { depth == 1 && rowDepth != 1 }

  private func scanString(_ byte: UInt8) {
    if escaped {
      escaped = false
    } else if byte == UInt8(ascii: "\\") {
      escaped = true
    } else if byte == UInt8(ascii: "\"") {
      inString = false
      return
    } else if byte == 0x0A {
      line += 1
      conversion.refuse("not valid JSON: a text goes over the end of its line")
    }
    if isCapturingKey && key.count < 256 { key.append(byte) }
  }

  private func open(_ byte: UInt8, at offset: Int, _ start: inout Int) throws {
    if isInRows {
      try beginElement(at: offset, &start)
    } else if depth == 0 {
      if byte == UInt8(ascii: "[") {
        rowDepth = 1
        isInRows = true
      }
    } else if depth == 2 && outer.0 == UInt8(ascii: "{") && outer.1 == UInt8(ascii: "[") && byte == UInt8(ascii: "{") {
      // The first object of a list that a key of the outermost object names.
      let name = String(decoding: key, as: UTF8.self)
      if lists.last != name && !Self.listsOfARow.contains(name) {
        lists.append(name)
        if lists.count > 1 { throw Problem.severalLists(lists) }
        rowDepth = 2
        isInRows = true
        try beginElement(at: offset, &start)
      }
    }
    if depth == 0 { outer.0 = byte } else if depth == 1 { outer.1 = byte }
    depth += 1
  }

  private func close(_ byte: UInt8, _ piece: UnsafeRawBufferPointer, at offset: Int, _ start: Int) throws {
    if depth == 0 { throw Problem.noList }
    depth -= 1
    if isInRows && depth == rowDepth {
      try endRow(piece[start...offset])
    } else if isInRows && depth == rowDepth - 1 {
      if isInRow { try endRow(piece[start..<offset]) }
      guard byte == UInt8(ascii: "]") else { throw Problem.broken(line: line, "the list of rows ends with a brace") }
      endsWithComma = conversion.count > 0 && !needsComma
      isInRows = false
    }
    if depth == 0 { isOver = true }
  }

  private func beginElement(at offset: Int, _ start: inout Int) throws {
    guard isInRows, !isInRow else { return }
    if needsComma { throw Problem.broken(line: line, "a comma is missing between two rows") }
    isInRow = true
    rowLine = line
    start = offset
  }

  private func endRow(_ rest: UnsafeRawBufferPointer.SubSequence) throws {
    conversion.append(rest)
    try conversion.endRow(line: rowLine)
    isInRow = false
    needsComma = true
  }

  /// The rows, once the last piece has come. Throws ``Problem`` and ``DatasetError``.
  func finish() throws -> (ByteFile, RowOffsets) {
    if !isOver {
      if conversion.count == 0 && !isInRow { throw Problem.noList }
      throw Problem.broken(
        line: isInRow ? rowLine : line, "the list of rows does not end: the file seems to be cut off")
    }
    if conversion.count == 0 { throw Problem.noList }
    return try conversion.finish()
  }
}
