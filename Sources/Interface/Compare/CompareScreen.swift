import Domain
import Screen

extension Context {
  package static let compare = Context(name: "compare", title: "Compare")
}

extension Action {
  static let addRun: Action = "addRun"
  static let dropRun: Action = "dropRun"
}

extension Panel {
  static let versus: Panel = "versus"
  static let curves: Panel = "curves"
  static let overlap: Panel = "overlap"
  static let composition: Panel = "composition"
  static let lengths: Panel = "lengths"
  static let crossed: Panel = "crossed"
  static let differing: Panel = "differing"
  static let differingText: Panel = "differingText"
}

/// Runs side by side.
enum CompareScreen: ScreenPart {
  static let name = ScreenName.compare
  static let context = Context.compare
  static let home = Panel.differing
  static let meaning = "Show runs side by side"
  static let help = [
    "Two runs side by side: which rows they share (Jaccard: 1 for equal sets), how alike the order is, what they are made "
      + "of, and what each run's objective gives to the other's rows: a row's own column is as good as it gets."
  ]

  static let panels: [PanelPart] = [
    PanelPart(
      .versus,
      list: ListPane(
        \.compare.runList, count: { $0.comparedRuns.count }, page: { model, _ in model.comparedRuns.count }),
      enter: .init(
        "inspect", unless: { $0.comparedPair == nil ? needsTwo : nil },
        asks: { model in
          let runs = model.comparedRuns
          guard runs.indices.contains(model.compare.runList.cursor) else { return [] }
          model.inspect(run: runs[model.compare.runList.cursor])
          model.show(.inspect)
          return []
        }),
      sideways: { model, steps in
        guard model.comparedPair != nil else { return false }
        model.stepRun(at: model.compare.runList.cursor, by: steps)
        return true
      }, draw: { $0.drawVersus(in: $1, &$2) }),
    PanelPart(.curves, draw: { $0.drawCurves(in: $1, &$2) }),
    PanelPart(.overlap, draw: { $0.drawOverlap(in: $1, &$2) }),
    PanelPart(.composition, draw: { $0.drawComposition(in: $1, &$2) }),
    PanelPart(.lengths, draw: { $0.drawLengthComparison(in: $1, &$2) }),
    PanelPart(.crossed, draw: { $0.drawCrossed(in: $1, &$2) }),
    PanelPart(
      .differing,
      list: ListPane(
        \.compare.list, count: { $0.compare.rows.count }, page: ListPane.tablePage,
        moved: { $0.compare.textTop = 0 }),
      enter: .init(
        "go to row", unless: { $0.comparedRow == nil ? Command.noRow : nil },
        asks: { model in model.comparedRow.map { model.jump(to: $0.index, of: .pool, model.comparedPool) } ?? [] }),
      sideways: { model, steps in
        let groups = Comparison.Group.all(of: model.comparedRuns.count)
        model.compare.group = groups.next(after: model.compare.group, by: steps) ?? .all
        return true
      }, draw: { $0.drawDiffering(in: $1, &$2) }),
    PanelPart(
      .differingText,
      text: TextPane(top: \.compare.textTop, title: { $0.differingTextTitle }, lines: { $0.differingTextLines($1) })),
  ]

  static let commands: [Command] = [
    step("earlierA", "[", "earlier A", "A: take the run before it", line: 0, by: -1),
    step("laterA", "]", "later A", "A: take the run after it", line: 0, by: 1),
    step("earlierB", "{", "earlier B", "B: take the run before it", line: 1, by: -1),
    step("laterB", "}", "later B", "B: take the run after it", line: 1, by: 1),
    Command(
      .addRun, [.character("+"), .character("=")], in: [.compare], "one more",
      "Set one more run beside the compared ones, up to four", footer: true,
      unless: { model in
        guard model.comparedPair != nil else { return needsTwo }
        if model.comparedRuns.count == CompareState.mostRuns { return "Four runs are as many as are compared." }
        return model.furtherRun == nil ? "All runs that have ended are compared." : nil
      }, does: { $0.addRun() }),
    Command(
      .dropRun, [.character("-")], in: [.compare], "one less",
      "Compare one run less: the one under the cursor, or the last",
      unless: { model in
        guard model.comparedPair != nil else { return needsTwo }
        return model.comparedRuns.count > 2 ? nil : "Two runs are as few as can be compared."
      }, does: { $0.dropRun() }),
    Command(
      "exportTable", [.character("e")], in: [.compare], "export",
      "Write the comparison to a file: Markdown, or CSV by its name", footer: true,
      unless: { $0.compare.comparison == nil ? needsTwo : nil },
      asks: { $0.ask(.exportTable, text: "comparison.md") }),
  ]

  private static func step(
    _ action: Action, _ key: Character, _ title: String, _ meaning: String, line: Int, by steps: Int
  ) -> Command {
    Command(
      action, [.character(key)], in: [.compare], title, meaning,
      unless: { model in
        guard let pair = model.comparedPair else { return needsTwo }
        let end = steps < 0 ? model.comparableRuns.first : model.comparableRuns.last
        return (line == 0 ? pair.a : pair.b) == end ? "There is no other run on that side." : nil
      }, does: { $0.stepRun(at: line, by: steps) })
  }

  private static let needsTwo = "Two runs that have ended are needed."

  static func layout(_ model: Model, in body: Rect) -> [(Panel, Rect)] {
    let width = model.width
    let (top, bottom) = body.split(rows: body.height >= 40 ? 14 : 10)
    let (differing, text) = bottom.split(columns: bottom.width / 2)
    let count = width < 110 ? 1 : width < 170 ? 2 : 4
    // The first facet that is in sight is the one that was asked for, as far as there are others after it.
    let all = model.facets
    let first = min(all.firstIndex(of: model.compare.facet) ?? 0, max(0, all.count - count))
    var (versus, rest) = top.split(columns: count == 1 ? top.width / 2 : count == 4 ? 50 : 40)
    var panels: [(Panel, Rect)] = [(.versus, versus)]
    for index in 0..<count {
      (versus, rest) = rest.split(columns: rest.width / (count - index))
      panels.append((all[first + index], versus))
    }
    return panels + [(.differing, differing), (.differingText, text)]
  }

  static func hint(_ model: Model) -> String {
    func key(_ action: Action) -> String { model.key(action) }
    if model.comparedPair == nil {
      return "Two runs that have ended are needed: press \(key(.startRun)) to start one."
    }
    return model.focusedPanel == .versus
      ? "\(key(.left)) and \(key(.right)) put another run on the line; \(key(.addRun)) adds one, \(key(.dropRun)) takes it off."
      : "\(key(.left)) and \(key(.right)) choose what is listed; \(key(.addRun)) sets one more run beside them."
  }

  static func settle(_ model: inout Model) {
    model.settleComparison()
    model.compare.list.settle(count: model.compare.rows.count, page: model.page(of: .differing))
    let runs = model.comparedRuns.count
    model.compare.runList.settle(count: runs, page: max(1, runs))
  }

  static func requests(_ model: inout Model) -> [Effect] {
    guard model.screen == .compare else { return [] }
    let inSight = model.compare.list.visible(count: model.compare.rows.count, page: model.page(of: .differing))
    let rows = model.compare.rows[inSight].compactMap { model.compare.comparison?[$0].index }
    return model.want(rows + [model.comparedRow?.index].compactMap { $0 }, of: .pool, model.comparedPool)
      + model.wantsCross()
  }

  static func rowInFocus(_ model: Model) -> RowInFocus? {
    guard let row = model.comparedRow?.index else { return nil }
    let pool = model.comparedPool
    let isOpen = pool != nil && pool == model.files[.pool]?.opened?.summary.contentHash
    return RowInFocus(
      row: row, content: model.poolRow(row, of: pool),
      obstacleToMarks: isOpen ? nil : "This run chose from another pool than the one that is open.")
  }

  static let rows: RowList? = RowList(
    obstacle: { $0.comparedRow == nil ? "No row is listed." : nil },
    seek: { model, filter, forward in
      guard let pool = model.files[.pool]?.opened, pool.summary.contentHash == model.comparedPool,
        let comparison = model.compare.comparison, let row = model.comparedRow?.index
      else { return [] }
      model.seeking = filter
      return [
        .find(
          pool.key, FilterRequest(filter, in: model.filterContext(of: .pool)),
          RowSearch(rows: model.compare.rows.map { comparison[$0].index }, from: row, isForward: forward))
      ]
    },
    found: { model, key, row in
      guard model.files[.pool]?.opened?.key == key, let comparison = model.compare.comparison,
        let position = model.compare.rows.firstIndex(where: { comparison[$0].index == row })
      else { return }
      model.put(cursor: position, in: .differing)
    },
    obstacleToOrder: { _ in "These rows stand in the order of their ranks." }, order: { _, _ in })

  static func nextView(_ model: inout Model) {
    let facets = model.facets
    model.compare.facet = facets.next(after: model.compare.facet) ?? .curves
    if facets.contains(model.focusedPanel) { model.focus(on: model.compare.facet) }
  }
}
