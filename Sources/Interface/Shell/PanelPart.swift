import Screen

/// Names a part of a screen that can have the focus; sessions keep it.
package struct Panel: RawRepresentable, Sendable, Hashable, Codable, ExpressibleByStringLiteral {
  package let rawValue: String
  package init(rawValue: String) { self.rawValue = rawValue }
  package init(stringLiteral value: String) { rawValue = value }

  static let parts: [Panel: PanelPart] = Dictionary(
    uniqueKeysWithValues: ScreenName.parts.flatMap { $0.panels.map { ($0.panel, $0) } })
  private static let screens: [Panel: ScreenName] = Dictionary(
    uniqueKeysWithValues: ScreenName.parts.flatMap { part in part.panels.map { ($0.panel, part.name) } })

  /// The screen that it is a part of; nil where no screen has such a panel.
  var screen: ScreenName? { Self.screens[self] }
}

/// A panel: what it shows, and what the keys of lists and texts do in it.
struct PanelPart: Sendable {
  enum Content: Sendable {
    case list(ListPane)
    case text(TextPane)
    /// A picture: it is moved about in by itself, if at all.
    case picture(
      move: @Sendable (inout Model, Step) -> Void, scroll: @Sendable (inout Model, _ rows: Int) -> Void)
  }

  /// What Enter does.
  struct Enter: Sendable {
    let title: @Sendable (Model) -> String
    let obstacle: @Sendable (Model) -> String?
    let run: @Sendable (inout Model) -> [Effect]

    init(
      _ title: @autoclosure @escaping @Sendable () -> String,
      unless obstacle: @escaping @Sendable (Model) -> String? = { _ in nil },
      asks run: @escaping @Sendable (inout Model) -> [Effect]
    ) {
      self.init(titled: { _ in title() }, unless: obstacle, asks: run)
    }

    init(
      titled title: @escaping @Sendable (Model) -> String,
      unless obstacle: @escaping @Sendable (Model) -> String? = { _ in nil },
      asks run: @escaping @Sendable (inout Model) -> [Effect]
    ) {
      self.title = title
      self.obstacle = obstacle
      self.run = run
    }
  }

  let panel: Panel
  let content: Content
  let enter: Enter?
  /// What Left and Right do; where it says no they go to the panel beside it.
  let sideways: @Sendable (inout Model, _ steps: Int) -> Bool
  let draw: @Sendable (Model, Rect, inout Frame) -> Void

  init(
    _ panel: Panel, list: ListPane, enter: Enter? = nil,
    sideways: @escaping @Sendable (inout Model, Int) -> Bool = { _, _ in false },
    draw: @escaping @Sendable (Model, Rect, inout Frame) -> Void
  ) {
    (self.panel, content, self.enter, self.sideways, self.draw) = (panel, .list(list), enter, sideways, draw)
  }

  init(_ panel: Panel, text: TextPane, enter: Enter? = nil) {
    (self.panel, content, self.enter) = (panel, .text(text), enter)
    sideways = { _, _ in false }
    draw = { model, rect, frame in model.draw(text, panel, in: rect, &frame) }
  }

  init(
    _ panel: Panel, enter: Enter? = nil,
    sideways: @escaping @Sendable (inout Model, Int) -> Bool = { _, _ in false },
    move: @escaping @Sendable (inout Model, Step) -> Void = { _, _ in },
    scroll: @escaping @Sendable (inout Model, Int) -> Void = { _, _ in },
    draw: @escaping @Sendable (Model, Rect, inout Frame) -> Void
  ) {
    (self.panel, self.enter, self.sideways, self.draw) = (panel, enter, sideways, draw)
    content = .picture(move: move, scroll: scroll)
  }

  /// Rows that are in sight at a time; at least one, so that a page is always a step.
  func page(_ model: Model, in inside: Rect) -> Int {
    guard case .list(let pane) = content else { return max(1, inside.height) }
    return max(1, pane.page(model, inside))
  }
}

extension Model {
  var focusedPanel: Panel { focus[screen] ?? part.home }
  var focusedPart: PanelPart? { Panel.parts[focusedPanel] }

  /// Gives a panel of its screen the keys. The map beside a run is there to be seen; it is moved in on its own screen.
  mutating func focus(on panel: Panel) {
    guard let owner = panel.screen else { return }
    screen = owner
    focus[owner] = panel
    if CompareState.allFacets.contains(panel), isCompact || layout.rect(of: panel) == nil { compare.facet = panel }
  }

  /// Gives the keys to another panel of the screen, round and round.
  mutating func stepPanel(_ steps: Int) {
    let order = part.panels.map(\.panel).filter { panel in
      // A facet that is out of sight is reached by changing the view, not by going round.
      !CompareState.allFacets.contains(panel) || isCompact && facets.contains(panel) || layout.rect(of: panel) != nil
    }
    focus(on: order.next(after: focusedPanel, by: steps) ?? part.home)
  }

  /// Rows of a panel that are in sight at a time.
  func page(of panel: Panel) -> Int {
    guard let rect = layout.rect(of: panel) else { return 1 }
    return Panel.parts[panel]?.page(self, in: inside(rect)) ?? 1
  }
}

extension Array where Element: Equatable {
  /// The element so many steps after one, round and round; the first where that one is not among them.
  func next(after element: Element?, by steps: Int = 1) -> Element? {
    guard !isEmpty else { return nil }
    guard let index = element.flatMap({ firstIndex(of: $0) }) else { return first }
    return self[((index + steps) % count + count) % count]
  }
}
