/// Tokens that are found in the text before it is split: special tokens and words added to a vocabulary.
struct AddedTokens: Sendable {
  struct Token: Sendable {
    var id: Int32
    var content: [UInt8]
    /// Found only where no word character touches it.
    var isSingleWord: Bool
    /// Swallows white space to its left, or right.
    var stripsLeft: Bool
    var stripsRight: Bool
    /// Looked for in normalized text rather than in the text as it came.
    var isNormalized: Bool
    /// Left out by a decoding that skips special tokens.
    var isSpecial: Bool
  }

  enum Piece: Sendable {
    case text(Range<Int>)
    case token(Int32)
  }

  private let tokens: [Token]
  /// Numbers of the tokens that begin with a byte, longest first.
  private let byFirstByte: [[Int]]

  init(_ tokens: [Token]) {
    let tokens = tokens.filter { !$0.content.isEmpty }
    var byFirstByte = [[Int]](repeating: [], count: 256)
    for (number, token) in tokens.enumerated() { byFirstByte[Int(token.content[0])].append(number) }
    self.tokens = tokens
    self.byFirstByte = byFirstByte.map { numbers in
      numbers.sorted { (tokens[$0].content.count, $1) > (tokens[$1].content.count, $0) }
    }
  }

  /// Splits text at its leftmost, and there longest, tokens.
  func pieces(of text: [UInt8]) -> [Piece] {
    if tokens.isEmpty { return text.isEmpty ? [] : [.text(0..<text.count)] }
    var pieces: [Piece] = []
    var done = 0  // text before this is in a piece
    var at = 0
    while at < text.count {
      guard let token = match(in: text, at: at) else {
        at += 1
        continue
      }
      var start = at
      var end = at + token.content.count
      at = end
      if token.isSingleWord, Self.endsWithWord(text[..<start]) || Self.startsWithWord(text[end...]) { continue }
      if token.stripsLeft { start = max(done, Self.withoutTrailingSpace(text[..<start])) }
      if token.stripsRight { end = Self.withoutLeadingSpace(text[end...]) }
      // White space that the token before swallowed may hold the beginning of this one.
      start = max(start, done)
      if done < start { pieces.append(.text(done..<start)) }
      pieces.append(.token(token.id))
      done = max(done, end)
    }
    if done < text.count { pieces.append(.text(done..<text.count)) }
    return pieces
  }

  private func match(in text: [UInt8], at offset: Int) -> Token? {
    for number in byFirstByte[Int(text[offset])] {
      let content = tokens[number].content
      if offset + content.count <= text.count, text[offset..<offset + content.count].elementsEqual(content) {
        return tokens[number]
      }
    }
    return nil
  }

  private static func endsWithWord(_ text: ArraySlice<UInt8>) -> Bool {
    lastScalar(text).map(isWord) ?? false
  }

  private static func startsWithWord(_ text: ArraySlice<UInt8>) -> Bool {
    firstScalar(text).map(isWord) ?? false
  }

  private static func withoutTrailingSpace(_ text: ArraySlice<UInt8>) -> Int {
    var text = text
    while let scalar = lastScalar(text), scalar.properties.isWhitespace { text.removeLast(UTF8.width(scalar)) }
    return text.endIndex
  }

  private static func withoutLeadingSpace(_ text: ArraySlice<UInt8>) -> Int {
    var text = text
    while let scalar = firstScalar(text), scalar.properties.isWhitespace { text.removeFirst(UTF8.width(scalar)) }
    return text.startIndex
  }

  private static func firstScalar(_ text: ArraySlice<UInt8>) -> Unicode.Scalar? {
    String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars.first
  }

  private static func lastScalar(_ text: ArraySlice<UInt8>) -> Unicode.Scalar? {
    // A scalar's last byte says nothing of its length: go back to its first.
    guard var start = text.indices.last else { return nil }
    while start > text.startIndex, text[start] & 0xC0 == 0x80 { start -= 1 }
    return String(decoding: text[start...], as: UTF8.self).unicodeScalars.last
  }

  /// \w of Unicode regular expressions (UTS 18): alphabetic, marks, decimal digits, connectors, joiners.
  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.properties.isAlphabetic || scalar.properties.isJoinControl { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }
}

extension UTF8 {
  fileprivate static func width(_ scalar: Unicode.Scalar) -> Int { UTF8.encode(scalar)?.count ?? 1 }
}
