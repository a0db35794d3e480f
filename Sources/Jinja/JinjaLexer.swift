/// Cuts a template into text, output and tags, with the white space around tags taken away as Jinja does under
/// `trim_blocks` and `lstrip_blocks` (the setting for which chat templates are written).
struct JinjaLexer {
  struct Token: Sendable {
    enum Kind: Sendable, Equatable {
      case name(String)
      case string(String)
      case int(Int)
      case double(Double)
      case mark(String)
    }
    var kind: Kind
    var line: Int
  }

  enum Segment {
    case text(String)
    case output([Token], line: Int)
    case tag([Token], line: Int)
  }

  private let source: [UInt8]
  private var offset = 0
  private var line = 1
  private var segments: [Segment] = []
  /// Whether what was read last ended a line: then spaces before a tag are its indentation.
  private var isAtLineStart = true

  private init(_ text: String) {
    // Line ends are normalised, and one at the end of the template does not count.
    var bytes = Array(text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").utf8)
    if bytes.last == 0x0A { bytes.removeLast() }
    source = bytes
  }

  static func segments(of text: String) throws(JinjaError) -> [Segment] {
    var lexer = JinjaLexer(text)
    try lexer.run()
    return lexer.segments
  }

  private mutating func run() throws(JinjaError) {
    while offset < source.count {
      let start = offset
      while offset < source.count, !isOpening(offset) { offset += 1 }
      var text = source[start..<offset]
      guard offset < source.count else {
        append(text)
        return
      }
      let kind = source[offset + 1]
      let sign = offset + 2 < source.count ? source[offset + 2] : 0
      if sign == UInt8(ascii: "-") {
        while let last = text.last, Self.isSpace(last) { text.removeLast() }
      } else if sign != UInt8(ascii: "+"), kind != UInt8(ascii: "{") {
        let lineStart = text.lastIndex(of: 0x0A).map { $0 + 1 } ?? text.startIndex
        if lineStart > text.startIndex || isAtLineStart, text[lineStart...].allSatisfy(Self.isSpace) {
          text = text[..<lineStart]
        }
      }
      append(text)
      // The line is counted over all of the text, what was taken away included.
      line += source[start..<offset].count { $0 == 0x0A }
      offset += 2
      if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { offset += 1 }
      switch kind {
      case UInt8(ascii: "#"): try comment()
      case UInt8(ascii: "{"): segments.append(.output(try tokens(until: "}}"), line: line))
      default:
        let begun = line
        let found = try tokens(until: "%}")
        if found.count == 1, found[0].kind == .name("raw") {
          try raw()
        } else {
          segments.append(.tag(found, line: begun))
        }
      }
    }
  }

  private func isOpening(_ offset: Int) -> Bool {
    offset + 1 < source.count && source[offset] == UInt8(ascii: "{") && "{%#".utf8.contains(source[offset + 1])
  }

  private mutating func append(_ text: ArraySlice<UInt8>) {
    if !text.isEmpty { segments.append(.text(String(decoding: text, as: UTF8.self))) }
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// Passes over a tag's end and the white space that goes with it, if it is here.
  private mutating func closes(_ end: StaticString) -> Bool {
    let sign = offset < source.count ? source[offset] : 0
    let signed = sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+")
    let start = signed ? offset + 1 : offset
    guard start + 1 < source.count, source[start] == end.utf8Start[0], source[start + 1] == end.utf8Start[1] else {
      return false
    }
    offset = start + 2
    if sign == UInt8(ascii: "-") {
      while offset < source.count, Self.isSpace(source[offset]) { skipSpace() }
    } else if sign != UInt8(ascii: "+"), end.utf8Start[0] != UInt8(ascii: "}"), offset < source.count,
      source[offset] == 0x0A
    {
      skipSpace()
    }
    isAtLineStart = source[offset - 1] == 0x0A
    return true
  }

  private mutating func skipSpace() {
    if source[offset] == 0x0A { line += 1 }
    offset += 1
  }

  private mutating func comment() throws(JinjaError) {
    let begun = line
    while offset < source.count {
      if closes("#}") { return }
      skipSpace()
    }
    throw JinjaError(line: begun, problem: "a comment does not end")
  }

  /// Text up to `{% endraw %}`, as it is.
  private mutating func raw() throws(JinjaError) {
    let begun = line
    let start = offset
    while offset < source.count {
      guard isOpening(offset), source[offset + 1] == UInt8(ascii: "%") else {
        skipSpace()
        continue
      }
      let end = offset
      offset += 2
      var text = source[start..<end]
      if offset < source.count, source[offset] == UInt8(ascii: "-") {
        offset += 1
        while let last = text.last, Self.isSpace(last) { text.removeLast() }
      }
      while offset < source.count, Self.isSpace(source[offset]) { skipSpace() }
      guard source[offset...].starts(with: "endraw".utf8) else { continue }
      offset += 6
      while offset < source.count, Self.isSpace(source[offset]) { skipSpace() }
      guard closes("%}") else { continue }
      append(text)
      return
    }
    throw JinjaError(line: begun, problem: "raw does not end")
  }

  private static let marks = [
    "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "|", "(", ")", "[", "]", "{", "}", ",", ":", ".",
    "<", ">", "=",
  ]

  private mutating func tokens(until end: StaticString) throws(JinjaError) -> [Token] {
    let begun = line
    var tokens: [Token] = []
    /// Brackets open: inside of them `}}` closes two mappings.
    var open = 0
    while offset < source.count {
      let byte = source[offset]
      if Self.isSpace(byte) {
        skipSpace()
        continue
      }
      if open == 0, closes(end) { return tokens }
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        let started = line
        tokens.append(Token(kind: .string(try string(byte)), line: started))
      } else if byte == UInt8(ascii: "_") || Self.isLetter(byte) {
        let start = offset
        while offset < source.count,
          source[offset] == UInt8(ascii: "_") || Self.isLetter(source[offset]) || Self.isDigit(source[offset])
        {
          offset += 1
        }
        tokens.append(Token(kind: .name(String(decoding: source[start..<offset], as: UTF8.self)), line: line))
      } else if Self.isDigit(byte) {
        tokens.append(Token(kind: try number(after: tokens.last), line: line))
      } else if let mark = Self.marks.first(where: { source[offset...].starts(with: $0.utf8) }) {
        if "([{".contains(mark) { open += 1 }
        if ")]}".contains(mark) { open -= 1 }
        if open < 0 { throw JinjaError(line: line, problem: "\"\(mark)\" closes nothing") }
        offset += mark.utf8.count
        tokens.append(Token(kind: .mark(mark), line: line))
      } else {
        let scalar = String(decoding: source[offset..<min(offset + 4, source.count)], as: UTF8.self).first ?? "?"
        throw JinjaError(line: line, problem: "unexpected \"\(scalar)\"")
      }
    }
    throw JinjaError(line: begun, problem: "a tag does not end")
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte & 0xDF) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private mutating func number(after last: Token?) throws(JinjaError) -> Token.Kind {
    let start = offset
    func digits(_ offset: inout Int) {
      while offset < source.count, Self.isDigit(source[offset]) || source[offset] == UInt8(ascii: "_") { offset += 1 }
    }
    digits(&offset)
    var isWhole = true
    // `a.0.1` are two keys, not a fraction.
    if last?.kind != .mark("."), offset + 1 < source.count, source[offset] == UInt8(ascii: "."),
      Self.isDigit(source[offset + 1])
    {
      isWhole = false
      offset += 1
      digits(&offset)
    }
    if offset + 1 < source.count, source[offset] & 0xDF == UInt8(ascii: "E") {
      var after = offset + 1
      if "+-".utf8.contains(source[after]) { after += 1 }
      if after < source.count, Self.isDigit(source[after]) {
        isWhole = false
        digits(&after)
        offset = after
      }
    }
    let text = String(decoding: source[start..<offset].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    if isWhole {
      guard let value = Int(text) else { throw JinjaError(line: line, problem: "the number \(text) is too large") }
      return .int(value)
    }
    guard let value = Double(text) else { throw JinjaError(line: line, problem: "\(text) is no number") }
    return .double(value)
  }

  /// A text in quotes, with Python's escapes.
  private mutating func string(_ quote: UInt8) throws(JinjaError) -> String {
    let begun = line
    offset += 1
    var bytes: [UInt8] = []
    while offset < source.count {
      let byte = source[offset]
      if byte == quote {
        offset += 1
        return String(decoding: bytes, as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\"), offset + 1 < source.count {
        offset += 1
        try escape(into: &bytes)
      } else {
        bytes.append(byte)
        skipSpace()
      }
    }
    throw JinjaError(line: begun, problem: "a text does not end")
  }

  private static let simpleEscapes: [UInt8: UInt8] = [
    UInt8(ascii: "n"): 0x0A, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "a"): 0x07,
    UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "v"): 0x0B, UInt8(ascii: "\\"): 0x5C,
    UInt8(ascii: "'"): 0x27, UInt8(ascii: "\""): 0x22,
  ]

  private mutating func escape(into bytes: inout [UInt8]) throws(JinjaError) {
    let byte = source[offset]
    if let plain = Self.simpleEscapes[byte] {
      offset += 1
      bytes.append(plain)
    } else if let count = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8][byte] {
      let end = min(offset + 1 + count, source.count)
      let digits = source[offset + 1..<end]
      guard digits.count == count, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
        let scalar = Unicode.Scalar(value)
      else { throw JinjaError(line: line, problem: "\\\(Unicode.Scalar(byte)) needs \(count) hexadecimal digits") }
      offset = end
      bytes += Array(String(scalar).utf8)
    } else if (0x30...0x37).contains(byte) {
      var value: UInt32 = 0
      var count = 0
      while count < 3, offset < source.count, (0x30...0x37).contains(source[offset]) {
        value = value * 8 + UInt32(source[offset] - 0x30)
        offset += 1
        count += 1
      }
      bytes += Array(String(Unicode.Scalar(value).map(Character.init) ?? "?").utf8)
    } else if byte == 0x0A {
      skipSpace()
    } else {
      // An escape that is none stays as it is written.
      bytes.append(UInt8(ascii: "\\"))
    }
  }
}
