import Domain
import Screen

extension Model {
  func draw(_ overlay: Overlay, in body: Rect, _ frame: inout Frame) {
    switch overlay {
    case .help(let top): drawReader("Help", helpLines(width: helpWidth), top: top, in: body, &frame)
    case .log(let top): drawReader("Log", logLines(width: helpWidth), top: top, in: body, &frame)
    case .prompt(let prompt): draw(prompt, in: body, &frame)
    case .confirm(let asked): draw(asked, in: body, &frame)
    case .palette(let palette): draw(palette, in: body, &frame)
    case .themes(let list, _): draw(themes: list, in: body, &frame)
    }
  }

  /// A cleared box that stands over the screen; gives the place for its contents.
  private func box(_ title: String, note: String = "", _ rect: Rect, _ frame: inout Frame) -> Rect {
    // A column of air on either side, so that what is cut does not run into the border.
    frame.grid.fill(Rect(x: rect.x - 1, y: rect.y, width: rect.width + 2, height: rect.height), style: theme[.text])
    let inside = frame.panel(nil, rect, title: title, note: note, isFocused: true)
    frame.mark(rect, .nothing)
    return inside
  }

  /// A box of a wanted size in the middle of the body, no larger than it.
  private func centered(_ width: Int, _ height: Int, in body: Rect) -> Rect {
    let (width, height) = (min(width, body.width), min(height, body.height))
    return Rect(
      x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 3, width: width, height: height)
  }

  // MARK: Help and log

  private var readerRect: Rect {
    let body = layout.body
    let width = min(body.width, 100)
    return Rect(x: body.x + (body.width - width) / 2, y: body.y, width: width, height: body.height)
  }

  var helpWidth: Int { inside(readerRect).width }
  var readerPage: Int { max(1, inside(readerRect).height) }

  private func drawReader(
    _ title: String, _ lines: [[(String, StyleName)]], top: Int, in body: Rect, _ frame: inout Frame
  ) {
    let rect = readerRect
    let inside = box(title, note: "\(key(.dismiss)) leaves", rect, &frame)
    let first = max(0, min(top, lines.count - max(1, inside.height)))
    for (row, line) in lines.dropFirst(first).prefix(inside.height).enumerated() {
      frame.spans(line, in: inside, y: row)
    }
    frame.scrollBar(of: rect, top: first, page: inside.height, count: lines.count, isFocused: true)
  }

  /// The log, oldest first, so that its end is what was said last.
  func logLines(width: Int) -> [[(String, StyleName)]] {
    if log.isEmpty { return [[("Nothing has been said yet.", .muted)]] }
    return log.flatMap { entry -> [[(String, StyleName)]] in
      let time = Format.duration(entry.time).padded(to: 8, alignment: .right) + "  "
      let isError: Bool
      if case .error = entry.kind { isError = true } else { isError = false }
      let text = isError ? "\(symbols.bad) \(entry.text)" : entry.text
      return text.wrapped(to: max(1, width - 10), limit: 20).enumerated().map { row, line in
        [(row == 0 ? time : String(repeating: " ", count: 10), .muted), (line, isError ? .bad : .text)]
      }
    }
  }

  // MARK: A line of text that is asked for

  private func draw(_ prompt: Prompt, in body: Rect, _ frame: inout Frame) {
    let most = max(0, min(8, body.height - 5))
    let shown = min(most, prompt.completions.count)
    let rect = centered(72, 4 + (shown > 0 ? shown + 1 : 0), in: body)
    let inside = box(prompt.title, rect, &frame)
    let field = Rect(x: inside.x, y: inside.y, width: inside.width, height: 1)
    frame.grid.fill(field, style: theme[.input])

    // The text before the cursor decides how far the line is shifted.
    let before = prompt.input.beforeCursor.displayWidth
    let shift = max(0, before - (field.width - 1))
    let visible = shift > 0 ? prompt.input.text.droppingColumns(shift) : prompt.input.text
    frame.text(
      visible.truncated(to: field.width, ellipsis: symbols.ellipsis), prompt.isFresh ? .match : .input, in: field)
    if field.width > 0, field.height > 0 {
      frame.grid.cursor = Point(x: min(field.right - 1, field.x + before - shift), y: field.y)
    }

    let (text, style) = message(of: prompt)
    frame.text(text, style, in: inside, y: 1)
    guard shown > 0 else { return }
    let start = max(0, min((prompt.chosen ?? 0) - shown / 2, prompt.completions.count - shown))
    for row in 0..<shown {
      let line = Rect(x: inside.x, y: inside.y + 3 + row, width: inside.width, height: 1)
      guard line.y < inside.bottom else { break }
      let choice = prompt.completions[start + row]
      frame.text(
        choice.truncated(to: line.width - 2, keepingEnd: true, ellipsis: symbols.ellipsis), .text, in: line, x: 2)
      if start + row == prompt.chosen { frame.cursorBar(line, isFocused: true) }
      frame.mark(line, .choice(start + row))
    }
  }

  /// What the line means or what is wrong with it, as it is typed.
  private func message(of prompt: Prompt) -> (String, StyleName) {
    let text = prompt.input.text
    switch prompt.purpose {
    case .open(let role): return ("\(role.meaning); \(key(.nextRole)) changes that", .muted)
    case .addFile: return ("its rows follow those that the pool has; pins and bans are left out", .muted)
    case .exportTable: return ("Markdown, or CSV if the name ends in .csv", .muted)
    case .export: return ("JSON lines, byte for byte as in the pool, in the order they were chosen", .muted)
    case .search, .filter:
      if text.isEmpty { return ("a word or a regular expression; label: or id: before it; ! turns it round", .muted) }
      do {
        _ = try RowPattern(parsing: text)
        return ("case is ignored", .muted)
      } catch {
        return ("\(symbols.bad) \(error.problem)", .bad)
      }
    case .field(let field):
      let rows = candidateRows
      if let problem = problem(
        with: field.parameter.keepsSpace ? text : text.filter { !$0.isWhitespace }, of: field)
      {
        return ("\(symbols.bad) \(problem)", .bad)
      }
      if field == .budget, let rows, let picks = try? Budget(parsing: text).picks(of: rows) {
        return ("\(symbols.good) \(Format.count(picks)) of \(Format.count(rows, "row"))", .good)
      }
      return (field.parameter.meaning(with: setup.method), .muted)
    }
  }

  // MARK: A question

  private func draw(_ asked: Confirmation, in body: Rect, _ frame: inout Frame) {
    let width = min(64, body.width)
    let lines = asked.question.wrapped(to: max(1, width - 4), limit: 4)
    let rect = centered(width, lines.count + 4, in: body)
    let inside = box("Question", rect, &frame)
    for (row, line) in lines.enumerated() { frame.text(line, .text, in: inside, y: row) }
    let answers = Rect(x: inside.x, y: inside.bottom - 1, width: inside.width, height: 1)
    let yes = frame.spans([("y", .key), (" yes", .text)], in: answers)
    frame.mark(Rect(x: answers.x, y: answers.y, width: yes, height: 1), .action(.yes))
    let no = frame.spans([("n", .key), (" no", .text)], in: answers, x: yes + 3)
    frame.mark(Rect(x: answers.x + yes + 3, y: answers.y, width: no, height: 1), .action(.no))
  }

  // MARK: Palette and themes

  private func paletteRect(in body: Rect) -> Rect { centered(78, min(body.height, 18), in: body) }

  var palettePage: Int { max(1, inside(paletteRect(in: layout.body)).height - 2) }

  private func draw(_ palette: Palette, in body: Rect, _ frame: inout Frame) {
    let inside = box("Actions", paletteRect(in: body), &frame)
    let field = Rect(x: inside.x, y: inside.y, width: inside.width, height: 1)
    frame.grid.fill(field, style: theme[.input])
    if palette.input.text.isEmpty {
      frame.text("type a part of what you want to do", .muted, in: field, x: 1)
    }
    let used = frame.text(palette.input.text.truncated(to: field.width - 1, keepingEnd: true), .input, in: field)
    if field.width > 0 { frame.grid.cursor = Point(x: min(field.right - 1, field.x + used), y: field.y) }
    let matches = palette.matches(in: keyMap)
    if matches.isEmpty { frame.text("No action is called so.", .muted, in: inside, y: 2) }
    for (row, place) in palette.list.visible(count: matches.count, page: palettePage).enumerated() {
      let binding = matches[place]
      let line = Rect(x: inside.x, y: inside.y + 2 + row, width: inside.width, height: 1)
      let availability = availability(of: binding.action)
      let isAvailable = availability.isAvailable
      frame.text(binding.title, isAvailable ? .text : .muted, in: line, x: 2, width: 13)
      let key = frame.textRight(binding.keys.first?.label ?? "", .key, in: line)
      var meaning = binding.meaning
      if case .unavailable(let why) = availability { meaning = "(\(why))" }
      frame.text(meaning, .muted, in: line, x: 16, width: max(0, line.width - 17 - key))
      if place == palette.list.cursor { frame.cursorBar(line, isFocused: true) }
      frame.mark(line, .choice(place))
    }
  }

  private func draw(themes list: ListState, in body: Rect, _ frame: inout Frame) {
    // At the right, so that the screen that is being tried on stays in sight.
    let width = min(30, body.width)
    let height = min(body.height, themes.count + 2)
    let rect = Rect(x: body.right - width, y: body.y, width: width, height: height)
    let inside = box("Theme", rect, &frame)
    for (row, place) in list.visible(count: themes.count, page: inside.height).enumerated() {
      let line = Rect(x: inside.x, y: inside.y + row, width: inside.width, height: 1)
      frame.text(themes[place].title, .text, in: line, x: 2)
      if place == list.cursor { frame.cursorBar(line, isFocused: true) }
      frame.mark(line, .choice(place))
    }
  }
}

extension String {
  /// The text without its first columns; where those cut a wide glyph, a blank stands for its other half.
  fileprivate func droppingColumns(_ columns: Int) -> String {
    var dropped = 0
    var rest = Substring(self)
    while dropped < columns, let first = rest.first {
      dropped += String(first).displayWidth
      rest.removeFirst()
    }
    return String(repeating: " ", count: max(0, dropped - columns)) + rest
  }
}
