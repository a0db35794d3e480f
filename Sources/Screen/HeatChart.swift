/// A matrix of values from 0 to 1 as a picture: two rows of it to a cell where there are colours, a shade of grey or of
/// ASCII to a cell where there are none.
package struct HeatChart: Sendable, Hashable {
  package var rows: Int
  package var columns: Int
  /// Row-major.
  package var cells: [Float]

  package init(rows: Int, columns: Int, cells: [Float]) {
    self.rows = rows
    self.columns = columns
    self.cells = cells
  }

  package func draw(into grid: inout Grid, in rect: Rect, theme: Theme, symbols: Symbols) {
    guard rows > 0, columns > 0, cells.count == rows * columns, rect.width > 0, rect.height > 0 else { return }
    let hasColours = theme.gradient(at: 0).foreground != .terminal || theme.gradient(at: 1).foreground != .terminal
    let halves = hasColours && symbols.level != .ascii
    let lines = halves ? rect.height * 2 : rect.height
    for y in 0..<rect.height {
      for x in 0..<rect.width {
        if halves {
          var style = shade(2 * y, lines, x, rect.width, theme)
          style.background = shade(2 * y + 1, lines, x, rect.width, theme).foreground
          grid.put(Cell(glyph: "▀", width: 1, style: style), x: rect.x + x, y: rect.y + y)
        } else {
          let steps =
            symbols.level == .ascii ? [" ", ".", ":", "-", "=", "+", "*", "#", "@"] : [" ", "░", "▒", "▓", "█"]
          let value = mean(y, lines, x, rect.width)
          let step = min(steps.count - 1, Int(value * Float(steps.count)))
          grid.put(Cell(glyph: steps[step], width: 1, style: theme[.text]), x: rect.x + x, y: rect.y + y)
        }
      }
    }
  }

  private func shade(_ y: Int, _ lines: Int, _ x: Int, _ width: Int, _ theme: Theme) -> Style {
    theme.heat(at: Double(mean(y, lines, x, width)))
  }

  /// The mean over the part of the matrix that a cell of the picture stands for; the nearest cell where the picture is
  /// the larger.
  private func mean(_ y: Int, _ lines: Int, _ x: Int, _ width: Int) -> Float {
    func range(_ part: Int, _ parts: Int, _ count: Int) -> Range<Int> {
      let first = min(count - 1, part * count / parts)
      return first..<max(first + 1, min(count, (part + 1) * count / parts))
    }
    var sum: Float = 0
    let (down, across) = (range(y, lines, rows), range(x, width, columns))
    for row in down { for column in across { sum += cells[row * columns + column] } }
    let mean = sum / Float(down.count * across.count)
    return mean.isFinite ? max(0, min(1, mean)) : 0
  }
}

extension Theme {
  /// The colour of a heat map at a value from 0 to 1: the background at 0, then along the gradient.
  func heat(at share: Double) -> Style {
    let bottom = self[.text].background
    guard case .rgb(let r0, let g0, let b0) = bottom else { return gradient(at: share) }
    let below = 0.35
    guard share < below, case .rgb(let r1, let g1, let b1) = gradient(at: 0).foreground else {
      return gradient(at: (share - below) / (1 - below))
    }
    let part = share / below
    func mixed(_ low: UInt8, _ high: UInt8) -> UInt8 {
      UInt8(max(0, min(255, (Double(low) + (Double(high) - Double(low)) * part).rounded())))
    }
    var style = self[.text]
    style.foreground = .rgb(mixed(r0, r1), mixed(g0, g1), mixed(b0, b1))
    return style
  }
}
