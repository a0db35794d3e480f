extension FilterExpression {
  /// A word that is looked for as it stands, or a regular expression; the case of letters is ignored.
  struct TextTest: Sendable, Hashable {
    let pattern: String
    /// Whether signs have no meaning of their own.
    let isLiteral: Bool

    /// - Parameter isQuoted: taken as it stands.
    init(_ pattern: String, isQuoted: Bool, at character: Int) throws(FilterProblem) {
      self.pattern = pattern
      isLiteral = isQuoted || !pattern.contains { "\\^$.|?*+()[]{}".contains($0) }
      if !isLiteral, (try? Regex(pattern)) == nil {
        throw FilterProblem(
          "\"\(pattern)\" is no regular expression",
          remedy: "Close its brackets, put \\ before signs that are meant as they are, or put it in quotes.",
          character: character)
      }
    }

    /// A test for texts, for the thread that uses it: a compiled expression is not to be shared.
    func makeMatcher() -> (String) -> Bool {
      if isLiteral {
        let wanted = Array(pattern.lowercased().utf8)
        // Letters outside of ASCII are compared in lower case as well, which takes a copy of the text.
        let isASCII = wanted.allSatisfy { $0 < 0x80 }
        return { text in containsIgnoringCase(isASCII ? text : text.lowercased(), wanted) }
      }
      guard let regex = try? Regex(pattern).ignoresCase() else { return { _ in false } }
      return { $0.firstMatch(of: regex) != nil }
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
