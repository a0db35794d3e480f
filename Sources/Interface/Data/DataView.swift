import Domain
import Screen

extension Model {
  // MARK: Files

  func drawFiles(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .files
    let inside = frame.panel(.files, rect, title: "Files", isFocused: isFocused)
    let facts = DatasetRole.allCases.map(fileFacts)
    let columns = [
      Column("", width: 8),
      Column(
        "", width: max(14, min(36, facts.map { $0.isPath ? $0.path.displayWidth : 0 }.max() ?? 0)), isFlexible: true),
      Column("", width: facts.map(\.rows.displayWidth).max() ?? 0, alignment: .right),
      Column("", width: facts.map(\.size.displayWidth).max() ?? 0, alignment: .right, rank: 1),
      Column("", width: facts.map(\.length.displayWidth).max() ?? 0, alignment: .right, rank: 3),
      Column("", width: facts.map(\.schema.displayWidth).max() ?? 0, rank: 2),
    ]
    let table = Rect(x: inside.x + 2, y: inside.y, width: inside.width - 2, height: inside.height)
    let layout = ColumnLayout(columns, in: table.width)
    for (row, role) in DatasetRole.allCases.enumerated() where row < inside.height {
      let line = Rect(x: table.x, y: table.y + row, width: table.width, height: 1)
      let fact = facts[row]
      let room = layout.spans[1]?.width ?? 0
      if !fact.isPath {
        // What is said instead of a path has the whole line.
        frame.text(role.rawValue, .heading, in: line)
        frame.text(fact.path, fact.style, in: line, x: layout.spans[1]?.x ?? 0)
      }
      if fact.isPath {
        let path = fact.path.truncated(to: room, keepingEnd: true, ellipsis: symbols.ellipsis)
        frame.row(
          [
            (role.rawValue, .heading), (path, fact.style), (fact.rows, .number), (fact.size, .muted),
            (fact.length, .muted), (fact.schema, .muted),
          ], columns, layout, in: line)
      }
      let bar = Rect(x: inside.x, y: line.y, width: inside.width, height: 1)
      if role == data.role { frame.cursorBar(bar, isFocused: isFocused) }
      frame.mark(bar, .row(.files, row))
    }
  }

  private struct FileFacts {
    var path: String
    var isPath = true
    var style = StyleName.text
    var rows = ""
    var size = ""
    var length = ""
    var schema = ""
  }

  private func fileFacts(_ role: DatasetRole) -> FileFacts {
    if let path = opening[role] {
      return FileFacts(path: "\(spinner) reading \(path)", isPath: false, style: .accent)
    }
    switch files[role] ?? .absent {
    case .absent: return FileFacts(path: "\(symbols.dash) none: \(role.meaning)", isPath: false, style: .muted)
    case .opening(let path): return FileFacts(path: "reading \(path)", isPath: false, style: .accent)
    case .failed(let path, _):
      return FileFacts(path: "\(symbols.bad) \(path)", style: .bad, rows: "not opened")
    case .opened(let file):
      let summary = file.summary
      let bad = summary.badRows.isEmpty ? "" : "\(symbols.warning) \(Format.count(summary.badRows.count)) bad, "
      return FileFacts(
        path: summary.path, rows: bad + Format.count(summary.rows, "row"), size: Format.bytes(summary.bytes),
        length: file.survey.map { survey in
          "\(survey.isEstimate ? symbols.about : "")\(Format.short(Double(file.total))) \(survey.unit.rawValue)"
        } ?? "", schema: summary.schema.rawValue)
    }
  }

  // MARK: Rows

  func drawRows(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .rows
    guard let file = shownFile else {
      let inside = frame.panel(.rows, rect, title: "Rows of the \(data.role.title)", isFocused: isFocused)
      drawNoRows(in: inside, &frame)
      return
    }
    let count = file.shownCount
    let inside = frame.panel(
      .rows, rect, title: rowsTitle(of: file),
      note: count > 0
        ? "\(file.isWhole ? "\(file.summary.schema.rawValue) \(symbols.dot) " : "")\(Format.count(file.list.cursor + 1)) of \(Format.count(count))"
        : "", isFocused: isFocused)
    if count == 0 { frame.text("The file has no rows.", .muted, in: inside) }
    let hasLabels = file.summary.labelField != nil
    let columns = [
      Column("row", width: max(3, Format.count(file.summary.rows - 1).count), alignment: .right),
      Column("label", width: 11, isFlexible: true, most: 16, rank: 1),
      Column("prompt", width: 18, isFlexible: true),
      Column("response", width: 14, isFlexible: true, rank: 2),
    ].filter { hasLabels || $0.title != "label" }
    // Three columns at the left for the pointer and the mark.
    frame.list(
      .rows, file.list, count: count, in: inside, margin: 3, columns: columns, isFocused: isFocused
    ) { index, line, layout, frame in
      guard let row = file.row(at: index) else { return }
      switch file.cache[row] {
      case .sample(let sample):
        let parts = sample.query.instructionAndInput
        let prompt = parts.input.isEmpty ? parts.instruction : "\(parts.instruction) \(symbols.dot) \(parts.input)"
        let label: [(String, StyleName)] = hasLabels ? [(sample.label ?? "", .label)] : []
        frame.row(
          [(Format.count(row), .number)] + label
            + [(String(prompt.prefix(300)), .text), (String(sample.response.prefix(200)), .muted)], columns, layout,
          in: line)
      case .unreadable(let report):
        frame.text("\(symbols.bad) \(report.problem)", .bad, in: line)
      case nil:
        frame.row([(Format.count(row), .muted), (symbols.ellipsis, .muted)], columns, layout, in: line)
      }
      drawMark(of: row, at: Point(x: inside.x + 1, y: line.y), &frame)
      if file.marked.contains(row) {
        frame.grid.draw(symbols.good, x: inside.x + 2, y: line.y, style: theme[.match], width: 1)
      }
    }
    frame.scrollBar(of: rect, top: file.list.top, page: page(of: .rows), count: count, isFocused: isFocused)
  }

  /// What is listed: the filter, and the order where it is not the file's.
  private func rowsTitle(of file: OpenedFile) -> String {
    var title =
      file.filter.map { "\($0.expression.text) in the \(data.role.title)" } ?? "Rows of the \(data.role.title)"
    if file.order != .file { title += " by \(file.order.rawValue)" }
    if !file.marked.isEmpty { title += " \(symbols.dot) \(Format.count(file.marked.count)) marked" }
    return file.isReversed ? title + ", backwards" : title
  }

  /// The mark of a row of the pool that is pinned, banned or, on the Data screen, chosen.
  func drawMark(of row: RowIndex, at point: Point, _ frame: inout Frame) {
    guard screen != .data || data.role == .pool else { return }
    if screen == .data, shownFile?.ranks[row] != nil, !setup.marks.pinned.contains(row),
      !setup.marks.banned.contains(row)
    {
      frame.grid.draw(symbols.full, x: point.x, y: point.y, style: theme[.accent], width: 1)
      return
    }
    if setup.marks.isEmpty { return }
    if setup.marks.pinned.contains(row) {
      frame.grid.draw(symbols.pinned, x: point.x, y: point.y, style: theme[.good], width: 1)
    } else if setup.marks.banned.contains(row) {
      frame.grid.draw(symbols.banned, x: point.x, y: point.y, style: theme[.bad], width: 1)
    }
  }

  private func drawNoRows(in rect: Rect, _ frame: inout Frame) {
    if let path = opening[data.role] {
      frame.paragraph("\(spinner) Reading \(path)", .muted, in: rect)
      return
    }
    if case .failed(let path, let report) = files[data.role] ?? .absent {
      var y = frame.paragraph("\(symbols.bad) \(path) could not be opened.", .bad, in: rect)
      y = frame.paragraph(report.description, .text, in: rect, y: y)
      frame.paragraph("\(key(.openFile)) opens another file.", .muted, in: rect, y: y + 1)
      return
    }
    let y = frame.paragraph("No \(data.role.title) is open: \(data.role.meaning).", .text, in: rect)
    frame.paragraph(
      "Press \(key(.openFile)) and type a path. Files are JSON lines, JSON, CSV or TSV, with instruction and output, prompt and "
        + "completion, question and answer, or chat messages.", .muted, in: rect, y: y + 1)
  }

  // MARK: A row's text, or what is known of the file

  var rowTextTitle: String {
    if focusedPanel == .files { return "About the \(data.role.title)" }
    guard let file = shownFile, let row = file.rowUnderCursor else { return "Row" }
    return rowTitle(row, file.cache[row]?.sample)
  }

  func rowTextLines(_ width: Int) -> [TextLine] {
    if focusedPanel == .files { return factLines(width: width) }
    guard let file = shownFile, let row = file.rowUnderCursor else { return [] }
    return lines(of: file.cache[row], width: width)
  }

  /// `Row 12 · s12 · sorting`.
  func rowTitle(_ row: RowIndex, _ sample: Sample?) -> String {
    (["Row \(Format.count(row))"] + [sample?.id, sample?.label].compactMap { $0 }).joined(separator: " \(symbols.dot) ")
  }

  /// What is known of the file in the role under the cursor.
  private func factLines(width: Int) -> [TextLine] {
    guard let summary = shownFile?.summary else {
      let lines = wrap("\(data.role.title.capitalizedFirst): \(data.role.meaning).", .muted, width)
      guard case .failed(_, let report) = files[data.role] ?? .absent else { return lines }
      return lines + wrap(report.description, .bad, width)
    }
    var lines: [TextLine] = []
    if !summary.badRows.isEmpty {
      lines.append([
        ("\(symbols.warning) \(Format.count(summary.badRows.count, "bad row")) left out, listed below", .warning)
      ])
    }
    for (name, value) in [
      ("format", summary.format.rawValue), ("schema", summary.schema.rawValue),
      ("fields", summary.fields.isEmpty ? symbols.dash : summary.fields.joined(separator: ", ")),
      ("label from", summary.labelField ?? symbols.dash),
      ("id from", summary.idField ?? symbols.dash),
      ("size", "\(Format.count(summary.rows, "row")), \(Format.bytes(summary.bytes))"),
      ("content", summary.contentHash.description), ("path", summary.path),
    ] {
      lines += section(name, value, width: width)
    }
    for note in summary.notes.prefix(100) { lines += section("note", note, width: width) }
    for bad in summary.badRows.prefix(1000) { lines += section("line \(bad.line)", bad.reason, width: width) }
    return lines
  }
}
