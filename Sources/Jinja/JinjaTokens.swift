/// Reads expressions from a tag's tokens, by Jinja's rules of precedence.
struct JinjaTokens {
  typealias Kind = JinjaLexer.Token.Kind

  private let tokens: [JinjaLexer.Token]
  private var position = 0
  private let firstLine: Int
  private var depth = 0

  init(_ tokens: [JinjaLexer.Token], line: Int) {
    self.tokens = tokens
    firstLine = line
  }

  /// The line of the token that comes next, or of the last one.
  var line: Int { position < tokens.count ? tokens[position].line : tokens.last?.line ?? firstLine }
  var isAtEnd: Bool { position == tokens.count }
  private var next: Kind? { position < tokens.count ? tokens[position].kind : nil }

  /// The name that was taken last.
  var lastName: String? {
    guard position > 0, case .name(let name) = tokens[position - 1].kind else { return nil }
    return name
  }

  private func failure(_ problem: String) -> JinjaError { JinjaError(line: line, problem: problem) }

  private func unexpected(_ wanted: String) -> JinjaError {
    let found =
      switch next {
      case nil: "the tag's end"
      case .name(let text)?, .mark(let text)?: "\"\(text)\""
      case .string?: "a text"
      case .int?, .double?: "a number"
      }
    return failure("\(found) stands where \(wanted) is expected")
  }

  func end() throws(JinjaError) { if !isAtEnd { throw unexpected("the tag's end") } }

  mutating func accept(mark: String) -> Bool {
    guard next == .mark(mark) else { return false }
    position += 1
    return true
  }

  mutating func accept(name: String) -> Bool {
    guard next == .name(name) else { return false }
    position += 1
    return true
  }

  mutating func take(mark: String) throws(JinjaError) {
    if !accept(mark: mark) { throw unexpected("\"\(mark)\"") }
  }

  mutating func take(name: String) throws(JinjaError) {
    if !accept(name: name) { throw unexpected("\"\(name)\"") }
  }

  mutating func takeName() -> String? {
    guard case .name(let name)? = next else { return nil }
    position += 1
    return name
  }

  mutating func name() throws(JinjaError) -> String {
    guard let name = takeName() else { throw unexpected("a name") }
    return name
  }

  /// Names that are assigned to: one, or several with commas between.
  mutating func targets() throws(JinjaError) -> [String] {
    let isWrapped = accept(mark: "(")
    var names = [try name()]
    while accept(mark: ",") {
      if case .name(let name)? = next, name != "in" { names.append(try self.name()) }
    }
    if isWrapped { try take(mark: ")") }
    return names
  }

  /// An expression, or several with commas between, which make a tuple.
  mutating func tupleOrExpression() throws(JinjaError) -> JinjaExpression {
    let begun = line
    let first = try expression()
    guard next == .mark(",") else { return first }
    var items = [first]
    while accept(mark: ",") { if !isAtEnd { items.append(try expression()) } }
    return try JinjaExpression(.tuple(items), line: begun)
  }

  /// `allowsCondition`: whether `a if b else c` may stand here.
  mutating func expression(allowsCondition: Bool = true) throws(JinjaError) -> JinjaExpression {
    depth += 1
    defer { depth -= 1 }
    if depth > JinjaExpression.deepest {
      throw failure("the expression is nested more than \(JinjaExpression.deepest) deep")
    }
    var value = try operation(above: 0)
    while allowsCondition, accept(name: "if") {
      let condition = try operation(above: 0)
      let otherwise = accept(name: "else") ? try expression() : nil
      value = try JinjaExpression(.conditional(value, condition: condition, otherwise: otherwise), line: line)
    }
    return value
  }

  /// How tightly operators bind; comparisons are chained and stand apart, between `not` and `+`.
  private static let strengths: [String: Int] = [
    "or": 1, "and": 2, "+": 5, "-": 5, "~": 6, "*": 7, "/": 7, "//": 7, "%": 7, "**": 8,
  ]
  private static let negation = 3
  private static let comparison = 4
  private static let comparisons: Set<String> = ["==", "!=", "<", ">", "<=", ">="]

  private mutating func operation(above strength: Int) throws(JinjaError) -> JinjaExpression {
    depth += 1
    defer { depth -= 1 }
    if depth > JinjaExpression.deepest {
      throw failure("the expression is nested more than \(JinjaExpression.deepest) deep")
    }
    var left: JinjaExpression
    let begun = line
    if strength <= Self.negation, accept(name: "not") {
      left = try JinjaExpression(.unary("not", try operation(above: Self.negation - 1)), line: begun)
    } else {
      left = try unary(filtered: true)
    }
    while true {
      if strength < Self.comparison, let first = try comparisonOperator() {
        var others = [(operation: first, other: try operation(above: Self.comparison))]
        while let more = try comparisonOperator() { others.append((more, try operation(above: Self.comparison))) }
        left = try JinjaExpression(.comparison(left, others), line: begun)
        continue
      }
      let symbol: String
      switch next {
      case .mark(let mark)?: symbol = mark
      case .name(let name)? where name == "and" || name == "or": symbol = name
      default: return left
      }
      guard let binding = Self.strengths[symbol], binding > strength else { return left }
      position += 1
      left = try JinjaExpression(.binary(symbol, left, try operation(above: binding)), line: begun)
    }
  }

  private mutating func comparisonOperator() throws(JinjaError) -> String? {
    if case .mark(let mark)? = next, Self.comparisons.contains(mark) {
      position += 1
      return mark
    }
    if accept(name: "in") { return "in" }
    if next == .name("not"), position + 1 < tokens.count, tokens[position + 1].kind == .name("in") {
      position += 2
      return "not in"
    }
    return nil
  }

  private mutating func unary(filtered: Bool) throws(JinjaError) -> JinjaExpression {
    let begun = line
    depth += 1
    defer { depth -= 1 }
    if depth > JinjaExpression.deepest {
      throw failure("the expression is nested more than \(JinjaExpression.deepest) deep")
    }
    var value: JinjaExpression
    if case .mark(let sign)? = next, sign == "-" || sign == "+" {
      position += 1
      value = try JinjaExpression(.unary(sign, try unary(filtered: false)), line: begun)
    } else {
      value = try postfix(primary())
    }
    while filtered {
      let begun = line
      if accept(mark: "|") {
        let name = try name()
        guard JinjaFilters.names.contains(name) else { throw failure("the filter \"\(name)\" is not supported") }
        let arguments = accept(mark: "(") ? try self.arguments() : JinjaArguments()
        value = try JinjaExpression(.filter(value, name, arguments), line: begun)
      } else if accept(name: "is") {
        value = try test(value)
      } else if next == .mark("(") {
        value = try postfix(value)
      } else {
        break
      }
    }
    return value
  }

  private mutating func test(_ value: JinjaExpression) throws(JinjaError) -> JinjaExpression {
    let begun = line
    let isNegated = accept(name: "not")
    var name: String
    if case .mark(let mark)? = next, Self.comparisons.contains(mark) {
      position += 1
      name = mark
    } else {
      name = try self.name()
    }
    guard JinjaFilters.testNames.contains(name) else { throw failure("the test \"\(name)\" is not supported") }
    var arguments = JinjaArguments()
    if accept(mark: "(") {
      arguments = try self.arguments()
    } else if startsTestArgument {
      arguments.unnamed = [try postfix(primary())]
    }
    return try JinjaExpression(.test(value, name, arguments, isNegated: isNegated), line: begun)
  }

  private var startsTestArgument: Bool {
    switch next {
    case .name(let name)?: !["else", "or", "and", "is", "if", "in", "not"].contains(name)
    case .string?, .int?, .double?: true
    case .mark(let mark)?: mark == "[" || mark == "{"
    case nil: false
    }
  }

  private mutating func postfix(_ base: JinjaExpression) throws(JinjaError) -> JinjaExpression {
    var value = base
    while true {
      let begun = line
      if accept(mark: ".") {
        if case .int(let index)? = next {
          position += 1
          value = try JinjaExpression(.item(value, JinjaExpression(.int(index), line: begun)), line: begun)
        } else {
          value = try JinjaExpression(.attribute(value, try name()), line: begun)
        }
      } else if accept(mark: "[") {
        value = try subscription(of: value)
      } else if accept(mark: "(") {
        value = try JinjaExpression(.call(value, try arguments()), line: begun)
      } else {
        return value
      }
    }
  }

  private mutating func subscription(of base: JinjaExpression) throws(JinjaError) -> JinjaExpression {
    let begun = line
    var parts: [JinjaExpression?] = []
    var isSlice = false
    parts.append(next == .mark(":") ? nil : try expression())
    while parts.count < 3, accept(mark: ":") {
      isSlice = true
      parts.append(next == .mark(":") || next == .mark("]") ? nil : try expression())
    }
    try take(mark: "]")
    if isSlice {
      return try JinjaExpression(.slice(base, parts[0], parts[1], parts.count > 2 ? parts[2] : nil), line: begun)
    }
    guard let index = parts[0] else { throw unexpected("an index") }
    return try JinjaExpression(.item(base, index), line: begun)
  }

  /// What stands in the parentheses of a call, and the closing one.
  private mutating func arguments() throws(JinjaError) -> JinjaArguments {
    var arguments = JinjaArguments()
    while !accept(mark: ")") {
      if !arguments.unnamed.isEmpty || !arguments.named.isEmpty {
        try take(mark: ",")
        if accept(mark: ")") { break }
      }
      if next == .mark("*") || next == .mark("**") { throw failure("arguments with \"*\" are not supported") }
      if case .name(let name)? = next, position + 1 < tokens.count, tokens[position + 1].kind == .mark("=") {
        position += 2
        arguments.named.append((name, try expression()))
      } else {
        arguments.unnamed.append(try expression())
      }
    }
    return arguments
  }

  private mutating func primary() throws(JinjaError) -> JinjaExpression {
    let begun = line
    guard let token = next else { throw unexpected("a value") }
    position += 1
    let kind: JinjaExpression.Kind
    switch token {
    case .string(var text):
      // Texts that follow one another are one.
      while case .string(let more)? = next {
        text += more
        position += 1
      }
      kind = .string(text)
    case .int(let value): kind = .int(value)
    case .double(let value): kind = .double(value)
    case .name("true"), .name("True"): kind = .bool(true)
    case .name("false"), .name("False"): kind = .bool(false)
    case .name("none"), .name("None"): kind = .none
    case .name(let name):
      if ["and", "or", "in", "is", "else", "if"].contains(name) {
        position -= 1
        throw unexpected("a value")
      }
      kind = .name(name)
    case .mark("("):
      if accept(mark: ")") {
        kind = .tuple([])
      } else {
        let first = try expression()
        if next == .mark(",") {
          var items = [first]
          while accept(mark: ",") { if next != .mark(")") { items.append(try expression()) } }
          kind = .tuple(items)
          try take(mark: ")")
        } else {
          try take(mark: ")")
          return first
        }
      }
    case .mark("["):
      var items: [JinjaExpression] = []
      while !accept(mark: "]") {
        if !items.isEmpty {
          try take(mark: ",")
          if accept(mark: "]") { break }
        }
        items.append(try expression())
      }
      kind = .list(items)
    case .mark("{"):
      var members: [(key: JinjaExpression, value: JinjaExpression)] = []
      while !accept(mark: "}") {
        if !members.isEmpty {
          try take(mark: ",")
          if accept(mark: "}") { break }
        }
        let key = try expression()
        try take(mark: ":")
        members.append((key, try expression()))
      }
      kind = .mapping(members)
    default:
      position -= 1
      throw unexpected("a value")
    }
    return try JinjaExpression(kind, line: begun)
  }
}
