import Screen

extension Action {
  static let activate: Action = "activate"
  static let left: Action = "left"
  static let right: Action = "right"
}

extension Command {
  /// What the keys do in lists and texts.
  static let ofLists: [Command] = [
    Command(
      .activate, [.enter], in: [.lists], "choose", "Open, change or go into what is under the cursor", footer: true,
      titled: { model in model.focusedPart?.enter?.title(model) },
      unless: { model in
        guard let enter = model.focusedPart?.enter else { return "There is nothing to choose here." }
        return enter.obstacle(model)
      }, asks: { model in model.focusedPart?.enter?.run(&model) ?? [] }),
    Command("up", [.up, .character("k")], in: scrolling, "up", "Move up", does: { $0.move(.up) }),
    Command("down", [.down, .character("j")], in: scrolling, "down", "Move down", does: { $0.move(.down) }),
    Command(
      "pageUp", [.pageUp, .control("b")], in: scrolling, "page up", "Move up by a page", does: { $0.move(.pageUp) }),
    Command(
      "pageDown", [.pageDown, .control("f"), .character(" ")], in: scrolling, "page down", "Move down by a page",
      does: { $0.move(.pageDown) }),
    Command(
      "first", [.home, .character("g")], in: scrolling, "first", "Go to the beginning", does: { $0.move(.first) }),
    Command("last", [.end, .character("G")], in: scrolling, "last", "Go to the end", does: { $0.move(.last) }),
    Command(
      .left, [.left, .character("h")], in: [.lists], "left", "Previous choice of a field, or previous panel",
      does: { $0.stepSideways(-1) }),
    Command(
      .right, [.right, .character("l")], in: [.lists], "right", "Next choice of a field, or next panel",
      does: { $0.stepSideways(1) }),
  ]

  private static let scrolling: [Context] = [.lists, .reader, .themes]
}

extension Model {
  /// Moves in what stands over the screens, or in the panel that has the focus.
  mutating func move(_ step: Step) {
    guard overlay == nil else {
      withLayer { layer, model in layer.move(step, &model) }
      return
    }
    let panel = focusedPanel
    switch Panel.parts[panel]?.content {
    case .list(let pane):
      pane.change(&self, page: page(of: panel)) { list, count, page in list.move(step, count: count, page: page) }
    case .text(let pane): pane.move(step, &self, panel: panel)
    case .picture(let move, _): move(&self, step)
    case nil: break
    }
  }

  /// What a wheel does over a panel: texts and lists scroll, the focus stays.
  mutating func scroll(_ panel: Panel, by rows: Int) {
    switch Panel.parts[panel]?.content {
    case .list(let pane):
      guard pane.scrolls else { return }
      pane.change(&self, page: page(of: panel)) { list, count, page in
        list.scroll(by: rows, count: count, page: page)
      }
    case .text(let pane): pane.scroll(by: rows, &self, panel: panel)
    case .picture(_, let scroll): scroll(&self, rows)
    case nil: break
    }
  }

  mutating func put(cursor row: Int, in panel: Panel) {
    guard case .list(let pane) = Panel.parts[panel]?.content else { return }
    pane.change(&self, page: page(of: panel)) { list, count, page in list.move(to: row, count: count, page: page) }
  }

  func cursor(of panel: Panel) -> Int? {
    guard case .list(let pane) = Panel.parts[panel]?.content else { return nil }
    return self[keyPath: pane.state].cursor
  }

  mutating func stepSideways(_ steps: Int) {
    if focusedPart?.sideways(&self, steps) != true { stepPanel(steps) }
  }
}
