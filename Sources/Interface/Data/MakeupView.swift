import Domain
import Screen

extension Model {
  /// What the shown file is made of: rows by label, and rows by length.
  func drawMakeup(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .makeup
    let shows = makeupParts(in: inside(rect))
    let file = shownFile
    var title = "Labels"
    if !shows.labels { title = "Lengths" } else if shows.lengths { title = "Labels and lengths" }
    var note = ""
    if let survey = file?.survey {
      note =
        "\(survey.isEstimate ? "\(symbols.about) " : "")\(Format.short(Double(file?.total ?? 0))) \(survey.unit.rawValue)"
    }
    let inside = frame.panel(.makeup, rect, title: title, note: note, isFocused: isFocused)
    guard let file else {
      frame.paragraph("Labels and lengths of the rows, once a file is open.", .muted, in: inside)
      return
    }
    guard file.survey != nil else {
      frame.text("Reading all rows \(symbols.ellipsis)", .muted, in: inside)
      return
    }
    switch (shows.labels, shows.lengths) {
    case (true, true):
      let (top, bottom) =
        inside.width >= 70
        ? inside.split(columns: inside.width / 2)
        : inside.split(rows: max(3, min(file.shownLabels + 1, inside.height - 6)))
      let left = inside.width >= 70 ? Rect(x: top.x, y: top.y, width: top.width - 2, height: top.height) : top
      drawLabels(of: file, in: left, isFocused: isFocused, &frame)
      drawLengths(of: file, in: bottom, &frame)
    case (false, _): drawLengths(of: file, in: inside, &frame)
    default: drawLabels(of: file, in: inside, isFocused: isFocused, &frame)
    }
  }

  /// What there is room for: both where there is much, otherwise what was asked for.
  func makeupParts(in rect: Rect) -> (labels: Bool, lengths: Bool) {
    if rect.height >= 11 || rect.width >= 70 && rect.height >= 4 { return (true, true) }
    let lengths = data.showsLengths || shownFile?.survey?.labels.isEmpty == true
    return (!lengths, lengths)
  }

  /// Rows of labels that are in sight at a time.
  var labelsPage: Int {
    guard let rect = layout.rect(of: .makeup) else { return 1 }
    let inside = inside(rect)
    guard makeupParts(in: inside).lengths, inside.width < 70 else { return max(1, inside.height) }
    return max(1, max(3, min((shownFile?.shownLabels ?? 0) + 1, inside.height - 6)) - 1)
  }

  private func drawLabels(of file: OpenedFile, in rect: Rect, isFocused: Bool, _ frame: inout Frame) {
    guard let survey = file.survey else { return }
    guard !survey.labels.isEmpty else {
      frame.paragraph("The rows have no label (family, task, category, source or dataset).", .muted, in: rect)
      return
    }
    let most = max(1, file.labelCounts.first ?? 1)
    let widest = survey.labels.prefix(64).map(\.displayWidth).max() ?? 0
    let columns = [
      Column("", width: max(4, min(widest, rect.width / 2 - 4, 24))),
      Column("", width: Format.count(most).count, alignment: .right), Column("", width: 4, alignment: .right),
    ]
    let used = columns.reduce(0) { $0 + $1.width + 2 }
    let inSight = Rect(x: rect.x, y: rect.y, width: rect.width, height: min(rect.height, labelsPage))
    frame.list(
      .makeup, file.labels, count: survey.labels.count, in: inSight, columns: columns, showsHeader: false,
      showsCursor: isFocused, isFocused: isFocused
    ) { index, line, layout, frame in
      let count = file.labelCounts[index]
      frame.row(
        [
          (survey.labels[index], Self.labelStyles[min(index, Self.labelStyles.count - 1)]),
          (Format.count(count), .number),
          (Format.percent(Double(count) / Double(max(1, file.summary.rows))), .muted),
        ], columns, layout, in: line)
      let room = line.width - used
      guard room >= 6 else { return }
      for x in 0..<max(1, count * room / most) {
        frame.grid.put(
          Cell(glyph: symbols.gaugeFull, width: 1, style: theme[.gauge]), x: line.x + used + x, y: line.y)
      }
    }
  }

  private func drawLengths(of file: OpenedFile, in rect: Rect, _ frame: inout Frame) {
    guard let survey = file.survey, rect.height >= 3 else { return }
    let (heading, chart) = rect.height >= 4 ? rect.split(rows: 1) : (Rect.empty, rect)
    let mean = Double(file.total) / Double(max(1, file.summary.rows))
    frame.text(
      "rows by \(survey.unit.rawValue)\(survey.isEstimate ? " (estimated)" : ""), mean \(Format.measure(mean))", .muted,
      in: heading)
    Histogram(
      counts: Histogram.merged(file.lengthBins, into: max(4, min(40, chart.width))),
      from: "0", to: "\(Format.count(file.usualLongest))+"
    )
    .draw(into: &frame.grid, in: chart, theme: theme, symbols: symbols)
  }
}
