/// How many samples to choose: a count, or a share of the pool.
package enum Budget: Sendable, Hashable {
  case count(Int)
  /// In (0, 1].
  case fraction(Double)

  /// Reads `0.3`, `30%` or `120`. A whole number is a count; anything with a point, an exponent or a percent sign a share.
  package init(parsing text: String) throws(ErrorReport) {
    let trimmed = text.trimmingSpaces()
    func refuse(_ why: String) -> ErrorReport {
      ErrorReport(
        "budget \"\(text)\" \(why)", at: "--budget",
        remedy: "Give a count of at least 1 (say 120), or a share of the pool above 0 and up to 1 (say 0.3 or 30%).",
        status: .unusableArguments)
    }
    if let count = Int(trimmed) {
      guard count >= 1 else { throw refuse("is below 1") }
      self = .count(count)
      return
    }
    let percent = trimmed.hasSuffix("%")
    guard let number = Double(percent ? String(trimmed.dropLast()) : trimmed), number.isFinite else {
      throw refuse("is not a number")
    }
    let share = percent ? number / 100 : number
    guard share > 0 else { throw refuse("is not above 0") }
    guard share <= 1 else { throw refuse("is a share above 1") }
    self = .fraction(share)
  }

  /// The number of picks from `candidates` rows: a share is rounded down, and at least 1.
  package func picks(of candidates: Int) throws(ErrorReport) -> Int {
    switch self {
    case .count(let count):
      guard count <= candidates else {
        throw ErrorReport(
          "budget \(count) is more than the \(candidates) candidates", at: "--budget",
          remedy: "Ask for at most \(candidates), or for a share such as 0.3.", status: .unusableArguments)
      }
      return count
    case .fraction(let share):
      return min(candidates, max(1, Int((share * Double(candidates)).nextUp.rounded(.down))))
    }
  }
}

/// Written as the text that is typed: "120" or "0.3".
extension Budget: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Budget: CustomStringConvertible {
  package var description: String {
    switch self {
    case .count(let count): "\(count)"
    case .fraction(let share): "\(share)"
    }
  }
}

extension String {
  package func trimmingSpaces() -> String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
