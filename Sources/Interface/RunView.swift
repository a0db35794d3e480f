import Domain
import Screen

extension Model {
  // MARK: Setup

  func drawSetup(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .setup
    let inside = frame.panel(.setup, rect, title: "Setup", isFocused: isFocused)
    let fields = setup.fields
    // The form first, a blank, then what the field under the cursor means.
    let helpHeight = inside.height >= fields.count + 6 ? inside.height - fields.count - 2 : 0
    let (form, below) = inside.split(rows: inside.height - helpHeight)
    let visible = setup.list.visible(count: fields.count + 1, page: page(of: .setup))
    for (y, row) in visible.enumerated() where y < form.height {
      let line = Rect(x: form.x + 2, y: form.y + y, width: form.width - 2, height: 1)
      if row == 0 { drawStart(in: line, &frame) } else { drawField(fields[row - 1], in: line, &frame) }
      let bar = Rect(x: form.x, y: line.y, width: form.width, height: 1)
      if row == setup.list.cursor { frame.cursorBar(bar, isFocused: isFocused) }
      frame.mark(bar, .row(.setup, row))
    }
    drawMeaning(in: below, &frame)
  }

  private func drawStart(in line: Rect, _ frame: inout Frame) {
    frame.text("Start", .accent, in: line)
    let rest = Rect(x: line.x + 10, y: line.y, width: line.width - 10, height: 1)
    if currentRun?.isGoingOn == true {
      frame.text("\(spinner) running", .accent, in: rest)
    } else if setupProblems.isEmpty {
      frame.text(
        "\(symbols.good) \(Format.count(plannedPicks ?? 0)) of \(Format.count(candidateRows ?? 0, "row"))", .good,
        in: rest)
    } else {
      frame.text("\(symbols.bad) something is missing", .bad, in: rest)
    }
  }

  private func drawField(_ field: SetupField, in line: Rect, _ frame: inout Frame) {
    frame.text(field.title, .heading, in: line, width: 9)
    let rest = Rect(x: line.x + 10, y: line.y, width: line.width - 10, height: 1)
    let value = setup[field]
    let problem = field.problem(with: value, poolRows: candidateRows)
    if field.choices != nil {
      let shown = field == .method ? setup.method.shortTitle : value
      frame.text("\(symbols.previous) \(shown) \(symbols.next)", .text, in: rest)
      return
    }
    if problem != nil {
      frame.text("\(symbols.bad) \(value.isEmpty ? "none" : value)", .bad, in: rest)
      return
    }
    switch field {
    case .budget:
      let used = frame.text(value, .text, in: rest)
      if let picks = plannedPicks, value != "\(picks)" {
        frame.textRight("\(Format.count(picks, "row"))", .muted, in: rest, width: rest.width - used - 1)
      }
    case .limit:
      frame.text(value.isEmpty ? "all" : "first \(value)", value.isEmpty ? .muted : .text, in: rest)
    case .model:
      frame.text(value.truncated(to: rest.width, keepingEnd: true, ellipsis: symbols.ellipsis), .text, in: rest)
    default: frame.text(value, .text, in: rest)
    }
  }

  /// What the field under the cursor means, or what Start is about to do.
  private func drawMeaning(in rect: Rect, _ frame: inout Frame) {
    guard rect.height >= 2 else { return }
    let text = Rect(x: rect.x, y: rect.y + 1, width: rect.width, height: rect.height - 1)
    if let field = setup.currentField {
      var y = frame.paragraph(field.meaning(with: setup.method), .muted, in: text)
      if let problem = field.problem(with: setup[field], poolRows: candidateRows) {
        y = frame.paragraph("\(symbols.bad) \(problem)", .bad, in: text, y: y)
      }
      return
    }
    var y = frame.paragraph(setup.method.summary, .muted, in: text)
    for problem in setupProblems { y = frame.paragraph("\(symbols.bad) \(problem.text)", .bad, in: text, y: y) }
    if setupProblems.isEmpty {
      y += 1
      if let pairs = plannedPairs {
        let memory = Format.bytes(Double(pairs) * 4)
        y = frame.paragraph(
          "Scores \(Format.count(pairs, "pair")) (\(memory)), then takes \(Format.count(plannedPicks ?? 0, "row")).",
          .text, in: text, y: y)
      } else {
        y = frame.paragraph(
          "Takes \(Format.count(plannedPicks ?? 0, "row")); no model is needed.", .text, in: text, y: y)
      }
    }
    if !setup.marks.isEmpty {
      frame.paragraph(
        "\(symbols.pinned) \(setup.marks.pinned.count) pinned  \(symbols.banned) \(setup.marks.banned.count) banned",
        .text, in: text, y: y)
    }
  }

  // MARK: Progress

  func drawProgress(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .progress
    let inside = frame.panel(
      .progress, rect, title: "Progress", note: currentRun.map { $0.specification.method.rawValue } ?? "",
      isFocused: isFocused)
    guard let run = currentRun else {
      frame.paragraph(
        "Nothing has run yet. \(key(.activate)) on Start, or \(key(.startRun)), begins.", .muted, in: inside)
      return
    }
    var lines: [(Rect, inout Frame) -> Void] = []
    for phase in run.shownPhases { lines += phaseLines(phase, of: run) }
    if let ending = endingLine(run) { lines.append(ending) }
    // What is over goes first where room is short.
    for (row, line) in lines.suffix(max(0, inside.height)).enumerated() {
      line(Rect(x: inside.x, y: inside.y + row, width: inside.width, height: 1), &frame)
    }
  }

  private func phaseLines(_ phase: Phase, of run: Run) -> [(Rect, inout Frame) -> Void] {
    let isCurrent = run.isGoingOn && run.currentPhase == phase
    let name = phase.rawValue
    guard let progress = run.phases[phase] else {
      // The first phase of a run that has just been asked for is as good as begun.
      let begins = run.isGoingOn && run.currentPhase == nil && phase == run.shownPhases.first
      return [
        { line, frame in
          frame.text(begins ? spinner : symbols.waiting, begins ? .accent : .muted, in: line)
          frame.text(name, .muted, in: line, x: 2)
        }
      ]
    }
    let amount = "\(Format.count(progress.done))/\(Format.count(progress.total)) \(progress.unit)"
    if !isCurrent {
      let isDone = progress.done >= progress.total
      return [
        { line, frame in
          frame.text(isDone ? symbols.good : symbols.paused, isDone ? .good : .warning, in: line)
          frame.text(name, .text, in: line, x: 2)
          let time = frame.textRight(Format.duration(progress.elapsed), .muted, in: line)
          frame.text(
            isDone ? "\(Format.count(progress.total)) \(progress.unit)" : amount, .muted, in: line, x: 11,
            width: line.width - 12 - time)
        }
      ]
    }
    var rates: [String] = []
    if let rate = progress.rate { rates.append("\(Format.short(rate)) \(progress.unit)/s") }
    if let rate = progress.tokensPerSecond { rates.append("\(Format.short(rate)) tokens/s") }
    let resumed = progress.resumed > 0 ? "\(Format.short(Double(progress.resumed))) from before" : ""
    let left = progress.secondsLeft.map { "\(Format.duration($0)) left" }
    let separator = " \(symbols.dot) "
    return [
      { line, frame in
        frame.text(spinner, .accent, in: line)
        frame.text(name, .accent, in: line, x: 2)
        frame.textRight(Format.percent(progress.fraction), .number, in: line)
        Gauge(share: progress.fraction).draw(
          into: &frame.grid, x: line.x + 11, y: line.y, width: max(0, line.width - 17), theme: theme, symbols: symbols)
      },
      { line, frame in
        let used = left.map { frame.textRight($0, .text, in: line) } ?? 0
        frame.text(amount, .muted, in: line, x: 2, width: line.width - 3 - used)
      },
      { line, frame in
        let used = frame.text(rates.joined(separator: separator), .muted, in: line, x: 2)
        if line.width - 4 - used >= resumed.displayWidth { frame.textRight(resumed, .muted, in: line) }
      },
    ]
  }

  /// How a run ended, in a line; nil while it goes on.
  private func endingLine(_ run: Run) -> ((Rect, inout Frame) -> Void)? {
    let text: String
    let style: StyleName
    switch run.state {
    case .starting, .running: return nil
    case .cancelling: (text, style) = ("\(spinner) stopping", .warning)
    case .finished(let seconds):
      let total = Format.duration(seconds.load + seconds.score + seconds.select)
      text = "\(symbols.good) \(Format.count(run.picks.count, "row")) in \(total)"
      style = .good
    case .cancelled:
      text = "\(symbols.paused) cancelled, \(Format.count(run.picks.count, "row")) kept"
      style = .warning
    case .failed(let report): (text, style) = ("\(symbols.bad) \(report.problem)", .bad)
    }
    let objective =
      run.picks.isEmpty || run.isGoingOn || !run.hasGains ? "" : "objective \(Format.measure(run.objective))"
    return { line, frame in
      let used = frame.text(text, style, in: line)
      if line.width - used - 2 >= objective.displayWidth { frame.textRight(objective, .muted, in: line) }
    }
  }

  // MARK: Gains and picks

  func drawGains(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .gains
    var values = currentRun?.shownPicks.map(\.gain) ?? []
    if showsValue {
      var sum = 0.0
      values = values.map { gain in
        sum += gain
        return sum
      }
    }
    let isLogarithmic = !showsValue && LineChart.wantsLogarithm(currentRun?.picks.map(\.gain) ?? [])
    let inside = frame.panel(
      .gains, rect, title: showsValue ? "Value of all picks so far" : "Marginal gain of each pick",
      note: isLogarithmic ? "log" : "", isFocused: isFocused)
    guard let run = currentRun, !run.picks.isEmpty else {
      frame.paragraph("What each pick adds, drawn as the picks come.", .muted, in: inside)
      return
    }
    guard run.hasGains else {
      frame.paragraph("This method gives no gains: every row is as good as another to it.", .muted, in: inside)
      return
    }
    LineChart(values: values, extent: run.isGoingOn ? run.budget : run.picks.count, isLogarithmic: isLogarithmic)
      .draw(into: &frame.grid, in: inside, theme: theme, symbols: symbols, format: Format.measure)
  }

  func drawPicks(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .picks
    let run = currentRun
    var note = run.map { "\(Format.count($0.shownPicks.count)) of \(Format.count($0.budget))" } ?? ""
    if let replay = run?.replay {
      note =
        "\(replay.isPlaying ? symbols.running : symbols.paused) \(Format.short(replay.speed))/s \(symbols.dot) \(note)"
    }
    let title = run?.replay == nil ? "Latest picks" : "Replay"
    let inside = frame.panel(.picks, rect, title: title, note: note, isFocused: isFocused)
    guard let run, !run.picks.isEmpty else {
      frame.paragraph("Rows appear here as they are chosen, the newest first.", .muted, in: inside)
      return
    }
    let columns = pickColumns(of: run)
    let layout = ColumnLayout(columns, in: inside.width)
    for (y, pick) in run.shownPicks.suffix(max(0, inside.height)).reversed().enumerated() {
      let line = Rect(x: inside.x, y: inside.y + y, width: inside.width, height: 1)
      frame.row(pickCells(pick, of: run), columns, layout, in: line)
      frame.mark(line, .action(.showInspect))
    }
  }

  /// The columns that tables of picks have.
  func pickColumns(of run: Run) -> [Column] {
    let digits = run.gainDigits
    let columns = [
      Column("pick", width: max(4, Format.count(run.budget).count), alignment: .right),
      Column("row", width: max(3, Format.count(max(0, run.candidates - 1)).count), alignment: .right),
      Column(
        "gain", width: max(6, run.picks.first.map { Format.fixed($0.gain, digits).count } ?? 0), alignment: .right),
      Column("label", width: 8, isFlexible: true, most: 16, rank: 1),
      Column("prompt", width: 10, isFlexible: true, rank: 2),
    ]
    return run.hasGains ? columns : columns.filter { $0.title != "gain" }
  }

  func pickCells(_ pick: Pick, of run: Run) -> [(String, StyleName)] {
    let sample = poolRow(pick.index, of: run.pool)?.sample
    let prompt = sample.map { String($0.query.instructionAndInput.instruction.prefix(200)) }
    let gain: [(String, StyleName)] = run.hasGains ? [(Format.fixed(pick.gain, run.gainDigits), .text)] : []
    return [(Format.count(pick.rank + 1), .muted), (Format.count(pick.index), .number)] + gain
      + [(sample?.label ?? "", .label), (prompt ?? symbols.ellipsis, .muted)]
  }
}
