/// Why a theme file cannot be used.
package enum ThemeError: Error, Sendable, Hashable {
  case syntax(file: String, line: Int, reason: String)
  case unknownKey(file: String, line: Int, key: String, known: [String])
  case notText(file: String, line: Int, key: String)
  case badStyle(file: String, line: Int, key: String, word: String)

  /// As `file:line`.
  package var location: String {
    switch self {
    case .syntax(let file, let line, _), .unknownKey(let file, let line, _, _), .notText(let file, let line, _),
      .badStyle(let file, let line, _, _):
      "\(file):\(line)"
    }
  }

  /// What is wrong, without the location.
  package var problem: String {
    switch self {
    case .syntax(_, _, let reason): "not readable: \(reason)"
    case .unknownKey(_, _, let key, _): "unknown key \"\(key)\""
    case .notText(_, _, let key): "\"\(key)\" is not a text"
    case .badStyle(_, _, let key, let word): "\"\(key)\" names no colour or emphasis \"\(word)\""
    }
  }

  package var remedy: String {
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
  package init(parsing text: String, id: String, file: String) throws(ThemeError) {
    let settings: SettingsFile
    do {
      settings = try SettingsFile(parsing: text)
    } catch {
      throw ThemeError.syntax(file: file, line: error.line, reason: error.reason)
    }
    var reader = ThemeReader(settings: settings, file: file)
    try reader.refuseUnknownKeys()

    let bases: [(String, Theme)] = [("dark", .dusk), ("light", .paper), ("terminal", .sixteen)]
    let base = reader.entry(nil, "base")
    guard var theme = bases.first(where: { $0.0 == base?.value.text ?? "dark" })?.1 else {
      throw ThemeError.unknownKey(
        file: file, line: base?.line ?? 1, key: base?.value.text ?? "", known: bases.map(\.0))
    }
    theme.id = id
    theme.title = reader.entry(nil, "title")?.value.text ?? id
    for entry in settings.entries(of: "palette") { reader.palette[entry.key] = try reader.color(entry) }

    let backgroundBefore = theme[.text].background
    if let entry = reader.entry("styles", StyleName.text.rawValue) {
      theme.styles[.text] = try reader.style(entry, over: theme[.text])
    }
    // What the file leaves to the base stands on the file's own background.
    let background = theme[.text].background
    for name in StyleName.allCases where theme[name].background == backgroundBefore {
      theme.styles[name]?.background = background
    }
    for name in StyleName.allCases where name != .text {
      guard let entry = reader.entry("styles", name.rawValue) else { continue }
      theme.styles[name] = try reader.style(entry, over: theme[.text])
    }

    if let entry = reader.entry("chart", "gradient") {
      let gradient = try reader.colors(entry)
      if !gradient.isEmpty { theme.gradient = gradient }
    }
    self = theme
  }
}

/// Reads styles and colours out of a settings file.
private struct ThemeReader {
  let settings: SettingsFile
  let file: String
  var palette: [String: Color] = [:]

  init(settings: SettingsFile, file: String) {
    self.settings = settings
    self.file = file
  }

  func entry(_ section: String?, _ key: String) -> SettingsFile.Entry? {
    settings.entries.first { $0.section == section && $0.key == key }
  }

  func refuseUnknownKeys() throws(ThemeError) {
    let known: [String?: [String]] = [
      nil: ["title", "base"], "styles": StyleName.allCases.map(\.rawValue), "chart": ["gradient"],
    ]
    let sections = ["palette", "styles", "chart"]
    for heading in settings.headings where !sections.contains(heading.name) {
      throw ThemeError.unknownKey(file: file, line: heading.line, key: heading.name, known: sections)
    }
    for entry in settings.entries {
      if let known = known[entry.section], !known.contains(entry.key) {
        throw ThemeError.unknownKey(file: file, line: entry.line, key: entry.key, known: known)
      }
      if entry.value.text == nil { throw ThemeError.notText(file: file, line: entry.line, key: entry.key) }
    }
  }

  /// `red on night bold`; what is not said is as in `base`.
  func style(_ entry: SettingsFile.Entry, over base: Style) throws(ThemeError) -> Style {
    var style = Style(foreground: base.foreground, background: base.background)
    var isBackground = false
    for word in words(of: entry) {
      if word == "on" {
        isBackground = true
      } else if let attribute = Attributes(named: word), palette[word] == nil {
        style.attributes.insert(attribute)
      } else {
        let color = try named(word, in: entry)
        if isBackground { style.background = color } else { style.foreground = color }
        isBackground = false
      }
    }
    return style
  }

  func colors(_ entry: SettingsFile.Entry) throws(ThemeError) -> [Color] {
    var colors: [Color] = []
    for word in words(of: entry) { colors.append(try named(word, in: entry)) }
    return colors
  }

  func color(_ entry: SettingsFile.Entry) throws(ThemeError) -> Color {
    try named(entry.value.text ?? "", in: entry)
  }

  private func words(of entry: SettingsFile.Entry) -> [String] {
    (entry.value.text ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
  }

  private func named(_ word: String, in entry: SettingsFile.Entry) throws(ThemeError) -> Color {
    guard let color = Color(named: word, palette: palette) else {
      throw ThemeError.badStyle(file: file, line: entry.line, key: entry.key, word: word)
    }
    return color
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
      guard let location = names.firstIndex(of: bright ? String(word.dropFirst(7)) : word) else { return nil }
      self = .named(UInt8(location + (bright ? 8 : 0)))
    }
  }
}
