import Numerics

/// A parsed JSON document whose strings stay bytes.
///
/// Vocabularies hold strings that are canonically equivalent and yet different tokens (é as one scalar and as two), and
/// Swift's `String` equality would fold them, so keys and values are UTF-8 bytes and compared as such.
package enum JSON: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string([UInt8])
  case array([JSON])
  /// Members in file order; a repeated key's last value counts, as in other readers.
  case object([(key: [UInt8], value: JSON)])

  /// Why parsing stopped: the byte offset and what was wrong there.
  package struct Failure: Error, Hashable {
    package var offset: Int
    package var problem: String
  }

  package static func parse(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> JSON {
    var parser = JSONParser(bytes: bytes)
    return try parser.document()
  }

  package static func parse(_ text: String) throws(Failure) -> JSON {
    let result = Array(text.utf8).withUnsafeBytes { bytes in
      Result<JSON, Failure> { () throws(Failure) -> JSON in try parse(bytes) }
    }
    return try result.get()
  }

  package subscript(_ key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    let wanted = Array(key.utf8)
    return members.last { $0.key == wanted }?.value
  }

  package var text: String? {
    guard case .string(let bytes) = self else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  var bytes: [UInt8]? {
    guard case .string(let bytes) = self else { return nil }
    return bytes
  }

  var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  var double: Double? {
    guard case .number(let value) = self else { return nil }
    return value
  }

  /// The number, if it is a whole one that an Int holds exactly.
  package var int: Int? {
    guard case .number(let value) = self else { return nil }
    return Int(exactly: value)
  }

  package var array: [JSON]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  package var members: [(key: [UInt8], value: JSON)]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  var isNull: Bool {
    if case .null = self { return true }
    return false
  }
}

/// A recursive-descent parser over bytes (RFC 8259), with a limit to the depth so that hostile input cannot exhaust the stack.
private struct JSONParser {
  let bytes: UnsafeRawBufferPointer
  var at = 0
  var depth = 0

  init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func document() throws(JSON.Failure) -> JSON {
    let value = try self.value()
    skipSpace()
    guard at == bytes.count else { throw failure("unexpected text after the value") }
    return value
  }

  private func failure(_ problem: String) -> JSON.Failure { JSON.Failure(offset: at, problem: problem) }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0A || bytes[at] == 0x0D || bytes[at] == 0x09 { at += 1 }
  }

  private mutating func value() throws(JSON.Failure) -> JSON {
    skipSpace()
    guard at < bytes.count else { throw failure("the text ends where a value is expected") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSON.Failure) -> JSON {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count else { throw failure("not a value") }
    for place in 0..<count where bytes[at + place] != word.utf8Start[place] { throw failure("not a value") }
    at += count
    return value
  }

  private mutating func number() throws(JSON.Failure) -> JSON {
    let start = at
    loop: while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"):
        at += 1
      default: break loop
      }
    }
    guard let value = Double(String(decoding: bytes[start..<at], as: UTF8.self)) else {
      at = start
      throw failure("not a value")
    }
    return .number(value)
  }

  private mutating func array() throws(JSON.Failure) -> JSON {
    try descend()
    defer { depth -= 1 }
    at += 1
    var values: [JSON] = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
      at += 1
      return .array(values)
    }
    while true {
      values.append(try value())
      if try endOrComma(UInt8(ascii: "]")) { return .array(values) }
    }
  }

  private mutating func object() throws(JSON.Failure) -> JSON {
    try descend()
    defer { depth -= 1 }
    at += 1
    var members: [(key: [UInt8], value: JSON)] = []
    skipSpace()
    if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
      at += 1
      return .object(members)
    }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw failure("a member's name is expected") }
      let key = try string()
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw failure("a colon is expected") }
      at += 1
      members.append((key, try value()))
      if try endOrComma(UInt8(ascii: "}")) { return .object(members) }
    }
  }

  private mutating func descend() throws(JSON.Failure) {
    depth += 1
    guard depth <= 128 else { throw failure("nested more than 128 deep") }
  }

  private mutating func endOrComma(_ end: UInt8) throws(JSON.Failure) -> Bool {
    skipSpace()
    guard at < bytes.count else { throw failure("the text ends inside a list or object") }
    let byte = bytes[at]
    guard byte == end || byte == UInt8(ascii: ",") else { throw failure("a comma is expected") }
    at += 1
    return byte == end
  }

  private mutating func string() throws(JSON.Failure) -> [UInt8] {
    at += 1
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\") { at += 1 }
    var text = [UInt8](bytes[start..<at])
    while true {
      guard at < bytes.count else { throw failure("the text ends inside a string") }
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") { return text }
      if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { text.append(byte) }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSON.Failure) {
    guard at < bytes.count else { throw failure("the text ends inside a string") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "u"):
      var unit = UInt32(try hexUnit())
      if unit & 0xFC00 == 0xD800, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
        bytes[at + 1] == UInt8(ascii: "u")
      {
        let mark = at
        at += 2
        let low = UInt32(try hexUnit())
        if low & 0xFC00 == 0xDC00 { unit = 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF) } else { at = mark }
      }
      // A lone surrogate has no UTF-8 form; like other lenient readers, put the replacement character.
      text.append(contentsOf: Array(String(Character(Unicode.Scalar(unit) ?? "\u{FFFD}")).utf8))
    default: throw failure("unknown escape in a string")
    }
  }

  private mutating func hexUnit() throws(JSON.Failure) -> UInt16 {
    guard at + 4 <= bytes.count, let unit = UInt16(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
    else {
      throw failure("four hexadecimal digits are expected")
    }
    at += 4
    return unit
  }
}

extension JSON {
  /// The document in the file at `path`.
  static func parse(_ file: MappedFile) throws(LanguageModelError) -> JSON {
    do {
      return try parse(file.bytes)
    } catch {
      throw .malformed(file.path, reason: "not valid JSON: \(error.problem) at byte \(error.offset)")
    }
  }
}
