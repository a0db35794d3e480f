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
    var place = 0
    while place < text.count {
      switch text[place] {
      case UInt8(ascii: "\""):
        place = endOfString(text, from: place + 1)
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        let end = endOfNumber(text, from: place)
        if end - place >= 19 || text[place..<end].contains(where: { $0 | 0x20 == UInt8(ascii: "e") }),
          isNumber(text[place..<end])
        {
          result += text[copied..<place]
          result.append(UInt8(ascii: "\""))
          if marked { result += Array("\\u0001#".utf8) }
          result += text[place..<end]
          result.append(UInt8(ascii: "\""))
          copied = end
        }
        place = end
      default: place += 1
      }
    }
    if copied == 0 { return nil }
    return result + text[copied...] + [UInt8](repeating: 0, count: JSONReader.padding)
  }

  private static func endOfString(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var place = start
    while place < text.count, text[place] != UInt8(ascii: "\"") { place += text[place] == UInt8(ascii: "\\") ? 2 : 1 }
    return place + 1
  }

  private static func endOfNumber(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
    var place = start
    while place < text.count, "+-.eE0123456789".utf8.contains(text[place]) { place += 1 }
    return place
  }

  /// Whether it is a number by JSON's grammar: `-`? (`0` | digits) (`.` digits)? (`e` sign? digits)?
  private static func isNumber(_ bytes: some Sequence<UInt8>) -> Bool {
    let bytes = Array(bytes)
    var place = 0
    func skipDigits() -> Int {
      let start = place
      while place < bytes.count, (0x30...0x39).contains(bytes[place]) { place += 1 }
      return place - start
    }
    if place < bytes.count, bytes[place] == UInt8(ascii: "-") { place += 1 }
    let startsWithZero = place < bytes.count && bytes[place] == UInt8(ascii: "0")
    let whole = skipDigits()
    guard whole == 1 || whole > 1 && !startsWithZero else { return false }
    if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
      place += 1
      guard skipDigits() > 0 else { return false }
    }
    if place < bytes.count, bytes[place] | 0x20 == UInt8(ascii: "e") {
      place += 1
      if place < bytes.count, bytes[place] == UInt8(ascii: "+") || bytes[place] == UInt8(ascii: "-") { place += 1 }
      guard skipDigits() > 0 else { return false }
    }
    return place == bytes.count
  }
}
