import TOMLKit

/// Why a theme file cannot be used.
public enum ThemeError: Error, Sendable, Hashable {
  case syntax(file: String, line: Int, reason: String)
  case unknownKey(file: String, line: Int, key: String, known: [String])
  case notText(file: String, line: Int, key: String)
  case badStyle(file: String, line: Int, key: String, word: String)

  /// The place as `file:line`.
  public var place: String {
    switch self {
    case .syntax(let file, let line, _), .unknownKey(let file, let line, _, _), .notText(let file, let line, _),
      .badStyle(let file, let line, _, _):
      "\(file):\(line)"
    }
  }

  /// What is wrong, without the place.
  public var problem: String {
    switch self {
    case .syntax(_, _, let reason): "not TOML: \(reason)"
    case .unknownKey(_, _, let key, _): "unknown key \"\(key)\""
    case .notText(_, _, let key): "\"\(key)\" is not a text"
    case .badStyle(_, _, let key, let word): "\"\(key)\" names no colour or emphasis \"\(word)\""
    }
  }

  public var remedy: String {
    switch self {
    case .syntax: "Write lines of the form name = \"value\" under [palette] and [styles]."
    case .unknownKey(_, _, _, let known): "Known here: \(known.joined(separator: ", "))."
    case .notText: "Put the value in quotation marks."
    case .badStyle:
      "Write \"#rrggbb on #rrggbb bold\": colours as #rrggbb, from [palette], or one of the terminal's own (red, bright-red, terminal)."
    }
  }
}

extension Theme {
  /// Reads a theme file.
  ///
  /// ```toml
  /// title = "Dusk"
  /// base = "dark"                 # dark, light or terminal: completes what the file leaves out
  /// [palette]
  /// night = "#1b1e26"
  /// [styles]
  /// text = "#d5dae3 on night"     # a style without `on` stands on the background of text
  /// title = "bold"
  /// [chart]
  /// gradient = "#5e81c7 #9ece8f"
  /// ```
  ///
  /// - Parameters:
  ///   - text: the file's contents.
  ///   - id: the file's name without its suffix.
  ///   - file: the path to name in an error.
  public init(parsing text: String, id: String, file: String) throws(ThemeError) {
    let table: TOMLTable
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      throw ThemeError.syntax(file: file, line: error.source.begin.line, reason: error.description)
    } catch {
      throw ThemeError.syntax(file: file, line: 1, reason: "\(error)")
    }
    let reader = ThemeReader(table: table, text: text, file: file)
    try reader.refuseUnknown(in: table, section: nil, known: ["title", "base", "palette", "styles", "chart"])

    let bases: [(String, Theme)] = [("dark", .dusk), ("light", .paper), ("terminal", .sixteen)]
    let baseName = try reader.text(table, nil, "base") ?? "dark"
    guard var theme = bases.first(where: { $0.0 == baseName })?.1 else {
      throw ThemeError.unknownKey(
        file: file, line: reader.line(of: "base", in: nil), key: baseName, known: bases.map(\.0))
    }
    theme.id = id
    theme.title = try reader.text(table, nil, "title") ?? id

    var palette: [String: Color] = [:]
    let colours = try reader.section("palette")
    for key in colours?.keys.sorted() ?? [] {
      let value = try colours.flatMap { table throws(ThemeError) in try reader.text(table, "palette", key) } ?? ""
      guard let color = Color(named: value, palette: [:]) else {
        throw ThemeError.badStyle(file: file, line: reader.line(of: key, in: "palette"), key: key, word: value)
      }
      palette[key] = color
    }

    if let styles = try reader.section("styles") {
      try reader.refuseUnknown(in: styles, section: "styles", known: StyleName.allCases.map(\.rawValue))
      let plainBefore = theme[.text]
      if let value = try reader.text(styles, "styles", StyleName.text.rawValue) {
        theme.styles[.text] = try reader.style(value, of: .text, over: theme[.text], palette: palette)
      }
      // What the file leaves to the base stands on the file's own background.
      let background = theme[.text].background
      for name in StyleName.allCases where theme[name].background == plainBefore.background {
        theme.styles[name]?.background = background
      }
      for name in StyleName.allCases where name != .text {
        guard let value = try reader.text(styles, "styles", name.rawValue) else { continue }
        theme.styles[name] = try reader.style(value, of: name, over: theme[.text], palette: palette)
      }
    }

    if let chart = try reader.section("chart") {
      try reader.refuseUnknown(in: chart, section: "chart", known: ["gradient"])
      if let value = try reader.text(chart, "chart", "gradient") {
        var gradient: [Color] = []
        for word in value.split(separator: " ") {
          guard let color = Color(named: String(word), palette: palette) else {
            throw ThemeError.badStyle(
              file: file, line: reader.line(of: "gradient", in: "chart"), key: "gradient", word: String(word))
          }
          gradient.append(color)
        }
        if !gradient.isEmpty { theme.gradient = gradient }
      }
    }
    self = theme
  }
}

/// Reads values out of a parsed file, and finds the line of one that is wrong.
private struct ThemeReader {
  let table: TOMLTable
  let text: String
  let file: String

  func section(_ name: String) throws(ThemeError) -> TOMLTable? {
    guard let value = table[name] else { return nil }
    guard let section = value.table else {
      throw ThemeError.notText(file: file, line: line(of: name, in: nil), key: name)
    }
    return section
  }

  func text(_ table: TOMLTable, _ section: String?, _ key: String) throws(ThemeError) -> String? {
    guard let value = table[key] else { return nil }
    guard let text = value.string else {
      throw ThemeError.notText(file: file, line: line(of: key, in: section), key: key)
    }
    return text
  }

  func refuseUnknown(in table: TOMLTable, section: String?, known: [String]) throws(ThemeError) {
    for key in table.keys.sorted() where !known.contains(key) {
      throw ThemeError.unknownKey(file: file, line: line(of: key, in: section), key: key, known: known)
    }
  }

  /// `red on night bold`; what is not said is as in `base`.
  func style(
    _ value: String, of name: StyleName, over base: Style, palette: [String: Color]
  ) throws(ThemeError) -> Style {
    var style = Style(foreground: base.foreground, background: base.background)
    var isBackground = false
    for word in value.split(whereSeparator: \.isWhitespace).map(String.init) {
      if word == "on" {
        isBackground = true
      } else if let attribute = Attributes(named: word), palette[word] == nil {
        style.attributes.insert(attribute)
      } else if let color = Color(named: word, palette: palette) {
        if isBackground { style.background = color } else { style.foreground = color }
        isBackground = false
      } else {
        throw ThemeError.badStyle(
          file: file, line: line(of: name.rawValue, in: "styles"), key: name.rawValue, word: word)
      }
    }
    return style
  }

  /// The line on which a key stands, counted from 1. The parser keeps no places, so the text is looked through.
  func line(of key: String, in section: String?) -> Int {
    var current: String?
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.drop { $0.isWhitespace }
      if words.first == "[" {
        current = words.dropFirst().prefix { $0 != "]" }.filter { !$0.isWhitespace }
        if current == key { return number + 1 }
      } else if current == section {
        let name = words.prefix { $0 != "=" }.filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
        if name == key { return number + 1 }
      }
    }
    return 1
  }
}

extension Attributes {
  fileprivate init?(named word: String) {
    switch word {
    case "bold": self = .bold
    case "dim": self = .dim
    case "italic": self = .italic
    case "underline": self = .underline
    case "reverse": self = .reverse
    default: return nil
    }
  }
}

extension Color {
  fileprivate init?(named word: String, palette: [String: Color]) {
    if let color = palette[word] {
      self = color
    } else if word == "terminal" {
      self = .terminal
    } else if word.hasPrefix("#") {
      let digits = word.dropFirst()
      guard digits.utf8.count == 6, digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else {
        return nil
      }
      self = .hex(value)
    } else {
      let names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]
      let bright = word.hasPrefix("bright-")
      guard let place = names.firstIndex(of: bright ? String(word.dropFirst(7)) : word) else { return nil }
      self = .named(UInt8(place + (bright ? 8 : 0)))
    }
  }
}
