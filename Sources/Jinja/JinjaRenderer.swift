/// Renders a template. One use: it counts what it does, so that no template goes on without end or fills the memory.
final class JinjaRenderer {
  /// Expressions and pieces evaluated, and bytes of text and items of lists made, at most.
  private static let mostSteps = 4_000_000
  static let mostProduct = 1 << 25
  private static let deepestNesting = 120

  /// Names and their values, the innermost scope last.
  private var scopes: [[String: JinjaValue]]
  /// The day that `strftime_now` writes.
  let day: JinjaDay
  private var output = ""
  private var steps = 0
  private var product = 0
  private var nesting = 0
  private var loopDepth = 0

  init(variables: [String: JinjaValue], day: JinjaDay) {
    let functions = ["raise_exception", "strftime_now", "range", "namespace", "dict"]
    scopes = [Dictionary(uniqueKeysWithValues: functions.map { ($0, .function($0)) }), variables, [:]]
    self.day = day
  }

  static func render(
    _ nodes: [JinjaNode], variables: [String: JinjaValue], day: JinjaDay
  ) throws(JinjaError) -> String {
    let renderer = JinjaRenderer(variables: variables, day: day)
    _ = try renderer.run(nodes)
    return renderer.output
  }

  // MARK: - Bounds

  private func step(_ line: Int) throws(JinjaError) {
    steps += 1
    if steps > Self.mostSteps { throw JinjaError(line: line, problem: "the template does not come to an end") }
  }

  /// Counts what is made, by its size.
  func charge(_ size: Int, _ line: Int) throws(JinjaError) {
    product += size
    if product > Self.mostProduct { throw JinjaError(line: line, problem: "the template makes too much text") }
  }

  private func descend(_ line: Int) throws(JinjaError) {
    nesting += 1
    if nesting > Self.deepestNesting { throw JinjaError(line: line, problem: "the template is nested too deeply") }
  }

  // MARK: - Pieces

  private enum Flow { case on, leave, next }

  private func run(_ nodes: [JinjaNode]) throws(JinjaError) -> Flow {
    for node in nodes {
      let flow = try run(node)
      if flow != .on { return flow }
    }
    return .on
  }

  private func print(_ text: String, _ line: Int) throws(JinjaError) {
    try charge(text.utf8.count, line)
    output += text
  }

  private func run(_ node: JinjaNode) throws(JinjaError) -> Flow {
    switch node {
    case .text(let text): try print(text, 1)
    case .output(let value): try print(evaluate(value).printed, value.line)
    case .branch(let branches):
      for branch in branches {
        if let condition = branch.condition, try !evaluate(condition).isTrue { continue }
        return try nested(branch.body, branch.condition?.line ?? 1)
      }
    case .loop(let targets, let items, let condition, let body, let otherwise, let line):
      return try loop(targets, items, condition, body, otherwise, line)
    case .set(let targets, let value, let line):
      try assign(evaluate(value), to: targets, line)
    case .setAttribute(let name, let attribute, let value, let line):
      guard case .namespace(let space) = look(up: name) else {
        throw JinjaError(line: line, problem: "\"\(name)\" is no namespace")
      }
      space.attributes[attribute] = try evaluate(value)
    case .capture(let name, let body):
      let before = output
      output = ""
      _ = try nested(body, 1)
      scopes[scopes.count - 1][name] = .string(output)
      output = before
    case .macro(let name, let parameters, let body):
      scopes[scopes.count - 1][name] = .macro(JinjaMacro(name: name, parameters: parameters, body: body))
    case .block(let body): return try nested(body, 1)
    case .leaveLoop(let isBreak): return isBreak ? .leave : .next
    }
    return .on
  }

  private func nested(_ body: [JinjaNode], _ line: Int) throws(JinjaError) -> Flow {
    try descend(line)
    defer { nesting -= 1 }
    return try run(body)
  }

  private func loop(
    _ targets: [String], _ expression: JinjaExpression, _ condition: JinjaExpression?, _ body: [JinjaNode],
    _ otherwise: [JinjaNode], _ line: Int
  ) throws(JinjaError) -> Flow {
    let value = try evaluate(expression)
    guard var items = value.items else {
      throw JinjaError(line: line, problem: "\(value.kind) can't be looped over")
    }
    try charge(items.count, line)
    scopes.append([:])
    loopDepth += 1
    defer {
      scopes.removeLast()
      loopDepth -= 1
    }
    if let condition {
      var kept: [JinjaValue] = []
      for item in items {
        try assign(item, to: targets, line)
        if try evaluate(condition).isTrue { kept.append(item) }
      }
      items = kept
    }
    var state = JinjaLoop(index: 0, items: items, depth: loopDepth)
    for (index, item) in items.enumerated() {
      try step(line)
      // What an iteration sets is gone in the next.
      scopes[scopes.count - 1] = [:]
      state.index = index
      scopes[scopes.count - 1]["loop"] = .loop(state)
      try assign(item, to: targets, line)
      if try nested(body, line) == .leave { break }
    }
    if items.isEmpty {
      scopes[scopes.count - 1] = [:]
      return try nested(otherwise, line)
    }
    return .on
  }

  private func assign(_ value: JinjaValue, to targets: [String], _ line: Int) throws(JinjaError) {
    if targets.count == 1 {
      scopes[scopes.count - 1][targets[0]] = value
      return
    }
    guard let items = value.items, items.count == targets.count else {
      throw JinjaError(line: line, problem: "\(value.kind) can't be taken apart into \(targets.count) names")
    }
    for (name, item) in zip(targets, items) { scopes[scopes.count - 1][name] = item }
  }

  private func look(up name: String) -> JinjaValue {
    for scope in scopes.reversed() { if let value = scope[name] { return value } }
    return .undefined(name)
  }

  // MARK: - Expressions

  func evaluate(_ expression: JinjaExpression) throws(JinjaError) -> JinjaValue {
    let line = expression.line
    try step(line)
    switch expression.kind {
    case .none: return .none
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .double(let value): return .double(value)
    case .string(let text): return .string(text)
    case .name(let name): return look(up: name)
    case .list(let items): return .list(try evaluate(items))
    case .tuple(let items): return .tuple(try evaluate(items))
    case .mapping(let members):
      var mapping = JinjaMapping()
      for member in members { mapping[try evaluate(member.key)] = try evaluate(member.value) }
      return .mapping(mapping)
    case .attribute(let base, let name): return try attribute(name, of: evaluate(base), line)
    case .item(let base, let key): return try item(evaluate(key), of: evaluate(base), line)
    case .slice(let base, let start, let end, let step):
      return try slice(
        evaluate(base), try start.map(bound) ?? nil, try end.map(bound) ?? nil, try step.map(bound) ?? nil, line)
    case .call(let callee, let arguments): return try call(callee, evaluate(arguments), line)
    case .filter(let value, let name, let arguments):
      return try JinjaFilters.apply(name, to: evaluate(value), evaluate(arguments), self, line)
    case .test(let value, let name, let arguments, let isNegated):
      let outcome = try JinjaFilters.test(name, evaluate(value), evaluate(arguments), line)
      return .bool(outcome != isNegated)
    case .unary(let operation, let value):
      return try JinjaArithmetic.unary(operation, evaluate(value), line)
    case .binary("and", let a, let b):
      let value = try evaluate(a)
      return value.isTrue ? try evaluate(b) : value
    case .binary("or", let a, let b):
      let value = try evaluate(a)
      return value.isTrue ? value : try evaluate(b)
    case .binary(let operation, let a, let b):
      let value = try JinjaArithmetic.binary(operation, evaluate(a), evaluate(b), line)
      try charge(value.size, line)
      return value
    case .comparison(let first, let others):
      var left = try evaluate(first)
      for (operation, other) in others {
        let right = try evaluate(other)
        if try !JinjaArithmetic.compare(operation, left, right, line) { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .conditional(let value, let condition, let otherwise):
      if try evaluate(condition).isTrue { return try evaluate(value) }
      return try otherwise.map { value throws(JinjaError) in try evaluate(value) } ?? .undefined("")
    }
  }

  private func evaluate(_ items: [JinjaExpression]) throws(JinjaError) -> [JinjaValue] {
    var values: [JinjaValue] = []
    for item in items { values.append(try evaluate(item)) }
    return values
  }

  private func evaluate(_ arguments: JinjaArguments) throws(JinjaError) -> JinjaCall {
    var named: [(name: String, value: JinjaValue)] = []
    for argument in arguments.named { named.append((argument.name, try evaluate(argument.value))) }
    return JinjaCall(unnamed: try evaluate(arguments.unnamed), named: named)
  }

  private func bound(_ expression: JinjaExpression) throws(JinjaError) -> Int? {
    let value = try evaluate(expression)
    if case .none = value { return nil }
    guard let number = value.integer else {
      throw JinjaError(line: expression.line, problem: "a slice needs numbers, not \(value.kind)")
    }
    return number
  }

  private func attribute(_ name: String, of value: JinjaValue, _ line: Int) throws(JinjaError) -> JinjaValue {
    switch value {
    case .mapping(let mapping): return mapping[name] ?? .undefined(name)
    case .namespace(let space): return space.attributes[name] ?? .undefined(name)
    case .loop(let loop): return loop.attribute(name) ?? .undefined(name)
    case .undefined(let missing):
      throw JinjaError(line: line, problem: "\"\(missing)\" is undefined and has no \"\(name)\"")
    default: return .undefined(name)
    }
  }

  private func item(_ key: JinjaValue, of value: JinjaValue, _ line: Int) throws(JinjaError) -> JinjaValue {
    switch value {
    case .mapping(let mapping): return mapping[key] ?? .undefined(key.printed)
    case .list(let items), .tuple(let items):
      guard let index = key.integer else { return .undefined(key.printed) }
      let (sum, overflow) = index.addingReportingOverflow(index < 0 ? items.count : 0)
      return !overflow && items.indices.contains(sum) ? items[sum] : .undefined("\(index)")
    case .string(let text):
      guard let index = key.integer else { return .undefined(key.printed) }
      let scalars = text.unicodeScalars
      let (sum, overflow) = index.addingReportingOverflow(index < 0 ? scalars.count : 0)
      guard !overflow, sum >= 0, sum < scalars.count else { return .undefined("\(index)") }
      return .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: sum)]))
    case .undefined(let missing):
      throw JinjaError(line: line, problem: "\"\(missing)\" is undefined and has no \"\(key.printed)\"")
    default:
      return try key.text.map { name throws(JinjaError) in try attribute(name, of: value, line) }
        ?? .undefined(key.printed)
    }
  }

  private func slice(
    _ value: JinjaValue, _ start: Int?, _ end: Int?, _ step: Int?, _ line: Int
  ) throws(JinjaError) -> JinjaValue {
    guard let items = value.items, !value.isUndefined else {
      throw JinjaError(line: line, problem: "\(value.kind) can't be cut")
    }
    try charge(items.count, line)
    let step = step ?? 1
    if step == 0 { throw JinjaError(line: line, problem: "a slice's step is 0") }
    // Python's rules: ends beyond the list are its ends, negative ones count from behind.
    let count = items.count
    func bounded(_ bound: Int?, _ standard: Int) -> Int {
      guard let bound else { return standard }
      let least = step < 0 ? -1 : 0
      let most = step < 0 ? count - 1 : count
      return min(most, max(least, bound < 0 ? max(bound, -count - 1) + count : min(bound, count)))
    }
    var kept: [JinjaValue] = []
    var index = bounded(start, step < 0 ? count - 1 : 0)
    let last = bounded(end, step < 0 ? -1 : count)
    while step < 0 ? index > last : index < last {
      kept.append(items[index])
      let (next, overflow) = index.addingReportingOverflow(step)
      if overflow { break }
      index = next
    }
    if case .string = value { return .string(kept.compactMap(\.text).joined()) }
    if case .tuple = value { return .tuple(kept) }
    return .list(kept)
  }

  // MARK: - Calls

  private func call(
    _ callee: JinjaExpression, _ arguments: JinjaCall, _ line: Int
  ) throws(JinjaError) -> JinjaValue {
    // A method of a value, unless the value has something of that name itself.
    if case .attribute(let base, let name) = callee.kind {
      let value = try evaluate(base)
      let own: JinjaValue? =
        switch value {
        case .mapping(let mapping): mapping[name]
        case .namespace(let space): space.attributes[name]
        default: nil
        }
      if case .macro(let macro)? = own { return try call(macro, arguments, line) }
      return try JinjaMethods.call(name, of: value, arguments, self, line)
    }
    switch try evaluate(callee) {
    case .macro(let macro): return try call(macro, arguments, line)
    case .function(let name): return try call(function: name, arguments, line)
    case .undefined(let name): throw JinjaError(line: line, problem: "the function \"\(name)\" is not supported")
    case let value: throw JinjaError(line: line, problem: "\(value.kind) can't be called")
    }
  }

  private func call(_ macro: JinjaMacro, _ arguments: JinjaCall, _ line: Int) throws(JinjaError) -> JinjaValue {
    try descend(line)
    defer { nesting -= 1 }
    guard arguments.unnamed.count <= macro.parameters.count else {
      throw JinjaError(line: line, problem: "the macro \"\(macro.name)\" takes \(macro.parameters.count) arguments")
    }
    // A macro sees what the template's top level sees, not where it is called from.
    let outer = scopes
    let printed = output
    let loops = loopDepth
    scopes = Array(scopes.prefix(3)) + [[:]]
    output = ""
    loopDepth = 0
    defer {
      scopes = outer
      output = printed
      loopDepth = loops
    }
    for (number, parameter) in macro.parameters.enumerated() {
      var value = JinjaValue.undefined(parameter.name)
      if number < arguments.unnamed.count {
        value = arguments.unnamed[number]
      } else if let named = arguments.named.first(where: { $0.name == parameter.name }) {
        value = named.value
      } else if let standard = parameter.standard {
        value = try evaluate(standard)
      }
      scopes[scopes.count - 1][parameter.name] = value
    }
    _ = try run(macro.body)
    return .string(output)
  }

  private func call(function: String, _ arguments: JinjaCall, _ line: Int) throws(JinjaError) -> JinjaValue {
    switch function {
    case "raise_exception":
      throw JinjaError(line: line, problem: "the template refuses this: \(arguments.first?.printed ?? "")")
    case "strftime_now":
      return .string(try day.text(arguments.first?.printed ?? "", line))
    case "range":
      return .list(try range(arguments, line))
    default:
      var mapping = JinjaMapping()
      if case .mapping(let first)? = arguments.first { mapping = first }
      for (name, value) in arguments.named { mapping[name] = value }
      if function == "dict" { return .mapping(mapping) }
      let space = JinjaNamespace()
      space.attributes = mapping
      return .namespace(space)
    }
  }

  private func range(_ arguments: JinjaCall, _ line: Int) throws(JinjaError) -> [JinjaValue] {
    let numbers = arguments.unnamed.compactMap(\.integer)
    guard (1...3).contains(numbers.count), numbers.count == arguments.unnamed.count,
      numbers.last != 0 || numbers.count < 3
    else { throw JinjaError(line: line, problem: "range needs one to three whole numbers") }
    let (start, end) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
    let values = stride(from: start, to: end, by: numbers.count == 3 ? numbers[2] : 1)
    // The bound of Jinja's own sandbox.
    let made = values.prefix(100_001).map { JinjaValue.int($0) }
    if made.count > 100_000 { throw JinjaError(line: line, problem: "the range is longer than 100000") }
    try charge(made.count, line)
    return made
  }
}

/// The values of a call's arguments.
struct JinjaCall {
  var unnamed: [JinjaValue] = []
  var named: [(name: String, value: JinjaValue)] = []

  var first: JinjaValue? { unnamed.first }

  /// The argument at a number or of a name.
  func value(_ number: Int, _ name: String) -> JinjaValue? {
    number < unnamed.count ? unnamed[number] : named.first { $0.name == name }?.value
  }
}

extension JinjaValue {
  /// How much memory it takes, roughly: what a template may make is bounded by it.
  var size: Int {
    switch self {
    case .string(let text): text.utf8.count
    case .list(let items), .tuple(let items): items.count
    default: 1
    }
  }
}
