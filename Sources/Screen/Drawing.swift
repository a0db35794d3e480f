/// A run of text in one style.
package struct Span: Sendable, Hashable {
  package var text: String
  package var style: Style

  package init(_ text: String, _ style: Style) {
    self.text = text
    self.style = style
  }
}

extension Grid {
  package var bounds: Rect { Rect(x: 0, y: 0, width: width, height: height) }

  /// Draws one line of text from `x`, in at most `width` columns (to the grid's edge if nil), and gives the columns
  /// used. Text that does not fit ends in `…`. Control bytes and escape sequences are shown as glyphs.
  @discardableResult
  package mutating func draw(
    _ text: String, x: Int, y: Int, style: Style, width limit: Int? = nil, ellipsis: String = "…"
  ) -> Int {
    let room = min(limit ?? (self.width - x), self.width - x)
    guard room > 0, y >= 0, y < height, x >= 0 else { return 0 }
    let glyphs = DisplayText.glyphs(text, columns: room + 1)
    var total = 0
    for glyph in glyphs {
      total += glyph.width
      if total > room { break }
    }
    let cut = total > room
    let end = cut ? room - 1 : room
    var used = 0
    for glyph in glyphs {
      if used + glyph.width > end { break }
      put(Cell(glyph: glyph.text, width: glyph.width, style: style), x: x + used, y: y)
      used += glyph.width
    }
    if cut {
      put(Cell(glyph: ellipsis, width: 1, style: style), x: x + used, y: y)
      used += 1
    }
    return used
  }

  /// Draws spans one after the other in at most `width` columns, and gives the columns used.
  @discardableResult
  package mutating func draw(_ spans: [Span], x: Int, y: Int, width limit: Int? = nil, ellipsis: String = "…") -> Int {
    let room = min(limit ?? (self.width - x), self.width - x)
    var used = 0
    for span in spans where used < room {
      used += draw(span.text, x: x + used, y: y, style: span.style, width: room - used, ellipsis: ellipsis)
    }
    return used
  }

  /// Draws text that ends before column `right`, and gives the columns used.
  @discardableResult
  package mutating func draw(
    _ text: String, endingAt right: Int, y: Int, style: Style, width limit: Int, ellipsis: String = "…"
  ) -> Int {
    let shown = text.truncated(to: limit, ellipsis: ellipsis)
    let width = shown.displayWidth
    return draw(shown, x: right - width, y: y, style: style, width: width, ellipsis: ellipsis)
  }

  /// Fills a rectangle with blanks of a style.
  package mutating func fill(_ rect: Rect, style: Style) {
    let blank = Cell(glyph: " ", width: 1, style: style)
    for y in max(0, rect.y)..<max(0, rect.y, min(height, rect.bottom)) {
      for x in max(0, rect.x)..<max(0, rect.x, min(width, rect.right)) { put(blank, x: x, y: y) }
    }
  }

  /// Gives the cells of a rectangle another style, their glyphs kept: a cursor bar over a drawn row.
  package mutating func restyle(_ rect: Rect, _ change: (Style) -> Style) {
    for y in max(0, rect.y)..<max(0, rect.y, min(height, rect.bottom)) {
      for x in max(0, rect.x)..<max(0, rect.x, min(width, rect.right)) {
        var cell = self[x, y]
        guard cell.width > 0 else { continue }
        cell.style = change(cell.style)
        put(cell, x: x, y: y)
      }
    }
  }

  /// Draws a box along the rectangle's edge, with a title in its top line and a note at that line's right end.
  package mutating func box(
    _ rect: Rect, symbols: Symbols, border: Style, title: [Span] = [], note: [Span] = []
  ) {
    guard rect.width >= 2, rect.height >= 2 else { return }
    let (left, right, top, bottom) = (rect.x, rect.right - 1, rect.y, rect.bottom - 1)
    for x in left...right {
      put(Cell(glyph: symbols.horizontal, width: 1, style: border), x: x, y: top)
      put(Cell(glyph: symbols.horizontal, width: 1, style: border), x: x, y: bottom)
    }
    for y in top...bottom {
      put(Cell(glyph: symbols.vertical, width: 1, style: border), x: left, y: y)
      put(Cell(glyph: symbols.vertical, width: 1, style: border), x: right, y: y)
    }
    put(Cell(glyph: symbols.topLeft, width: 1, style: border), x: left, y: top)
    put(Cell(glyph: symbols.topRight, width: 1, style: border), x: right, y: top)
    put(Cell(glyph: symbols.bottomLeft, width: 1, style: border), x: left, y: bottom)
    put(Cell(glyph: symbols.bottomRight, width: 1, style: border), x: right, y: bottom)

    // `╭─ Title ──── note ─╮`: blanks around each, a line at either end.
    let room = rect.width - 6
    var used = 0
    if !title.isEmpty, room > 0 {
      used = draw(title, x: left + 3, y: top, width: room, ellipsis: symbols.ellipsis)
      put(Cell(glyph: " ", width: 1, style: border), x: left + 2, y: top)
      put(Cell(glyph: " ", width: 1, style: border), x: left + 3 + used, y: top)
    }
    let noteWidth = note.reduce(0) { $0 + $1.text.displayWidth }
    if noteWidth > 0, room - used - 3 >= noteWidth {
      let x = right - 2 - noteWidth
      draw(note, x: x, y: top, width: noteWidth, ellipsis: symbols.ellipsis)
      put(Cell(glyph: " ", width: 1, style: border), x: x - 1, y: top)
      put(Cell(glyph: " ", width: 1, style: border), x: right - 2, y: top)
    }
  }
}
