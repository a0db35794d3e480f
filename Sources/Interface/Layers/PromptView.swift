import Screen

extension Prompt {
  func draw(_ model: Model, in body: Rect, _ frame: inout Frame) {
    let most = max(0, min(8, body.height - 5))
    let shown = min(most, completions.count)
    let part = purpose.part
    let inside = frame.layer(part.title, body.centered(72, 4 + (shown > 0 ? shown + 1 : 0)))
    let field = Rect(x: inside.x, y: inside.y, width: inside.width, height: 1)
    frame.grid.fill(field, style: frame.theme[.input])

    // The text before the cursor decides how far the line is shifted.
    let before = input.beforeCursor.displayWidth
    let shift = max(0, before - (field.width - 1))
    let visible = shift > 0 ? input.text.droppingColumns(shift) : input.text
    frame.text(
      visible.truncated(to: field.width, ellipsis: frame.symbols.ellipsis), isFresh ? .match : .input, in: field)
    if field.width > 0, field.height > 0 {
      frame.grid.cursor = Point(x: min(field.right - 1, field.x + before - shift), y: field.y)
    }

    let (text, style) = part.message(model, input.text)
    frame.text(text, style, in: inside, y: 1)
    guard shown > 0 else { return }
    let start = max(0, min((chosen ?? 0) - shown / 2, completions.count - shown))
    for row in 0..<shown {
      let line = Rect(x: inside.x, y: inside.y + 3 + row, width: inside.width, height: 1)
      guard line.y < inside.bottom else { break }
      let choice = completions[start + row]
      frame.text(
        choice.truncated(to: line.width - 2, keepingEnd: true, ellipsis: frame.symbols.ellipsis), .text, in: line, x: 2)
      if start + row == chosen { frame.cursorBar(line, isFocused: true) }
      frame.mark(line, .choice(start + row))
    }
  }
}

extension String {
  /// The text without its first columns; where those cut a wide glyph, a blank stands for its other half.
  fileprivate func droppingColumns(_ columns: Int) -> String {
    var dropped = 0
    var rest = Substring(self)
    while dropped < columns, let first = rest.first {
      dropped += String(first).displayWidth
      rest.removeFirst()
    }
    return String(repeating: " ", count: max(0, dropped - columns)) + rest
  }
}
