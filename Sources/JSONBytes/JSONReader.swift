import CSimdJSON

/// Why a text is not a JSON document, or why there was no memory to find out.
package enum JSONProblem: Error, Hashable {
  case invalid(String)
  case outOfMemory

  /// What is wrong, as the end of a sentence.
  package var problem: String {
    switch self {
    case .invalid(let reason): reason
    case .outOfMemory: "there is no memory to read it"
    }
  }
}

/// What a JSON value is; numbers by what holds them exactly.
@frozen package enum JSONKind: Sendable {
  case null, bool, integer, unsigned, double, string, array, object
}

/// Reads one JSON document after another, reusing its memory. For one thread at a time.
package final class JSONReader {
  /// Bytes that must be readable after a document; their values do not matter.
  package static let padding = csj_padding()

  private let parser: OpaquePointer
  private let marksLargeNumbers: Bool
  /// Escapes for half of a surrogate pair in the document read last, which became U+FFFD.
  package private(set) var surrogatesReplaced = 0

  /// `markingLargeNumbers`: texts that stand for numbers too large for the machine begin with a mark.
  package init(markingLargeNumbers: Bool = false) throws(JSONProblem) {
    guard let parser = csj_parser_new() else { throw .outOfMemory }
    self.parser = parser
    marksLargeNumbers = markingLargeNumbers
  }

  deinit { csj_parser_free(parser) }

  /// The root of the document in `text`, which must be followed by ``padding`` readable bytes. Good until the next call.
  package func read(_ text: UnsafeRawBufferPointer) throws(JSONProblem) -> JSONValue {
    guard text.count > 0, let base = text.baseAddress else { throw .invalid("there is nothing") }
    var root = csj_value()
    surrogatesReplaced = 0
    var code = csj_parse(parser, base.assumingMemoryBound(to: UInt8.self), text.count, &root)
    if code == 0 { return JSONValue(node: root) }
    let message = String(cString: csj_error_message(code))
    if message.hasPrefix("MEMALLOC") { throw .outOfMemory }
    // Numbers of any size are JSON; those that no machine number holds are read as texts.
    if let mended = Mending.mended(text, marked: marksLargeNumbers) {
      surrogatesReplaced = mended.surrogates
      code = mended.bytes.withUnsafeBufferPointer { bytes in
        bytes.baseAddress.map { csj_parse(parser, $0, bytes.count - Self.padding, &root) } ?? code
      }
      if code == 0 { return JSONValue(node: root) }
    }
    throw .invalid(Self.plain(message))
  }

  // simdjson says "CODE: Sentence." or "Sentence."; here it continues a sentence.
  private static func plain(_ message: String) -> String {
    var words = Substring(message)
    if let colon = words.firstIndex(of: ":"),
      words[..<colon].allSatisfy({ $0.isUppercase || $0 == "_" || $0.isNumber })
    {
      words = words[words.index(after: colon)...].drop { $0 == " " }
    }
    while words.last == "." { words.removeLast() }
    guard let first = words.first, words.dropFirst().first?.isUppercase != true else { return String(words) }
    return first.lowercased() + words.dropFirst()
  }
}

// Its members are inlined where they are used: a row's fields are looked up hundreds of millions of times.

/// A value in the document that a ``JSONReader`` read last; not to be kept beyond that.
@frozen package struct JSONValue {
  @usableFromInline let node: csj_value

  @inlinable init(node: csj_value) { self.node = node }

  @inlinable package var kind: JSONKind {
    switch csj_kind_of(node) {
    case CSJ_BOOL: .bool
    case CSJ_INTEGER: .integer
    case CSJ_UNSIGNED: .unsigned
    case CSJ_DOUBLE: .double
    case CSJ_STRING: .string
    case CSJ_ARRAY: .array
    case CSJ_OBJECT: .object
    default: .null
    }
  }

  @inlinable package var isObject: Bool { kind == .object }

  /// What it is, in the words of a message.
  @inlinable package var kindName: String {
    switch kind {
    case .null: "null"
    case .bool: "true or false"
    case .string: "text"
    case .array: "a list"
    case .object: "an object"
    default: "a number"
    }
  }

  /// Its text, where it is a string.
  @inlinable package var text: String? { utf8.map { String(decoding: $0, as: UTF8.self) } }

  /// The UTF-8 of a string; empty for anything else.
  @inlinable package var bytes: [UInt8] { utf8.map { Array($0) } ?? [] }

  /// The UTF-8 of a string where the reader has it; nil for anything else.
  @inlinable var utf8: UnsafeRawBufferPointer? {
    guard kind == .string else { return nil }
    var length = 0
    let start = csj_string(node, &length)
    return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : length)
  }

  /// True; false for false and for anything else.
  @inlinable package var bool: Bool { kind == .bool && csj_bool(node) }

  /// The number; NaN for anything else.
  @inlinable package var number: Double {
    switch kind {
    case .integer: Double(csj_integer(node))
    case .unsigned: Double(csj_unsigned(node))
    case .double: csj_double(node)
    default: .nan
    }
  }

  /// Text, number, true or false as text; nil for null, lists and objects.
  @inlinable package var scalarText: String? {
    switch kind {
    case .string: text
    case .integer: String(csj_integer(node))
    case .unsigned: String(csj_unsigned(node))
    case .double: String(csj_double(node))
    case .bool: String(csj_bool(node))
    default: nil
    }
  }

  /// The first field of this name in an object, and how many there are.
  @inlinable package func find(_ name: String) -> (value: JSONValue, count: Int)? {
    var name = name
    var found = csj_value()
    let count = name.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { csj_find(node, $0.baseAddress, $0.count, &found) }
    }
    return count > 0 ? (JSONValue(node: found), count) : nil
  }

  /// The elements of a list; none of anything else.
  @inlinable package var elements: [JSONValue] {
    guard kind == .array else { return [] }
    var children = csj_children_of(node)
    var child = csj_value()
    var name: UnsafePointer<CChar>?
    var length = 0
    var elements: [JSONValue] = []
    while csj_next(&children, &child, &name, &length) { elements.append(JSONValue(node: child)) }
    return elements
  }

  /// Calls `body` with each element of a list, or each member of an object with its name, in order.
  @inlinable package func forEachChild<Failure: Error>(_ body: (String?, JSONValue) throws(Failure) -> Void)
    throws(Failure)
  {
    try forEachMember { name, child throws(Failure) in
      try body(name.map { String(decoding: $0, as: UTF8.self) }, child)
    }
  }

  /// The same with names as UTF-8, good during the call.
  @inlinable package func forEachMember<Failure: Error>(
    _ body: (UnsafeRawBufferPointer?, JSONValue) throws(Failure) -> Void
  ) throws(Failure) {
    var children = csj_children_of(node)
    var child = csj_value()
    var name: UnsafePointer<CChar>?
    var length = 0
    while csj_next(&children, &child, &name, &length) {
      try body(name.map { UnsafeRawBufferPointer(start: $0, count: length) }, JSONValue(node: child))
    }
  }
}
