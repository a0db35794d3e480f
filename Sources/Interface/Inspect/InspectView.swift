import Domain
import Screen

extension Model {
  func drawChosen(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .chosen
    let run = inspectedRun
    var title = "Chosen"
    if let run, let index = inspect.run {
      if runs.count > 1 { title = "Run \(index + 1) of \(runs.count)" }
      if let number = run.number, run.isStored {
        title = "Run \(index + 1) of \(runs.count) \(symbols.dot) no. \(number)"
      }
      if inspect.order != .rank || inspect.isReversed {
        title += " \(symbols.dot) by \(inspect.order.rawValue)\(inspect.isReversed ? " reversed" : "")"
      }
      if run.state == .cancelled || run.selection?.isPartial == true { title += " \(symbols.dot) partial" }
    }
    let inside = frame.panel(
      .chosen, rect, title: title,
      note: run.map { "\(Format.count($0.picks.count)) of \(Format.count($0.candidates))" } ?? "",
      isFocused: isFocused)
    guard let run, !run.picks.isEmpty else {
      if currentRun?.isGoingOn == true {
        frame.paragraph("The picks of the run are listed here as they are taken.", .muted, in: inside)
        return
      }
      let y = frame.paragraph("Nothing is chosen yet.", .text, in: inside)
      frame.paragraph(
        "Press \(key(.startRun)) to start a run; its picks are listed here in the order they are taken.", .muted,
        in: inside, y: y + 1)
      return
    }
    let columns = pickColumns(of: run)
    frame.list(
      .chosen, inspect.list, count: run.picks.count, in: inside, columns: columns, isFocused: isFocused
    ) { index, line, layout, frame in
      guard let pick = pick(at: index, of: run) else { return }
      frame.row(pickCells(pick, of: run), columns, layout, in: line)
      drawMark(of: pick.row, at: Point(x: inside.x + 1, y: line.y), &frame)
    }
    frame.scrollBar(
      of: rect, top: inspect.list.top, page: page(of: .chosen), count: run.picks.count, isFocused: isFocused)
  }

  var chosenTextTitle: String {
    guard let run = inspectedRun, let pick = inspectedPick else { return "Row" }
    return rowTitle(pick.row, poolRow(pick.row, of: run.pool)?.sample)
  }

  func chosenTextLines(_ width: Int) -> [TextLine] {
    guard let run = inspectedRun, let pick = inspectedPick else { return [] }
    guard files[.pool]?.opened?.summary.contentHash == run.pool else {
      return wrap("The pool that this run chose from is no longer open.", .muted, width)
    }
    return lines(of: poolRow(pick.row, of: run.pool), width: width)
  }

  func drawReasons(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .reasons
    let inside = frame.panel(
      .reasons, rect,
      title:
        "Why \(symbols.dot) \(symbols.previous) \(relation.title(for: inspectedRun?.specification.method).lowercased()) \(symbols.next)",
      isFocused: isFocused)
    guard let run = inspectedRun, let pick = inspectedPick else {
      frame.paragraph(
        "For each row: the step it was taken at, what it added, and the rows it stands for.", .muted, in: inside)
      return
    }
    let parts = reasonsLayout(inside)
    drawFacts(of: pick, in: run, at: parts.facts, &frame)
    let rest = Rect(
      x: inside.x, y: parts.facts.bottom, width: inside.width, height: inside.bottom - parts.facts.bottom)
    guard let explanation else {
      if let report = inspect.failures[pick.rank] {
        frame.paragraph(report.description, .muted, in: rest)
      } else if run.isGoingOn {
        frame.paragraph("Whom it stands for is known when the run has ended.", .muted, in: rest)
      } else {
        frame.text("Looking it up \(symbols.ellipsis)", .muted, in: rest)
      }
      return
    }
    drawRelated(at: parts.heading, parts.list, isFocused: isFocused, &frame)
    let related = relatedRows
    if related.count > parts.list.height {
      frame.scrollBar(
        of: Rect(x: rect.x, y: parts.list.y - 1, width: rect.width, height: parts.list.height + 2),
        top: inspect.represented.top, page: parts.list.height, count: related.count,
        isFocused: isFocused)
    }
    guard parts.histogram.width >= 10, parts.histogram.height >= 3 else { return }
    let (heading, chart) = parts.histogram.split(rows: 1)
    let isByScore = run.hasScores
    frame.text(isByScore ? "all rows by their score" : "rows by its utility", .muted, in: heading)
    Histogram(
      counts: explanation.utilityHistogram, from: isByScore ? "least" : "0", to: isByScore ? "greatest" : "1"
    )
    .draw(into: &frame.grid, in: chart, theme: theme, symbols: symbols)
  }

  private func drawFacts(of pick: Pick, in run: Run, at rect: Rect, _ frame: inout Frame) {
    let dot = " \(symbols.dot) "
    var first: [(String, StyleName)] = [
      ("step ", .muted), ("\(Format.count(pick.rank.value + 1)) of \(Format.count(run.picks.count))", .text),
    ]
    if run.hasGains { first += [("\(dot)gain ", .muted), (Format.measure(pick.gain), .number)] }
    let objective = run.objective
    if objective > 0, pick.gain >= 0, pick.gain <= objective {
      first += [("\(dot)", .muted), (Format.percent(pick.gain / objective), .number), (" of total", .muted)]
    }
    if pick.weight != 1 { first += [("\(dot)weight ", .muted), (Format.measure(pick.weight), .number)] }
    frame.spans(first, in: rect)
    if let report = run.selection?.sparse, rect.height > 2 { frame.spans(spans(report), in: rect, y: 2) }
    guard let explanation else { return }
    if run.hasScores {
      var spans: [(String, StyleName)] = []
      if let spread = explanation.spread {
        spans = [
          ("score ", .muted), (Format.measure(pick.gain), .number), (" give or take ", .muted),
          (Format.measure(spread), .number),
        ]
      }
      guard let first = explanation.targets.first else {
        frame.spans(spans, in: rect, y: 1)
        return
      }
      frame.spans(
        spans + [
          (run.isInfluence ? "taken for target row " : "nearest target row ", .muted),
          (Format.count(first.row), .number), ("  score ", .muted),
          (Format.measure(Double(first.utility)), .number),
        ], in: rect, y: 1)
      return
    }
    let count = explanation.represents.count
    let rows =
      run.servedRole == .pool ? run.candidates : files[run.servedRole]?.opened?.summary.rows ?? run.candidates
    frame.spans(
      [
        ("stands for ", .muted), (Format.count(count), .number),
        (" of \(Format.count(rows, "row"))\(run.servedRole == .target ? " of the target set" : "")", .muted),
      ], in: rect, y: 1)
  }

  private func drawRelated(
    at heading: Rect, _ list: Rect, isFocused: Bool, _ frame: inout Frame
  ) {
    let isInfluence = inspectedRun?.isInfluence == true
    let isByScore = inspectedRun?.hasScores == true
    let columns = [
      Column("row", width: max(4, Format.count(inspectedRun?.candidates ?? 0).count), alignment: .right),
      Column(isByScore ? relation == .partners ? "kernel" : "score" : "utility", width: 7, alignment: .right),
      Column("label", width: 6, isFlexible: true, rank: 1),
    ]
    let table = Rect(x: heading.x + 2, y: heading.y, width: list.width - 2, height: heading.height)
    frame.header(columns, ColumnLayout(columns, in: table.width), in: table)
    let rows = relatedRows
    if rows.isEmpty {
      let text: String
      switch relation {
      case .represents where isInfluence: text = "Influence has rows stand for none but themselves."
      case .partners where isInfluence: text = "All gradients were taken: there are no landmarks."
      case .targets where isByScore && !isInfluence: text = "This method scores no row by the target's rows."
      case .targets where isInfluence: text = "All targets have one loss in this run."
      case .represents: text = "No row is served best by it."
      case .partners: text = "No row helps the model with it, as far as this run has scored."
      case .targets: text = "This run has no target set, or none of its rows helps here."
      }
      frame.paragraph(text, .muted, in: list)
      return
    }
    frame.list(
      .reasons, inspect.represented, count: rows.count, in: list, columns: columns, showsHeader: false,
      isFocused: isFocused
    ) { index, line, layout, frame in
      let row = rows[index]
      let sample = relatedRow(row.row)?.sample
      frame.row(
        [
          (Format.count(row.row), .number), (Format.fixed(Double(row.utility), 3), .text),
          (sample?.label ?? sample.map { String($0.query.instructionAndInput.instruction.prefix(80)) } ?? "", .label),
        ], columns, layout, in: line)
    }
  }

  /// The parts of the panel that says why: facts, whom the row stands for, and its utilities as a histogram.
  func reasonsLayout(_ rect: Rect) -> (facts: Rect, heading: Rect, list: Rect, histogram: Rect) {
    let lines = inspectedRun?.selection?.sparse == nil ? 2 : 3
    let (facts, rest) = rect.split(rows: min(lines, max(0, rect.height - 2)))
    let (left, right) = rest.width >= 40 ? rest.split(columns: max(22, rest.width * 11 / 20)) : (rest, Rect.empty)
    let (heading, list) = left.height >= 3 ? left.split(rows: 1) : (Rect.empty, left)
    return (facts, heading, Rect(x: list.x, y: list.y, width: max(0, list.width - 1), height: list.height), right)
  }
}
