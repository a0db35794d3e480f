/// Numbers that are valid JSON and larger than any machine number, such as 1e400 or an integer of forty digits.
enum LargeNumbers {
  /// What a text begins with that stands for such a number, where it is to be told from texts.
  private static let mark: [UInt8] = [0x01, UInt8(ascii: "#")]

  /// The number that a marked text stands for; nil for any other text.
  static func number(markedIn text: [UInt8]) -> Double? {
    text.starts(with: mark) ? Double(String(decoding: text.dropFirst(mark.count), as: UTF8.self)) : nil
  }

  /// Bytes of JSON with each number in quotes that may be too large, and room to read behind them; nil where there is none.
  static func quoted(in text: UnsafeRawBufferPointer, marked: Bool) -> [UInt8]? {
    var result: [UInt8] = []
    var copied = 0
    var offset = 0
    while offset < text.count {
      switch text[offset] {
      case UInt8(ascii: "\""):
        offset = endOfString(text, from: offset + 1)
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        let end = endOfNumber(text, from: offset)
        if end - offset >= 19 || text[offset..<end].contains(where: { $0 | 0x20 == UInt8(ascii: "e") }),
          isNumber(text[offset..<end])
        {
          result += text[copied..<offset]
          result.append(UInt8(ascii: "\""))
          if marked { result += Array("\\u0001#".utf8) }
          result += text[offset..<end]
          result.append(UInt8(ascii: "\""))
          copied = end
        }
        offset = end
      default: offset += 1
      }
    }
    if copied == 0 { return nil }
    return result + text[copied...] + [UInt8](repeating: 0, count: JSONReader.padding)
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
