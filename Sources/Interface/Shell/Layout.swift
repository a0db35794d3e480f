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
    let panels = isCompact ? [(focusedPanel, body)] : part.layout(self, in: body)
    return Layout(tabs: tabs, body: body, status: status, footer: footer, panels: panels)
  }

  /// Where a panel's contents stand, within its border.
  func inside(_ rect: Rect) -> Rect { rect.inset(columns: 2, rows: 1) }
}
