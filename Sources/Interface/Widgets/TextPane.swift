import Screen

/// A text in a panel, wrapped and scrolled.
struct TextPane: Sendable {
  /// The first line in sight.
  let top: any WritableKeyPath<Model, Int> & Sendable
  let title: @Sendable (Model) -> String
  let lines: @Sendable (Model, _ width: Int) -> [TextLine]

  func move(_ step: Step, _ model: inout Model, panel: Panel) {
    guard let rect = model.layout.rect(of: panel) else { return }
    let inside = model.inside(rect)
    model[keyPath: top].scroll(step, count: lines(model, inside.width).count, page: max(1, inside.height))
  }

  func scroll(by rows: Int, _ model: inout Model, panel: Panel) {
    guard let rect = model.layout.rect(of: panel) else { return }
    let inside = model.inside(rect)
    model[keyPath: top].scroll(by: rows, count: lines(model, inside.width).count, page: max(1, inside.height))
  }
}

extension Int {
  /// Moves the first line in sight of a text.
  mutating func scroll(_ step: Step, count: Int, page: Int) {
    switch step {
    case .up: scroll(by: -1, count: count, page: page)
    case .down: scroll(by: 1, count: count, page: page)
    case .pageUp: scroll(by: -page, count: count, page: page)
    case .pageDown: scroll(by: page, count: count, page: page)
    case .first: self = 0
    case .last: self = Swift.max(0, count - page)
    }
  }

  mutating func scroll(by rows: Int, count: Int, page: Int) {
    self = Swift.max(0, Swift.min(count - page, self + rows))
  }
}

extension Model {
  func draw(_ text: TextPane, _ panel: Panel, in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == panel
    let inside = frame.panel(panel, rect, title: text.title(self), isFocused: isFocused)
    let lines = text.lines(self, self.inside(rect).width)
    frame.text(lines, top: self[keyPath: text.top], in: inside, border: rect, isFocused: isFocused)
  }
}

extension Frame {
  /// Draws the lines of a text that are in sight, and which part of it that is.
  mutating func text(_ lines: [TextLine], top: Int, in inside: Rect, border: Rect, isFocused: Bool) {
    let first = max(0, min(top, lines.count - max(1, inside.height)))
    for (y, line) in lines.dropFirst(first).prefix(inside.height).enumerated() { spans(line, in: inside, y: y) }
    scrollBar(of: border, top: first, page: inside.height, count: lines.count, isFocused: isFocused)
  }
}
