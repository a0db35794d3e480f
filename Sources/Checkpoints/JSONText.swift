/// Writes JSON, as bytes: strings of vocabularies are no Swift strings (é as one scalar and as two are different tokens).
package struct JSONText {
  package private(set) var bytes: [UInt8] = []
  /// Whether a comma must stand before the next member or element.
  private var follows = false

  package init() {}

  package mutating func object(_ key: String? = nil, _ body: (inout JSONText) -> Void) {
    open(key, "{")
    body(&self)
    close("}")
  }

  package mutating func array(_ key: String? = nil, _ body: (inout JSONText) -> Void) {
    open(key, "[")
    body(&self)
    close("]")
  }

  package mutating func member(_ key: String, _ value: String) {
    member(Array(key.utf8)) { $0.string(Array(value.utf8)) }
  }
  package mutating func member(_ key: String, _ value: [UInt8]) { member(Array(key.utf8)) { $0.string(value) } }
  package mutating func member(_ key: String, _ value: Int) { member(Array(key.utf8)) { $0.raw("\(value)") } }
  package mutating func member(_ key: [UInt8], _ value: Int) { member(key) { $0.raw("\(value)") } }
  package mutating func member(_ key: String, _ value: Bool) { member(Array(key.utf8)) { $0.raw("\(value)") } }
  package mutating func member(_ key: String, _ value: Double) {
    member(Array(key.utf8)) { $0.raw(value.isFinite ? "\(value)" : "null") }
  }
  /// A value that is JSON already.
  package mutating func member(_ key: String, json: String) { member(Array(key.utf8)) { $0.raw(json) } }

  package mutating func element(_ value: [UInt8]) {
    comma()
    string(value)
    follows = true
  }
  package mutating func element(json: String) {
    comma()
    raw(json)
    follows = true
  }

  private mutating func member(_ key: [UInt8], _ value: (inout JSONText) -> Void) {
    comma()
    string(key)
    bytes.append(UInt8(ascii: ":"))
    value(&self)
    follows = true
  }

  private mutating func open(_ key: String?, _ bracket: Unicode.Scalar) {
    comma()
    if let key {
      string(Array(key.utf8))
      bytes.append(UInt8(ascii: ":"))
    }
    bytes.append(UInt8(ascii: bracket))
    follows = false
  }

  private mutating func close(_ bracket: Unicode.Scalar) {
    bytes.append(UInt8(ascii: bracket))
    follows = true
  }

  private mutating func comma() {
    if follows { bytes += [UInt8(ascii: ","), UInt8(ascii: "\n")] }
  }

  private mutating func raw(_ text: String) { bytes += Array(text.utf8) }

  private mutating func string(_ text: [UInt8]) {
    let hexadecimal = Array("0123456789abcdef".utf8)
    bytes.append(UInt8(ascii: "\""))
    for byte in Self.validated(text) {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        bytes += Array("\\u00".utf8) + [hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// JSON is UTF-8; other bytes become U+FFFD.
  private static func validated(_ text: [UInt8]) -> [UInt8] {
    if text.allSatisfy({ $0 < 0x80 }) || String(validating: text, as: UTF8.self) != nil { return text }
    return Array(String(decoding: text, as: UTF8.self).utf8)
  }
}
