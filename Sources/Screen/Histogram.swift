/// Counts in equal bins, drawn as upright bars with the ends of the range named below.
package struct Histogram: Sendable, Hashable {
  package var counts: [Int]
  /// What the left end of the first bin and the right end of the last one are.
  package var lowEnd: String
  package var highEnd: String

  package init(counts: [Int], from low: String, to high: String) {
    self.counts = counts
    lowEnd = low
    highEnd = high
  }

  /// Draws the bars into `rect`, the last row of it for the ends of the range. Bins that do not fit are put together; a
  /// bin with anything in it shows at least an eighth of a cell.
  package func draw(into grid: inout Grid, in rect: Rect, theme: Theme, symbols: Symbols) {
    guard rect.height >= 2, rect.width >= 4, !counts.isEmpty else { return }
    let plot = Rect(x: rect.x, y: rect.y, width: rect.width, height: rect.height - 1)
    let bins = Self.merged(counts.map { max(0, $0) }, into: plot.width)
    let most = bins.max() ?? 0
    let barWidth = max(1, plot.width / bins.count)
    for (bin, count) in bins.enumerated() where count > 0 {
      drawBar(Double(count) / Double(most), atLeast: 1, &grid, plot, bin * barWidth, barWidth, theme, symbols)
    }
    let across = barWidth * bins.count
    let used = grid.draw(lowEnd, x: plot.x, y: plot.bottom, style: theme[.axis], width: across / 2)
    grid.draw(highEnd, endingAt: plot.x + across, y: plot.bottom, style: theme[.axis], width: across - used - 1)
  }

  /// The counts in at most `bins` bins: neighbours are added up in equal groups.
  package static func merged(_ counts: [Int], into bins: Int) -> [Int] {
    guard counts.count > bins, bins > 0 else { return counts }
    let group = (counts.count + bins - 1) / bins
    return stride(from: 0, to: counts.count, by: group).map { start in
      counts[start..<min(counts.count, start + group)].reduce(0) { $0.addingReportingOverflow($1).partialValue }
    }
  }
}

/// How much of something is done, as a bar in one row.
package struct Gauge: Sendable, Hashable {
  /// From 0 to 1.
  package var share: Double

  package init(share: Double) { self.share = share.isFinite ? max(0, min(1, share)) : 0 }

  /// Draws the bar. It is full only when all is done, and not empty once anything is.
  package func draw(into grid: inout Grid, x: Int, y: Int, width: Int, theme: Theme, symbols: Symbols) {
    guard width > 0 else { return }
    var filled = Int(share * Double(width))
    if share > 0 { filled = max(1, filled) }
    if share < 1 { filled = min(width - 1, filled) }
    for column in 0..<width {
      let done = column < filled
      grid.put(
        Cell(
          glyph: done ? symbols.gaugeFull : symbols.gaugeRest, width: 1,
          style: done ? theme[.gauge] : theme[.gaugeRest]),
        x: x + column, y: y)
    }
  }
}
