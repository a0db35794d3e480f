import Domain
import Screen

/// What the model looks like.
package func view(_ model: Model) -> Grid { frame(of: model).grid }

/// What the model looks like, and what a click on it means.
func frame(of model: Model) -> Frame {
  var frame = Frame(width: model.width, height: model.height, theme: model.theme, symbols: model.symbols)
  if model.isTooSmall {
    let message = "Too small: \(Layout.leastWidth)×\(Layout.leastHeight) needed, q quits"
    frame.paragraph(message, .text, in: frame.grid.bounds)
    return frame
  }
  let layout = model.layout
  model.drawTabs(in: layout.tabs, &frame)
  for (panel, rect) in layout.panels { Panel.parts[panel]?.draw(model, rect, &frame) }
  model.drawStatus(in: layout.status, &frame)
  model.drawFooter(in: layout.footer, &frame)
  if let banner = model.banner, model.overlay == nil { model.drawBanner(banner, above: layout, &frame) }
  if let overlay = model.overlay {
    frame.mark(Rect(x: 0, y: 0, width: model.width, height: layout.footer.y), .outside)
    overlay.layer.draw(model, in: layout.body, &frame)
  }
  return frame
}

extension Model {
  // MARK: The line of tabs

  fileprivate func drawTabs(in rect: Rect, _ frame: inout Frame) {
    var x = 1
    if rect.width >= 96 { x += frame.text("winnow", .accent, in: rect, x: x) + 2 }
    for name in ScreenName.allCases {
      let isActive = name == screen
      // The pointer tells the active tab where colours do not.
      let title = isActive || rect.width >= 60 ? " \(name.title)" : ""
      let label = "\(isActive ? symbols.pointer : " ")\(name.rawValue + 1)\(title) "
      let width = frame.text(label, isActive ? .tabActive : .tab, in: rect, x: x)
      frame.mark(Rect(x: rect.x + x, y: rect.y, width: width, height: 1), .action(name.action))
      x += width
    }
    let room = Rect(x: rect.x + x + 1, y: rect.y, width: rect.width - x - 2, height: 1)
    if let run = currentRun, run.isGoingOn {
      frame.textRight(runSummary(run), .accent, in: room)
    } else if let pool = files[.pool]?.opened {
      let name = pool.summary.path.split(separator: "/").last.map(String.init) ?? pool.summary.path
      let rows = " \(symbols.dot) \(Format.count(pool.summary.rows, "row"))"
      let shown = name.truncated(to: max(8, room.width - rows.displayWidth), ellipsis: symbols.ellipsis) + rows
      if room.width >= shown.displayWidth { frame.textRight(shown, .muted, in: room) }
    }
  }

  /// `⠹ score 38% · 0:45 left`: what runs, in the fewest words.
  private func runSummary(_ run: Run) -> String {
    var text = (run.isPaused ? symbols.paused : spinner) + " "
    if run.state == .cancelling { return text + "stopping" }
    guard let phase = run.currentPhase, let progress = run.phases[phase] else { return text + "starting" }
    text += "\(phase.rawValue) \(Format.percent(progress.fraction))"
    if let left = progress.secondsLeft { text += " \(symbols.dot) \(Format.duration(left)) left" }
    return text
  }

  /// Ten pictures a second at most: the clock is told no more often.
  var spinner: String {
    let pictures = symbols.spinner
    return pictures[Int((max(0, clock) * 10).truncatingRemainder(dividingBy: 1e6)) % pictures.count]
  }

  // MARK: The lines at the bottom

  fileprivate func drawStatus(in rect: Rect, _ frame: inout Frame) {
    let line = rect.inset(columns: 1)
    if let seeking {
      frame.spans(
        [("\(spinner) ", .accent), ("Looking for \(seeking.text). \(key(.dismiss)) stops.", .text)], in: line)
    } else if let notice {
      frame.spans([("\(symbols.full) ", .accent), (notice, .text)], in: line)
    } else {
      frame.spans([("\(symbols.arrow) ", .accent), (hint, .muted)], in: line)
    }
  }

  fileprivate func drawFooter(in rect: Rect, _ frame: inout Frame) {
    // The palette, help and quit stand at the right end always; what else has room follows from the left.
    let bindings = footerBindings
    let ends: [Action] = rect.width >= 60 ? [.palette, .help, .quit] : [.help, .quit]
    let fixed = bindings.filter { ends.contains($0.action) }
    var rest = bindings.filter { !ends.contains($0.action) }
    var right = rect.right - 1
    for binding in fixed.reversed() {
      let width = footerWidth(binding)
      guard right - width >= rect.x else { break }
      drawFooterKey(binding, x: right - width, y: rect.y, &frame)
      right -= width + 2
    }
    // Where room is short the last ones go, but not those that begin and stop a run.
    while rest.reduce(rect.x - 1, { $0 + footerWidth($1) + 2 }) > right + 1,
      let last = rest.lastIndex(where: { $0.action != .startRun && $0.action != .cancelRun }) ?? rest.indices.last
    {
      rest.remove(at: last)
    }
    var x = rect.x + 1
    for binding in rest {
      drawFooterKey(binding, x: x, y: rect.y, &frame)
      x += footerWidth(binding) + 2
    }
  }

  private func footerWidth(_ binding: Binding) -> Int {
    let text = (binding.keys.first?.label.displayWidth ?? 0) + 1 + title(of: binding).displayWidth
    return obstacle(to: binding.action) == nil ? text : text + 2
  }

  /// `r run`, or `(r run)` where it cannot be done now.
  private func drawFooterKey(_ binding: Binding, x: Int, y: Int, _ frame: inout Frame) {
    let key = binding.keys.first?.label ?? ""
    let isAvailable = obstacle(to: binding.action) == nil
    let line = Rect(x: x, y: y, width: footerWidth(binding), height: 1)
    if isAvailable {
      frame.spans([(key, .key), (" ", .text), (title(of: binding), .muted)], in: line)
    } else {
      frame.text("(\(key) \(title(of: binding)))", .muted, in: line)
    }
    frame.mark(line, .action(binding.action))
  }

  /// What to do next, in a line.
  private var hint: String {
    if let path = opening[.pool] { return "Reading \(path) \(symbols.ellipsis)" }
    return part.hint(self)
  }

  // MARK: An error

  fileprivate func drawBanner(_ report: ErrorReport, above layout: Layout, _ frame: inout Frame) {
    let body = layout.body
    guard body.height >= 7, body.width >= 30 else {
      let line = layout.status.isEmpty ? layout.footer : layout.status
      frame.grid.fill(line, style: theme[.text])
      frame.text("\(symbols.bad) \(report.problem)", .bad, in: line.inset(columns: 1))
      return
    }
    let inner = body.width - 4
    var lines: [(String, StyleName)] = report.problem.wrapped(to: inner, limit: 3).map { ($0, .bad) }
    if let location = report.location { lines.append((location.truncated(to: inner, keepingEnd: true), .text)) }
    if let remedy = report.remedy {
      lines += remedy.wrapped(to: inner - 2, limit: 3).enumerated().map {
        (($0.offset == 0 ? "\(symbols.arrow) " : "  ") + $0.element, .text)
      }
    }
    lines = Array(lines.prefix(body.height - 4))
    let (_, rect) = body.split(rows: -(lines.count + 2))
    frame.grid.fill(rect, style: theme[.text])
    frame.grid.box(
      rect, symbols: symbols, border: theme[.bad], title: [Span("\(symbols.bad) Problem", theme[.bad])],
      note: [Span("\(key(.dismiss)) hides, \(key(.showLog)) keeps", theme[.muted])])
    frame.mark(rect, .action(.dismiss))
    for (row, line) in lines.enumerated() { frame.text(line.0, line.1, in: inside(rect), y: row) }
  }
}
