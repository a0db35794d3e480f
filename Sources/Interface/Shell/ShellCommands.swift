import Screen

extension Action {
  static let showData = ScreenName.data.action
  static let showSetup = ScreenName.setup.action
  static let showRun = ScreenName.run.action
  static let showInspect = ScreenName.inspect.action
  static let showCompare = ScreenName.compare.action
  static let showMap = ScreenName.map.action
  package static let palette: Action = "palette"
  static let chooseTheme: Action = "chooseTheme"
  static let showLog: Action = "showLog"
  static let help: Action = "help"
  static let dismiss: Action = "dismiss"
  static let quit: Action = "quit"
}

extension Command {
  /// What can be done anywhere.
  static let ofShell: [Command] =
    ScreenName.allCases.map { name in
      Command(
        name.action, [.character(Character("\(name.rawValue + 1)"))], in: [.everywhere], name.title, name.part.meaning,
        does: { $0.show(name) })
    } + [
      Command(
        "nextPanel", [.tab], in: [.everywhere], "panel", "Give the next panel the keys", footer: true,
        does: { $0.stepPanel(1) }),
      Command(
        "previousPanel", [.backTab], in: [.everywhere], "previous panel", "Give the previous panel the keys",
        does: { $0.stepPanel(-1) }),
      Command(
        .palette, [.character(":"), .control("p")], in: [.everywhere], "actions", "Find any action by its name",
        footer: true, does: { $0.overlay = .palette(Palette()) }),
      Command(
        .chooseTheme, [.character("t")], in: [.everywhere], "theme", "Choose how the program looks",
        does: { $0.overlay = .themes(ThemeChoice(startingAt: $0.themeIndex)) }),
      Command(
        .showLog, [.character("L")], in: [.everywhere], "log", "Read what was said before, errors among it",
        does: { $0.overlay = .log(LogPage(atEndOf: $0)) }),
      Command(
        "suspend", [.control("z")], in: [.everywhere], "suspend", "Go back to the shell; fg returns",
        asks: { _ in [.suspend] }),
      Command(
        .help, [.character("?"), .function(1)], in: [.everywhere, .reader], "help",
        "Show all keys, and what the words mean", footer: true,
        does: { model in
          if case .help = model.overlay { model.overlay = nil } else { model.overlay = .help(HelpPage()) }
        }),
      Command(
        .dismiss, [.escape], in: [.everywhere, .reader], "back",
        "Leave what is open: a page, an error, a jump, marks, a filter", asks: { $0.dismiss() }),
      Command(
        .quit, [.character("q"), .control("c")], in: [.everywhere, .reader], "quit", "End the program", footer: true,
        asks: { $0.quit() }),
    ]
}

extension Model {
  /// Leaves what is open, one thing at a time.
  fileprivate mutating func dismiss() -> [Effect] {
    if overlay != nil {
      overlay = nil
    } else if seeking != nil {
      seeking = nil
      return [.stopSeeking]
    } else if banner != nil {
      banner = nil
    } else if let effects = part.leave(&self) {
      return effects
    } else {
      focus(on: part.home)
    }
    return []
  }

  mutating func quit() -> [Effect] {
    guard currentRun?.isGoingOn == true, !isTooSmall else { return [.quit] }
    if case .confirm(let asked) = overlay, asked.purpose == .quit { return [.quit] }
    overlay = .confirm(
      Confirmation(purpose: .quit, question: "A run is going on. Quit? What is scored by now is kept."))
    return []
  }
}
