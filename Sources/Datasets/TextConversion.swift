import Domain

/// Writes text in another encoding out as UTF-8, into a temporary file.
enum TextConversion {
  /// The encoding that a file's first bytes name by a byte-order mark; nil for UTF-8 and where there is none.
  static func marked(_ head: [UInt8]) -> TextEncoding? {
    head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) ? .utf16 : nil
  }

  /// The text as UTF-8, without a mark. Half of a pair of UTF-16 becomes U+FFFD. Errors: those of reading and writing.
  static func utf8(_ file: ByteFile, from encoding: TextEncoding) throws(DatasetError) -> ByteFile {
    let output = try UnnamedFile(for: file.path)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    defer { buffer.deallocate() }
    let head = try file.head(2)
    let isLittle = head != [0xFE, 0xFF]
    var offset = encoding == .utf16 && marked(head) != nil ? 2 : 0
    var pending: UInt16?
    while offset < file.size {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, file.size - offset)])
      try file.read(at: offset, into: piece)
      offset += piece.count
      var text: [UInt8] = []
      text.reserveCapacity(piece.count * 2)
      switch encoding {
      case .utf8: text += piece
      case .windows1252:
        for byte in piece { append(windows1252(byte), to: &text) }
      case .utf16:
        // Pieces are of an even size, but for a last odd byte, which is dropped.
        for place in stride(from: 0, to: piece.count - 1, by: 2) {
          let (low, high) = isLittle ? (piece[place], piece[place + 1]) : (piece[place + 1], piece[place])
          let unit = UInt16(high) << 8 | UInt16(low)
          if let first = pending {
            pending = nil
            if UTF16.isTrailSurrogate(unit) {
              append(
                Unicode.Scalar(0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(unit) & 0x3FF) ?? replacement, to: &text
              )
              continue
            }
            append(replacement, to: &text)
          }
          if UTF16.isLeadSurrogate(unit) {
            pending = unit
          } else {
            append(Unicode.Scalar(unit) ?? replacement, to: &text)
          }
        }
      }
      try output.write(text)
    }
    if pending != nil { try output.write(Array("\u{FFFD}".utf8)) }
    return try output.finish()
  }

  private static let replacement: Unicode.Scalar = "\u{FFFD}"

  private static func append(_ scalar: Unicode.Scalar, to text: inout [UInt8]) {
    if scalar.isASCII {
      text.append(UInt8(scalar.value))
    } else {
      text += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
    }
  }

  /// What a byte means in Windows-1252; the five that it leaves free mean what they do in Latin-1.
  private static func windows1252(_ byte: UInt8) -> Unicode.Scalar {
    (0x80...0x9F).contains(byte) ? Unicode.Scalar(between[Int(byte) - 0x80]) ?? replacement : Unicode.Scalar(byte)
  }

  private static let between: [UInt16] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D,
    0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
    0x017E, 0x0178,
  ]
}
