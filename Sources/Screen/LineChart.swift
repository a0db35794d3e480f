import Foundation

/// A curve of values at x = 1, 2, …, with the ends of both axes named.
package struct LineChart: Sendable, Hashable {
  package var values: [Double]
  /// Other curves on the same axes, drawn behind, the first of them before the others.
  package var companions: [Companion]
  /// How far the x axis goes: more than there are values while a run is still going on.
  package var extent: Int
  /// Whether equal ratios, rather than equal differences, take equal height. Values must then be above 0; one that is
  /// not stands at the bottom.
  package var isLogarithmic: Bool

  /// A curve beside the first.
  package struct Companion: Sendable, Hashable {
    package var values: [Double]
    package var style: StyleName

    package init(values: [Double], style: StyleName) {
      self.values = values
      self.style = style
    }
  }

  package init(values: [Double], companions: [Companion] = [], extent: Int, isLogarithmic: Bool = false) {
    self.values = values
    self.companions = companions
    self.extent = max(extent, values.count, companions.map(\.values.count).max() ?? 0)
    self.isLogarithmic = isLogarithmic
  }

  /// Whether the values span so many magnitudes that a linear axis would show a corner and a flat line.
  package static func wantsLogarithm(_ values: [Double]) -> Bool {
    let positive = values.filter { $0 > 0 && $0.isFinite }
    guard positive.count > 2, positive.count * 10 >= values.count * 9 else { return false }
    guard let low = positive.min(), let high = positive.max() else { return false }
    return high / low > 30
  }

  /// Draws the curve into `rect`, with `format` naming the ends of the y axis. Too small a rectangle shows nothing.
  package func draw(
    into grid: inout Grid, in rect: Rect, theme: Theme, symbols: Symbols, format: (Double) -> String
  ) {
    guard rect.height >= 2, rect.width >= 8 else { return }
    let finite = values.map { $0.isFinite ? $0 : 0 }
    let behind = companions.map { Companion(values: $0.values.map { $0.isFinite ? $0 : 0 }, style: $0.style) }
    let (low, high) = range(of: finite + behind.flatMap(\.values))
    let labels = finite.isEmpty ? ("", "") : (format(high), format(low))
    let margin = min(rect.width / 3, max(labels.0.displayWidth, labels.1.displayWidth))
    let plot = Rect(
      x: rect.x + margin + 1, y: rect.y, width: rect.width - margin - 1, height: rect.height - 1)
    guard plot.width >= 2, plot.height >= 1 else { return }

    let axis = theme[.axis]
    grid.draw(labels.0, endingAt: plot.x - 1, y: plot.y, style: axis, width: margin)
    if plot.height > 1 { grid.draw(labels.1, endingAt: plot.x - 1, y: plot.bottom - 1, style: axis, width: margin) }
    grid.draw("1", x: plot.x, y: plot.bottom, style: axis, width: 1)
    grid.draw("\(extent)", endingAt: plot.right, y: plot.bottom, style: axis, width: plot.width - 2)
    guard !finite.isEmpty else { return }

    if symbols.level != .braille {
      for (curve, glyph) in zip(behind, ["o", "x", "+"]).reversed() {
        drawPoints(curve.values, low, high, &grid, plot, glyph) { _ in theme[curve.style] }
      }
    }
    switch symbols.level {
    case .braille: drawBraille(finite, behind, low, high, &grid, plot, theme)
    case .block: drawBars(finite, low, high, &grid, plot, theme, symbols)
    case .ascii: drawPoints(finite, low, high, &grid, plot, "*") { theme.gradient(at: $0) }
    }
  }

  private func range(of values: [Double]) -> (Double, Double) {
    if isLogarithmic {
      let positive = values.filter { $0 > 0 }
      let high = positive.max() ?? 1
      return (positive.min() ?? high, high)
    }
    let high = values.max() ?? 1
    let low = min(0, values.min() ?? 0)
    return (low, high > low ? high : low + 1)
  }

  /// Where a value stands between the ends of the axis, from 0 to 1.
  private func share(_ value: Double, _ low: Double, _ high: Double) -> Double {
    guard high > low else { return value >= high ? 1 : 0 }
    if isLogarithmic { return value > low ? log(value / low) / log(high / low) : 0 }
    return (value - low) / (high - low)
  }

  /// The value at `column` of `columns`, between its neighbours; nil right of the last one.
  private func value(_ values: [Double], at column: Int, of columns: Int) -> Double? {
    guard columns > 1, extent > 1 else { return column == 0 ? values.first : nil }
    let position = Double(column) / Double(columns - 1) * Double(extent - 1)
    let below = Int(position)
    if below >= values.count { return nil }
    // The last value may fall between two columns: it is drawn in the first of them.
    guard below + 1 < values.count else { return position - Double(below) < 1e-9 || below == 0 ? values[below] : nil }
    return values[below] + (values[below + 1] - values[below]) * (position - Double(below))
  }

  private func drawBraille(
    _ values: [Double], _ behind: [Companion], _ low: Double, _ high: Double, _ grid: inout Grid, _ plot: Rect,
    _ theme: Theme
  ) {
    let front = dots(values, low, high, plot)
    let back = behind.map { dots($0.values, low, high, plot) }
    for y in 0..<plot.height {
      let style = theme.gradient(at: plot.height > 1 ? 1 - Double(y) / Double(plot.height - 1) : 1)
      for x in 0..<plot.width {
        // A cell has one colour: where the curves meet, the one in front gives it.
        guard let glyph = front.merged(with: back, x, y) else { continue }
        let first = front.glyph(x, y) == nil ? back.firstIndex { $0.glyph(x, y) != nil } : nil
        grid.put(
          Cell(glyph: glyph, width: 1, style: first.map { theme[behind[$0].style] } ?? style), x: plot.x + x,
          y: plot.y + y)
      }
    }
  }

  /// A curve's dots, neighbours joined by uprights.
  private func dots(_ values: [Double], _ low: Double, _ high: Double, _ plot: Rect) -> BrailleCanvas {
    var canvas = BrailleCanvas(width: plot.width, height: plot.height)
    var before: Int?
    for column in 0..<canvas.dotsAcross {
      guard let value = value(values, at: column, of: canvas.dotsAcross) else { break }
      let height = Int((share(value, low, high) * Double(canvas.dotsDown - 1)).rounded())
      let y = canvas.dotsDown - 1 - height
      if let before, abs(before - y) > 1 {
        canvas.column(column, from: before + (y > before ? 1 : -1), to: y)
      } else {
        canvas.set(column, y)
      }
      before = y
    }
    return canvas
  }

  private func drawBars(
    _ values: [Double], _ low: Double, _ high: Double, _ grid: inout Grid, _ plot: Rect, _ theme: Theme,
    _ symbols: Symbols
  ) {
    for column in 0..<plot.width {
      guard let value = value(values, at: column, of: plot.width) else { break }
      drawBar(share(value, low, high), atLeast: 1, &grid, plot, column, 1, theme, symbols)
    }
  }

  private func drawPoints(
    _ values: [Double], _ low: Double, _ high: Double, _ grid: inout Grid, _ plot: Rect, _ glyph: String,
    _ style: (Double) -> Style
  ) {
    for column in 0..<plot.width {
      guard let value = value(values, at: column, of: plot.width) else { break }
      let share = share(value, low, high)
      let y = plot.bottom - 1 - Int((share * Double(plot.height - 1)).rounded())
      grid.put(Cell(glyph: glyph, width: 1, style: style(share)), x: plot.x + column, y: y)
    }
  }
}

/// Draws one bar of a bar chart from the bottom of `plot`, in eighths of a cell.
func drawBar(
  _ share: Double, atLeast least: Int, _ grid: inout Grid, _ plot: Rect, _ column: Int, _ width: Int, _ theme: Theme,
  _ symbols: Symbols
) {
  let share = share.isFinite ? max(0, min(1, share)) : 0
  let eighths = max(least, Int((share * Double(plot.height * 8)).rounded()))
  for row in 0..<plot.height {
    let filled = min(8, eighths - row * 8)
    guard filled > 0 else { return }
    let style = theme.gradient(at: plot.height > 1 ? Double(row) / Double(plot.height - 1) : share)
    for x in 0..<width {
      grid.put(
        Cell(glyph: symbols.bars[filled - 1], width: 1, style: style), x: plot.x + column + x,
        y: plot.bottom - 1 - row)
    }
  }
}
