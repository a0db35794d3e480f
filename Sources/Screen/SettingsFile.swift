/// A value of a settings file.
package enum SettingsValue: Sendable, Hashable {
  case text(String)
  case integer(Int)
  case number(Double)
  case flag(Bool)
  case list([SettingsValue])

  package var text: String? {
    if case .text(let text) = self { return text }
    return nil
  }
}

/// Why a settings file cannot be read, and on which of its lines, counted from 1.
package struct SettingsError: Error, Sendable, Hashable {
  package var line: Int
  package var reason: String
}

/// The part of TOML that settings and themes need: `[section]` headings, `key = value` with texts, numbers, `true` and
/// `false`, and lists of these on one line, and `#` comments. Every entry knows its line, so that what is wrong with a
/// value later on can be said with its line. What is outside of this part of TOML is refused, never guessed.
package struct SettingsFile: Sendable, Hashable {
  package struct Entry: Sendable, Hashable {
    /// Nil before the first heading.
    package var section: String?
    package var key: String
    package var value: SettingsValue
    package var line: Int
  }

  package private(set) var entries: [Entry] = []
  /// The headings with their lines, empty ones among them.
  package private(set) var headings: [Heading] = []

  package struct Heading: Sendable, Hashable {
    package var name: String
    package var line: Int
  }

  package init(parsing text: String) throws(SettingsError) {
    var section: String?
    var seen: Set<String> = []
    // `\r\n` is one Character: both kinds of line break end a line.
    for (number, content) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      var line = SettingsLine(content, number: number + 1)
      line.skipBlanks()
      if line.isAtEnd { continue }
      if line.take("[") {
        let name = try line.key()
        guard line.take("]") else { throw line.error("a heading ends in ]") }
        try line.expectEnd()
        guard !headings.contains(where: { $0.name == name }) else { throw line.error("[\(name)] is there twice") }
        headings.append(Heading(name: name, line: number + 1))
        section = name
        continue
      }
      let key = try line.key()
      guard line.take("=") else { throw line.error("after \(key) there is no =") }
      line.skipBlanks()
      let value = try line.value()
      try line.expectEnd()
      guard seen.insert("\(section ?? "")\n\(key)").inserted else { throw line.error("\(key) is there twice") }
      entries.append(Entry(section: section, key: key, value: value, line: number + 1))
    }
  }

  package func entries(of section: String?) -> [Entry] { entries.filter { $0.section == section } }
}

/// One line, read from left to right.
private struct SettingsLine {
  private var rest: Substring
  private let number: Int

  init(_ content: Substring, number: Int) {
    rest = content
    self.number = number
  }

  var isAtEnd: Bool { rest.isEmpty || rest.first == "#" }

  func error(_ reason: String) -> SettingsError { SettingsError(line: number, reason: reason) }

  mutating func skipBlanks() { rest = rest.drop { $0 == " " || $0 == "\t" } }

  mutating func take(_ character: Character) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }

  func expectEnd() throws(SettingsError) {
    var line = self
    line.skipBlanks()
    guard line.isAtEnd else { throw error("\(line.rest.prefix(20)) is too much") }
  }

  /// A name, and the blanks around it.
  mutating func key() throws(SettingsError) -> String {
    skipBlanks()
    defer { skipBlanks() }
    if rest.first == "\"" || rest.first == "'" { return try quoted() }
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    guard !name.isEmpty else { throw error("a name is expected before \(rest.prefix(20))") }
    rest = rest[name.endIndex...]
    return String(name)
  }

  mutating func value(depth: Int = 0) throws(SettingsError) -> SettingsValue {
    if rest.first == "\"" || rest.first == "'" { return .text(try quoted()) }
    if take("[") {
      guard depth < 8 else { throw error("lists are nested too deeply") }
      var values: [SettingsValue] = []
      skipBlanks()
      while !take("]") {
        values.append(try value(depth: depth + 1))
        skipBlanks()
        if take(",") {
          skipBlanks()
        } else if rest.first != "]" {
          throw error("a list ends in ] on the line it begins on")
        }
      }
      return .list(values)
    }
    let word = rest.prefix { !" \t,]#".contains($0) }
    rest = rest[word.endIndex...]
    switch word {
    case "": throw error("a value is expected")
    case "true": return .flag(true)
    case "false": return .flag(false)
    default:
      let digits = word.filter { $0 != "_" }
      if let integer = Int(digits) { return .integer(integer) }
      if let number = Double(digits), number.isFinite { return .number(number) }
      throw error("\(word.prefix(20)) is neither a number nor a text in quotation marks")
    }
  }

  /// A text in double quotation marks, with escapes, or in single ones, without.
  private mutating func quoted() throws(SettingsError) -> String {
    let mark = rest.removeFirst()
    var text = ""
    while let character = rest.popFirst() {
      if character == mark { return text }
      guard character == "\\", mark == "\"" else {
        text.append(character)
        continue
      }
      switch rest.popFirst() {
      case "n": text.append("\n")
      case "t": text.append("\t")
      case "\"": text.append("\"")
      case "\\": text.append("\\")
      case "u":
        let digits = rest.prefix(4)
        guard digits.count == 4, let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
          throw error("\\u is followed by four hexadecimal digits")
        }
        rest = rest[digits.endIndex...]
        text.unicodeScalars.append(scalar)
      default: throw error("an escape that is not known: write \\\\ for a backslash")
      }
    }
    throw error("a text is not closed")
  }
}
