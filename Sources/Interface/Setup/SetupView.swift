import Domain
import Screen

extension Model {
  // MARK: The form

  func drawSetup(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .setup
    let inside = frame.panel(.setup, rect, title: "Setup", isFocused: isFocused)
    let fields = setup.fields
    frame.list(.setup, setup.list, count: fields.count + 1, in: inside, isFocused: isFocused) { row, line, _, frame in
      if row == 0 { drawStart(in: line, &frame) } else { drawField(fields[row - 1].parameter, in: line, &frame) }
    }
    frame.scrollBar(
      of: rect, top: setup.list.top, page: page(of: .setup), count: fields.count + 1, isFocused: isFocused)
  }

  private func drawStart(in line: Rect, _ frame: inout Frame) {
    frame.text("Start", .accent, in: line)
    let rest = Rect(x: line.x + 12, y: line.y, width: line.width - 12, height: 1)
    if currentRun?.isGoingOn == true {
      let waiting = waitingRuns.isEmpty ? "" : ", \(waitingRuns.count) waiting"
      frame.text("\(spinner) running\(waiting); \(key(.startRun)) queues", .accent, in: rest)
    } else if setupProblems.isEmpty, let failure = estimate.failure, estimate.asked == plannedRun?.forEstimate {
      frame.text("\(symbols.bad) \(failure.problem)", .bad, in: rest)
    } else if setupProblems.isEmpty {
      frame.text(
        "\(symbols.good) \(Format.count(plannedPicks ?? 0)) of \(Format.count(candidateRows ?? 0, "row"))", .good,
        in: rest)
    } else {
      frame.text("\(symbols.bad) something is missing", .bad, in: rest)
    }
  }

  private func drawField(_ field: Parameter, in line: Rect, _ frame: inout Frame) {
    frame.text(field.title, .heading, in: line, width: 11)
    let rest = Rect(x: line.x + 12, y: line.y, width: line.width - 12, height: 1)
    if let role = field.role {
      drawFile(role, in: rest, &frame)
      return
    }
    let value = setup[field.id]
    let problem = problem(with: value, of: field.id)
    if field.choices != nil {
      let shown = field.id == .method ? setup.method.shortTitle : value
      frame.text("\(symbols.previous) \(shown) \(symbols.next)", problem == nil ? .text : .bad, in: rest)
      return
    }
    if problem != nil {
      frame.text("\(symbols.bad) \(value.isEmpty ? "none" : value)", .bad, in: rest)
      return
    }
    if value.isEmpty, let text = field.emptyText(in: setup.draft, rows: candidateRows) {
      frame.text(text, .muted, in: rest)
      return
    }
    switch field.id {
    case .budget:
      let used = frame.text(value, .text, in: rest)
      if let picks = plannedPicks, value != "\(picks)" {
        frame.textRight("\(Format.count(picks, "row"))", .muted, in: rest, width: rest.width - used - 1)
      }
    case .limit:
      frame.text("first \(value)", .text, in: rest)
    default:
      let style: StyleName = value == setup.standard(of: field.id) ? .muted : .text
      if field.isPath {
        frame.text(value.truncated(to: rest.width, keepingEnd: true, ellipsis: symbols.ellipsis), .text, in: rest)
      } else {
        frame.text(value, style, in: rest)
      }
    }
  }

  /// The file of a role: its name and rows, or that it is missing.
  private func drawFile(_ role: DatasetRole, in rest: Rect, _ frame: inout Frame) {
    if let path = opening[role] {
      frame.text("\(spinner) \(path)", .accent, in: rest)
      return
    }
    switch files[role] ?? .absent {
    case .absent: frame.text("\(symbols.bad) none", .bad, in: rest)
    case .opening(let path): frame.text("\(spinner) \(path)", .accent, in: rest)
    case .failed(let path, _): frame.text("\(symbols.bad) \(path)", .bad, in: rest)
    case .opened(let file):
      let rows = Format.count(file.summary.rows, "row")
      let used = frame.textRight(rows, .muted, in: rest)
      let room = rest.width - used - 1
      frame.text(
        file.summary.path.truncated(to: room, keepingEnd: true, ellipsis: symbols.ellipsis), .text, in: rest,
        width: room)
    }
  }

  // MARK: What the field under the cursor means

  func drawMeaning(in rect: Rect, _ frame: inout Frame) {
    let field = setup.currentField?.parameter
    let inside = frame.panel(
      .meaning, rect, title: field?.title ?? setup.method.title, isFocused: focusedPanel == .meaning)
    guard let field else {
      frame.paragraph(setup.method.summary, .text, in: inside)
      return
    }
    var y = frame.paragraph(field.meaning(with: setup.method), .text, in: inside)
    if field.role == nil, let problem = problem(with: setup[field.id], of: field.id) {
      y = frame.paragraph("\(symbols.bad) \(problem)", .bad, in: inside, y: y)
    }
    var facts: [(String, String)] = []
    let initial = setup.standard(of: field.id)
    let standard = initial.isEmpty ? field.emptyText(in: setup.draft, rows: candidateRows) : initial
    if let standard { facts.append(("default", standard)) }
    if !field.bounds.isEmpty { facts.append(("can be", field.bounds)) }
    let isRoomy = y + 1 + facts.count <= inside.height
    if isRoomy { y += 1 }
    for (name, value) in facts {
      let lines = value.wrapped(to: max(1, inside.width - 10), limit: 3)
      frame.text(name, .muted, in: inside, y: y)
      for line in lines {
        frame.text(line, .muted, in: inside, x: 10, y: y)
        y += 1
      }
    }
  }

  // MARK: What the run will take

  func drawEstimate(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(.estimate, rect, title: "Before it starts", isFocused: focusedPanel == .estimate)
    let problems = setupProblems
    guard problems.isEmpty else {
      var y = 0
      for problem in problems { y = frame.paragraph("\(symbols.bad) \(problem.text)", .bad, in: inside, y: y) }
      return
    }
    var lines: [(String, String, StyleName)] = [
      ("takes", "\(Format.count(plannedPicks ?? 0)) of \(Format.count(candidateRows ?? 0, "row"))", .number)
    ]
    if let pairs = plannedPairs, setup.scores {
      lines.append(("scores", Format.count(pairs, "pair"), .number))
    }
    if !setup.marks.isEmpty {
      lines.append(
        (
          "marks",
          "\(symbols.pinned) \(setup.marks.pinned.count) pinned  \(symbols.banned) \(setup.marks.banned.count) banned",
          .text
        ))
    }
    if let found = estimate.estimate, estimate.asked == plannedRun?.forEstimate {
      if found.passes > 0 {
        lines.append(("passes", "\(Format.short(Double(found.passes))) forward", .number))
        lines.append(("tokens", Format.short(found.tokens), .number))
      }
      lines.append(("memory", Format.bytes(found.memory), .number))
      lines.append(("time", found.seconds < 1 ? "about a moment" : "about \(Format.span(found.seconds))", .number))
      if let rate = found.tokensPerSecond { lines.append(("measured", "\(Format.short(rate)) tokens/s", .muted)) }
    } else if let failure = estimate.failure {
      var y = 0
      for (name, value, style) in lines {
        frame.text(name, .muted, in: inside, y: y)
        frame.text(value, style, in: inside, x: 10, y: y)
        y += 1
      }
      y = frame.paragraph("\(symbols.bad) \(failure.problem)", .bad, in: inside, y: y)
      if let location = failure.location { y = frame.paragraph(location, .text, in: inside, y: y) }
      if let remedy = failure.remedy { frame.paragraph("\(symbols.arrow) \(remedy)", .muted, in: inside, y: y) }
      return
    } else if estimate.isPending {
      lines.append(("time", "\(spinner) measuring \(symbols.ellipsis)", .muted))
    } else if currentRun?.isGoingOn == true {
      lines.append(("time", "measured when nothing runs", .muted))
    }
    for (y, (name, value, style)) in lines.enumerated() {
      frame.text(name, .muted, in: inside, y: y)
      frame.text(value, style, in: inside, x: 10, y: y)
    }
    if let advice = estimate.estimate?.advice, estimate.asked == plannedRun?.forEstimate {
      // Options of the command line go by the form's names here.
      let named = Parameter.all.reduce(advice) { text, parameter in
        guard let flag = parameter.flag, let option = try? Regex("--\(flag)(?![a-z-])") else { return text }
        return text.replacing(option, with: parameter.title)
      }
      frame.paragraph(named, .warning, in: inside, y: lines.count + 1)
      return
    }
    if lines.count + 2 <= inside.height, setup.scores {
      frame.paragraph(
        estimate.estimate?.kept.map { "Of the scores \(Format.percent($0)) are kept and not counted." }
          ?? "What was scored before is kept and not scored again.", .muted, in: inside, y: lines.count + 1)
    }
  }
}
