/// Points on a plane, each of a kind that gives its colour. A cell shows all its points in the kind that most of them have,
/// the lower kind on ties.
package struct PointCloud: Sendable {
  private let width: Int
  private let height: Int
  private var canvas: BrailleCanvas
  private var kinds: [Int: [Int: Int]] = [:]

  /// In cells.
  package init(width: Int, height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
    canvas = BrailleCanvas(width: width, height: height)
  }

  /// Adds a point at a position from 0 to 1 to the right and down; one outside is left out.
  package mutating func add(x: Double, y: Double, kind: Int) {
    guard x >= 0, x < 1, y >= 0, y < 1 else { return }
    let (column, row) = (Int(x * Double(canvas.dotsAcross)), Int(y * Double(canvas.dotsDown)))
    canvas.set(column, row)
    kinds[row / 4 * width + column / 2, default: [:]][kind, default: 0] += 1
  }

  package func draw(into grid: inout Grid, in rect: Rect, symbols: Symbols, style: (Int) -> Style) {
    for (cell, counts) in kinds {
      let (x, y) = (cell % width, cell / width)
      let kind = counts.max { a, b in (a.value, b.key) < (b.value, a.key) }?.key ?? 0
      let total = counts.values.reduce(0, +)
      let glyph: String
      switch symbols.level {
      case .braille: glyph = canvas.glyph(x, y) ?? " "
      case .block: glyph = total > 8 ? "▓" : total > 2 ? "▒" : "░"
      case .ascii: glyph = total > 8 ? "#" : total > 2 ? "+" : "."
      }
      grid.put(Cell(glyph: glyph, width: 1, style: style(kind)), x: rect.x + x, y: rect.y + y)
    }
  }
}
