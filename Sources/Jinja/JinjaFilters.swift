import Domain
import Foundation

/// The filters and tests of the subset.
enum JinjaFilters {
  static let names: Set<String> = [
    "trim", "tojson", "length", "count", "upper", "lower", "title", "capitalize", "default", "d", "join", "first",
    "last", "list", "string", "int", "float", "replace", "items", "dictsort", "map", "select", "reject", "selectattr",
    "rejectattr", "sort", "unique", "reverse", "indent", "abs", "round", "min", "max", "sum", "safe",
  ]

  static let testNames: Set<String> = [
    "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "false", "mapping",
    "iterable", "sequence", "callable", "odd", "even", "divisibleby", "in", "lower", "upper", "eq", "equalto", "ne",
    "lt", "lessthan", "le", "gt", "greaterthan", "ge", "==", "!=", "<", "<=", ">", ">=", "sameas",
  ]

  static func apply(
    _ name: String, to value: JinjaValue, _ arguments: JinjaCall, _ renderer: JinjaRenderer, _ line: Int
  ) throws(JinjaError) -> JinjaValue {
    let result = try applied(name, to: value, arguments, renderer, line)
    try renderer.charge(result.size, line)
    return result
  }

  private static func applied(
    _ name: String, to value: JinjaValue, _ arguments: JinjaCall, _ renderer: JinjaRenderer, _ line: Int
  ) throws(JinjaError) -> JinjaValue {
    func refuse(_ problem: String) -> JinjaError {
      JinjaError(line: line, problem: "the filter \"\(name)\" \(problem)")
    }
    func items() throws(JinjaError) -> [JinjaValue] {
      guard let items = value.items else { throw refuse("needs a list, not \(value.kind)") }
      return items
    }
    switch name {
    case "trim": return .string(value.printed.stripped(of: arguments.value(0, "chars")?.text))
    case "tojson":
      let indent = arguments.value(0, "indent")?.integer ?? named(arguments, "indent")?.integer
      return .string(
        try JinjaJSON.text(
          of: value, indent: indent.map { max(0, min($0, 64)) },
          sorted: named(arguments, "sort_keys")?.isTrue ?? false, line))
    case "length", "count":
      if case .string(let text) = value { return .int(text.unicodeScalars.count) }
      return .int(try items().count)
    case "upper": return .string(value.printed.uppercased())
    case "lower": return .string(value.printed.lowercased())
    case "title": return .string(value.printed.titled)
    case "capitalize": return .string(value.printed.capitalizedFirst)
    case "default", "d":
      let replaces = value.isUndefined || arguments.value(1, "boolean")?.isTrue == true && !value.isTrue
      return replaces ? arguments.value(0, "default_value") ?? .string("") : value
    case "join":
      var parts = try items()
      if let attribute = named(arguments, "attribute")?.text {
        parts = try parts.map { part throws(JinjaError) in try Self.attribute(attribute, of: part, line) }
      }
      return .string(parts.map(\.printed).joined(separator: arguments.value(0, "d")?.printed ?? ""))
    case "first": return try items().first ?? .undefined("first")
    case "last": return try items().last ?? .undefined("last")
    case "list": return .list(try items())
    case "string", "safe": return .string(value.printed)
    case "int": return .int(integer(value) ?? arguments.value(0, "default")?.integer ?? 0)
    case "float": return .double(value.number ?? value.text.flatMap { Double($0.stripped(of: nil)) } ?? 0)
    case "replace": return try JinjaMethods.call("replace", of: .string(value.printed), arguments, renderer, line)
    case "items":
      if value.isUndefined { return .list([]) }
      return try JinjaMethods.call("items", of: value, arguments, renderer, line)
    case "dictsort":
      guard case .mapping(let mapping) = value else { throw refuse("needs a mapping, not \(value.kind)") }
      let sorted = try sort(mapping.members.map { .tuple([$0.key, $0.value]) }, by: { $0.items?.first ?? $0 }, line)
      return .list(sorted)
    case "map":
      if let attribute = named(arguments, "attribute")?.text {
        let standard = named(arguments, "default")
        return .list(
          try items().map { item throws(JinjaError) in
            let found = try Self.attribute(attribute, of: item, line)
            return found.isUndefined ? standard ?? found : found
          })
      }
      guard let filter = arguments.first?.text, names.contains(filter) else {
        throw refuse("needs an attribute or a known filter")
      }
      let rest = JinjaCall(unnamed: Array(arguments.unnamed.dropFirst()), named: arguments.named)
      return .list(try items().map { item throws(JinjaError) in try apply(filter, to: item, rest, renderer, line) })
    case "select", "reject", "selectattr", "rejectattr":
      return .list(try chosen(name, items(), arguments, line))
    case "sort":
      let attribute = named(arguments, "attribute")?.text
      let sorted = try sort(
        items(),
        by: { item throws(JinjaError) in
          try attribute.map { name throws(JinjaError) in try Self.attribute(name, of: item, line) } ?? item
        }, line)
      return .list(arguments.value(0, "reverse")?.isTrue == true ? sorted.reversed() : sorted)
    case "unique":
      var kept: [JinjaValue] = []
      for item in try items() where !kept.contains(where: item.equals) { kept.append(item) }
      return .list(kept)
    case "reverse":
      if case .string(let text) = value {
        return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
      }
      return .list(try items().reversed())
    case "indent":
      let width = max(0, min(arguments.value(0, "width")?.integer ?? 4, 1024))
      let prefix = String(repeating: " ", count: width)
      let lines = value.printed.split(separator: "\n", omittingEmptySubsequences: false)
      try renderer.charge(width * lines.count, line)
      let isFirst = arguments.value(1, "first")?.isTrue ?? false
      return .string(
        lines.enumerated().map { $0 == 0 && !isFirst || $1.isEmpty ? String($1) : prefix + $1 }.joined(separator: "\n"))
    case "abs":
      if let number = value.integer { return number < 0 ? try JinjaArithmetic.unary("-", value, line) : .int(number) }
      guard let number = value.number else { throw refuse("needs a number, not \(value.kind)") }
      return .double(abs(number))
    case "round":
      guard let number = value.number else { throw refuse("needs a number, not \(value.kind)") }
      let scale = pow(10, Double(arguments.value(0, "precision")?.integer ?? 0))
      return .double((number * scale).rounded(.toNearestOrEven) / scale)
    case "min", "max":
      let sorted = try sort(items(), by: { $0 }, line)
      return (name == "min" ? sorted.first : sorted.last) ?? .undefined(name)
    case "sum":
      var sum = JinjaValue.int(0)
      for item in try items() { sum = try JinjaArithmetic.binary("+", sum, item, line) }
      return sum
    default: throw refuse("is not supported")
    }
  }

  private static func named(_ arguments: JinjaCall, _ name: String) -> JinjaValue? {
    arguments.named.first { $0.name == name }?.value
  }

  private static func integer(_ value: JinjaValue) -> Int? {
    if let number = value.integer { return number }
    if let number = value.number ?? value.text.flatMap({ Double($0.stripped(of: nil)) }) {
      return Int(exactly: number.rounded(.towardZero))
    }
    return nil
  }

  /// An attribute by its name, or one of an attribute: `function.name`.
  private static func attribute(_ path: String, of value: JinjaValue, _ line: Int) throws(JinjaError) -> JinjaValue {
    var value = value
    for name in path.split(separator: ".") {
      switch value {
      case .mapping(let mapping): value = mapping[String(name)] ?? .undefined(String(name))
      case .list(let items), .tuple(let items):
        value = Int(name).flatMap { items.indices.contains($0) ? items[$0] : nil } ?? .undefined(String(name))
      default: value = .undefined(String(name))
      }
    }
    return value
  }

  private static func chosen(
    _ name: String, _ items: [JinjaValue], _ arguments: JinjaCall, _ line: Int
  ) throws(JinjaError) -> [JinjaValue] {
    var rest = arguments.unnamed[...]
    var path: String?
    if name.hasSuffix("attr") {
      guard let first = rest.popFirst()?.text else {
        throw JinjaError(line: line, problem: "the filter \"\(name)\" needs an attribute")
      }
      path = first
    }
    let test = rest.popFirst()?.text
    if let test, !testNames.contains(test) {
      throw JinjaError(line: line, problem: "the test \"\(test)\" is not supported")
    }
    let isKept = name.hasPrefix("select")
    var kept: [JinjaValue] = []
    for item in items {
      let value = try path.map { path throws(JinjaError) in try attribute(path, of: item, line) } ?? item
      let outcome =
        try test.map { test throws(JinjaError) in try self.test(test, value, JinjaCall(unnamed: Array(rest)), line) }
        ?? value.isTrue
      if outcome == isKept { kept.append(item) }
    }
    return kept
  }

  /// In ascending order, equal ones as they came. Texts are told apart without regard to case, as Jinja does.
  private static func sort(
    _ items: [JinjaValue], by key: (JinjaValue) throws(JinjaError) -> JinjaValue, _ line: Int
  ) throws(JinjaError) -> [JinjaValue] {
    var keyed: [(key: JinjaValue, item: JinjaValue)] = []
    for item in items {
      var key = try key(item)
      if let text = key.text { key = .string(text.lowercased()) }
      keyed.append((key, item))
    }
    for entry in keyed.dropFirst() where JinjaArithmetic.order(keyed[0].key, entry.key) == nil {
      throw JinjaError(line: line, problem: "\(keyed[0].key.kind) and \(entry.key.kind) have no order")
    }
    return keyed.enumerated().sorted { a, b in
      let order = JinjaArithmetic.order(a.element.key, b.element.key) ?? 0
      return order == 0 ? a.offset < b.offset : order < 0
    }.map(\.element.item)
  }

  static func test(
    _ name: String, _ value: JinjaValue, _ arguments: JinjaCall, _ line: Int
  ) throws(JinjaError) -> Bool {
    func other() throws(JinjaError) -> JinjaValue {
      guard let first = arguments.first else {
        throw JinjaError(line: line, problem: "the test \"\(name)\" needs something to compare with")
      }
      return first
    }
    func compared(_ operation: String) throws(JinjaError) -> Bool {
      try JinjaArithmetic.compare(operation, value, other(), line)
    }
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": if case .none = value { return true } else { return false }
    case "string": return value.text != nil
    case "boolean": if case .bool = value { return true } else { return false }
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "integer": if case .int = value { return true } else { return false }
    case "float": if case .double = value { return true } else { return false }
    case "number": return value.number != nil
    case "mapping": if case .mapping = value { return true } else { return false }
    case "iterable": return value.items != nil
    case "sequence":
      // What can be counted and indexed: in Jinja a mapping is one too.
      return value.items != nil
    case "callable":
      switch value {
      case .function, .macro: return true
      default: return false
      }
    case "odd", "even", "divisibleby":
      let divisor = name == "divisibleby" ? try other().integer ?? 0 : 2
      guard let number = value.integer, divisor != 0 else {
        throw JinjaError(line: line, problem: "the test \"\(name)\" needs whole numbers")
      }
      let remainder = number.remainderReportingOverflow(dividingBy: divisor).partialValue
      return (remainder == 0) != (name == "odd")
    case "lower": return value.printed == value.printed.lowercased()
    case "upper": return value.printed == value.printed.uppercased()
    case "eq", "equalto", "==", "sameas": return try compared("==")
    case "ne", "!=": return try compared("!=")
    case "lt", "lessthan", "<": return try compared("<")
    case "le", "<=": return try compared("<=")
    case "gt", "greaterthan", ">": return try compared(">")
    case "ge", ">=": return try compared(">=")
    case "in": return try compared("in")
    default: throw JinjaError(line: line, problem: "the test \"\(name)\" is not supported")
    }
  }
}

/// JSON as Python's `json.dumps(ensure_ascii=False)` writes it, which chat templates' `tojson` is.
enum JinjaJSON {
  static func text(of value: JinjaValue, indent: Int?, sorted: Bool, _ line: Int) throws(JinjaError) -> String {
    var result = ""
    try write(value, indent, sorted, level: 0, line, &result)
    return result
  }

  private static func write(
    _ value: JinjaValue, _ indent: Int?, _ sorted: Bool, level: Int, _ line: Int, _ result: inout String
  ) throws(JinjaError) {
    if level > JinjaExpression.deepest { throw JinjaError(line: line, problem: "a value is nested too deeply") }
    func newLine(_ level: Int) {
      if let indent { result += "\n" + String(repeating: " ", count: indent * level) }
    }
    switch value {
    case .none: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .int(let value): result += "\(value)"
    case .double(let value):
      result +=
        value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : JinjaValue.text(of: value)
    case .string(let text): result += JSONText.quoted(text)
    case .list(let items), .tuple(let items):
      result += "["
      for (index, item) in items.enumerated() {
        if index > 0 { result += indent == nil ? ", " : "," }
        newLine(level + 1)
        try write(item, indent, sorted, level: level + 1, line, &result)
      }
      if !items.isEmpty { newLine(level) }
      result += "]"
    case .mapping(let mapping):
      var members = mapping.members
      if sorted { members.sort { $0.key.printed.utf8.lexicographicallyPrecedes($1.key.printed.utf8) } }
      result += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { result += indent == nil ? ", " : "," }
        newLine(level + 1)
        result += JSONText.quoted(member.key.printed)
        result += ": "
        try write(member.value, indent, sorted, level: level + 1, line, &result)
      }
      if !members.isEmpty { newLine(level) }
      result += "}"
    default: throw JinjaError(line: line, problem: "\(value.kind) can't be written as JSON")
    }
    if result.utf8.count > JinjaRenderer.mostProduct {
      throw JinjaError(line: line, problem: "the template makes too much text")
    }
  }
}
