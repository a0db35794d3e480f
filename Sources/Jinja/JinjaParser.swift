/// Reads a template's tags and the text between them.
struct JinjaParser {
  private let segments: [JinjaLexer.Segment]
  private var position = 0
  private var depth = 0

  /// Tags in tags that a template may have.
  private static let deepest = 32

  /// The template's pieces. Throws what is outside the subset by its name and line.
  static func parse(_ text: String) throws(JinjaError) -> [JinjaNode] {
    var parser = JinjaParser(segments: try JinjaLexer.segments(of: text))
    let (body, _) = try parser.body(until: [], of: nil)
    return body
  }

  private init(segments: [JinjaLexer.Segment]) { self.segments = segments }

  /// Pieces up to one of some tags, and that tag behind its name.
  private mutating func body(
    until ends: Set<String>, of opener: (name: String, line: Int)?
  ) throws(JinjaError) -> ([JinjaNode], JinjaTokens) {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.deepest {
      throw JinjaError(line: opener?.line ?? 1, problem: "tags are nested more than \(Self.deepest) deep")
    }
    var nodes: [JinjaNode] = []
    while position < segments.count {
      let segment = segments[position]
      position += 1
      switch segment {
      case .text(let text): nodes.append(.text(text))
      case .output(let tokens, let line):
        var tokens = JinjaTokens(tokens, line: line)
        let value = try tokens.tupleOrExpression()
        try tokens.end()
        nodes.append(.output(value))
      case .tag(let found, let line):
        var tokens = JinjaTokens(found, line: line)
        guard let name = tokens.takeName() else { throw JinjaError(line: line, problem: "a tag has no name") }
        if ends.contains(name) { return (nodes, tokens) }
        nodes.append(try statement(name, &tokens))
      }
    }
    if let opener { throw JinjaError(line: opener.line, problem: "\"\(opener.name)\" has no end") }
    return (nodes, JinjaTokens([], line: 1))
  }

  private mutating func statement(_ name: String, _ tokens: inout JinjaTokens) throws(JinjaError) -> JinjaNode {
    let opener = (name, tokens.line)
    switch name {
    case "if": return try branch(&tokens, opener)
    case "for": return try loop(&tokens, opener)
    case "set": return try set(&tokens, opener)
    case "macro": return try macro(&tokens, opener)
    case "generation":
      try tokens.end()
      let (nodes, _) = try body(until: ["endgeneration"], of: opener)
      return .block(nodes)
    case "break", "continue":
      try tokens.end()
      return .leaveLoop(isBreak: name == "break")
    default:
      throw JinjaError(line: tokens.line, problem: "the tag \"\(name)\" is not supported")
    }
  }

  private mutating func branch(
    _ tokens: inout JinjaTokens, _ opener: (String, Int)
  ) throws(JinjaError) -> JinjaNode {
    var branches: [(condition: JinjaExpression?, body: [JinjaNode])] = []
    var condition: JinjaExpression? = try tokens.expression()
    try tokens.end()
    while true {
      let (nodes, end) = try body(until: ["elif", "else", "endif"], of: opener)
      branches.append((condition, nodes))
      var tokens = end
      switch tokens.lastName {
      case "elif":
        condition = try tokens.expression()
        try tokens.end()
      case "else":
        try tokens.end()
        let (nodes, _) = try body(until: ["endif"], of: opener)
        branches.append((nil, nodes))
        return .branch(branches)
      default: return .branch(branches)
      }
    }
  }

  private mutating func loop(_ tokens: inout JinjaTokens, _ opener: (String, Int)) throws(JinjaError) -> JinjaNode {
    let targets = try tokens.targets()
    try tokens.take(name: "in")
    let items = try tokens.expression(allowsCondition: false)
    var condition: JinjaExpression?
    if tokens.accept(name: "if") { condition = try tokens.expression() }
    if tokens.accept(name: "recursive") {
      throw JinjaError(line: tokens.line, problem: "a recursive loop is not supported")
    }
    try tokens.end()
    let (nodes, end) = try body(until: ["else", "endfor"], of: opener)
    var otherwise: [JinjaNode] = []
    if end.lastName == "else" { (otherwise, _) = try body(until: ["endfor"], of: opener) }
    return .loop(
      targets: targets, items, condition: condition, body: nodes, otherwise: otherwise, line: opener.1)
  }

  private mutating func set(_ tokens: inout JinjaTokens, _ opener: (String, Int)) throws(JinjaError) -> JinjaNode {
    let targets = try tokens.targets()
    if targets.count == 1, tokens.accept(mark: ".") {
      let attribute = try tokens.name()
      try tokens.take(mark: "=")
      let value = try tokens.tupleOrExpression()
      try tokens.end()
      return .setAttribute(of: targets[0], attribute, value, line: opener.1)
    }
    if targets.count == 1, tokens.isAtEnd {
      let (nodes, _) = try body(until: ["endset"], of: opener)
      return .capture(targets[0], nodes)
    }
    try tokens.take(mark: "=")
    let value = try tokens.tupleOrExpression()
    try tokens.end()
    return .set(targets: targets, value, line: opener.1)
  }

  private mutating func macro(_ tokens: inout JinjaTokens, _ opener: (String, Int)) throws(JinjaError) -> JinjaNode {
    let name = try tokens.name()
    try tokens.take(mark: "(")
    var parameters: [(name: String, standard: JinjaExpression?)] = []
    while !tokens.accept(mark: ")") {
      if !parameters.isEmpty { try tokens.take(mark: ",") }
      let parameter = try tokens.name()
      parameters.append((parameter, tokens.accept(mark: "=") ? try tokens.expression() : nil))
    }
    try tokens.end()
    let (nodes, _) = try body(until: ["endmacro"], of: opener)
    return .macro(name, parameters: parameters, body: nodes)
  }
}
