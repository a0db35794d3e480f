import Screen

extension Action {
  static let accept: Action = "accept"
  static let abandon: Action = "abandon"
  static let nextRole: Action = "nextRole"
}

extension Prompt {
  /// What the keys do while text is typed, in a prompt and in the palette.
  static let commands: [Command] = [
    Command(
      .accept, [.enter], in: typing + [.themes], "accept", "Take it", footer: true, asks: { $0.accept() }),
    Command(
      .abandon, [.escape, .control("g")], in: typing + [.themes], "leave", "Leave without taking it", footer: true,
      does: { $0.abandon() }),
    Command(
      "complete", [.tab], in: [.pathTyping], "complete", "Complete the path as far as it is clear", footer: true,
      asks: { model in model.withPrompt { $0.complete() } }),
    Command(
      .nextRole, [.control("r")], in: [.opening], "role", "Change what the file is for: pool, target or existing",
      footer: true,
      asks: { model in
        model.withPrompt { prompt in
          if case .open(let role) = prompt.purpose { prompt.purpose = .open(role.next) }
          return []
        }
      }),
    Command(
      "nextChoice", [.down, .control("n")], in: [.pathTyping, .palette], "next", "Next entry of the list",
      does: { $0.move(.down) }),
    Command(
      "previousChoice", [.up, .control("p")], in: [.pathTyping, .palette], "previous", "Previous entry of the list",
      does: { $0.move(.up) }),
    editing("deleteBackwards", [.backspace], "delete", "Delete before the cursor") { $0.deleteBackwards() },
    editing("deleteForwards", [.delete, .control("d")], "delete", "Delete under the cursor") { $0.deleteForwards() },
    editing("deleteWord", [.control("w")], "delete word", "Delete the word, or the path's last part") {
      $0.deleteWord()
    },
    editing("deleteLine", [.control("u")], "clear", "Delete back to the beginning", footer: true) {
      $0.deleteToStart()
    },
    editing("cursorLeft", [.left, .control("b")], "left", "Move the cursor to the left") { $0.moveLeft() },
    editing("cursorRight", [.right, .control("f")], "right", "Move the cursor to the right") { $0.moveRight() },
    editing("cursorStart", [.home, .control("a")], "start", "Move the cursor to the beginning") { $0.moveToStart() },
    editing("cursorEnd", [.end, .control("e")], "end", "Move the cursor to the end") { $0.moveToEnd() },
  ]

  private static let typing: [Context] = [.typing, .pathTyping, .palette]

  private static func editing(
    _ action: Action, _ keys: [Key], _ title: String, _ meaning: String, footer: Bool = false,
    _ change: @escaping @Sendable (inout TextInput) -> Void
  ) -> Command {
    Command(action, keys, in: typing, title, meaning, footer: footer, asks: { $0.edit(change) })
  }
}

extension Model {
  fileprivate mutating func withPrompt(_ body: (inout Prompt) -> [Effect]) -> [Effect] {
    guard case .prompt(var prompt) = overlay else { return [] }
    defer { overlay = .prompt(prompt) }
    return body(&prompt)
  }
}
