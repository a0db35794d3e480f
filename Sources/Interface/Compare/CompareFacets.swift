import Domain
import Screen

extension Model {
  /// What a run is called where there are several: its number in the library, or its number in this session.
  func name(ofRun index: Int) -> String {
    guard runs.indices.contains(index) else { return "" }
    return runs[index].isStored ? runs[index].number.map { "no. \($0)" } ?? "run \(index + 1)" : "run \(index + 1)"
  }

  /// Asks for what each objective gives to each choice, if that is not known: the table that is written has it too.
  mutating func wantsCross() -> [Effect] {
    guard screen == .compare, currentRun?.isGoingOn != true else { return [] }
    let ids = comparedRuns.compactMap { runs[$0].id }
    guard ids.count >= 2, compare.askedCross != ids else { return [] }
    compare.askedCross = ids
    return [.cross(ids)]
  }

  /// What each run's picks are worth so far, over as many picks as all have.
  func drawCurves(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(
      .curves, rect, title: "\(facetMark)Value at a shared budget", isFocused: focusedPanel == .curves)
    let compared = comparedRuns
    let measured = compared.indices.filter { runs[compared[$0]].hasGains }
    guard compared.count >= 2 else { return }
    guard measured.count >= 2 else {
      frame.paragraph(
        measured.isEmpty
          ? "None of the methods has gains." : "Only one of the methods has gains: there is nothing to lay beside it.",
        .muted, in: inside)
      return
    }
    let shared = compared.map { runs[$0].picks.count }.min() ?? 0
    let isOneMethod = Set(measured.map { runs[compared[$0]].specification.method }).count == 1
    // Objectives are different quantities: each is then drawn as a share of what its run reached.
    let curves = measured.map { line -> (line: Int, worth: Double, values: [Double]) in
      var sum = 0.0
      let values = runs[compared[line]].picks.prefix(shared).map { pick in
        sum += pick.gain
        return sum
      }
      let whole = runs[compared[line]].objective
      return (line, sum, isOneMethod || whole <= 0 ? values : values.map { $0 / whole })
    }
    if !isOneMethod {
      frame.text("each as a share of its run\u{2019}s own value", .muted, in: inside)
    }
    let (legend, chart) = inside.split(rows: !isOneMethod && inside.height >= 6 ? 2 : 1)
    frame.spans(
      curves.flatMap { curve in
        [
          ("\(Self.runLetters[curve.line]) ", Self.runStyles[curve.line]),
          (Format.measure(curve.worth) + "  ", StyleName.text),
        ]
      },
      in: legend, y: legend.height - 1)
    LineChart(
      values: curves[0].values,
      companions: curves.dropFirst().map { .init(values: $0.values, style: Self.runStyles[$0.line]) }, extent: shared
    )
    .draw(into: &frame.grid, in: chart, theme: theme, symbols: symbols) {
      isOneMethod ? Format.measure($0) : Format.percent($0)
    }
  }

  /// How alike each two of the runs are.
  func drawOverlap(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(
      .overlap, rect, title: "\(facetMark)Overlap of each two", isFocused: focusedPanel == .overlap)
    guard let comparison = compare.comparison, comparison.pairs.count == comparedRuns.count else { return }
    let lines = comparison.pairs.indices
    let columns = [Column("", width: 1)] + lines.map { Column(Self.runLetters[$0], width: 6, alignment: .right) }
    let layout = ColumnLayout(columns, in: inside.width)
    frame.header(columns, layout, in: inside)
    for a in lines where a + 1 < inside.height {
      let cells = lines.map { b -> (String, StyleName) in
        let pair = comparison.pairs[a][b]
        if a == b { return (symbols.dot, .muted) }
        if a < b { return (Format.fixed(pair.jaccard, 3), .number) }
        return (pair.rankCorrelation.map { Format.fixed($0, 3) } ?? symbols.dash, .text)
      }
      frame.row(
        [(Self.runLetters[a], Self.runStyles[a])] + cells, columns, layout,
        in: Rect(x: inside.x, y: inside.y + 1 + a, width: inside.width, height: 1))
    }
    frame.paragraph(
      "right of the dots overlap (Jaccard), left of them rank agreement (Spearman)", .muted, in: inside,
      y: lines.count + (inside.height > lines.count + 3 ? 2 : 1))
  }

  /// Which facet of how many is shown, where there is room for one only.
  private var facetMark: String {
    let facets = facets
    guard layout.panels.filter({ facets.contains($0.panel) }).count == 1,
      let index = facets.firstIndex(of: compare.facet)
    else { return "" }
    return "\(index + 1)/\(facets.count) "
  }

  /// Rows of each label in each run.
  func drawComposition(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(
      .composition, rect, title: "\(facetMark)Labels", isFocused: focusedPanel == .composition)
    guard let (file, survey) = comparedFile(in: inside, &frame) else { return }
    guard !survey.labels.isEmpty else {
      frame.paragraph("The rows have no label.", .muted, in: inside)
      return
    }
    let sets = compare.sets
    let sizes = compare.compared.map { Double(max(1, runs[$0].picks.count)) }
    func share(_ run: Int, _ label: Int) -> Double { Double(sets[run].labels[label]) / sizes[run] }
    let chosen = survey.labels.indices.map { label in sets.reduce(0) { $0 + $1.labels[label] } }
    let order = survey.labels.indices.filter { chosen[$0] > 0 }
      .sorted { chosen[$0] != chosen[$1] ? chosen[$0] > chosen[$1] : $0 < $1 }
    let widest = survey.labels.prefix(200).map(\.displayWidth).max() ?? 0
    let columns =
      [
        Column("label", width: max(5, min(widest, inside.width - 9 - 7 * sets.count, 20))),
        Column("pool", width: 5, alignment: .right, rank: 1),
      ] + sets.indices.map { Column(Self.runLetters[$0], width: 5, alignment: .right) }
    let layout = ColumnLayout(columns, in: inside.width)
    frame.header(columns, layout, in: inside)
    let used = (layout.spans.last?.map { $0.x + $0.width } ?? 0) + 2
    let room = sets.count == 2 ? inside.width - used : 0
    let most = order.map { label in sets.indices.map { share($0, label) }.max() ?? 0 }.max() ?? 1
    for (y, label) in order.prefix(max(0, inside.height - 1)).enumerated() {
      let line = Rect(x: inside.x, y: inside.y + 1 + y, width: inside.width, height: 1)
      frame.row(
        [
          (survey.labels[label], .text),
          (Format.percent(Double(file.labelCounts[label]) / Double(max(1, file.summary.rows))), .muted),
        ] + sets.indices.map { (Format.percent(share($0, label)), Self.runStyles[$0]) }, columns, layout, in: line)
      guard room >= 8, most > 0 else { continue }
      // A above, B below, in one row: halves of a cell where there are such glyphs.
      let (lengthA, lengthB) = (Int(share(0, label) / most * Double(room)), Int(share(1, label) / most * Double(room)))
      for x in 0..<max(lengthA, lengthB) {
        let both = x < lengthA && x < lengthB
        let glyph = both ? symbols.gaugeBoth : x < lengthA ? symbols.gaugeUpper : symbols.gaugeLower
        frame.grid.put(
          Cell(glyph: glyph, width: 1, style: theme[both ? .muted : x < lengthA ? .accent : .label]),
          x: line.x + used + x, y: line.y)
      }
    }
  }

  /// How long the rows are that each run chose.
  func drawLengthComparison(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(.lengths, rect, title: "\(facetMark)Lengths", isFocused: focusedPanel == .lengths)
    guard let (file, survey) = comparedFile(in: inside, &frame) else { return }
    let count = compare.sets.count
    for (line, set) in compare.sets.enumerated() {
      let y = inside.height * line / count
      let part = Rect(x: inside.x, y: inside.y + y, width: inside.width, height: inside.height * (line + 1) / count - y)
      frame.spans(
        [
          (Self.runLetters[line], Self.runStyles[line]),
          (" mean \(Format.measure(set.meanLength)) \(survey.unit.rawValue)", .muted),
        ], in: part)
      // Where there is no room below, the bars stand beside the mean.
      let chart =
        part.height >= 3
        ? Rect(x: part.x, y: part.y + 1, width: part.width, height: part.height - 1)
        : Rect(x: part.x + 22, y: part.y, width: part.width - 22, height: part.height)
      Histogram(
        counts: Histogram.merged(set.lengths, into: max(4, min(40, chart.width))),
        from: "0", to: "\(Format.count(file.usualLongest))+"
      )
      .draw(into: &frame.grid, in: chart, theme: theme, symbols: symbols)
    }
  }

  /// Each objective's value for each choice.
  func drawCrossed(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(
      .crossed, rect, title: "\(facetMark)Objectives on each other's rows", isFocused: focusedPanel == .crossed)
    let compared = comparedRuns
    guard compared.count >= 2 else {
      frame.paragraph("Two runs are needed.", .muted, in: inside)
      return
    }
    let ids = compared.compactMap { runs[$0].id }
    guard compare.crossedRuns == ids else {
      frame.text(
        currentRun?.isGoingOn == true ? "Evaluated when the run has ended." : "Evaluating \(symbols.ellipsis)", .muted,
        in: inside)
      return
    }
    let columns =
      [Column("", width: 1), Column("objective", width: 9, isFlexible: true, most: 24)]
      + compared.indices.map { Column("\(Self.runLetters[$0])'s", width: 6, alignment: .right) }
    let layout = ColumnLayout(columns, in: inside.width)
    frame.header(columns, layout, in: inside)
    for (row, index) in compared.enumerated() where row + 1 < inside.height {
      let values = compare.crossed.indices.contains(row) ? compare.crossed[row] : []
      let cells = compared.indices.map { column -> (String, StyleName) in
        let value = values.indices.contains(column) ? values[column] : nil
        return (value.map { Format.measure($0) } ?? symbols.dash, column == row ? .number : .text)
      }
      frame.row(
        [(Self.runLetters[row], Self.runStyles[row]), (runs[index].specification.method.shortName, .text)] + cells,
        columns, layout, in: Rect(x: inside.x, y: inside.y + 1 + row, width: inside.width, height: 1))
    }
    frame.paragraph(
      "A line: one objective, applied to what each run chose.", .muted, in: inside,
      y: compared.count + (inside.height > compared.count + 3 ? 2 : 1))
  }

  /// The file that the compared rows are of, and its survey; says why where that is not to be had.
  private func comparedFile(in rect: Rect, _ frame: inout Frame) -> (OpenedFile, DatasetSurvey)? {
    guard comparedPair != nil else { return nil }
    guard let file = files[.pool]?.opened, comparedPool == file.summary.contentHash else {
      frame.paragraph("The pool that these runs chose from is not the one that is open.", .muted, in: rect)
      return nil
    }
    guard let survey = file.survey, compare.sets.count == comparedRuns.count else {
      frame.text("Reading all rows \(symbols.ellipsis)", .muted, in: rect)
      return nil
    }
    return (file, survey)
  }
}

extension Method {
  /// The name on the command line without what every name of the family begins with.
  var shortName: String { rawValue.hasPrefix("delift-") ? String(rawValue.dropFirst(7)) : rawValue }
}
