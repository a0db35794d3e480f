/// One character cell.
package struct Cell: Sendable, Hashable {
  /// A printable grapheme one or two columns wide. Empty in the right half of a wide grapheme.
  package var glyph: String
  /// Columns it takes: 1 or 2; 0 in the right half of a wide grapheme.
  package var width: Int
  package var style: Style

  package init(glyph: String, width: Int, style: Style) {
    self.glyph = glyph
    self.width = width
    self.style = style
  }

  package static let blank = Cell(glyph: " ", width: 1, style: .plain)
}

/// A screenful of cells: what views draw into, tests look at, and the terminal driver shows.
///
/// Invariant: a cell of width 2 is followed on its row by a cell of width 0, and a cell of width 0 follows one of width 2.
package struct Grid: Sendable, Hashable {
  package let width: Int
  package let height: Int
  /// Row-major, width × height.
  package private(set) var cells: [Cell]
  /// Where the text cursor stands; nil hides it.
  package var cursor: Point?

  package init(width: Int, height: Int, filledWith cell: Cell = .blank) {
    self.width = max(0, width)
    self.height = max(0, height)
    cells = Array(repeating: cell, count: self.width * self.height)
  }

  /// The cell at a position; one outside gives a blank.
  package subscript(x: Int, y: Int) -> Cell {
    guard contains(x, y) else { return .blank }
    return cells[y * width + x]
  }

  package func contains(_ x: Int, _ y: Int) -> Bool { x >= 0 && y >= 0 && x < width && y < height }

  /// Puts a cell at a position, and blanks the other half of any wide grapheme that it cuts. A position outside, or a wide
  /// grapheme that would hang over the right edge, is left alone (the latter becomes a blank).
  package mutating func put(_ cell: Cell, x: Int, y: Int) {
    guard contains(x, y) else { return }
    if cell.width == 2 && x + 1 >= width {
      put(Cell(glyph: " ", width: 1, style: cell.style), x: x, y: y)
      return
    }
    release(x, y)
    cells[y * width + x] = cell
    if cell.width == 2 {
      release(x + 1, y)
      cells[y * width + x + 1] = Cell(glyph: "", width: 0, style: cell.style)
    }
  }

  /// The row's text with trailing blanks removed, as a snapshot shows it.
  package func text(row y: Int) -> String {
    guard y >= 0 && y < height else { return "" }
    var text = ""
    for x in 0..<width { text += cells[y * width + x].glyph }
    while text.last == " " { text.removeLast() }
    return text
  }

  /// All rows' text, a line each.
  package var text: String { (0..<height).map(text(row:)).joined(separator: "\n") }

  // Before a cell is overwritten: its partner, if it is half of a wide grapheme, becomes a blank.
  private mutating func release(_ x: Int, _ y: Int) {
    let index = y * width + x
    if cells[index].width == 2, x + 1 < width {
      cells[index + 1] = Cell(glyph: " ", width: 1, style: cells[index + 1].style)
    } else if cells[index].width == 0, x > 0 {
      cells[index - 1] = Cell(glyph: " ", width: 1, style: cells[index - 1].style)
    }
  }
}

/// A point of the grid, from the top left, from 0.
package struct Point: Sendable, Hashable, Codable {
  package var x: Int
  package var y: Int
  package init(x: Int, y: Int) {
    self.x = x
    self.y = y
  }
}
