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
