import Domain

/// Finds the rows where JSON objects stand one after another, over several lines or several on one, whatever white space is between them.
/// It looks at brackets and strings only: whether an object is valid JSON is seen when it is decoded.
final class JSONStreamScanner: RowSource {
  private let conversion: RowConversion
  private var line = 1
  private var lastWasReturn = false
  private var depth = 0
  private var inString = false
  private var escaped = false
  private var rowLine = 0
  /// White space that a row goes over to its next line by has become one space.
  private var isSkippingIndent = false
  private var commas = 0

  init(from path: String, limit: Int?) throws(DatasetError) {
    conversion = try RowConversion(from: path, limit: limit)
  }

  var notes: [String] {
    commas > 0
      ? ["Commas stand behind \(commas) rows, which JSON does not have outside of a list; they were passed over."] : []
  }

  /// Takes the next piece. Throws `JSONRowsScanner.Problem.broken` and ``DatasetError``.
  func scan(_ piece: UnsafeRawBufferPointer) throws {
    // The part of the row being read that has not been handed on.
    var start = 0
    var offset = -1
    while offset + 1 < piece.count {
      offset += 1
      let byte = piece[offset]
      let isLineEnd = byte == 0x0A || byte == 0x0D
      if isLineEnd {
        if byte == 0x0D || !lastWasReturn { line += 1 }
        lastWasReturn = byte == 0x0D
      } else {
        lastWasReturn = false
      }
      if inString {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        } else if isLineEnd {
          conversion.refuse("not valid JSON: a text goes over the end of its line")
        }
        continue
      }
      if isLineEnd || byte == 0x20 || byte == 0x09 {
        if depth > 0 && !isSkippingIndent && isLineEnd {
          conversion.append(piece[start..<offset])
          conversion.append(" ")
          isSkippingIndent = true
        }
        continue
      }
      if isSkippingIndent {
        isSkippingIndent = false
        start = offset
      }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        if depth == 0 {
          guard byte == UInt8(ascii: "{") else { throw stray }
          rowLine = line
          start = offset
        }
        depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { throw stray }
        depth -= 1
        if depth == 0 {
          conversion.append(piece[start...offset])
          try conversion.endRow(line: rowLine)
        }
      case UInt8(ascii: ","):
        if depth == 0 {
          if conversion.count == 0 { throw stray }
          commas += 1
        }
      case UInt8(ascii: "\""):
        if depth == 0 { throw stray }
        inString = true
      default:
        if depth == 0 { throw stray }
      }
    }
    if depth > 0 && !isSkippingIndent { conversion.append(piece[min(start, piece.count)...]) }
  }

  private var stray: JSONRowsScanner.Problem {
    .broken(line: line, "something other than an object stands between rows")
  }

  /// The rows, once the last piece has come. Throws as ``scan(_:)``.
  func finish() throws -> (ByteFile, RowOffsets) {
    if depth > 0 {
      throw JSONRowsScanner.Problem.broken(
        line: rowLine, "the object that begins here does not end: the file seems to be cut off")
    }
    return try conversion.finish()
  }
}
