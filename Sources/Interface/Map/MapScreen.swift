import Domain
import Screen

extension Context {
  package static let map = Context(name: "map", title: "Map")
}

extension Action {
  static let zoomIn: Action = "zoomIn"
  static let mapSource: Action = "mapSource"
  static let heatOrder: Action = "heatOrder"
}

extension Panel {
  static let map: Panel = "map"
  static let mapText: Panel = "mapText"
}

/// The pool as a picture: its rows in two dimensions, or the matrix of their utilities.
enum MapScreen: ScreenPart {
  static let name = ScreenName.map
  static let context = Context.map
  static let home = Panel.map
  static let meaning = "Show the pool in two dimensions, and the utility matrix"
  static let help = [
    "Rows that are alike stand near each other: the two directions are those in which the rows differ most (principal "
      + "components). Chosen rows are lit. By utilities, rows are alike that are helped by the same rows; by gradients, rows "
      + "that move the model the same way; by embeddings, nearly that and cheaper; by words, rows that use the same words.",
    "The utility matrix shows blocks where rows of a kind help each other.",
  ]

  static let panels: [PanelPart] = [
    PanelPart(
      .map, enter: goToRow,
      sideways: { model, steps in
        guard !model.map.isHeatMap else { return false }
        model.map.step(x: Double(steps), y: 0, aspect: model.mapAspect)
        return true
      },
      move: { $0.moveOnMap($1) },
      scroll: { model, rows in if !model.map.isHeatMap { model.map.enlarge(by: rows < 0 ? 2 : 0.5) } },
      draw: { $0.drawMap(in: $1, &$2) }),
    PanelPart(
      .mapText, text: TextPane(top: \.map.textTop, title: { $0.mapTextTitle }, lines: { $0.mapTextLines($1) }),
      enter: goToRow),
  ]

  private static let goToRow = PanelPart.Enter(
    "go to row", unless: { rowInFocus($0) == nil ? Command.noRow : nil },
    asks: { model in
      guard let row = rowInFocus(model)?.row else { return [] }
      return model.jump(to: row, of: .pool, model.files[.pool]?.opened?.summary.contentHash)
    })

  static let commands: [Command] = [
    Command(
      .zoomIn, [.character("+"), .character("=")], in: [.map], "zoom in", "Enlarge the map", footer: true,
      unless: { model in
        obstacleToMoving(model)
          ?? (model.map.zoom < MapState.mostZoom ? nil : "The map is as large as it gets.")
      }, does: { $0.map.zoomIn() }),
    moving("zoomOut", "-", "zoom out", "Make the map smaller", footer: true) { $0.enlarge(by: 0.5) },
    moving("zoomReset", "0", "whole", "Show the whole map again") { $0.enlarge(by: 0) },
    moving("panLeft", "a", "pan left", "Look further left on the enlarged map") { $0.move(x: -0.5, y: 0) },
    moving("panRight", "d", "pan right", "Look further right on the enlarged map") { $0.move(x: 0.5, y: 0) },
    moving("panUp", "w", "pan up", "Look further up on the enlarged map") { $0.move(x: 0, y: 0.5) },
    moving("panDown", "s", "pan down", "Look further down on the enlarged map") { $0.move(x: 0, y: -0.5) },
    Command(
      "colourBy", [.character("b")], in: [.map], "colour", "Colour the points by label, length or choice",
      footer: true, unless: obstacleToMoving,
      does: { $0.map.colouring = MapState.Colouring.allCases.next(after: $0.map.colouring) ?? .label }),
    Command(
      .mapSource, [.character("m")], in: [.map], "source",
      "Lay the map out by utilities, embeddings, gradients or words", footer: true,
      unless: { model in
        model.mapSources.count > 1
          ? nil
          : "Words are all there is: utilities come with a run, gradients with a model (\(model.key(.showSetup)))."
      },
      does: { $0.map.source = $0.mapSources.next(after: $0.mapRequest?.source ?? .words) }),
    Command(
      .heatOrder, [.character("o")], in: [.map], "order", "Order the utility matrix by label or by cluster",
      unless: { $0.map.isHeatMap ? nil : "The map is shown: \($0.key(.nextView)) shows the matrix." },
      does: { $0.map.order = HeatOrder.allCases.next(after: $0.map.order) ?? .label }),
  ]

  private static func obstacleToMoving(_ model: Model) -> String? {
    if model.map.isHeatMap { return "The matrix is shown: \(model.key(.nextView)) goes back to the map." }
    return model.map.map == nil ? "There is no map yet." : nil
  }

  /// A command that moves about on the enlarged map.
  private static func moving(
    _ action: Action, _ key: Character, _ title: String, _ meaning: String, footer: Bool = false,
    _ change: @escaping @Sendable (inout MapState) -> Void
  ) -> Command {
    Command(
      action, [.character(key)], in: [.map], title, meaning, footer: footer,
      unless: { model in
        obstacleToMoving(model)
          ?? (model.map.zoom > 1 ? nil : "The whole map is shown: \(model.key(.zoomIn)) enlarges it.")
      }, does: { change(&$0.map) })
  }

  static func layout(_ model: Model, in body: Rect) -> [(Panel, Rect)] {
    if model.width >= 110 {
      let (map, text) = body.split(columns: model.width * 7 / 10)
      return [(.map, map), (.mapText, text)]
    }
    let (map, text) = body.split(rows: -max(5, body.height / 4))
    return [(.map, map), (.mapText, text)]
  }

  static func hint(_ model: Model) -> String {
    func key(_ action: Action) -> String { model.key(action) }
    if model.map.isHeatMap {
      return "\(key(.nextView)) goes back to the map; \(key(.heatOrder)) orders by label or cluster."
    }
    guard model.files[.pool]?.opened != nil else { return "Press \(key(.showData)) to open a pool." }
    return "Arrows go from point to point, \(key(.activate)) to the row; \(key(.nextView)) shows the utility matrix."
  }

  static func settle(_ model: inout Model) {
    if let count = model.map.map?.rows.count { model.map.cursor = max(0, min(count - 1, model.map.cursor)) }
  }

  static func requests(_ model: inout Model) -> [Effect] {
    var effects: [Effect] = []
    if model.screen == .map, let row = model.mappedRow, !model.map.isHeatMap {
      effects += model.want([row], of: .pool, model.files[.pool]?.opened?.summary.contentHash)
    }
    return effects + model.wantsMap()
  }

  static func leave(_ model: inout Model) -> [Effect]? {
    guard model.map.progress != nil else { return nil }
    model.map.progress = nil
    // What was shown before is shown again; without one, what needs no model.
    model.map.source = model.map.map == nil ? .words : model.map.mapFor?.source
    model.map.asked = model.map.map == nil ? nil : model.mapRequest
    return [.stopMapping]
  }

  static func rowInFocus(_ model: Model) -> RowInFocus? {
    guard !model.map.isHeatMap, let row = model.mappedRow else { return nil }
    return RowInFocus(row: row, content: model.files[.pool]?.opened?.cache[row])
  }

  static func nextView(_ model: inout Model) {
    model.map.isHeatMap.toggle()
    model.focus(on: .map)
  }
}

extension MapState {
  /// Towards the cursor, so that what was looked at stays in sight.
  fileprivate mutating func zoomIn() {
    if let map, map.points.indices.contains(cursor) {
      let point = map.points[cursor]
      center = (Double(point.x) / extent.x, Double(point.y) / extent.y)
    }
    enlarge(by: 2)
  }
}

extension Model {
  /// Width of the map's panel by its height, in the eye's measure: a cell is twice as high as it is wide.
  fileprivate var mapAspect: Double {
    guard let rect = layout.rect(of: .map), rect.height > 0 else { return 2 }
    return Double(max(1, rect.width)) / Double(2 * rect.height)
  }

  fileprivate mutating func moveOnMap(_ step: Step) {
    guard !map.isHeatMap, let count = map.map?.rows.count, count > 0 else { return }
    switch step {
    case .up: map.step(x: 0, y: -1, aspect: mapAspect)
    case .down: map.step(x: 0, y: 1, aspect: mapAspect)
    // Among the rows in the file's order, for those who look for one by its number.
    case .pageUp: map.cursor = max(0, map.cursor - 1)
    case .pageDown: map.cursor = min(count - 1, map.cursor + 1)
    case .first: map.cursor = 0
    case .last: map.cursor = count - 1
    }
    map.reveal()
    map.textTop = 0
  }

  /// Puts the map's cursor on the point in a cell, a chosen one before others; on the nearest one where the cell is empty.
  mutating func pointAt(_ cell: Point, in rect: Rect) {
    guard let shown = map.map, rect.width > 0, rect.height > 0 else { return }
    let lit = Set(mappedRun?.shownPicks.map(\.row) ?? [])
    var best: (index: Int, distance: Double)?
    for (index, point) in shown.points.enumerated() {
      let position = map.position(of: point)
      let (x, y) = (position.x * Double(rect.width), position.y * Double(rect.height))
      guard x.isFinite, y.isFinite else { continue }
      let isInside = x.rounded(.down) == Double(cell.x - rect.x) && y.rounded(.down) == Double(cell.y - rect.y)
      let (dx, dy) = (x - Double(cell.x - rect.x) - 0.5, 2 * (y - Double(cell.y - rect.y) - 0.5))
      let distance = isInside ? (lit.contains(shown.rows[index]) ? -2 : -1) : dx * dx + dy * dy
      if best.map({ distance < $0.distance }) ?? true { best = (index, distance) }
    }
    if let best { map.cursor = best.index }
    map.textTop = 0
  }
}
