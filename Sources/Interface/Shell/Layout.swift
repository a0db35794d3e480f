import Screen

/// Where everything stands at a size: used to draw, to find what a click hit, and to know how long a page is.
struct Layout {
  /// Below this nothing useful can be shown.
  static let leastWidth = 20
  static let leastHeight = 5

  var tabs: Rect
  var body: Rect
  /// Empty where there is no room for it.
  var status: Rect
  var footer: Rect
  /// The panels of the present screen that are in sight, in the order Tab goes through them.
  var panels: [(panel: Panel, rect: Rect)]

  func rect(of panel: Panel) -> Rect? { panels.first { $0.panel == panel }?.rect }
}

extension Model {
  var isTooSmall: Bool { width < Layout.leastWidth || height < Layout.leastHeight }

  /// Whether there is only room for one panel at a time.
  var isCompact: Bool { width < 60 || height < 17 }

  var layout: Layout {
    let all = Rect(x: 0, y: 0, width: width, height: height)
    let (tabs, belowTabs) = all.split(rows: 1)
    let (upper, footer) = belowTabs.split(rows: -1)
    let (body, status) = height >= 8 ? upper.split(rows: -1) : (upper, Rect.empty)
    let panels = isCompact ? [(focusedPanel, body)] : panels(in: body)
    return Layout(tabs: tabs, body: body, status: status, footer: footer, panels: panels)
  }

  private func panels(in body: Rect) -> [(Panel, Rect)] {
    switch screen {
    case .data:
      let (files, rest) = body.split(rows: 5)
      if width >= 110 {
        let (rows, right) = rest.split(columns: width * 11 / 20)
        let (text, makeup) = right.split(rows: max(5, rest.height - max(9, rest.height * 9 / 20)))
        return [(.files, files), (.rows, rows), (.rowText, text), (.makeup, makeup)]
      }
      let (rows, below) = rest.split(rows: max(5, rest.height - max(6, rest.height * 9 / 20)))
      let (text, makeup) = below.split(columns: below.width * 11 / 20)
      return [(.files, files), (.rows, rows), (.rowText, text), (.makeup, makeup)]
    case .setup:
      let (form, right) = body.split(columns: max(34, min(70, width / 2 + 2)))
      let (meaning, estimate) = right.split(rows: max(8, min(14, body.height * 9 / 20)))
      return [(.setup, form), (.meaning, meaning), (.estimate, estimate)]
    case .run:
      let (left, right) = body.split(columns: max(36, min(64, width * 2 / 5)))
      // A line a phase, two more for the one at work, the ending, and the border.
      let lines = (currentRun?.shownPhases.count ?? 3) + 4
      let (progress, picks) = left.split(rows: max(7, min(lines, body.height / 2)))
      if width >= 150, height >= 30 {
        let (curves, map) = right.split(columns: right.width * 2 / 5)
        let (gains, coverage) = curves.split(rows: curves.height / 2)
        return [(.progress, progress), (.picks, picks), (.gains, gains), (.coverage, coverage), (.map, map)]
      }
      let (gains, coverage) = right.split(rows: right.height / 2)
      return [(.progress, progress), (.picks, picks), (.gains, gains), (.coverage, coverage)]
    case .compare:
      let (top, bottom) = body.split(rows: body.height >= 40 ? 14 : 10)
      let (differing, text) = bottom.split(columns: bottom.width / 2)
      let count = width < 110 ? 1 : width < 170 ? 2 : 4
      // The first facet that is in sight is the one that was asked for, as far as there are others after it.
      let all = facets
      let first = min(all.firstIndex(of: compare.facet) ?? 0, max(0, all.count - count))
      var (versus, rest) = top.split(columns: count == 1 ? top.width / 2 : count == 4 ? 50 : 40)
      var panels: [(Panel, Rect)] = [(.versus, versus)]
      for place in 0..<count {
        (versus, rest) = rest.split(columns: rest.width / (count - place))
        panels.append((all[first + place], versus))
      }
      return panels + [(.differing, differing), (.differingText, text)]
    case .inspect:
      let (chosen, rest) = body.split(columns: max(38, min(80, width * 2 / 5)))
      let (text, reasons) = rest.split(rows: max(5, rest.height * 9 / 20))
      return [(.chosen, chosen), (.chosenText, text), (.reasons, reasons)]
    case .map:
      if width >= 110 {
        let (map, text) = body.split(columns: width * 7 / 10)
        return [(.map, map), (.mapText, text)]
      }
      let (map, text) = body.split(rows: -max(5, body.height / 4))
      return [(.map, map), (.mapText, text)]
    }
  }

  /// The panels that Tab goes through, whether or not there is room for all of them at once.
  var panelOrder: [Panel] { Panel.allCases.filter { $0.screen == screen } }

  /// Where a panel's contents stand, within its border.
  func inside(_ rect: Rect) -> Rect { rect.inset(columns: 2, rows: 1) }

  /// Rows of a list that its panel shows at a time; at least one, so that a page is always a step.
  func page(of panel: Panel) -> Int {
    guard let rect = layout.rect(of: panel) else { return 1 }
    let height = inside(rect).height
    switch panel {
    case .versus: return max(1, comparedPlaces.count)
    case .rows, .chosen, .differing: return max(1, height - (Self.showsHeader(height) ? 1 : 0))
    case .makeup: return labelsPage
    case .reasons: return max(1, reasonsLayout(inside(rect)).list.height)
    default: return max(1, height)
    }
  }

  /// Whether a table of so many rows can spare one for its columns' names.
  static func showsHeader(_ height: Int) -> Bool { height >= 3 }

  /// The parts of the panel that says why: facts, whom the row stands for, and its utilities as a histogram.
  func reasonsLayout(_ rect: Rect) -> (facts: Rect, heading: Rect, list: Rect, histogram: Rect) {
    let (facts, rest) = rect.split(rows: min(2, max(0, rect.height - 2)))
    let (left, right) = rest.width >= 40 ? rest.split(columns: max(22, rest.width * 11 / 20)) : (rest, Rect.empty)
    let (heading, list) = left.height >= 3 ? left.split(rows: 1) : (Rect.empty, left)
    return (facts, heading, Rect(x: list.x, y: list.y, width: max(0, list.width - 1), height: list.height), right)
  }

  /// Gives a panel of its screen the keys. The map beside a run is there to be seen; it is moved in on its own screen.
  mutating func focus(on panel: Panel) {
    screen = panel.screen
    focus[panel.screen] = panel
    if CompareState.allFacets.contains(panel), isCompact || layout.rect(of: panel) == nil { compare.facet = panel }
  }
}
