/// Why there is no screen to draw on. The program ends with unusable arguments (64).
package enum TerminalError: Error, Sendable, Hashable {
  /// Standard input or output is a file or a pipe.
  case notATerminal
  /// `TERM` is unset, or the system has no description of it.
  case unknownTerminal(name: String?)
  /// It cannot place its cursor.
  case simpleTerminal(name: String)

  /// What is wrong, as a clause without a full stop.
  package var problem: String {
    switch self {
    case .notATerminal: "the workbench needs a terminal, and standard input or output is none"
    case .unknownTerminal(nil): "TERM is not set, so the kind of terminal is unknown"
    case .unknownTerminal(let name?): "the terminal \"\(name)\" (TERM) is unknown on this machine"
    case .simpleTerminal(let name): "the terminal \"\(name)\" (TERM) cannot show a screen"
    }
  }

  /// What the user can do.
  package var remedy: String {
    let headless = "Without a screen use the commands: winnow select, score, export, … (winnow --help lists them)."
    return switch self {
    case .unknownTerminal: "Try TERM=xterm-256color. \(headless)"
    default: headless
    }
  }
}
