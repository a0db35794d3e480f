import Domain
import Screen

extension Model {
  /// The facts of both runs, a line each, A and B in columns.
  func drawVersus(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(.versus, rect, title: "Compared", isFocused: focusedPanel == .versus)
    guard let pair = comparedRuns, let comparison = compare.comparison else {
      let have = comparableRuns.count
      frame.paragraph(
        have == 0
          ? "Two runs are needed. \(key(.startRun)) starts one; change something and start another."
          : "One run is there. Change the method, the budget or the seed, and \(key(.startRun)) again.",
        .muted, in: inside)
      return
    }
    let (a, b) = (runs[pair.a], runs[pair.b])
    let only = (a.picks.count - comparison.common, b.picks.count - comparison.common)
    let isSameMethod = a.specification.method == b.specification.method
    // Where room is short, what all names of the family begin with says nothing.
    func method(_ run: Run) -> String {
      let name = run.specification.method.rawValue
      return inside.width < 50 ? run.specification.method.shortName : name
    }
    let facts: [(String, String, String)] = [
      ("", "A \(symbols.dot) \(name(ofRun: pair.a))", "B \(symbols.dot) \(name(ofRun: pair.b))"),
      ("method", method(a), method(b)),
      ("rows", Format.count(a.picks.count), Format.count(b.picks.count)),
      ("only here", Format.count(only.0), Format.count(only.1)),
      ("seed", "\(a.specification.seed)", "\(b.specification.seed)"),
      // Values of different objectives are different quantities.
      (
        isSameMethod ? "value" : "own value", a.hasGains ? Format.measure(a.objective) : symbols.dash,
        b.hasGains ? Format.measure(b.objective) : symbols.dash
      ),
    ]
    let columns = [
      Column("", width: 9), Column("", width: 9, isFlexible: true), Column("", width: 9, isFlexible: true),
    ]
    let layout = ColumnLayout(columns, in: inside.width)
    for (y, fact) in facts.enumerated() where y < inside.height {
      let line = Rect(x: inside.x, y: inside.y + y, width: inside.width, height: 1)
      let style: StyleName = y == 0 ? .heading : .text
      frame.row([(fact.0, .muted), (fact.1, style), (fact.2, style)], columns, layout, in: line)
    }
    frame.spans(
      [
        ("in both  ", .muted), ("  \(Format.count(comparison.common))", .number),
        ("  Jaccard ", .muted), (Format.fixed(comparison.jaccard, 3), .number),
      ], in: inside, y: facts.count)
    frame.spans(
      [
        ("rank agreement (Spearman) ", .muted),
        (comparison.rankCorrelation.map { Format.fixed($0, 3) } ?? symbols.dash, .number),
      ], in: inside, y: facts.count + 1)
  }

  func drawDiffering(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .differing
    let count = compare.rows.count
    let inside = frame.panel(
      .differing, rect, title: "\(symbols.previous) \(compare.group.title) \(symbols.next)",
      note: count > 0 ? "\(Format.count(compare.list.cursor + 1)) of \(Format.count(count))" : "", isFocused: isFocused)
    guard comparedRuns != nil else { return }
    if count == 0 {
      frame.text("No row.", .muted, in: inside)
      return
    }
    let columns = [
      Column("row", width: 5, alignment: .right), Column("in A", width: 6, alignment: .right),
      Column("in B", width: 6, alignment: .right), Column("label", width: 8, isFlexible: true, most: 16, rank: 1),
      Column("prompt", width: 12, isFlexible: true, rank: 2),
    ]
    let table = Rect(x: inside.x + 2, y: inside.y, width: inside.width - 2, height: inside.height)
    let layout = ColumnLayout(columns, in: table.width)
    var y = 0
    if Self.showsHeader(inside.height) {
      frame.header(columns, layout, in: table)
      y = 1
    }
    for place in compare.list.visible(count: count, page: inside.height - y) {
      let row = compare.rows[place]
      let sample = poolRow(row.index, of: comparedPool)?.sample
      let line = Rect(x: table.x, y: table.y + y, width: table.width, height: 1)
      func rank(_ rank: Int?) -> (String, StyleName) {
        rank.map { (Format.count($0 + 1), .text) } ?? (symbols.dash, .muted)
      }
      frame.row(
        [
          (Format.count(row.index), .number), rank(row.rankA), rank(row.rankB), (sample?.label ?? "", .label),
          (sample.map { String($0.query.instructionAndInput.instruction.prefix(200)) } ?? symbols.ellipsis, .muted),
        ], columns, layout, in: line)
      let bar = Rect(x: inside.x, y: line.y, width: inside.width, height: 1)
      if place == compare.list.cursor { frame.cursorBar(bar, isFocused: isFocused) }
      frame.mark(bar, .row(.differing, place))
      y += 1
    }
    frame.scrollBar(
      of: rect, top: compare.list.top, page: page(of: .differing), count: count, isFocused: isFocused)
  }

  func drawDifferingText(in rect: Rect, _ frame: inout Frame) {
    let title = comparedRow.map { rowTitle($0.index, poolRow($0.index, of: comparedPool)?.sample) } ?? "Row"
    drawText(
      panel: .differingText, in: rect, title: title, top: compare.textTop, isFocused: focusedPanel == .differingText,
      &frame)
  }
}
