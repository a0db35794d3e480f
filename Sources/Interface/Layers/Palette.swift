import Screen

extension Context {
  package static let palette = Context(name: "palette", title: "In the palette")
}

/// All commands of the screens, found by typing parts of their names.
package struct Palette: Layer {
  package var input = TextInput()
  package var list = ListState()

  package init() {}

  var contexts: [Context] { [.palette] }
  var overlay: Overlay { .palette(self) }
  var takesOnClick: Bool { true }

  mutating func choose(_ row: Int, _ model: inout Model) { list.cursor = row }

  mutating func edit(_ change: (inout TextInput) -> Void) -> [Effect] {
    let before = input.text
    change(&input)
    if input.text != before { list = ListState() }
    return []
  }

  mutating func move(_ step: Step, _ model: inout Model) {
    list.move(step, count: matches(in: model.keyMap).count, page: page(model))
  }

  func accept(_ model: inout Model) -> [Effect] {
    let matches = matches(in: model.keyMap)
    guard matches.indices.contains(list.cursor) else {
      model.overlay = overlay
      return []
    }
    return model.attempt(matches[list.cursor].action)
  }

  /// The bindings that can be asked for here, best match first; among equals the table's order.
  package func matches(in keyMap: KeyMap = .standard) -> [Binding] {
    let offered = keyMap.bindings.filter { binding in
      !Set(binding.contexts).isDisjoint(with: Context.ofScreens) && binding.action != .palette
    }
    let wanted = Array(input.text.lowercased().filter { !$0.isWhitespace })
    return offered.enumerated()
      .compactMap { position, binding in
        Self.score(wanted, in: "\(binding.title) \(binding.meaning)".lowercased()).map { ($0, position, binding) }
      }
      .sorted { ($1.0, $0.1) < ($0.0, $1.1) }
      .map(\.2)
  }

  /// How well the letters are found in order: more for those in a row, at the beginning of a word, and early on; nil
  /// where one is missing.
  static func score(_ wanted: [Character], in text: String) -> Int? {
    let letters = Array(text)
    var best: Int?
    // Each position of the first letter is tried: the leftmost is not always the one that begins a word.
    for start in letters.indices where wanted.isEmpty || letters[start] == wanted[0] {
      var score = max(0, 8 - start / 4)
      var position = start
      var before = -2
      var isWhole = true
      for letter in wanted {
        guard let found = letters[position...].firstIndex(of: letter) else {
          isWhole = false
          break
        }
        if found == before + 1 { score += 6 }
        if found == 0 || letters[found - 1] == " " { score += 4 }
        before = found
        position = found + 1
      }
      if isWhole { best = max(best ?? 0, score) }
      if wanted.isEmpty { break }
    }
    return best
  }

  // MARK: Drawing

  private func rect(in body: Rect) -> Rect { body.centered(78, min(body.height, 18)) }

  private func page(_ model: Model) -> Int { max(1, model.inside(rect(in: model.layout.body)).height - 2) }

  func draw(_ model: Model, in body: Rect, _ frame: inout Frame) {
    let inside = frame.layer("Actions", rect(in: body))
    let field = Rect(x: inside.x, y: inside.y, width: inside.width, height: 1)
    frame.grid.fill(field, style: frame.theme[.input])
    if input.text.isEmpty { frame.text("type a part of what you want to do", .muted, in: field, x: 1) }
    let used = frame.text(input.text.truncated(to: field.width - 1, keepingEnd: true), .input, in: field)
    if field.width > 0 { frame.grid.cursor = Point(x: min(field.right - 1, field.x + used), y: field.y) }
    let matches = matches(in: model.keyMap)
    if matches.isEmpty { frame.text("No action is called so.", .muted, in: inside, y: 2) }
    for (row, index) in list.visible(count: matches.count, page: page(model)).enumerated() {
      let binding = matches[index]
      let line = Rect(x: inside.x, y: inside.y + 2 + row, width: inside.width, height: 1)
      let obstacle = model.obstacle(to: binding.action)
      frame.text(binding.title, obstacle == nil ? .text : .muted, in: line, x: 2, width: 13)
      let key = frame.textRight(binding.keys.first?.label ?? "", .key, in: line)
      let meaning = obstacle.map { "(\($0))" } ?? binding.meaning
      frame.text(meaning, .muted, in: line, x: 16, width: max(0, line.width - 17 - key))
      if index == list.cursor { frame.cursorBar(line, isFocused: true) }
      frame.mark(line, .choice(index))
    }
  }
}
