import Domain
import Screen

extension Model {
  /// What a run is called where there are several: its number in the library, or its place in this session.
  func name(ofRun place: Int) -> String {
    guard runs.indices.contains(place) else { return "" }
    return runs[place].isStored ? runs[place].number.map { "no. \($0)" } ?? "run \(place + 1)" : "run \(place + 1)"
  }

  /// The runs that are evaluated on each other: the two compared ones, then the latest others that have an objective.
  var crossedPlaces: [Int] {
    guard let pair = comparedRuns else { return [] }
    let others = comparableRuns.reversed().filter { place in
      place != pair.a && place != pair.b && runs[place].pool == runs[pair.a].pool && runs[place].id != nil
    }
    return pair.a == pair.b ? [pair.a] : [pair.a, pair.b] + others.prefix(2)
  }

  /// Asks for what each objective gives to each choice, if that is in sight and not known.
  mutating func wantsCross() -> [Effect] {
    guard screen == .compare, layout.rect(of: .crossed) != nil, currentRun?.isGoingOn != true else { return [] }
    let ids = crossedPlaces.compactMap { runs[$0].id }
    guard ids.count >= 2, compare.askedCross != ids else { return [] }
    compare.askedCross = ids
    return [.cross(ids)]
  }

  /// What each run's picks are worth so far, over as many picks as both have.
  func drawCurves(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(
      .curves, rect, title: "\(facetMark)Value at a shared budget", isFocused: focusedPanel == .curves)
    guard let pair = comparedRuns else { return }
    let (a, b) = (runs[pair.a], runs[pair.b])
    let shared = min(a.picks.count, b.picks.count)
    func values(_ run: Run) -> [Double] {
      var sum = 0.0
      return run.picks.prefix(shared).map { pick in
        sum += pick.gain
        return sum
      }
    }
    guard a.hasGains || b.hasGains else {
      frame.paragraph("Neither method has gains.", .muted, in: inside)
      return
    }
    guard a.hasGains, b.hasGains else {
      frame.paragraph("Only one of the two methods has gains: there is nothing to lay beside them.", .muted, in: inside)
      return
    }
    if a.specification.method != b.specification.method {
      frame.text("two objectives, each by its own measure", .muted, in: inside)
    }
    let (legend, chart) = inside.split(rows: inside.height >= 6 ? 2 : 1)
    frame.spans(
      [
        ("A ", .accent), (Format.measure(values(a).last ?? 0), .text), ("   B ", .label),
        (Format.measure(values(b).last ?? 0), .text),
      ],
      in: legend, y: legend.height - 1)
    LineChart(values: values(a), companion: values(b), extent: shared)
      .draw(into: &frame.grid, in: chart, theme: theme, symbols: symbols, format: Format.measure)
  }

  /// Which facet of how many is shown, where there is room for one only.
  private var facetMark: String {
    guard layout.panels.filter({ CompareState.facets.contains($0.panel) }).count == 1,
      let place = CompareState.facets.firstIndex(of: compare.facet)
    else { return "" }
    return "\(place + 1)/\(CompareState.facets.count) "
  }

  /// Rows of each label in A and in B.
  func drawComposition(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(
      .composition, rect, title: "\(facetMark)Labels", isFocused: focusedPanel == .composition)
    guard let (a, b, file) = comparedSets(in: inside, &frame), let survey = file.survey else { return }
    guard !survey.labels.isEmpty else {
      frame.paragraph("The rows have no label.", .muted, in: inside)
      return
    }
    let (ofA, ofB) = (survey.counts(of: a), survey.counts(of: b))
    let order = survey.labels.indices.filter { ofA[$0] + ofB[$0] > 0 }
      .sorted { ofA[$0] + ofB[$0] != ofA[$1] + ofB[$1] ? ofA[$0] + ofB[$0] > ofA[$1] + ofB[$1] : $0 < $1 }
    let widest = survey.labels.prefix(200).map(\.displayWidth).max() ?? 0
    let columns = [
      Column("label", width: max(5, min(widest, inside.width - 23, 20))),
      Column("pool", width: 5, alignment: .right, rank: 1),
      Column("A", width: 5, alignment: .right), Column("B", width: 5, alignment: .right),
    ]
    let layout = ColumnLayout(columns, in: inside.width)
    frame.header(columns, layout, in: inside)
    let used = (layout.places.last?.map { $0.x + $0.width } ?? 0) + 2
    let room = inside.width - used
    func share(_ count: Int, of all: Int) -> Double { Double(count) / Double(max(1, all)) }
    let most = order.map { max(share(ofA[$0], of: a.count), share(ofB[$0], of: b.count)) }.max() ?? 1
    for (y, label) in order.prefix(max(0, inside.height - 1)).enumerated() {
      let line = Rect(x: inside.x, y: inside.y + 1 + y, width: inside.width, height: 1)
      let (shareA, shareB) = (share(ofA[label], of: a.count), share(ofB[label], of: b.count))
      frame.row(
        [
          (survey.labels[label], .text),
          (Format.percent(share(file.labelCounts[label], of: file.summary.rows)), .muted),
          (Format.percent(shareA), .accent), (Format.percent(shareB), .label),
        ], columns, layout, in: line)
      guard room >= 8, most > 0 else { continue }
      // A above, B below, in one row: halves of a cell where there are such glyphs.
      let (lengthA, lengthB) = (Int(shareA / most * Double(room)), Int(shareB / most * Double(room)))
      for x in 0..<max(lengthA, lengthB) {
        let both = x < lengthA && x < lengthB
        let glyph = both ? symbols.gaugeBoth : x < lengthA ? symbols.gaugeUpper : symbols.gaugeLower
        frame.grid.put(
          Cell(glyph: glyph, width: 1, style: theme[both ? .muted : x < lengthA ? .accent : .label]),
          x: line.x + used + x, y: line.y)
      }
    }
  }

  /// How long the rows are that A and B chose.
  func drawLengthComparison(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(.lengths, rect, title: "\(facetMark)Lengths", isFocused: focusedPanel == .lengths)
    guard let (a, b, file) = comparedSets(in: inside, &frame), let survey = file.survey else { return }
    let parts = inside.split(rows: inside.height / 2)
    for (rows, name, style, rect) in [(a, "A", StyleName.accent, parts.first), (b, "B", .label, parts.second)] {
      let mean = rows.isEmpty ? 0 : Double(rows.reduce(0) { $0 + (file.length(of: $1) ?? 0) }) / Double(rows.count)
      frame.spans(
        [(name, style), (" mean \(Format.measure(mean)) \(survey.unit.rawValue)", .muted)], in: rect)
      let chart = Rect(x: rect.x, y: rect.y + 1, width: rect.width, height: rect.height - 1)
      Histogram(
        counts: survey.histogram(of: rows, bins: max(4, min(40, chart.width)), longest: file.usualLongest),
        from: "0", to: "\(Format.count(file.usualLongest))+"
      )
      .draw(into: &frame.grid, in: chart, theme: theme, symbols: symbols)
    }
  }

  /// Each objective's value for each choice.
  func drawCrossed(in rect: Rect, _ frame: inout Frame) {
    let inside = frame.panel(
      .crossed, rect, title: "\(facetMark)Objectives on each other's rows", isFocused: focusedPanel == .crossed)
    let places = crossedPlaces
    guard places.count >= 2 else {
      frame.paragraph("Two runs are needed.", .muted, in: inside)
      return
    }
    let ids = places.compactMap { runs[$0].id }
    guard compare.crossedRuns == ids else {
      frame.text(
        currentRun?.isGoingOn == true ? "Evaluated when the run has ended." : "Evaluating \(symbols.ellipsis)", .muted,
        in: inside)
      return
    }
    let letters = ["A", "B", "C", "D"]
    var columns = [Column("objective", width: 9, isFlexible: true, most: 24)]
    for (place, _) in places.enumerated() {
      columns.append(Column("\(letters[place])'s rows", width: 9, alignment: .right))
    }
    let layout = ColumnLayout(columns, in: inside.width)
    frame.header(columns, layout, in: inside)
    for (row, place) in places.enumerated() where row + 1 < inside.height {
      var cells: [(String, StyleName)] = [
        ("\(letters[row]) \(symbols.dot) \(name(ofRun: place)) \(runs[place].specification.method.shortName)", .text)
      ]
      let values = compare.crossed.indices.contains(row) ? compare.crossed[row] : []
      for column in places.indices {
        let value = values.indices.contains(column) ? values[column] : nil
        cells.append((value.map { Format.measure($0) } ?? symbols.dash, column == row ? .number : .text))
      }
      frame.row(cells, columns, layout, in: Rect(x: inside.x, y: inside.y + 1 + row, width: inside.width, height: 1))
    }
    frame.paragraph(
      "A line: one objective, applied to what each run chose.", .muted, in: inside, y: places.count + 2)
  }

  /// The rows that A and B chose, and the file they are of; says why where that is not to be had.
  private func comparedSets(in rect: Rect, _ frame: inout Frame) -> (a: [Int], b: [Int], file: OpenedFile)? {
    guard let pair = comparedRuns else { return nil }
    guard let file = files[.pool]?.opened, comparedPool == file.summary.contentHash else {
      frame.paragraph("The pool that these runs chose from is not the one that is open.", .muted, in: rect)
      return nil
    }
    guard file.survey != nil else {
      frame.text("Reading all rows \(symbols.ellipsis)", .muted, in: rect)
      return nil
    }
    return (runs[pair.a].picks.map(\.index), runs[pair.b].picks.map(\.index), file)
  }
}

extension Method {
  /// The name on the command line without what every name of the family begins with.
  var shortName: String { rawValue.hasPrefix("delift-") ? String(rawValue.dropFirst(7)) : rawValue }
}
