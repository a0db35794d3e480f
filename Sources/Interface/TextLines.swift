import Domain
import Screen

/// A line of a text panel.
struct TextLine {
  var text: String
  var style: StyleName

  init(_ text: String, _ style: StyleName = .text) {
    self.text = text
    self.style = style
  }
}

extension Model {
  /// Lines that a text panel is given at most: a row of a megabyte is read in another program.
  private static let mostLines = 5000

  /// The wrapped lines of a text panel, as wide as it is now.
  func textLines(of panel: Panel) -> [TextLine] {
    guard let rect = layout.rect(of: panel) else { return [] }
    let width = inside(rect).width
    switch panel {
    case .rowText:
      if focusedPanel == .files { return factLines(width: width) }
      guard let file = shownFile, file.summary.rows > 0 else { return [] }
      return lines(of: file.cache[file.list.cursor], width: width)
    case .chosenText:
      guard let run = inspectedRun, let pick = inspectedPick else { return [] }
      guard files[.pool]?.opened?.key == run.pool else {
        return wrap("The pool that this run chose from is no longer open.", .muted, width)
      }
      return lines(of: poolRow(pick.index, of: run.pool), width: width)
    default: return []
    }
  }

  private func lines(of content: RowContent?, width: Int) -> [TextLine] {
    switch content {
    case nil: return [TextLine("Reading \(symbols.ellipsis)", .muted)]
    case .unreadable(let report): return wrap(report.description, .bad, width)
    case .sample(let sample):
      var lines: [TextLine] = []
      func section(_ heading: String, _ text: String) {
        if !lines.isEmpty { lines.append(TextLine("")) }
        lines.append(TextLine(heading, .heading))
        lines += wrap(text, .text, width)
      }
      if let label = sample.label { lines.append(TextLine("label \(label)", .label)) }
      switch sample.query {
      case .instruction(let instruction, let input):
        section("Instruction", instruction)
        if !input.isEmpty { section("Input", input) }
      case .conversation(let turns):
        for turn in turns { section(turn.role, turn.content) }
      }
      section("Response", sample.response)
      return lines
    }
  }

  /// What is known of the file in the role under the cursor.
  private func factLines(width: Int) -> [TextLine] {
    var lines = wrap("\(role.title.capitalizedFirst): \(role.meaning).", .muted, width)
    guard let summary = shownFile?.summary else {
      if case .failed(_, let report) = files[role] ?? .absent { lines += wrap(report.description, .bad, width) }
      return lines
    }
    lines.append(TextLine(""))
    for (name, value) in [
      ("path", summary.path), ("rows", Format.count(summary.rows)), ("size", Format.bytes(summary.bytes)),
      ("fields", summary.schema.rawValue), ("label from", summary.labelField ?? symbols.dash),
      ("id from", summary.idField ?? symbols.dash), ("content", summary.contentHash.description),
    ] {
      let wrapped = value.wrapped(to: max(1, width - 12), limit: 4)
      for (row, part) in wrapped.enumerated() {
        lines.append(TextLine((row == 0 ? name.padded(to: 12) : String(repeating: " ", count: 12)) + part))
      }
    }
    if !summary.badRows.isEmpty {
      lines.append(TextLine(""))
      lines.append(TextLine("\(Format.count(summary.badRows.count, "bad row")) left out", .warning))
      for bad in summary.badRows.prefix(1000) { lines += wrap("line \(bad.line): \(bad.reason)", .text, width) }
    }
    return lines
  }

  func wrap(_ text: String, _ style: StyleName, _ width: Int) -> [TextLine] {
    text.wrapped(to: width, limit: Self.mostLines).map { TextLine($0, style) }
  }
}

extension String {
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
