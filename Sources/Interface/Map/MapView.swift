import Domain
import Screen

extension Model {
  /// Styles that tell labels apart, the most frequent label first.
  static let labelStyles: [StyleName] = [.accent, .key, .good, .label, .number, .bad, .heading, .muted]

  func drawMap(in rect: Rect, _ frame: inout Frame) {
    if screen == .map, map.isHeatMap {
      drawHeatMap(in: rect, &frame)
      return
    }
    let isFocused = focusedPanel == .map
    var title = "Map"
    var note = ""
    if let shown = map.map {
      title = "Map by \(shown.source.rawValue)"
      let shares = shown.shares.map { Format.percent($0) }.joined(separator: " + ")
      note = "coloured by \(map.colouring.title) \(symbols.dot) \(shares) of variance"
      if rect.width < 70 { note = map.colouring.title }
      if map.zoom > 1 { title += " \(symbols.dot) \(Format.short(map.zoom))×" }
    }
    let inside = frame.panel(.map, rect, title: title, note: note, isFocused: isFocused)
    guard let pool = files[.pool]?.opened else {
      frame.paragraph("No pool is open: \(key(.showData)), then \(key(.openFile)), opens one.", .muted, in: inside)
      return
    }
    guard map.progress == nil, let shown = map.map, map.mapFor?.file == pool.key else {
      if let failure = map.failure {
        frame.paragraph(failure.description, .bad, in: inside)
      } else if let progress = map.progress {
        drawMapProgress(progress, in: inside, &frame)
      } else {
        frame.text("Laying out the pool \(symbols.ellipsis)", .muted, in: inside)
      }
      return
    }
    let (plot, legend) = inside.height >= 6 ? inside.split(rows: -1) : (inside, Rect.empty)
    drawPoints(of: shown, pool, in: plot, &frame)
    drawLegend(of: pool, shown, in: legend, &frame)
    frame.mark(plot, .plot(plot))
  }

  private func drawMapProgress(_ progress: Progress, in rect: Rect, _ frame: inout Frame) {
    frame.spans(
      [
        ("\(spinner) ", .accent), (progress.phase == .embed ? "Embedding rows" : "Taking gradients", .text),
        ("  \(Format.count(progress.done)) of \(Format.count(progress.total, "row"))", .number),
        (progress.secondsLeft.map { " \(symbols.dot) \(Format.duration($0)) left" } ?? "", .muted),
      ], in: rect)
    Gauge(share: progress.fraction).draw(
      into: &frame.grid, x: rect.x, y: rect.y + 1, width: rect.height > 1 ? rect.width : 0, theme: theme,
      symbols: symbols)
    frame.paragraph(
      "\(key(.dismiss)) stops it; \(key(.mapSource)) lays the map out by something else.", .muted, in: rect, y: 3)
  }

  private func drawPoints(of shown: PoolMap, _ pool: OpenedFile, in plot: Rect, _ frame: inout Frame) {
    guard plot.width > 1, plot.height > 0 else { return }
    let chosen = mappedRun?.shownPicks ?? []
    // Only what is on the map matters: a choice may have many more rows than the map.
    var isLit = [Bool](repeating: false, count: shown.rows.count)
    for pick in chosen { if let index = map.indexOfRow[pick.row] { isLit[index] = true } }
    var cloud = PointCloud(width: plot.width, height: plot.height)
    for index in shown.points.indices where !isLit[index] {
      let position = map.position(of: shown.points[index])
      cloud.add(x: position.x, y: position.y, kind: kind(of: shown.rows[index], pool))
    }
    cloud.draw(into: &frame.grid, in: plot, symbols: symbols) { kind in style(ofKind: kind) }
    // What was chosen stands over the rest: the latest pick brightest.
    for index in shown.points.indices where isLit[index] {
      put(symbols.full, theme[.accent], at: shown.points[index], in: plot, &frame)
    }
    if let latest = chosen.last, mappedRun?.isGoingOn == true || mappedRun?.replay != nil,
      let index = map.indexOfRow[latest.row]
    {
      put(symbols.full, theme[.warning], at: shown.points[index], in: plot, &frame)
    }
    if screen == .map, shown.points.indices.contains(map.cursor) {
      var style = theme[focusedPanel == .map ? .match : .selectedUnfocused]
      style.attributes.insert(.bold)
      put(symbols.cross, style, at: shown.points[map.cursor], in: plot, &frame)
    }
  }

  private func put(_ glyph: String, _ style: Style, at point: PoolMap.Point, in plot: Rect, _ frame: inout Frame) {
    let position = map.position(of: point)
    guard (0..<1).contains(position.x), (0..<1).contains(position.y) else { return }
    let (x, y) = (Int(position.x * Double(plot.width)), Int(position.y * Double(plot.height)))
    frame.grid.put(Cell(glyph: glyph, width: 1, style: style), x: plot.x + x, y: plot.y + y)
  }

  /// What a row's point is coloured by, as a number that `style(ofKind:)` knows.
  private func kind(of row: RowIndex, _ pool: OpenedFile) -> Int {
    switch map.colouring {
    case .choice: return 0
    case .label:
      return pool.survey?.label(of: row) ?? -1
    case .length:
      guard let length = pool.length(of: row) else { return -1 }
      return min(15, length * 16 / max(1, pool.usualLongest))
    }
  }

  private func style(ofKind kind: Int) -> Style {
    switch map.colouring {
    case .choice: return theme[.muted]
    case .label: return kind < 0 ? theme[.muted] : theme[Self.labelStyles[min(kind, Self.labelStyles.count - 1)]]
    case .length: return kind < 0 ? theme[.muted] : theme.gradient(at: Double(kind) / 15)
    }
  }

  private func drawLegend(of pool: OpenedFile, _ shown: PoolMap, in line: Rect, _ frame: inout Frame) {
    guard !line.isEmpty else { return }
    var x = 0
    if let run = mappedRun, !run.picks.isEmpty {
      x += frame.spans(
        [("\(symbols.full) ", .accent), ("chosen", .text), ("  ", .text)], in: line, x: x)
    }
    switch map.colouring {
    case .label:
      for (number, label) in (pool.survey?.labels ?? []).prefix(Self.labelStyles.count).enumerated() {
        let name = label.truncated(to: 16, ellipsis: symbols.ellipsis)
        guard x + name.displayWidth + 3 <= line.width - 4 else { break }
        x += frame.spans(
          [("\(symbols.full) ", Self.labelStyles[number]), ("\(name)  ", .muted)], in: line, x: x)
      }
    case .length:
      let unit = pool.survey?.unit.rawValue ?? ""
      frame.text("short to long, up to \(Format.count(pool.usualLongest)) \(unit)", .muted, in: line, x: x)
    case .choice: break
    }
    if shown.rows.count < pool.summary.rows {
      let text = "\(Format.count(shown.rows.count)) of \(Format.count(pool.summary.rows, "row"))"
      if line.width - x > text.displayWidth { frame.textRight(text, .muted, in: line) }
    }
  }

  // MARK: The row under the cursor

  var mapTextTitle: String {
    map.isHeatMap ? "Row" : mappedRow.map { rowTitle($0, files[.pool]?.opened?.cache[$0]?.sample) } ?? "Row"
  }

  func mapTextLines(_ width: Int) -> [TextLine] {
    guard !map.isHeatMap, let row = mappedRow, let pool = files[.pool]?.opened else {
      return wrap("The row under the map's cursor is shown here.", .muted, width)
    }
    var lines = lines(of: pool.cache[row], width: width)
    if let run = mappedRun, let pick = run.shownPicks.first(where: { $0.row == row }) {
      let gain = run.hasGains ? " \(symbols.dot) gain \(Format.measure(pick.gain))" : ""
      lines.insert([("\(symbols.full) chosen at step \(Format.count(pick.rank.value + 1))\(gain)", .accent)], at: 0)
    }
    return lines
  }

  // MARK: The matrix

  private func drawHeatMap(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .map
    let note = map.heat == nil ? "" : "ordered by \(map.order.rawValue)"
    let inside = frame.panel(.map, rect, title: "Utilities", note: note, isFocused: isFocused)
    guard heatRequest != nil else {
      frame.paragraph(
        "The utility matrix belongs to a run that scored the open pool. \(key(.startRun)) starts one; "
          + "\(key(.nextView)) goes back to the map.", .muted, in: inside)
      return
    }
    guard let heat = map.heat, map.heatFor == heatRequest else {
      if let failure = map.heatFailure {
        frame.paragraph(failure.description, .bad, in: inside)
      } else {
        frame.text("Ordering the matrix \(symbols.ellipsis)", .muted, in: inside)
      }
      return
    }
    let margin = inside.width >= 50 ? 14 : 0
    let (left, right) = inside.split(columns: margin)
    let (plot, below) = right.height >= 5 ? right.split(rows: -2) : (right, Rect.empty)
    HeatChart(rows: heat.rows, columns: heat.columns, cells: heat.cells)
      .draw(into: &frame.grid, in: plot, theme: theme, symbols: symbols)
    // The groups' names stand where their lines are, as far as there is room.
    var next = 0
    for group in heat.groups where margin > 0 && heat.rows > 0 {
      let y = (group.lines.lowerBound + group.lines.upperBound) * plot.height / (2 * heat.rows)
      guard y >= next, y < plot.height else { continue }
      frame.textRight(
        group.name, .label, in: Rect(x: left.x, y: plot.y + y, width: margin - 1, height: 1))
      next = y + 1
    }
    frame.text("columns: the row shown as an example", .muted, in: below)
    frame.text(
      "dark to bright: mean utility \(Format.measure(Double(heat.least))) to \(Format.measure(Double(heat.greatest)))",
      .muted, in: below, y: 1)
  }
}
