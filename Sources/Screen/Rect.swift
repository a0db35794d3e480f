/// A rectangle of cells. Never of negative size: whatever is cut from it leaves at least nothing.
package struct Rect: Sendable, Hashable {
  package var x: Int
  package var y: Int
  package var width: Int
  package var height: Int

  package init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  package static let empty = Rect(x: 0, y: 0, width: 0, height: 0)

  package var isEmpty: Bool { width == 0 || height == 0 }
  package var right: Int { x + width }
  package var bottom: Int { y + height }

  package func contains(_ point: Point) -> Bool {
    point.x >= x && point.x < right && point.y >= y && point.y < bottom
  }

  /// The rectangle without `columns` on either side and `rows` above and below.
  package func inset(columns: Int = 0, rows: Int = 0) -> Rect {
    Rect(x: x + columns, y: y + rows, width: width - 2 * columns, height: height - 2 * rows)
  }

  /// Cuts `rows` off the top (off the bottom if negative); gives what was cut and what is left.
  package func split(rows: Int) -> (first: Rect, second: Rect) {
    let cut = min(height, max(0, rows < 0 ? height + rows : rows))
    return (
      Rect(x: x, y: y, width: width, height: cut), Rect(x: x, y: y + cut, width: width, height: height - cut)
    )
  }

  /// Cuts `columns` off the left (off the right if negative); gives the left part and the right one.
  package func split(columns: Int) -> (first: Rect, second: Rect) {
    let cut = min(width, max(0, columns < 0 ? width + columns : columns))
    return (
      Rect(x: x, y: y, width: cut, height: height), Rect(x: x + cut, y: y, width: width - cut, height: height)
    )
  }
}
