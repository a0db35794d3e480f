import Screen

extension Context {
  package static let themes = Context(name: "themes", title: "While choosing a theme")
}

/// The themes, tried on as the cursor comes to them.
package struct ThemeChoice: Layer {
  var list = ListState()
  /// The theme to go back to.
  let before: Int

  init(startingAt index: Int) {
    before = index
    list.cursor = index
  }

  var contexts: [Context] { [.themes] }
  var overlay: Overlay { .themes(self) }

  mutating func move(_ step: Step, _ model: inout Model) {
    list.move(step, count: model.themes.count, page: model.themes.count)
    model.show(theme: list.cursor)
  }

  mutating func choose(_ row: Int, _ model: inout Model) {
    list.cursor = row
    model.show(theme: row)
  }

  func accept(_ model: inout Model) -> [Effect] {
    before == model.themeIndex ? [] : [.rememberTheme(model.themes[model.themeIndex].id)]
  }

  func abandon(_ model: inout Model) { model.show(theme: before) }

  func draw(_ model: Model, in body: Rect, _ frame: inout Frame) {
    // At the right, so that the screen that is being tried on stays in sight.
    let width = min(30, body.width)
    let rect = Rect(x: body.right - width, y: body.y, width: width, height: min(body.height, model.themes.count + 2))
    let inside = frame.layer("Theme", rect)
    for (row, index) in list.visible(count: model.themes.count, page: inside.height).enumerated() {
      let line = Rect(x: inside.x, y: inside.y + row, width: inside.width, height: 1)
      frame.text(model.themes[index].title, .text, in: line, x: 2)
      if index == list.cursor { frame.cursorBar(line, isFocused: true) }
      frame.mark(line, .choice(index))
    }
  }
}
