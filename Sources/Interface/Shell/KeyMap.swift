import Domain
import Screen

/// Why a key map file cannot be used.
package enum KeyMapError: ReportableError, Hashable {
  case unreadable(file: String, line: Int, reason: String)
  case unknownAction(file: String, line: Int, name: String)
  case unknownKey(file: String, line: Int, key: String)
  case taken(file: String, line: Int, key: String, by: Action)

  package var report: ErrorReport {
    switch self {
    case .unreadable(let file, let line, let reason):
      ErrorReport(
        "not readable: \(reason)", at: "\(file):\(line)",
        remedy: "Write lines of the form action = \"key\" or action = [\"key\", \"key\"] under [keys].",
        status: .badData)
    case .unknownAction(let file, let line, let name):
      ErrorReport(
        "there is no action \"\(name)\"", at: "\(file):\(line)",
        remedy: "Actions are: \(Binding.all.map(\.action.rawValue).joined(separator: ", ")).", status: .badData)
    case .unknownKey(let file, let line, let key):
      ErrorReport(
        "there is no key \"\(key)\"", at: "\(file):\(line)",
        remedy:
          "Write a character, ctrl-x, alt-x, f1 to f12, or enter, esc, tab, shift-tab, space, backspace, del, ins, "
          + "up, down, left, right, home, end, pgup, pgdn.", status: .badData)
    case .taken(let file, let line, let key, let action):
      ErrorReport(
        "\"\(key)\" is the key of \(action.rawValue) already", at: "\(file):\(line)",
        remedy: "Give one of the two another key: \(action.rawValue) = \"…\".", status: .badData)
    }
  }
}

/// The table of bindings in use: the built-in one, changed by the user's file.
package struct KeyMap: Sendable, Hashable {
  package private(set) var bindings: [Binding]

  package static let standard = KeyMap(bindings: Binding.all)

  private init(bindings: [Binding]) { self.bindings = bindings }

  /// Reads a key map file: under `[keys]`, the name of an action and the keys that take the place of its built-in ones.
  ///
  /// ```toml
  /// [keys]
  /// pin = "P"
  /// quit = ["q", "ctrl-q"]
  /// suspend = []             # no key: the palette still has it
  /// ```
  package init(parsing text: String, file: String) throws(KeyMapError) {
    let settings: SettingsFile
    do {
      settings = try SettingsFile(parsing: text)
    } catch {
      throw KeyMapError.unreadable(file: file, line: error.line, reason: error.reason)
    }
    if let heading = settings.headings.first(where: { $0.name != "keys" }) {
      throw KeyMapError.unreadable(file: file, line: heading.line, reason: "[\(heading.name)] is not known")
    }
    if let entry = settings.entries(of: nil).first {
      throw KeyMapError.unreadable(file: file, line: entry.line, reason: "\(entry.key) stands before [keys]")
    }
    var bindings = Binding.all
    var lines: [Action: Int] = [:]
    for entry in settings.entries(of: "keys") {
      let action = Action(rawValue: entry.key)
      guard let index = bindings.firstIndex(where: { $0.action == action }) else {
        throw KeyMapError.unknownAction(file: file, line: entry.line, name: entry.key)
      }
      var keys: [Key] = []
      for name in try Self.names(in: entry, file: file) {
        guard let key = Key(named: name) else { throw KeyMapError.unknownKey(file: file, line: entry.line, key: name) }
        if !keys.contains(key) { keys.append(key) }
      }
      bindings[index].keys = keys
      lines[action] = entry.line
    }
    try Self.refuseDoubles(in: bindings, lines: lines, file: file)
    self.bindings = bindings
  }

  private static func names(in entry: SettingsFile.Entry, file: String) throws(KeyMapError) -> [String] {
    let values: [SettingsValue]
    if case .list(let list) = entry.value { values = list } else { values = [entry.value] }
    var names: [String] = []
    for value in values {
      guard let name = value.text else {
        throw KeyMapError.unreadable(file: file, line: entry.line, reason: "keys stand in quotation marks")
      }
      names.append(name)
    }
    return names
  }

  /// A key means one thing in a context. Of two actions that want it, the file's line is named, or the later of two lines.
  private static func refuseDoubles(in bindings: [Binding], lines: [Action: Int], file: String) throws(KeyMapError) {
    for context in Context.all {
      var owner: [Key: Action] = [:]
      for binding in bindings where binding.contexts.contains(context) {
        for key in binding.keys {
          guard let other = owner[key] else {
            owner[key] = binding.action
            continue
          }
          let (mine, theirs) = (lines[binding.action] ?? 0, lines[other] ?? 0)
          throw KeyMapError.taken(
            file: file, line: max(mine, theirs), key: key.label, by: mine >= theirs ? other : binding.action)
        }
      }
    }
  }

  package func binding(of action: Action) -> Binding? { bindings.first { $0.action == action } }
}
