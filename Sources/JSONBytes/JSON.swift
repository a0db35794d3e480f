/// A JSON document, read whole by ``JSONReader``, whose strings stay bytes.
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

  /// The document in `bytes`, nested at most 1024 deep.
  package static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONProblem) -> JSON {
    let padded = Array(bytes) + [UInt8](repeating: 0, count: JSONReader.padding)
    let reader = try JSONReader(markingLargeNumbers: true)
    let result = padded.withUnsafeBytes { padded in
      Result<JSON, JSONProblem> { () throws(JSONProblem) -> JSON in
        JSON(try reader.read(UnsafeRawBufferPointer(rebasing: padded.prefix(bytes.count))))
      }
    }
    return try result.get()
  }

  package static func parse(_ text: String) throws(JSONProblem) -> JSON {
    let result = Array(text.utf8).withUnsafeBytes { bytes in
      Result<JSON, JSONProblem> { () throws(JSONProblem) -> JSON in try parse(bytes) }
    }
    return try result.get()
  }

  private init(_ value: JSONValue) {
    switch value.kind {
    case .null: self = .null
    case .bool: self = .bool(value.bool)
    case .integer, .unsigned, .double: self = .number(value.number)
    case .string:
      let bytes = value.bytes
      self = Mending.number(markedIn: bytes).map { .number($0) } ?? .string(bytes)
    case .array: self = .array(value.elements.map { JSON($0) })
    case .object:
      var members: [(key: [UInt8], value: JSON)] = []
      value.forEachMember { key, value in members.append((key.map { Array($0) } ?? [], JSON(value))) }
      self = .object(members)
    }
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

  package var bytes: [UInt8]? {
    guard case .string(let bytes) = self else { return nil }
    return bytes
  }

  package var bool: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  package var double: Double? {
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

  package var isNull: Bool {
    if case .null = self { return true }
    return false
  }
}
