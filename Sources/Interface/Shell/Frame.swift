import Domain
import Screen

/// A drawn screen, and what a click on each part of it means.
struct Frame {
  /// What stands at a point.
  enum Target: Hashable {
    case action(Action)
    case row(Panel, Int)
    case panel(Panel)
    /// A point of the map, which is drawn in this rectangle.
    case plot(Rect)
    /// A row of the list that stands over the screen.
    case choice(Int)
    /// Beside what stands over the screen.
    case outside
    case nothing
  }

  var grid: Grid
  let theme: Theme
  let symbols: Symbols
  private(set) var regions: [(rect: Rect, target: Target)] = []

  init(width: Int, height: Int, theme: Theme, symbols: Symbols) {
    grid = Grid(
      width: min(max(width, 0), 2000), height: min(max(height, 0), 1000),
      filledWith: Cell(glyph: " ", width: 1, style: theme[.text]))
    self.theme = theme
    self.symbols = symbols
  }

  mutating func mark(_ rect: Rect, _ target: Target) {
    if !rect.isEmpty { regions.append((rect, target)) }
  }

  /// What was drawn last at a point.
  func target(at point: Point) -> Target? { regions.last { $0.rect.contains(point) }?.target }

  // MARK: Drawing within a rectangle

  /// Draws text at an offset from the rectangle's top left, in no more than the rectangle, and gives the columns used.
  @discardableResult
  mutating func text(_ text: String, _ name: StyleName, in rect: Rect, x: Int = 0, y: Int = 0, width: Int? = nil) -> Int
  {
    guard y >= 0, y < rect.height, x < rect.width else { return 0 }
    let room = min(width ?? rect.width - x, rect.width - x)
    return grid.draw(
      text, x: rect.x + x, y: rect.y + y, style: theme[name], width: room, ellipsis: symbols.ellipsis)
  }

  /// Draws text that ends at the rectangle's right edge, or `before` columns before it.
  @discardableResult
  mutating func textRight(
    _ text: String, _ name: StyleName, in rect: Rect, y: Int = 0, before: Int = 0, width: Int? = nil
  ) -> Int {
    guard y >= 0, y < rect.height, rect.width > before else { return 0 }
    return grid.draw(
      text, endingAt: rect.right - before, y: rect.y + y, style: theme[name], width: width ?? rect.width - before,
      ellipsis: symbols.ellipsis)
  }

  @discardableResult
  mutating func spans(_ spans: [(String, StyleName)], in rect: Rect, x: Int = 0, y: Int = 0) -> Int {
    guard y >= 0, y < rect.height, x < rect.width else { return 0 }
    return grid.draw(
      spans.map { Span($0.0, theme[$0.1]) }, x: rect.x + x, y: rect.y + y, width: rect.width - x,
      ellipsis: symbols.ellipsis)
  }

  /// Draws wrapped text from row `y`, and gives the row after it.
  @discardableResult
  mutating func paragraph(_ text: String, _ name: StyleName, in rect: Rect, y: Int = 0) -> Int {
    var row = y
    for line in text.wrapped(to: rect.width, limit: max(0, rect.height - y)) {
      self.text(line, name, in: rect, y: row)
      row += 1
    }
    return row
  }

  /// Draws a panel's box, and gives the rectangle for its contents. The one that has the focus is told by its border and by
  /// the pointer before its title.
  mutating func panel(
    _ panel: Panel?, _ rect: Rect, title: String, note: String = "", isFocused: Bool
  ) -> Rect {
    let border = theme[isFocused ? .borderFocused : .border]
    grid.box(
      rect, symbols: symbols, border: border,
      title: [Span(title, theme[isFocused ? .titleFocused : .title])],
      note: note.isEmpty ? [] : [Span(note, theme[.muted])])
    if isFocused, rect.width >= 4, rect.height >= 2 {
      grid.put(Cell(glyph: symbols.pointer, width: 1, style: border), x: rect.x + 1, y: rect.y)
    }
    if let panel { mark(rect, .panel(panel)) }
    return rect.inset(columns: 2, rows: 1)
  }

  /// Draws on a panel's right border which part of a list is in sight.
  mutating func scrollBar(of rect: Rect, top: Int, page: Int, count: Int, isFocused: Bool) {
    let track = rect.height - 2
    guard count > page, track >= 3, page > 0 else { return }
    let length = max(1, track * page / count)
    let span = count - page
    let start = span > 0 ? (track - length) * min(top, span) / span : 0
    for row in 0..<length {
      grid.put(
        Cell(glyph: symbols.thumb, width: 1, style: theme[isFocused ? .borderFocused : .muted]), x: rect.right - 1,
        y: rect.y + 1 + start + row)
    }
  }

  /// Shows that the cursor is on a row: a bar, and the pointer where the panel has the focus.
  mutating func cursorBar(_ rect: Rect, isFocused: Bool) {
    let style = theme[isFocused ? .selected : .selectedUnfocused]
    grid.restyle(rect) { _ in style }
    if isFocused { grid.put(Cell(glyph: symbols.pointer, width: 1, style: style), x: rect.x, y: rect.y) }
  }

  /// Draws the columns' names of a table.
  mutating func header(_ columns: [Column], _ layout: ColumnLayout, in rect: Rect) {
    for (column, span) in zip(columns, layout.spans) {
      guard let span else { continue }
      let cell = Rect(x: rect.x + span.x, y: rect.y, width: span.width, height: 1)
      if column.alignment == .right {
        textRight(column.title, .muted, in: cell)
      } else {
        text(column.title, .muted, in: cell)
      }
    }
  }

  /// Draws a row of a table.
  mutating func row(_ cells: [(String, StyleName)], _ columns: [Column], _ layout: ColumnLayout, in rect: Rect) {
    for ((text, name), (column, span)) in zip(cells, zip(columns, layout.spans)) {
      guard let span else { continue }
      let cell = Rect(x: rect.x + span.x, y: rect.y, width: span.width, height: 1)
      if column.alignment == .right { textRight(text, name, in: cell) } else { self.text(text, name, in: cell) }
    }
  }
}
