import Domain

/// What rows are searched and filtered by: a regular expression, case ignored, that a leading `!` turns round and a
/// leading field name (`label:`, `id:`, `prompt:`, `response:`) keeps to one field. `!label:noise` are the rows whose label
/// has no `noise` in it.
package struct RowPattern: Sendable, Hashable {
  package enum Field: String, Sendable, Hashable, CaseIterable {
    case label, id, prompt, response
  }

  /// As it was typed.
  package let text: String
  package let isInverse: Bool
  /// Nil looks at all of them.
  package let field: Field?
  /// The expression itself.
  package let expression: String

  /// Reads what was typed. Nothing typed, or an expression that is none, is refused with the reason.
  package init(parsing text: String) throws(ErrorReport) {
    self.text = text
    var rest = Substring(text)
    isInverse = rest.hasPrefix("!")
    if isInverse { rest.removeFirst() }
    var field: Field?
    for candidate in Field.allCases where rest.hasPrefix(candidate.rawValue + ":") {
      field = candidate
      rest.removeFirst(candidate.rawValue.count + 1)
    }
    self.field = field
    expression = String(rest)
    guard !expression.isEmpty else {
      throw ErrorReport(
        "nothing to look for", remedy: "Type a word or a regular expression.", status: .unusableArguments)
    }
    if !isPlain, (try? Regex(expression)) == nil {
      throw ErrorReport(
        "\"\(expression)\" is no regular expression",
        remedy: "Close its brackets, or put \\ before signs that are meant as they are.",
        status: .unusableArguments)
    }
  }

  /// Whether the expression is a word to be found as it stands.
  private var isPlain: Bool { !expression.contains { "\\^$.|?*+()[]{}".contains($0) } }

  /// A test for rows. Made once for many rows, on the thread that uses it: a compiled expression is not to be shared.
  package func makeMatcher() -> (Sample) -> Bool {
    let test: (String) -> Bool
    if isPlain {
      let wanted = Array(expression.lowercased().utf8)
      // Letters outside of ASCII are compared in lower case as well, which takes a copy of the text.
      let isASCII = wanted.allSatisfy { $0 < 0x80 }
      test = { text in
        if isASCII { return containsIgnoringCase(text, wanted) }
        return containsIgnoringCase(text.lowercased(), wanted)
      }
    } else if let regex = try? Regex(expression).ignoresCase() {
      test = { $0.firstMatch(of: regex) != nil }
    } else {
      test = { _ in false }
    }
    let (field, isInverse) = (field, isInverse)
    return { sample in
      let texts: [String?]
      switch field {
      case .label: texts = [sample.label]
      case .id: texts = [sample.id]
      case .prompt: texts = sample.prompts
      case .response: texts = [sample.response]
      case nil: texts = sample.prompts + [sample.response, sample.label, sample.id]
      }
      return texts.contains { $0.map(test) ?? false } != isInverse
    }
  }
}

extension Sample {
  fileprivate var prompts: [String?] {
    switch query {
    case .instruction(let instruction, let input): [instruction, input]
    case .conversation(let turns): turns.map(\.content)
    }
  }
}

/// Whether the bytes of `wanted`, in lower case, are found in the text, ASCII letters of either case.
private func containsIgnoringCase(_ text: String, _ wanted: [UInt8]) -> Bool {
  var text = text
  return text.withUTF8 { bytes in
    guard let first = wanted.first, bytes.count >= wanted.count else { return wanted.isEmpty }
    for start in 0...bytes.count - wanted.count where lower(bytes[start]) == first {
      var length = 1
      while length < wanted.count, lower(bytes[start + length]) == wanted[length] { length += 1 }
      if length == wanted.count { return true }
    }
    return false
  }
}

private func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte }

/// Written as it was typed.
extension RowPattern: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
