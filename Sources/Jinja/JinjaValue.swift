/// Why a template cannot be read or rendered, and the line of it where that is so.
package struct JinjaError: Error, Hashable {
  package var line: Int
  package var problem: String
}

/// A value in a template, with Python's notions of truth, equality and text.
package enum JinjaValue {
  /// What a name or attribute that is not there gives: nothing when printed, an error when looked into.
  case undefined(String)
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case list([JinjaValue])
  case tuple([JinjaValue])
  case mapping(JinjaMapping)
  case namespace(JinjaNamespace)
  case loop(JinjaLoop)
  /// One of the environment's functions, by name.
  case function(String)
  case macro(JinjaMacro)
}

/// A dictionary that keeps the order of its keys. Looked up one by one: templates' dictionaries are small.
package struct JinjaMapping {
  package init() {}

  package private(set) var members: [(key: JinjaValue, value: JinjaValue)] = []

  package subscript(key: JinjaValue) -> JinjaValue? {
    get { members.first { $0.key.equals(key) }?.value }
    set {
      guard let newValue else { return }
      if let index = members.firstIndex(where: { $0.key.equals(key) }) {
        members[index].value = newValue
      } else {
        members.append((key, newValue))
      }
    }
  }

  package subscript(name: String) -> JinjaValue? {
    get { self[.string(name)] }
    set { self[.string(name)] = newValue }
  }
}

/// What `namespace()` makes: attributes that can be set from inner scopes.
package final class JinjaNamespace {
  package var attributes = JinjaMapping()
}

/// What `loop` is inside of a loop.
package struct JinjaLoop {
  package var index: Int
  package var items: [JinjaValue]
  package var depth: Int

  /// An attribute; nil for one that there is not.
  package func attribute(_ name: String) -> JinjaValue? {
    switch name {
    case "index": .int(index + 1)
    case "index0": .int(index)
    case "revindex": .int(items.count - index)
    case "revindex0": .int(items.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == items.count - 1)
    case "length": .int(items.count)
    case "depth": .int(depth)
    case "depth0": .int(depth - 1)
    case "previtem": index > 0 ? items[index - 1] : .undefined("previtem")
    case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined("nextitem")
    default: nil
    }
  }
}

/// A macro: its parameters with their defaults, and its body.
package struct JinjaMacro {
  package var name: String
  var parameters: [(name: String, standard: JinjaExpression?)]
  var body: [JinjaNode]
}

extension JinjaValue {
  /// Python's truth: nothing, zero and what is empty are false.
  package var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .string(let text): !text.isEmpty
    case .list(let items), .tuple(let items): !items.isEmpty
    case .mapping(let mapping): !mapping.members.isEmpty
    case .namespace, .loop, .function, .macro: true
    }
  }

  /// Python's `==`. Texts are equal scalar by scalar: canonical equivalence does not count.
  package func equals(_ other: JinjaValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): true
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
    case (.mapping(let a), .mapping(let b)):
      a.members.count == b.members.count
        && a.members.allSatisfy { member in b[member.key].map(member.value.equals) ?? false }
    case (.namespace(let a), .namespace(let b)): a === b
    default:
      // Numbers, true and false among them, compare by value.
      if let a = integer, let b = other.integer {
        a == b
      } else if let a = number, let b = other.number {
        a == b
      } else {
        false
      }
    }
  }

  /// A whole number; true and false count as 1 and 0.
  package var integer: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  package var number: Double? {
    if case .double(let value) = self { return value }
    return integer.map(Double.init)
  }

  /// Text, where it is a string.
  package var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// Items of a list or tuple, keys of a mapping, characters of a text; nothing of what is undefined. Nil for what has none.
  package var items: [JinjaValue]? {
    switch self {
    case .list(let items), .tuple(let items): items
    case .mapping(let mapping): mapping.members.map(\.key)
    case .string(let text): text.unicodeScalars.map { .string(String($0)) }
    case .undefined: []
    default: nil
    }
  }

  package var isUndefined: Bool {
    if case .undefined = self { return true }
    return false
  }

  /// What kind of value it is, in the words of a message.
  package var kind: String {
    switch self {
    case .undefined: "undefined"
    case .none: "none"
    case .bool: "true or false"
    case .int, .double: "a number"
    case .string: "text"
    case .list, .tuple: "a list"
    case .mapping: "a mapping"
    case .namespace: "a namespace"
    case .loop: "the loop"
    case .function, .macro: "a function"
    }
  }

  /// Its text when printed: Python's `str`.
  package var printed: String {
    switch self {
    case .undefined: ""
    case .string(let text): text
    default: represented
    }
  }

  /// Python's `repr`.
  package var represented: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): "\(value)"
    case .double(let value): Self.text(of: value)
    case .string(let text): Self.quoted(text)
    case .list(let items): "[" + items.map(\.represented).joined(separator: ", ") + "]"
    case .tuple(let items):
      "(" + items.map(\.represented).joined(separator: ", ") + (items.count == 1 ? ",)" : ")")
    case .mapping(let mapping):
      "{" + mapping.members.map { "\($0.key.represented): \($0.value.represented)" }.joined(separator: ", ") + "}"
    case .namespace: "<Namespace>"
    case .loop: "<LoopContext>"
    case .function(let name): "<function \(name)>"
    case .macro(let macro): "<Macro \(macro.name)>"
    }
  }

  /// Python writes the shortest digits that read back as the number, like Swift, but its exponents from 1e16 on and in two
  /// digits.
  package static func text(of value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let text = "\(value)"
    guard let mark = text.firstIndex(of: "e") else { return text }
    var digits = text[..<mark]
    let exponent = Int(text[text.index(after: mark)...]) ?? 0
    if digits.hasSuffix(".0") { digits.removeLast(2) }
    let size = abs(exponent)
    return "\(digits)e\(exponent < 0 ? "-" : "+")\(size < 10 ? "0" : "")\(size)"
  }

  private static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\\": result += "\\\\"
      case quote: result += "\\\(quote)"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\x" + (digits.count < 2 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + String(quote)
  }
}
