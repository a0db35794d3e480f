import Screen

/// A way to go in a list or a text.
enum Step: Sendable { case up, down, pageUp, pageDown, first, last }

/// Where a list's cursor is, and which row is the first one shown.
package struct ListState: Sendable, Hashable {
  package var cursor = 0
  package var top = 0

  package init() {}

  /// Puts the cursor on a row, and scrolls no further than needed to keep it in sight.
  mutating func move(to row: Int, count: Int, page: Int) {
    cursor = max(0, min(count - 1, row))
    settle(count: count, page: page)
  }

  mutating func move(by rows: Int, count: Int, page: Int) {
    let (target, overflow) = cursor.addingReportingOverflow(rows)
    move(to: overflow ? (rows < 0 ? 0 : count) : target, count: count, page: page)
  }

  mutating func move(_ step: Step, count: Int, page: Int) {
    switch step {
    case .up: move(by: -1, count: count, page: page)
    case .down: move(by: 1, count: count, page: page)
    case .pageUp: move(by: -page, count: count, page: page)
    case .pageDown: move(by: page, count: count, page: page)
    case .first: move(to: 0, count: count, page: page)
    case .last: move(to: count - 1, count: count, page: page)
    }
  }

  /// Puts the cursor on a row in the middle of the list: for jumps, so that what stands around it is seen too.
  mutating func center(on row: Int, count: Int, page: Int) {
    cursor = max(0, min(count - 1, row))
    top = cursor - page / 2
    settle(count: count, page: page)
  }

  /// Scrolls without moving the cursor, as a wheel does, but for keeping it in sight.
  mutating func scroll(by rows: Int, count: Int, page: Int) {
    top = max(0, min(count - page, top + rows))
    top = max(0, top)
    cursor = max(top, min(top + max(1, page) - 1, cursor))
    cursor = max(0, min(count - 1, cursor))
  }

  /// Makes the state fit after the list or its panel has changed.
  mutating func settle(count: Int, page: Int) {
    let page = max(1, page)
    cursor = max(0, min(count - 1, cursor))
    if cursor < top { top = cursor }
    if cursor >= top + page { top = cursor - page + 1 }
    top = max(0, min(top, count - page))
  }

  /// The rows in sight.
  func visible(count: Int, page: Int) -> Range<Int> {
    let start = max(0, min(top, count))
    return start..<max(start, min(count, start + max(0, page)))
  }
}

/// A list in a panel: where its cursor is kept, how many rows it has, how many are in sight.
struct ListPane: Sendable {
  let state: any WritableKeyPath<Model, ListState> & Sendable
  let count: @Sendable (Model) -> Int
  /// Rows that a panel with this room inside shows.
  let page: @Sendable (Model, Rect) -> Int
  /// Whether a wheel scrolls it.
  let scrolls: Bool
  /// What follows when the cursor has come to another row.
  let moved: @Sendable (inout Model) -> Void

  init(
    _ state: any WritableKeyPath<Model, ListState> & Sendable, count: @escaping @Sendable (Model) -> Int,
    page: @escaping @Sendable (Model, Rect) -> Int = { $1.height }, scrolls: Bool = true,
    moved: @escaping @Sendable (inout Model) -> Void = { _ in }
  ) {
    self.state = state
    self.count = count
    self.page = page
    self.scrolls = scrolls
    self.moved = moved
  }

  /// Rows of a table in a room that spares one for the columns' names where it can.
  static let tablePage: @Sendable (Model, Rect) -> Int = { $1.height - (Frame.showsHeader($1.height) ? 1 : 0) }

  func change(_ model: inout Model, page: Int, _ body: (inout ListState, _ count: Int, _ page: Int) -> Void) {
    let before = model[keyPath: state].cursor
    body(&model[keyPath: state], count(model), page)
    if model[keyPath: state].cursor != before { moved(&model) }
  }
}

extension Frame {
  /// Whether a table of so many rows can spare one for its columns' names.
  static func showsHeader(_ height: Int) -> Bool { height >= 3 }

  /// Draws the rows of a list that are in sight, with its cursor and scroll bar: `row` draws one, at a position of the list, in
  /// a line that leaves `margin` columns at the left for the pointer and marks.
  mutating func list(
    _ panel: Panel, _ state: ListState, count: Int, in inside: Rect, margin: Int = 2, columns: [Column] = [],
    showsHeader: Bool = true, showsCursor: Bool = true, isFocused: Bool,
    row: (_ index: Int, _ line: Rect, _ layout: ColumnLayout, inout Frame) -> Void
  ) {
    let table = Rect(x: inside.x + margin, y: inside.y, width: inside.width - margin, height: inside.height)
    let layout = ColumnLayout(columns, in: table.width)
    var y = 0
    if showsHeader, !columns.isEmpty, Self.showsHeader(inside.height) {
      header(columns, layout, in: table)
      y = 1
    }
    for index in state.visible(count: count, page: inside.height - y) {
      row(index, Rect(x: table.x, y: table.y + y, width: table.width, height: 1), layout, &self)
      let bar = Rect(x: inside.x, y: inside.y + y, width: inside.width, height: 1)
      if index == state.cursor, showsCursor { cursorBar(bar, isFocused: isFocused) }
      mark(bar, .row(panel, index))
      y += 1
    }
  }
}
