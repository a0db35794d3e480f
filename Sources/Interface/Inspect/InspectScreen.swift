import Domain
import Screen

extension Context {
  package static let inspect = Context(name: "inspect", title: "Inspect")
}

extension Action {
  package static let export: Action = "export"
}

extension Panel {
  static let chosen: Panel = "chosen"
  static let chosenText: Panel = "chosenText"
  static let reasons: Panel = "reasons"
}

/// The rows that a run chose, and why.
enum InspectScreen: ScreenPart {
  static let name = ScreenName.inspect
  static let context = Context.inspect
  static let home = Panel.chosen
  static let meaning = "Show the chosen rows, and why they were chosen"
  static let help = [
    "Each chosen row with the step it was taken at, what it added, and whom it stands for. The histogram counts the "
      + "pool's rows by how much this row helps with them: a row far to the right helps many.",
    "Best examples for it are the rows that, shown before it, bring the model's answer nearest to the right one.",
  ]

  static let panels: [PanelPart] = [
    PanelPart(
      .chosen,
      list: ListPane(
        \.inspect.list, count: { $0.inspectedRun?.picks.count ?? 0 }, page: ListPane.tablePage,
        moved: { model in
          model.inspect.textTop = 0
          model.inspect.represented = ListState()
        }),
      enter: .init(
        "why", unless: { $0.inspectedPick == nil ? nothingChosen : nil },
        asks: { model in
          model.focus(on: .reasons)
          return []
        }), draw: { $0.drawChosen(in: $1, &$2) }),
    PanelPart(
      .chosenText,
      text: TextPane(top: \.inspect.textTop, title: { $0.chosenTextTitle }, lines: { $0.chosenTextLines($1) })),
    PanelPart(
      .reasons,
      list: ListPane(
        \.inspect.represented, count: { $0.relatedRows.count }, page: { $0.reasonsLayout($1).list.height }),
      enter: .init(
        "go to row", unless: { $0.representedUnderCursor == nil ? Command.noRow : nil },
        asks: { model in
          guard let row = model.representedUnderCursor, let run = model.inspectedRun else { return [] }
          let role = model.role(of: model.relation, in: run)
          return model.jump(to: row.row, of: role, run.contents[role])
        }),
      sideways: { model, steps in
        model.stepRelation(steps)
        return true
      }, draw: { $0.drawReasons(in: $1, &$2) }),
  ]

  static let commands: [Command] = [
    Command(
      .export, [.character("e")], in: [.inspect], "export",
      "Write the chosen rows to a file, as they stand in the pool",
      footer: true,
      unless: { model in
        guard let run = model.inspectedRun else {
          return "Nothing is chosen yet: \(model.key(.startRun)) starts a run."
        }
        if run.isGoingOn { return "The run is still going on. It can be exported when it ends." }
        return run.picks.isEmpty || run.id == nil ? "This run chose nothing." : nil
      },
      asks: { model in
        guard let run = model.inspectedRun, let id = run.id else { return [] }
        return model.ask(.export(id), text: "\(run.specification.method.rawValue)-\(run.picks.count).jsonl")
      }),
    Command(
      "previousRun", [.character("[")], in: [.inspect, .map], "earlier run", "Inspect the run before this one",
      unless: { ($0.inspect.run ?? 0) > 0 ? nil : "There is no earlier run." },
      does: { $0.inspect(run: ($0.inspect.run ?? 0) - 1) }),
    Command(
      "nextRun", [.character("]")], in: [.inspect, .map], "later run", "Inspect the run after this one",
      unless: { ($0.inspect.run ?? 0) + 1 < $0.runs.count ? nil : "There is no later run." },
      does: { $0.inspect(run: ($0.inspect.run ?? -1) + 1) }),
  ]

  private static let nothingChosen = "Nothing is chosen yet."

  static func layout(_ model: Model, in body: Rect) -> [(Panel, Rect)] {
    let (chosen, rest) = body.split(columns: max(38, min(80, model.width * 2 / 5)))
    let (text, reasons) = rest.split(rows: max(5, rest.height * 9 / 20))
    return [(.chosen, chosen), (.chosenText, text), (.reasons, reasons)]
  }

  static func hint(_ model: Model) -> String {
    func key(_ action: Action) -> String { model.key(action) }
    guard let run = model.inspectedRun, !run.picks.isEmpty else {
      return model.currentRun?.isGoingOn == true
        ? "The run goes on; its picks come when all is scored."
        : "Nothing is chosen yet: press \(key(.startRun)) to start a run."
    }
    return model.focusedPanel == .reasons
      ? "\(key(.left)) \(key(.right)) list other rows; \(key(.activate)) goes to the row, \(key(.dismiss)) comes back."
      : "Press \(key(.export)) to export the rows, \(key(.activate)) to see "
        + (run.hasScores ? "which targets one helps." : "whom one stands for.")
  }

  static func settle(_ model: inout Model) {
    model.inspect.list.settle(count: model.inspectedRun?.picks.count ?? 0, page: model.page(of: .chosen))
    model.inspect.represented.settle(count: model.relatedRows.count, page: model.page(of: .reasons))
  }

  static func requests(_ model: inout Model) -> [Effect] {
    guard model.screen == .inspect, let run = model.inspectedRun else { return [] }
    var rows = model.inspect.list.visible(count: run.picks.count, page: model.page(of: .chosen)).compactMap {
      model.pick(at: $0, of: run)?.row
    }
    if let pick = model.inspectedPick { rows.append(pick.row) }
    var effects = model.want(rows, of: .pool, run.pool)
    let related = model.relatedRows
    let inSight = model.inspect.represented.visible(count: related.count, page: model.page(of: .reasons))
    let role = model.role(of: model.relation, in: run)
    effects += model.want(related[inSight].map(\.row), of: role, run.contents[role])
    if model.inspect.pending == nil, !run.isGoingOn, let id = run.id, let pick = model.inspectedPick,
      model.inspect.explanations[pick.rank] == nil, model.inspect.failures[pick.rank] == nil
    {
      model.inspect.pending = pick.rank
      effects.append(.explain(id, rank: pick.rank))
    }
    return effects
  }

  static func rowInFocus(_ model: Model) -> RowInFocus? {
    guard let run = model.inspectedRun, let pick = model.inspectedPick else { return nil }
    let isOpen = run.pool != nil && run.pool == model.files[.pool]?.opened?.summary.contentHash
    let otherPool = isOpen ? nil : "This run chose from another pool than the one that is open."
    guard model.focusedPanel == .reasons, let related = model.representedUnderCursor else {
      return RowInFocus(row: pick.row, content: model.poolRow(pick.row, of: run.pool), obstacleToMarks: otherPool)
    }
    let isOfPool = model.role(of: model.relation, in: run) == .pool
    return RowInFocus(
      row: related.row, content: model.relatedRow(related.row),
      obstacleToMarks: isOfPool ? otherPool : "Only rows of the pool can be pinned or banned.")
  }

  static let rows: RowList? = RowList(
    obstacle: { $0.inspectedPick == nil ? nothingChosen : nil },
    seek: { model, pattern, forward in
      guard let run = model.inspectedRun, let pool = model.files[.pool]?.opened,
        run.pool == pool.summary.contentHash, let pick = model.inspectedPick
      else { return [] }
      model.seeking = pattern
      let rows = run.picks.indices.compactMap { model.pick(at: $0, of: run)?.row }
      return [
        .find(
          pool.key, FilterRequest(pattern, in: model.filterContext(of: .pool)),
          RowSearch(rows: rows, from: pick.row, isForward: forward))
      ]
    },
    found: { model, key, row in
      guard let run = model.inspectedRun, let pool = model.files[.pool]?.opened, pool.key == key,
        run.pool == pool.summary.contentHash, let rank = run.picks.first(where: { $0.row == row })?.rank,
        let index = model.position(of: rank)
      else { return }
      model.put(cursor: index, in: .chosen)
    },
    order: { model, reversing in
      guard let run = model.inspectedRun else { return }
      if reversing {
        model.order(picksBy: model.inspect.order, isReversed: !model.inspect.isReversed)
        return
      }
      let orders = PickOrder.allCases.filter { order in
        switch order {
        case .gain: run.hasGains
        case .weight: run.hasWeights
        case .rank, .length, .label: true
        }
      }
      model.order(picksBy: orders.next(after: model.inspect.order) ?? .rank, isReversed: false)
      model.say("Listed by \(model.inspect.order.rawValue). \(model.key(.reverseSort)) turns it round.")
    })

  static func nextView(_ model: inout Model) { model.stepRelation(1) }
}

extension Model {
  fileprivate mutating func stepRelation(_ steps: Int) {
    inspect.relation = Relation.all(for: inspectedRun).next(after: relation, by: steps) ?? relation
    inspect.represented = ListState()
  }
}
