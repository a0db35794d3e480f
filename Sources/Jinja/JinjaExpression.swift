/// An expression of a template. A class, so that a long chain of operators is one allocation a link; how deep it is nested is
/// bounded when it is read, since evaluating and freeing it go as deep.
final class JinjaExpression: Sendable {
  indirect enum Kind: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case name(String)
    case list([JinjaExpression])
    case tuple([JinjaExpression])
    case mapping([(key: JinjaExpression, value: JinjaExpression)])
    case attribute(JinjaExpression, String)
    case item(JinjaExpression, JinjaExpression)
    case slice(JinjaExpression, JinjaExpression?, JinjaExpression?, JinjaExpression?)
    case call(JinjaExpression, JinjaArguments)
    case filter(JinjaExpression, String, JinjaArguments)
    case test(JinjaExpression, String, JinjaArguments, isNegated: Bool)
    case unary(String, JinjaExpression)
    case binary(String, JinjaExpression, JinjaExpression)
    /// Chained: `a < b < c`.
    case comparison(JinjaExpression, [(operation: String, other: JinjaExpression)])
    case conditional(JinjaExpression, condition: JinjaExpression, otherwise: JinjaExpression?)
  }

  /// Levels of nesting that a template may have.
  static let deepest = 64

  let kind: Kind
  let line: Int
  let depth: Int

  init(_ kind: Kind, line: Int) throws(JinjaError) {
    self.kind = kind
    self.line = line
    depth = 1 + (Self.children(of: kind).map(\.depth).max() ?? 0)
    if depth > Self.deepest {
      throw JinjaError(line: line, problem: "the expression is nested more than \(Self.deepest) deep")
    }
  }

  private static func children(of kind: Kind) -> [JinjaExpression] {
    switch kind {
    case .none, .bool, .int, .double, .string, .name: []
    case .list(let items), .tuple(let items): items
    case .mapping(let members): members.flatMap { [$0.key, $0.value] }
    case .attribute(let base, _), .unary(_, let base): [base]
    case .item(let base, let key): [base, key]
    case .slice(let base, let start, let end, let step): [base] + [start, end, step].compactMap(\.self)
    case .call(let base, let arguments), .filter(let base, _, let arguments), .test(let base, _, let arguments, _):
      [base] + arguments.unnamed + arguments.named.map(\.value)
    case .binary(_, let a, let b): [a, b]
    case .comparison(let first, let others): [first] + others.map(\.other)
    case .conditional(let value, let condition, let otherwise): [value, condition] + [otherwise].compactMap(\.self)
    }
  }
}

struct JinjaArguments: Sendable {
  var unnamed: [JinjaExpression] = []
  var named: [(name: String, value: JinjaExpression)] = []
}

/// A piece of a template.
indirect enum JinjaNode: Sendable {
  case text(String)
  case output(JinjaExpression)
  case branch([(condition: JinjaExpression?, body: [JinjaNode])])
  case loop(
    targets: [String], JinjaExpression, condition: JinjaExpression?, body: [JinjaNode], otherwise: [JinjaNode],
    line: Int)
  /// Assigns to names (several take a list apart), or to a namespace's attribute.
  case set(targets: [String], JinjaExpression, line: Int)
  case setAttribute(of: String, String, JinjaExpression, line: Int)
  /// Assigns what the body prints.
  case capture(String, [JinjaNode])
  case macro(String, parameters: [(name: String, standard: JinjaExpression?)], body: [JinjaNode])
  /// The assistant's part, which some templates mark: printed as it is.
  case block([JinjaNode])
  case leaveLoop(isBreak: Bool)
}
