/// What other programs write that strict readers refuse: numbers that are valid JSON and larger than any machine number, such as 1e400 or an
/// integer of forty digits; `NaN` and `Infinity`, which Python writes; an escape for half of a surrogate pair.
enum Mending {
  /// A document that can be read, with room to read behind it.
  struct Mended {
    var bytes: [UInt8]
    /// Halves of surrogate pairs that became U+FFFD.
    var surrogates = 0
  }

  /// What a text begins with that stands for a number, where it is to be told from texts.
  private static let mark: [UInt8] = [0x01, UInt8(ascii: "#")]

  /// The number that a marked text stands for; nil for any other text.
  static func number(markedIn text: [UInt8]) -> Double? {
    text.starts(with: mark) ? Double(String(decoding: text.dropFirst(mark.count), as: UTF8.self)) : nil
  }

  /// A document with each number in quotes that may be too large. What is no number is null, or a marked text; halves of surrogate pairs are
  /// mended only where numbers are not marked. Nil where there is nothing to mend.
  static func mended(_ text: UnsafeRawBufferPointer, marked: Bool) -> Mended? {
    var result = Mended(bytes: [])
    var copied = 0
    var offset = 0
    /// The last byte that is no white space and in no text.
    var before: UInt8 = 0
    func replace(_ range: Range<Int>, by bytes: [UInt8]) {
      result.bytes += text[copied..<range.lowerBound]
      result.bytes += bytes
      copied = range.upperBound
    }
    func quote(_ range: Range<Int>) {
      replace(range, by: Array("\"".utf8) + (marked ? Array("\\u0001#".utf8) : []) + text[range] + Array("\"".utf8))
    }
    while offset < text.count {
      let byte = text[offset]
      switch byte {
      case UInt8(ascii: "\""):
        let start = offset + 1
        offset = endOfString(text, from: start)
        if !marked {
          for half in halves(in: text, start..<min(offset, text.count)) {
            replace(half..<half + 6, by: Array("\\ufffd".utf8))
            result.surrogates += 1
          }
        }
      case UInt8(ascii: "N"), UInt8(ascii: "I"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        if let word = ["NaN", "-Infinity", "Infinity"].first(where: { text[offset...].starts(with: $0.utf8) }),
          ":,[".utf8.contains(before)
        {
          let end = offset + word.utf8.count
          if marked { quote(offset..<end) } else { replace(offset..<end, by: Array("null".utf8)) }
          offset = end
        } else if byte == UInt8(ascii: "N") || byte == UInt8(ascii: "I") {
          offset += 1
        } else {
          let end = max(endOfNumber(text, from: offset), offset + 1)
          if end - offset >= 19 || text[offset..<end].contains(where: { $0 | 0x20 == UInt8(ascii: "e") }),
            isNumber(text[offset..<end])
          {
            quote(offset..<end)
          }
          offset = end
        }
      default: offset += 1
      }
      if !" \t\r\n".utf8.contains(byte) { before = byte }
    }
    if copied == 0 { return nil }
    result.bytes += text[copied...]
    result.bytes += [UInt8](repeating: 0, count: JSONReader.padding)
    return result
  }

  /// Where escapes in a text stand that are half of a surrogate pair.
  private static func halves(in text: UnsafeRawBufferPointer, _ range: Range<Int>) -> [Int] {
    func unit(at offset: Int) -> UInt16? {
      guard offset + 6 <= range.upperBound, text[offset] == UInt8(ascii: "\\"), text[offset + 1] == UInt8(ascii: "u")
      else { return nil }
      return UInt16(String(decoding: text[offset + 2..<offset + 6], as: UTF8.self), radix: 16)
    }
    var found: [Int] = []
    var offset = range.lowerBound
    while offset < range.upperBound {
      guard text[offset] == UInt8(ascii: "\\") else {
        offset += 1
        continue
      }
      guard let first = unit(at: offset), UTF16.isLeadSurrogate(first) || UTF16.isTrailSurrogate(first) else {
        offset += 2
        continue
      }
      if UTF16.isLeadSurrogate(first), let second = unit(at: offset + 6), UTF16.isTrailSurrogate(second) {
        offset += 12
      } else {
        found.append(offset)
        offset += 6
      }
    }
    return found
  }

  private static func endOfString(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var offset = start
    while offset < text.count, text[offset] != UInt8(ascii: "\"") {
      offset += text[offset] == UInt8(ascii: "\\") ? 2 : 1
    }
    return offset + 1
  }

  private static func endOfNumber(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var offset = start
    while offset < text.count, "+-.eE0123456789".utf8.contains(text[offset]) { offset += 1 }
    return offset
  }

  /// Whether it is a number by JSON's grammar: `-`? (`0` | digits) (`.` digits)? (`e` sign? digits)?
  private static func isNumber(_ bytes: some Sequence<UInt8>) -> Bool {
    let bytes = Array(bytes)
    var offset = 0
    func skipDigits() -> Int {
      let start = offset
      while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) { offset += 1 }
      return offset - start
    }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    let startsWithZero = offset < bytes.count && bytes[offset] == UInt8(ascii: "0")
    let whole = skipDigits()
    guard whole == 1 || whole > 1 && !startsWithZero else { return false }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      offset += 1
      guard skipDigits() > 0 else { return false }
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      offset += 1
      if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") { offset += 1 }
      guard skipDigits() > 0 else { return false }
    }
    return offset == bytes.count
  }
}
