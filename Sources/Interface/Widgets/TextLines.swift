import Domain
import Screen

/// A line of a text panel: parts, each in a style.
typealias TextLine = [(String, StyleName)]

extension Model {
  /// Lines that each part of a row is given at most: a key is answered at once whatever is in the data, and a row of a
  /// megabyte is read in another program.
  private static let mostLines = 1000

  /// The wrapped lines of a text panel, as wide as it is now.
  func textLines(of panel: Panel) -> [TextLine] {
    guard let rect = layout.rect(of: panel) else { return [] }
    let width = inside(rect).width
    switch panel {
    case .rowText:
      if focusedPanel == .files { return factLines(width: width) }
      guard let file = shownFile, let row = file.rowUnderCursor else { return [] }
      return lines(of: file.cache[row], width: width)
    case .chosenText:
      guard let run = inspectedRun, let pick = inspectedPick else { return [] }
      guard files[.pool]?.opened?.summary.contentHash == run.pool else {
        return wrap("The pool that this run chose from is no longer open.", .muted, width)
      }
      return lines(of: poolRow(pick.index, of: run.pool), width: width)
    case .mapText:
      guard !map.isHeatMap, let row = mappedRow, let pool = files[.pool]?.opened else {
        return wrap("The row under the map's cursor is shown here.", .muted, width)
      }
      var lines = lines(of: pool.cache[row], width: width)
      if let run = mappedRun, let pick = run.shownPicks.first(where: { $0.index == row }) {
        let gain = run.hasGains ? " \(symbols.dot) gain \(Format.measure(pick.gain))" : ""
        lines.insert([("\(symbols.full) chosen at step \(Format.count(pick.rank + 1))\(gain)", .accent)], at: 0)
      }
      return lines
    case .differingText:
      guard let row = comparedRow else { return [] }
      guard let pool = comparedPool, files[.pool]?.opened?.summary.contentHash == pool else {
        return wrap("The pool that these runs chose from is not the one that is open.", .muted, width)
      }
      return lines(of: poolRow(row.index, of: pool), width: width)
    default: return []
    }
  }

  private func lines(of content: RowContent?, width: Int) -> [TextLine] {
    switch content {
    case nil: return [[("Reading \(symbols.ellipsis)", .muted)]]
    case .unreadable(let report): return wrap(report.description, .bad, width)
    case .sample(let sample):
      var lines: [TextLine] = []
      switch sample.query {
      case .instruction(let instruction, let input):
        lines += section("instruction", instruction, width: width)
        if !input.isEmpty { lines += section("input", input, width: width) }
      case .conversation(let turns):
        for turn in turns { lines += section(turn.role, turn.content, width: width) }
      }
      return lines + section("response", sample.response, width: width)
    }
  }

  /// A text with its name to the left of it, or above it where that would leave too little.
  private func section(_ name: String, _ text: String, width: Int) -> [TextLine] {
    let margin = 13
    if width < 32 { return [[(name, .heading)]] + wrap(text, .text, width) }
    let wrapped = text.wrapped(to: width - margin, limit: Self.mostLines)
    let lines: [TextLine] = wrapped.enumerated().map { row, line in
      [((row == 0 ? name : "").padded(to: margin), .heading), (line, .text)]
    }
    return wrapped.count < Self.mostLines ? lines : lines + [cutLine]
  }

  /// What stands at the end of a text that goes on.
  private var cutLine: TextLine {
    [("\(symbols.ellipsis) the text goes on; \(key(.copyRow)) copies all of it", .muted)]
  }

  /// What is known of the file in the role under the cursor.
  private func factLines(width: Int) -> [TextLine] {
    guard let summary = shownFile?.summary else {
      let lines = wrap("\(role.title.capitalizedFirst): \(role.meaning).", .muted, width)
      guard case .failed(_, let report) = files[role] ?? .absent else { return lines }
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

  func wrap(_ text: String, _ style: StyleName, _ width: Int) -> [TextLine] {
    let wrapped = text.wrapped(to: width, limit: Self.mostLines)
    return wrapped.map { [($0, style)] } + (wrapped.count < Self.mostLines ? [] : [cutLine])
  }
}

extension String {
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
