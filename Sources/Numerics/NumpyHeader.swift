/// The header of a `.npy` file (NumPy enhancement proposal 1, versions 1 to 3).
package struct NumpyHeader: Sendable, Hashable {
  /// Little-endian floating-point types; the raw value is NumPy's name for it.
  package enum ElementType: String, Sendable, Hashable, CaseIterable {
    case half = "<f2"
    case single = "<f4"
    case double = "<f8"

    /// Bytes an element.
    package var size: Int {
      switch self {
      case .half: 2
      case .single: 4
      case .double: 8
      }
    }
  }

  package var elementType: ElementType
  /// Whether columns, not rows, are contiguous.
  package var isFortranOrder: Bool
  package var rows: Int
  package var columns: Int
  /// Where the elements begin in the file.
  package var dataOffset: Int

  /// The bytes that stand before the elements of a matrix in row-major order; `type` is NumPy's name of the elements' type.
  package static func bytes(rows: Int, columns: Int, type: String = "<f4") -> [UInt8] {
    let dictionary = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
    let preamble = 10
    // The elements begin at a multiple of 64; the header ends in a line feed.
    let total = (preamble + dictionary.utf8.count + 1 + 63) / 64 * 64
    let length = total - preamble
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    bytes += Array(dictionary.utf8)
    bytes += Array(repeating: UInt8(ascii: " "), count: total - 1 - bytes.count)
    return bytes + [UInt8(ascii: "\n")]
  }

  /// Reads a header at the start of a file's bytes.
  ///
  /// - Throws: `NumericsError` if it is no `.npy` file, not a matrix, or not of a floating-point type.
  package init(_ bytes: UnsafeRawBufferPointer, path: String) throws(NumericsError) {
    guard bytes.count >= 10, bytes[0] == 0x93, bytes[1..<6].elementsEqual("NUMPY".utf8) else {
      throw .notNumpy(path: path)
    }
    let version = bytes[6]
    guard (1...3).contains(version) else { throw .header(path: path, reason: "has the unknown version \(version)") }
    let lengthBytes = version == 1 ? 2 : 4
    guard bytes.count >= 8 + lengthBytes else { throw .header(path: path, reason: "is cut short") }
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes
    guard length <= bytes.count - start else { throw .header(path: path, reason: "is cut short") }
    dataOffset = start + length

    var literal = PythonLiteral(text: Array(bytes[start..<(start + length)]))
    guard let fields = literal.dictionary() else { throw .header(path: path, reason: "is not a dictionary") }
    guard case .text(let name)? = fields["descr"] else { throw .header(path: path, reason: "names no single type") }
    guard case .flag(let fortran)? = fields["fortran_order"] else {
      throw .header(path: path, reason: "does not say its order")
    }
    guard case .numbers(let shape)? = fields["shape"] else { throw .header(path: path, reason: "has no shape") }
    guard let type = ElementType(rawValue: name) else { throw .elementType(path: path, found: name) }
    guard shape.count == 2 else { throw .shape(path: path, found: shape) }
    elementType = type
    isFortranOrder = fortran
    rows = shape[0]
    columns = shape[1]
  }
}

/// The little of Python's literals that a `.npy` header is written in.
private struct PythonLiteral {
  enum Value {
    case text(String)
    case flag(Bool)
    case numbers([Int])
    /// Something else, a structured type's list say.
    case other
  }

  var text: [UInt8]
  private var offset = 0

  init(text: [UInt8]) { self.text = text }

  /// `{'name': value, …}`; nil if that is not what is there.
  mutating func dictionary() -> [String: Value]? {
    guard take("{") else { return nil }
    var fields: [String: Value] = [:]
    while !take("}") {
      guard let name = string(), take(":"), let value = value() else { return nil }
      fields[name] = value
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    return fields
  }

  private mutating func value() -> Value? {
    if let text = string() { return .text(text) }
    if take("True") { return .flag(true) }
    if take("False") { return .flag(false) }
    if take("(") { return tuple() }
    if take("[") {
      var depth = 1
      while depth > 0, offset < text.count {
        if text[offset] == UInt8(ascii: "[") { depth += 1 }
        if text[offset] == UInt8(ascii: "]") { depth -= 1 }
        offset += 1
      }
      return depth == 0 ? .other : nil
    }
    return nil
  }

  private mutating func tuple() -> Value? {
    var numbers: [Int] = []
    while !take(")") {
      guard let number = number() else { return nil }
      numbers.append(number)
      if !take(",") {
        guard take(")") else { return nil }
        break
      }
    }
    return .numbers(numbers)
  }

  private mutating func number() -> Int? {
    skipSpace()
    let start = offset
    while offset < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[offset]) { offset += 1 }
    let digits = String(decoding: text[start..<offset], as: UTF8.self)
    // Python 2 marked long integers.
    _ = take("L")
    return Int(digits)
  }

  private mutating func string() -> String? {
    skipSpace()
    guard offset < text.count, text[offset] == UInt8(ascii: "'") || text[offset] == UInt8(ascii: "\"") else {
      return nil
    }
    guard let end = text[(offset + 1)...].firstIndex(of: text[offset]) else { return nil }
    defer { offset = end + 1 }
    return String(decoding: text[(offset + 1)..<end], as: UTF8.self)
  }

  private mutating func take(_ word: String) -> Bool {
    skipSpace()
    guard text[offset...].starts(with: word.utf8) else { return false }
    offset += word.utf8.count
    return true
  }

  private mutating func skipSpace() {
    while offset < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[offset]) { offset += 1 }
  }
}
