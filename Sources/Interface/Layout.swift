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
      let (rows, text) =
        width >= 110
        ? rest.split(columns: width * 11 / 20) : rest.split(rows: max(5, rest.height - max(6, rest.height * 9 / 20)))
      return [(.files, files), (.rows, rows), (.rowText, text)]
    case .run:
      let (setup, rest) = body.split(columns: max(42, min(54, width * 2 / 5)))
      let (progress, below) = rest.split(rows: 7)
      let wide = rest.width >= 90
      let (gains, picks) =
        wide ? below.split(columns: below.width / 2) : below.split(rows: below.height * 11 / 20)
      return [(.setup, setup), (.progress, progress), (.gains, gains), (.picks, picks)]
    case .compare:
      let (top, bottom) = body.split(rows: 10)
      let (versus, curves) = top.split(columns: top.width / 2)
      let (differing, text) = bottom.split(columns: bottom.width / 2)
      return [(.versus, versus), (.curves, curves), (.differing, differing), (.differingText, text)]
    case .inspect:
      let (chosen, rest) = body.split(columns: max(34, min(70, width * 2 / 5)))
      let (text, reasons) = rest.split(rows: max(5, rest.height * 9 / 20))
      return [(.chosen, chosen), (.chosenText, text), (.reasons, reasons)]
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
    case .rows, .chosen, .differing: return max(1, height - (Self.showsHeader(height) ? 1 : 0))
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

  /// Gives a panel of its screen the keys.
  mutating func focus(on panel: Panel) {
    screen = panel.screen
    focus[panel.screen] = panel
  }
}
