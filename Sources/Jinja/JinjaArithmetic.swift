import Foundation

/// Operators, by Python's rules. Nothing here traps: what leaves the whole numbers is an error.
enum JinjaArithmetic {
  static func unary(_ operation: String, _ value: JinjaValue, _ line: Int) throws(JinjaError) -> JinjaValue {
    if operation == "not" { return .bool(!value.isTrue) }
    if let number = value.integer {
      let (negative, overflow) = (0).subtractingReportingOverflow(number)
      if overflow { throw tooLarge(line) }
      return .int(operation == "-" ? negative : number)
    }
    if case .double(let number) = value { return .double(operation == "-" ? -number : number) }
    throw JinjaError(line: line, problem: "\"\(operation)\" needs a number, not \(value.kind)")
  }

  private static func tooLarge(_ line: Int) -> JinjaError { JinjaError(line: line, problem: "a number is too large") }

  static func binary(_ operation: String, _ a: JinjaValue, _ b: JinjaValue, _ line: Int) throws(JinjaError)
    -> JinjaValue
  {
    if operation == "~" { return .string(a.printed + b.printed) }
    if let a = a.integer, let b = b.integer { return try whole(operation, a, b, line) }
    if let a = a.number, let b = b.number { return try real(operation, a, b, line) }
    switch (operation, a, b) {
    case ("+", .string(let a), .string(let b)): return .string(a + b)
    case ("+", .list(let a), .list(let b)): return .list(a + b)
    case ("+", .tuple(let a), .tuple(let b)): return .tuple(a + b)
    case ("*", .string(let text), .int(let times)), ("*", .int(let times), .string(let text)):
      let (size, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, times))
      if overflow || size > JinjaRenderer.mostProduct {
        throw JinjaError(line: line, problem: "the template makes too much text")
      }
      return .string(String(repeating: text, count: max(0, times)))
    case (_, .undefined(let name), _), (_, _, .undefined(let name)):
      throw JinjaError(line: line, problem: "\"\(name)\" is undefined, and \"\(operation)\" needs a value")
    default:
      throw JinjaError(line: line, problem: "\"\(operation)\" is not supported between \(a.kind) and \(b.kind)")
    }
  }

  private static func whole(_ operation: String, _ a: Int, _ b: Int, _ line: Int) throws(JinjaError) -> JinjaValue {
    let result: (partialValue: Int, overflow: Bool)
    switch operation {
    case "+": result = a.addingReportingOverflow(b)
    case "-": result = a.subtractingReportingOverflow(b)
    case "*": result = a.multipliedReportingOverflow(by: b)
    case "//", "%":
      if b == 0 { throw JinjaError(line: line, problem: "division by 0") }
      let quotient = a.dividedReportingOverflow(by: b)
      if quotient.overflow { throw tooLarge(line) }
      // Python rounds down, and the remainder has the divisor's sign.
      let remainder = a % b
      let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
      return .int(operation == "//" ? quotient.partialValue - (isBelow ? 1 : 0) : remainder + (isBelow ? b : 0))
    case "**":
      if b < 0 { return .double(pow(Double(a), Double(b))) }
      let power = pow(Double(a), Double(b))
      guard abs(power) < 0x1p53 else { throw tooLarge(line) }
      return .int(Int(power))
    default: return try real(operation, Double(a), Double(b), line)
    }
    if result.overflow { throw tooLarge(line) }
    return .int(result.partialValue)
  }

  private static func real(_ operation: String, _ a: Double, _ b: Double, _ line: Int) throws(JinjaError) -> JinjaValue
  {
    switch operation {
    case "+": return .double(a + b)
    case "-": return .double(a - b)
    case "*": return .double(a * b)
    case "**": return .double(pow(a, b))
    default:
      if b == 0 { throw JinjaError(line: line, problem: "division by 0") }
      if operation == "/" { return .double(a / b) }
      let quotient = (a / b).rounded(.down)
      return .double(operation == "//" ? quotient : a - b * quotient)
    }
  }

  static func compare(_ operation: String, _ a: JinjaValue, _ b: JinjaValue, _ line: Int) throws(JinjaError) -> Bool {
    switch operation {
    case "==": return a.equals(b)
    case "!=": return !a.equals(b)
    case "in": return try contains(b, a, line)
    case "not in": return try !contains(b, a, line)
    default:
      guard let order = order(a, b) else {
        throw JinjaError(line: line, problem: "\(a.kind) and \(b.kind) have no order")
      }
      switch operation {
      case "<": return order < 0
      case "<=": return order <= 0
      case ">": return order > 0
      default: return order >= 0
      }
    }
  }

  /// Below 0 where `a` comes first; nil where the two can't be compared.
  static func order(_ a: JinjaValue, _ b: JinjaValue) -> Int? {
    if let a = a.integer, let b = b.integer { return a < b ? -1 : a == b ? 0 : 1 }
    if let a = a.number, let b = b.number { return a < b ? -1 : a == b ? 0 : 1 }
    if let a = a.text, let b = b.text {
      return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) ? -1 : a.utf8.elementsEqual(b.utf8) ? 0 : 1
    }
    switch (a, b) {
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a, b) where !x.equals(y) { return order(x, y) }
      return a.count - b.count
    default: return nil
    }
  }

  private static func contains(_ whole: JinjaValue, _ part: JinjaValue, _ line: Int) throws(JinjaError) -> Bool {
    switch whole {
    case .string(let text):
      guard let part = part.text else {
        throw JinjaError(line: line, problem: "\"in\" a text needs a text, not \(part.kind)")
      }
      return text.range(of: part, options: .literal) != nil || part.isEmpty
    case .mapping(let mapping): return mapping[part] != nil
    default:
      guard let items = whole.items else { throw JinjaError(line: line, problem: "nothing is \"in\" \(whole.kind)") }
      return items.contains { $0.equals(part) }
    }
  }
}
