import Domain
import Screen

extension Model {
  /// The compared runs, a line each, and what they share.
  func drawVersus(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .versus
    let inside = frame.panel(
      .versus, rect, title: "Compared",
      note: isFocused && comparedPair != nil ? "\(symbols.previous) run \(symbols.next)" : "",
      isFocused: isFocused)
    let compared = comparedRuns
    guard compared.count >= 2, let comparison = compare.comparison else {
      let have = comparableRuns.count
      frame.paragraph(
        have == 0
          ? "Two runs are needed. \(key(.startRun)) starts one; change something and start another."
          : "One run is there. Change the method, the budget or the seed, and \(key(.startRun)) again.",
        .muted, in: inside)
      return
    }
    let most = compared.map { Format.count(runs[$0].picks.count).count }.max() ?? 0
    let columns = [
      Column("", width: 1), Column("run", width: 5, isFlexible: true, most: 8),
      Column("method", width: 7, isFlexible: true, most: 19), Column("rows", width: max(4, most), alignment: .right),
      Column("value", width: 6, alignment: .right, rank: 1),
      Column("only here", width: 9, alignment: .right, rank: 2), Column("seed", width: 6, alignment: .right, rank: 3),
    ]
    let table = Rect(x: inside.x + 2, y: inside.y, width: inside.width - 2, height: inside.height)
    let layout = ColumnLayout(columns, in: table.width)
    frame.header(columns, layout, in: table)
    for (line, index) in compared.enumerated() where line + 1 < inside.height {
      let run = runs[index]
      let name = run.specification.method.rawValue
      frame.row(
        [
          (Self.runLetters[line], Self.runStyles[line]), (self.name(ofRun: index), .heading),
          (inside.width < 60 ? run.specification.method.shortName : name, .text),
          (Format.count(run.picks.count), .number),
          (run.hasGains ? Format.measure(run.objective) : symbols.dash, .text),
          (Format.count(compare.only[line]), .text), ("\(run.specification.seed)", .muted),
        ], columns, layout, in: Rect(x: table.x, y: table.y + 1 + line, width: table.width, height: 1))
      let bar = Rect(x: inside.x, y: table.y + 1 + line, width: inside.width, height: 1)
      if line == compare.runList.cursor, isFocused { frame.cursorBar(bar, isFocused: true) }
      frame.mark(bar, .row(.versus, line))
    }
    drawShared(comparison, in: inside, y: compared.count + 1, &frame)
  }

  /// What all compared runs have in common, under their lines.
  private func drawShared(_ comparison: Comparison, in inside: Rect, y start: Int, _ frame: inout Frame) {
    let isPair = comparison.pairs.count == 2
    let y = start + 4 <= inside.height ? start + 1 : start
    frame.spans(
      [
        (isPair ? "in both " : "in all ", .muted), (Format.count(compare.shared), .number),
        (" of \(Format.count(comparison.count, "row"))", .muted),
      ], in: inside, y: y)
    guard isPair else {
      frame.paragraph("Overlap of each two: \(key(.nextView)).", .muted, in: inside, y: y + 1)
      return
    }
    frame.spans(
      [("overlap (Jaccard) ", .muted), (Format.fixed(comparison.jaccard, 3), .number)], in: inside, y: y + 1)
    frame.spans(
      [
        ("rank agreement (Spearman) ", .muted),
        (comparison.rankCorrelation.map { Format.fixed($0, 3) } ?? symbols.dash, .number),
      ], in: inside, y: y + 2)
  }

  func drawDiffering(in rect: Rect, _ frame: inout Frame) {
    let isFocused = focusedPanel == .differing
    let count = compare.rows.count
    let inside = frame.panel(
      .differing, rect, title: "\(symbols.previous) \(title(of: compare.group)) \(symbols.next)",
      note: count > 0 ? "\(Format.count(compare.list.cursor + 1)) of \(Format.count(count))" : "", isFocused: isFocused)
    guard comparedPair != nil, let comparison = compare.comparison else { return }
    if count == 0 {
      frame.text("No row.", .muted, in: inside)
      return
    }
    let columns =
      [
        Column(
          "row", width: max(5, Format.count(comparedRuns.map { runs[$0].candidates }.max() ?? 0).count),
          alignment: .right)
      ] + comparedRuns.indices.map { Column("in \(Self.runLetters[$0])", width: 6, alignment: .right) } + [
        Column("label", width: 8, isFlexible: true, most: 16, rank: 1),
        Column("prompt", width: 12, isFlexible: true, rank: 2),
      ]
    frame.list(
      .differing, compare.list, count: count, in: inside, columns: columns, isFocused: isFocused
    ) { index, line, layout, frame in
      let row = comparison[compare.rows[index]]
      let sample = poolRow(row.index, of: comparedPool)?.sample
      func rank(_ rank: Rank?) -> (String, StyleName) {
        rank.map { (Format.count($0.value + 1), .text) } ?? (symbols.dash, .muted)
      }
      frame.row(
        [(Format.count(row.index), .number)] + row.ranks.map(rank) + [
          (sample?.label ?? "", .label),
          (sample.map { String($0.query.instructionAndInput.instruction.prefix(200)) } ?? symbols.ellipsis, .muted),
        ], columns, layout, in: line)
    }
    frame.scrollBar(
      of: rect, top: compare.list.top, page: page(of: .differing), count: count, isFocused: isFocused)
  }

  var differingTextTitle: String {
    comparedRow.map { rowTitle($0.index, poolRow($0.index, of: comparedPool)?.sample) } ?? "Row"
  }

  func differingTextLines(_ width: Int) -> [TextLine] {
    guard let row = comparedRow else { return [] }
    guard let pool = comparedPool, files[.pool]?.opened?.summary.contentHash == pool else {
      return wrap("The pool that these runs chose from is not the one that is open.", .muted, width)
    }
    return lines(of: poolRow(row.index, of: pool), width: width)
  }
}
