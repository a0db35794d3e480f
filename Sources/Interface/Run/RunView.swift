import Domain
import Screen

extension Model {
  // MARK: Progress

  func drawProgress(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .progress
    let inside = frame.panel(
      .progress, rect, title: "Progress", note: currentRun.map { $0.specification.method.rawValue } ?? "",
      isFocused: isFocused)
    guard let run = currentRun else {
      frame.paragraph(
        "Nothing has run yet. \(key(.startRun)) begins; \(key(.showSetup)) says what with.", .muted, in: inside)
      return
    }
    var lines: [(Rect, inout Frame) -> Void] = []
    for phase in run.shownPhases { lines += phaseLines(phase, of: run) }
    if let ending = endingLine(run) { lines.append(ending) }
    if let report = run.selection?.sparse {
      lines.append { line, frame in frame.spans(self.spans(report), in: line) }
    }
    // What is over goes first where room is short.
    for (row, line) in lines.suffix(max(0, inside.height)).enumerated() {
      line(Rect(x: inside.x, y: inside.y + row, width: inside.width, height: 1), &frame)
    }
  }

  private func phaseLines(_ phase: Phase, of run: Run) -> [(Rect, inout Frame) -> Void] {
    let isCurrent = run.isGoingOn && run.currentPhase == phase
    let name = phase.rawValue
    // All names have one column, as wide as the widest.
    let column = 3 + max(8, run.shownPhases.map(\.rawValue.count).max() ?? 0)
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
            isDone ? "\(Format.count(progress.total)) \(progress.unit)" : amount, .muted, in: line, x: column,
            width: line.width - column - 1 - time)
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
        frame.text(run.isPaused ? symbols.paused : spinner, run.isPaused ? .warning : .accent, in: line)
        frame.text(name, .accent, in: line, x: 2)
        frame.textRight(Format.percent(progress.fraction), .number, in: line)
        Gauge(share: progress.fraction).draw(
          into: &frame.grid, x: line.x + column, y: line.y, width: max(0, line.width - column - 6), theme: theme,
          symbols: symbols)
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
    case .starting, .running:
      guard run.isPaused else { return nil }
      (text, style) = ("\(symbols.paused) held; \(key(.pauseRun)) goes on", .warning)
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

  /// What a sparse run lost, in a line.
  func spans(_ report: SparseReport) -> [(String, StyleName)] {
    let share = report.densePairs > 0 ? Double(report.pairs) / Double(report.densePairs) : 1
    var spans: [(String, StyleName)] = [("sparse ", .muted), (Format.percent(share), .number), (" of pairs", .muted)]
    let dot = " \(symbols.dot) "
    if let recall = report.recall { spans += [("\(dot)recall ", .muted), (Format.percent(recall), .number)] }
    if let ratio = report.objectiveRatio {
      spans += [("\(dot)objective ", .muted), (Format.percent(ratio), .number)]
    }
    if let correlation = report.gainCorrelation {
      spans += [("\(dot)gains ", .muted), (Format.fixed(correlation, 2), .number)]
    }
    if report.recall == nil, report.objectiveRatio == nil { spans.append(("\(dot)loss not measured", .muted)) }
    return spans
  }

  // MARK: Curves and picks

  func drawGains(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .gains
    let isLogarithmic = LineChart.wantsLogarithm(currentRun?.picks.map(\.gain) ?? [])
    let inside = frame.panel(
      .gains, rect, title: currentRun?.hasScores == true ? "Score of each pick" : "Marginal gain of each pick",
      note: isLogarithmic ? "log" : "",
      isFocused: isFocused)
    guard let run = curveRun(else: "What each pick adds, drawn as the picks come.", in: inside, &frame) else { return }
    LineChart(
      values: run.shownPicks.map(\.gain), extent: run.isGoingOn ? run.budget : run.picks.count,
      isLogarithmic: isLogarithmic
    )
    .draw(into: &frame.grid, in: inside, theme: theme, symbols: symbols, format: Format.measure)
  }

  /// What all picks so far are worth: as a share of what choosing every row would be worth, where that is known.
  func drawCoverage(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .coverage
    let reachable = currentRun?.reachable.flatMap { $0 > 0 ? $0 : nil }
    let shares = currentRun.map { $0.coverage(of: $0.shownPicks) } ?? []
    let inside = frame.panel(
      .coverage, rect, title: coverageTitle,
      note: reachable == nil ? "" : shares.last.map { Format.percent($0) } ?? "", isFocused: isFocused)
    guard
      let run = curveRun(
        else: reachable == nil && currentRun?.hasScores == true
          ? "What the picks' scores add up to, as they come."
          : "How much of what the whole pool is worth the picks reach together.", in: inside, &frame)
    else { return }
    LineChart(values: shares, extent: run.isGoingOn ? run.budget : run.picks.count)
      .draw(into: &frame.grid, in: inside, theme: theme, symbols: symbols) {
        reachable == nil ? Format.measure($0) : Format.percent($0)
      }
  }

  private var coverageTitle: String {
    if currentRun?.hasScores == true { return "Sum of the scores so far" }
    return currentRun?.reachable.map { $0 > 0 } == true ? "Coverage of the pool" : "Value of all picks so far"
  }

  /// The run whose curves are drawn; says why where there is none.
  private func curveRun(else hint: String, in rect: Rect, _ frame: inout Frame) -> Run? {
    guard let run = currentRun, !run.picks.isEmpty else {
      frame.paragraph(hint, .muted, in: rect)
      return nil
    }
    guard run.hasGains else {
      frame.paragraph("This method gives no gains: every row is as good as another to it.", .muted, in: rect)
      return nil
    }
    return run
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
    let weight = run.hasWeights ? run.picks.map { Format.fixed($0.weight, 2).count }.max() ?? 6 : 0
    let columns = [
      Column("pick", width: max(4, Format.count(run.budget).count), alignment: .right),
      Column("row", width: max(3, Format.count(max(0, run.candidates - 1)).count), alignment: .right),
      Column(
        "gain", width: max(6, run.picks.first.map { Format.fixed($0.gain, digits).count } ?? 0), alignment: .right),
      Column("weight", width: max(6, weight), alignment: .right),
      Column(lengthTitle, width: max(6, lengthTitle.count), alignment: .right, rank: 3),
      Column("label", width: 8, isFlexible: true, most: 16, rank: 1),
      Column("prompt", width: 10, isFlexible: true, rank: 2),
    ]
    return columns.filter { column in
      switch column.title {
      case "gain": run.hasGains
      case "weight": run.hasWeights
      default: true
      }
    }
  }

  func pickCells(_ pick: Pick, of run: Run) -> [(String, StyleName)] {
    let sample = poolRow(pick.row, of: run.pool)?.sample
    let prompt = sample.map { String($0.query.instructionAndInput.instruction.prefix(200)) }
    let gain: [(String, StyleName)] = run.hasGains ? [(Format.fixed(pick.gain, run.gainDigits), .text)] : []
    let weight: [(String, StyleName)] = run.hasWeights ? [(Format.fixed(pick.weight, 2), .text)] : []
    let length = files[.pool]?.opened.flatMap { $0.summary.contentHash == run.pool ? $0.length(of: pick.row) : nil }
    return [(Format.count(pick.rank.value + 1), .muted), (Format.count(pick.row), .number)] + gain + weight
      + [(length.map { Format.count($0) } ?? "", .muted)]
      + [(sample?.label ?? "", .label), (prompt ?? symbols.ellipsis, .muted)]
  }

  /// What the column of lengths is called.
  var lengthTitle: String { files[.pool]?.opened?.survey?.unit.rawValue ?? "length" }
}

extension Run {
  /// The value of the first 1, 2, … of some picks, as shares of what all rows together would be worth where that is known.
  func coverage(of picks: some Sequence<Pick>) -> [Double] {
    var sum = 0.0
    let whole = reachable.flatMap { $0 > 0 ? $0 : nil }
    return picks.map { pick in
      sum += pick.gain
      return whole.map { min(1, sum / $0) } ?? sum
    }
  }
}
