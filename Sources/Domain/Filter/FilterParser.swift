/// Reads a filter:
///
///     either  = both { ("or" | "|") both }
///     both    = single { ["and" | "&"] single }
///     single  = ("not" | "!") single | "(" either ")" | test
///
/// A test is a keyword (`chosen`, `pin`, `ban`, `dup`, `bad`), `NAME:PATTERN`, `NAME>NUMBER`, or words. Words that follow
/// one another are one phrase, so that what is typed without thought of a language is searched as it stands; quotes take
/// a text out of the language.
struct FilterParser {
  private let characters: [Character]
  private var position = 0
  private var depth = 0

  /// Parentheses and negations within one another.
  private static let deepest = 64

  static func parse(_ text: String) throws(FilterProblem) -> FilterExpression.Node {
    var parser = FilterParser(characters: Array(text))
    parser.skipBlanks()
    if parser.isAtEnd {
      throw FilterProblem(
        "nothing to look for", remedy: "Type a word, a regular expression, or say label:x or len>200.")
    }
    let node = try parser.either()
    guard parser.isAtEnd else {
      throw FilterProblem(
        "a ) that nothing opens", remedy: "Take it out, or put \\ before it.", character: parser.position + 1)
    }
    return node
  }

  private init(characters: [Character]) { self.characters = characters }

  // MARK: Operators

  private mutating func either() throws(FilterProblem) -> FilterExpression.Node {
    var parts = [try both()]
    while takeSign("|") || take(["or", "OR"]) { parts.append(try both()) }
    return parts.count == 1 ? parts[0] : .either(parts)
  }

  private mutating func both() throws(FilterProblem) -> FilterExpression.Node {
    var parts = [try single()]
    while !isAtEnd, peek != ")", peek != "|", !isNext(["or", "OR"]) {
      if !takeSign("&") { _ = take(["and", "AND"]) }
      parts.append(try single())
    }
    return parts.count == 1 ? parts[0] : .both(parts)
  }

  private mutating func single() throws(FilterProblem) -> FilterExpression.Node {
    let start = position
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else {
      throw FilterProblem(
        "more than \(Self.deepest) parentheses or negations within one another", remedy: "Say it with fewer.",
        character: position + 1)
    }
    if take(["not", "NOT"]) { return .not(try single()) }
    if peek == "!" {
      position += 1
      skipBlanks()
      return .not(try single())
    }
    if peek == "(" {
      position += 1
      skipBlanks()
      let inside = try either()
      guard peek == ")" else {
        throw FilterProblem("a ( that nothing closes", remedy: "Close it, or put \\ before it.", character: start + 1)
      }
      position += 1
      skipBlanks()
      return inside
    }
    if isAtEnd || peek == ")" || isNext(["and", "AND", "or", "OR", "&", "&&", "|", "||"]) {
      throw FilterProblem(
        isAtEnd ? "something must follow here" : "a condition is missing here",
        remedy: "Put a condition on each side of and, or and not; words that are meant as they are go in quotes.",
        character: position + 1)
    }
    return .test(try test())
  }

  // MARK: Tests

  private mutating func test() throws(FilterProblem) -> FilterExpression.Test {
    if let keyword = takeKeyword() { return keyword }
    if let number = try comparison() { return number }
    if let field = try fieldTest() { return field }
    let start = position
    let (text, isQuoted) = try phrase()
    return .text(.all, try .init(text, isQuoted: isQuoted, at: start + 1))
  }

  private mutating func takeKeyword() -> FilterExpression.Test? {
    let keywords: [(String, FilterExpression.Test)] = [
      ("chosen", .chosen), ("pin", .pinned), ("pinned", .pinned), ("ban", .banned), ("banned", .banned),
      ("dup", .duplicate), ("bad", .unreadable),
    ]
    for (word, test) in keywords where isWord(word, endingAt: ["&", "|", ")"]) {
      position += word.count
      skipBlanks()
      return test
    }
    return nil
  }

  /// `NAME<NUMBER` and the like; `NAME="text"`. Nil where none begins here.
  private mutating func comparison() throws(FilterProblem) -> FilterExpression.Test? {
    let start = position
    guard let name = takeName() else { return nil }
    let isQuantity = FilterExpression.Quantity(name).isKnown
    if isQuantity { skipBlanks() }
    guard let relation = FilterExpression.Relation.allCases.first(where: { isNext($0.rawValue) }) else {
      position = start
      return nil
    }
    position += relation.rawValue.count
    if isQuantity { skipBlanks() }
    let valueStart = position
    if peek == "\"" {
      let text = try quoted()
      guard relation == .equals || relation == .differs else {
        throw FilterProblem(
          "texts have no order", remedy: "Compare a text with = or !=.", character: valueStart + 1)
      }
      return .equals(FilterExpression.Field(name), text).turned(relation == .differs)
    }
    var end = position
    while end < characters.count, !characters[end].isWhitespace, !")&|".contains(characters[end]) { end += 1 }
    let text = String(characters[position..<end])
    if let value = Double(text), value.isFinite {
      position = end
      skipBlanks()
      return .number(FilterExpression.Quantity(name), relation, value)
    }
    if isQuantity {
      throw FilterProblem(
        "\(name) is compared with a number, not with \"\(text)\"", remedy: "Say, for example, \(name)>20.",
        character: valueStart + 1)
    }
    if relation == .equals || relation == .differs, !text.isEmpty {
      position = end
      skipBlanks()
      return .equals(FilterExpression.Field(name), text).turned(relation == .differs)
    }
    // An arrow or a tag in a text, no comparison.
    position = start
    return nil
  }

  /// `NAME:PATTERN`, where the pattern goes on over the words that follow. Nil where none begins here.
  private mutating func fieldTest() throws(FilterProblem) -> FilterExpression.Test? {
    let start = position
    guard let name = takeName(), peek == ":" else {
      position = start
      return nil
    }
    position += 1
    let value = position
    if name == "in" || name == "run" {
      var end = position
      while end < characters.count, !characters[end].isWhitespace,
        !(characters[end] == ")" && !isOpen(from: value, to: end))
      {
        end += 1
      }
      let text = String(characters[value..<end])
      position = end
      skipBlanks()
      return name == "in" ? .sets(try SetParser.parse(text, at: value + 1)) : try Self.run(text, at: value + 1)
    }
    guard !isAtEnd, !characters[value].isWhitespace else {
      if value >= characters.count {
        throw FilterProblem(
          "nothing stands after \(name):", remedy: "Type what is to be found there.", character: value + 1)
      }
      position = start  // a colon of a sentence
      return nil
    }
    if characters[value...].starts(with: "//") {
      position = start  // an address
      return nil
    }
    let (text, isQuoted) = try phrase()
    let test = try FilterExpression.TextTest(text, isQuoted: isQuoted, at: value + 1)
    return name == "tag" ? .tag(test) : .text(FilterExpression.Field(name), test)
  }

  private static func run(_ text: String, at character: Int) throws(FilterProblem) -> FilterExpression.Test {
    switch text {
    case "any": return .anyRun
    case "none": return .noRun
    default:
      guard let number = Int64(text), number > 0 else {
        throw FilterProblem(
          "\"\(text)\" is no number of a run", remedy: "Say run:3, run:any or run:none; winnow runs lists them.",
          character: character)
      }
      return .run(number)
    }
  }

  // MARK: Words

  /// A quoted text, or words up to something that has a meaning.
  private mutating func phrase() throws(FilterProblem) -> (text: String, isQuoted: Bool) {
    if peek == "\"" { return (try quoted(), true) }
    let start = position
    var end = try word()
    while !isAtEnd, !isStartOfMeaning { end = try word() }
    return (String(characters[start..<end]), false)
  }

  /// Passes over a word and the blanks after it; gives the end of the word.
  private mutating func word() throws(FilterProblem) -> Int {
    let start = position
    var brackets = 0
    while position < characters.count, !characters[position].isWhitespace {
      switch characters[position] {
      case "\\": position = min(characters.count, position + 2)
      case "[":
        // Within a class of a regular expression brackets mean themselves.
        if let end = endOfClass() { position = end } else { position += 1 }
      case "(":
        brackets += 1
        position += 1
      case ")":
        if brackets == 0 {
          let end = position
          if end == start {
            throw FilterProblem("a ) that nothing opens", remedy: "Put \\ before it.", character: end + 1)
          }
          return end
        }
        brackets -= 1
        position += 1
      default: position += 1
      }
    }
    let end = position
    skipBlanks()
    return end
  }

  private func endOfClass() -> Int? {
    var index = position + 1
    if index < characters.count, characters[index] == "^" { index += 1 }
    if index < characters.count, characters[index] == "]" { index += 1 }
    while index < characters.count {
      if characters[index] == "\\" {
        index += 2
        continue
      }
      if characters[index] == "]" { return index + 1 }
      index += 1
    }
    return nil
  }

  /// A text in quotes; `\"` and `\\` stand for the signs themselves.
  private mutating func quoted() throws(FilterProblem) -> String {
    let start = position
    position += 1
    var text = ""
    while let next = peek, next != "\"" {
      if next == "\\", position + 1 < characters.count, "\"\\".contains(characters[position + 1]) { position += 1 }
      text.append(characters[position])
      position += 1
    }
    guard peek == "\"" else {
      throw FilterProblem("a quote that nothing closes", remedy: "Close it with \".", character: start + 1)
    }
    position += 1
    skipBlanks()
    if text.isEmpty {
      throw FilterProblem(
        "nothing stands between the quotes", remedy: "Type what is to be found.", character: start + 1)
    }
    return text
  }

  /// Whether what comes next is no further word of a phrase.
  private var isStartOfMeaning: Bool {
    if let peek, "()\"!".contains(peek) { return true }
    if isNext(["and", "AND", "or", "OR", "not", "NOT", "&", "&&", "|", "||"]) { return true }
    var ahead = self
    if ahead.takeKeyword() != nil { return true }
    // What is wrong with it is said when its turn comes.
    do { if try ahead.comparison() != nil { return true } } catch { return true }
    guard ahead.takeName() != nil, ahead.peek == ":" else { return false }
    ahead.position += 1
    return ahead.peek.map { !$0.isWhitespace } ?? true && !ahead.isNext("//")
  }

  // MARK: Signs

  private var isAtEnd: Bool { position >= characters.count }
  private var peek: Character? { isAtEnd ? nil : characters[position] }

  private mutating func skipBlanks() { while let peek, peek.isWhitespace { position += 1 } }

  private func isNext(_ text: String) -> Bool { characters[position...].starts(with: text) }

  /// Whether one of these words comes next, as a word of its own.
  private func isNext(_ words: [String]) -> Bool { words.contains { isWord($0, endingAt: ["(", ")", "!", "\""]) } }

  private func isWord(_ word: String, endingAt ends: Set<Character>) -> Bool {
    guard isNext(word) else { return false }
    let end = position + word.count
    return end >= characters.count || characters[end].isWhitespace || ends.contains(characters[end])
  }

  private mutating func take(_ words: [String]) -> Bool {
    guard let word = words.first(where: { isWord($0, endingAt: ["(", ")", "!", "\""]) }) else { return false }
    position += word.count
    skipBlanks()
    return true
  }

  /// Takes a sign between two conditions, written once or twice.
  private mutating func takeSign(_ sign: Character) -> Bool {
    guard peek == sign else { return false }
    position += 1
    if peek == sign { position += 1 }
    skipBlanks()
    return true
  }

  /// The name of a field: letters, digits, `_`, `-` and dots between them, beginning with a letter.
  private mutating func takeName() -> String? {
    guard let first = peek, first.isLetter || first == "_" else { return nil }
    var end = position
    while end < characters.count,
      characters[end].isLetter || characters[end].isNumber || "_-.".contains(characters[end])
    {
      end += 1
    }
    while end > position, "-.".contains(characters[end - 1]) { end -= 1 }
    let name = String(characters[position..<end])
    position = end
    return name
  }

  /// Whether a ( of these characters is still open at the end of them.
  private func isOpen(from start: Int, to end: Int) -> Bool {
    characters[start..<end].reduce(0) { $0 + ($1 == "(" ? 1 : $1 == ")" ? -1 : 0) } > 0
  }
}

extension FilterExpression.Test {
  /// The test, or what makes its opposite of a text.
  fileprivate func turned(_ isInverse: Bool) -> FilterExpression.Test {
    guard isInverse, case .equals(let field, let text) = self else { return self }
    return .differs(field, text)
  }
}

/// Reads what stands after `in:`: letters of compared runs or numbers of runs, with `&`, `|` (or a comma), `!` and
/// parentheses.
private struct SetParser {
  typealias Node = FilterExpression.SetExpression

  let characters: [Character]
  /// The character of the filter that the first one is.
  let first: Int
  var position = 0
  var depth = 0

  static func parse(_ text: String, at first: Int) throws(FilterProblem) -> Node {
    var parser = SetParser(characters: Array(text), first: first)
    let node = try parser.either()
    guard parser.position == parser.characters.count else { throw parser.refusal }
    return node
  }

  private var peek: Character? { position < characters.count ? characters[position] : nil }

  private var refusal: FilterProblem {
    FilterProblem(
      "runs are named here by letter or number", remedy: "Say, for example, in:none, in:A, in:A&!B or in:3|4.",
      character: first + position)
  }

  private mutating func either() throws(FilterProblem) -> Node {
    var parts = [try both()]
    while peek == "|" || peek == "," {
      position += 1
      parts.append(try both())
    }
    return parts.count == 1 ? parts[0] : .either(parts)
  }

  private mutating func both() throws(FilterProblem) -> Node {
    var parts = [try single()]
    while peek == "&" {
      position += 1
      parts.append(try single())
    }
    return parts.count == 1 ? parts[0] : .both(parts)
  }

  private mutating func single() throws(FilterProblem) -> Node {
    depth += 1
    defer { depth -= 1 }
    if depth > 32 { throw refusal }
    if peek == "!" {
      position += 1
      return .not(try single())
    }
    if peek == "(" {
      position += 1
      let inside = try either()
      guard peek == ")" else { throw refusal }
      position += 1
      return inside
    }
    var end = position
    while end < characters.count, characters[end].isLetter || characters[end].isNumber { end += 1 }
    let name = String(characters[position..<end])
    let node: Node
    switch name {
    case "none": node = .none
    case "any": node = .any
    case "all": node = .all
    default:
      if let number = Int64(name), number > 0 {
        node = .number(number)
      } else if name.utf8.count == 1, let letter = name.uppercased().utf8.first, (0x41...0x5A).contains(letter) {
        node = .compared(Int(letter) - 0x41)
      } else {
        throw refusal
      }
    }
    position = end
    return node
  }
}
