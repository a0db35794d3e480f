import Domain
import Screen

/// What the Map screen looks at.
package struct MapState: Sendable, Hashable {
  /// What the points are coloured by.
  package enum Colouring: String, Sendable, Hashable, Codable, CaseIterable {
    case label, choice, length

    var title: String {
      switch self {
      case .label: "label"
      case .choice: "choice"
      case .length: "length"
      }
    }
  }

  /// Whether the utility matrix is shown rather than the points.
  package var isHeatMap = false
  /// Nil leaves the choice to the screen: utilities where there are any.
  package var source: MapSource?
  package var colouring = Colouring.label
  package var order = HeatOrder.label
  /// The point of the map in the middle of the panel, in half widths of the whole map, and how much it is enlarged.
  var center = (x: 0.0, y: 0.0)
  var zoom = 1.0
  /// The index among the map's rows of the one under the cursor.
  package internal(set) var cursor = 0
  /// The first line in sight of the text of the row under the cursor.
  var textTop = 0
  package internal(set) var map: PoolMap?
  var mapFor: MapRequest?
  /// What was asked for last, and how it failed.
  var asked: MapRequest?
  var failure: ErrorReport?
  /// How far the map is that was asked for, where a model is asked.
  var progress: Progress?
  package internal(set) var heat: HeatMap?
  var heatFor: HeatRequest?
  var askedHeat: HeatRequest?
  var heatFailure: ErrorReport?
  /// Half the extent of the map along each axis, and for each of its rows the index among them.
  private(set) var extent = (x: 1.0, y: 1.0)
  private(set) var indexOfRow: [RowIndex: Int] = [:]

  static let mostZoom = 64.0

  package init() {}

  mutating func receive(_ map: PoolMap, for request: MapRequest) {
    let row = self.map.flatMap { $0.rows.indices.contains(cursor) ? $0.rows[cursor] : nil }
    self.map = map
    mapFor = request
    (failure, progress) = (nil, nil)
    func reach(_ values: some Sequence<Float>) -> Double {
      max(1e-12, values.reduce(0.0) { $1.isFinite ? max($0, Double(abs($1))) : $0 })
    }
    extent = (reach(map.points.lazy.map(\.x)), reach(map.points.lazy.map(\.y)))
    indexOfRow = [:]
    for (index, row) in map.rows.enumerated() { indexOfRow[row] = index }
    cursor = row.flatMap { indexOfRow[$0] } ?? 0
  }

  /// Where a point stands in the panel, from 0 to 1 to the right and down; beyond that it is out of sight.
  func position(of point: PoolMap.Point) -> (x: Double, y: Double) {
    let x = (Double(point.x) / extent.x - center.x) * zoom
    let y = (Double(point.y) / extent.y - center.y) * zoom
    return (0.5 + 0.48 * x, 0.5 - 0.48 * y)
  }

  mutating func enlarge(by factor: Double) {
    zoom = max(1, min(Self.mostZoom, zoom * factor))
    if zoom == 1 { center = (0, 0) }
  }

  mutating func move(x: Double, y: Double) {
    center.x = max(-1, min(1, center.x + x / zoom))
    center.y = max(-1, min(1, center.y + y / zoom))
  }

  /// Puts a point in sight, if it is not.
  mutating func reveal() {
    guard let map, map.points.indices.contains(cursor) else { return }
    let here = position(of: map.points[cursor])
    if !(0...1).contains(here.x) { center.x = Double(map.points[cursor].x) / extent.x }
    if !(0...1).contains(here.y) { center.y = Double(map.points[cursor].y) / extent.y }
  }

  /// The nearest point in a direction: one that lies more that way than to the side.
  mutating func step(x: Double, y: Double, aspect: Double) {
    guard let map, map.points.indices.contains(cursor) else { return }
    let here = position(of: map.points[cursor])
    var best: (index: Int, distance: Double)?
    for (index, point) in map.points.enumerated() where index != cursor {
      let there = position(of: point)
      let (dx, dy) = ((there.x - here.x) * aspect, there.y - here.y)
      let along = dx * x + dy * y
      let aside = abs(dx * y) + abs(dy * x)
      guard along > 1e-9, along >= aside else { continue }
      let distance = along * along + 4 * aside * aside
      if best.map({ distance < $0.distance }) ?? true { best = (index, distance) }
    }
    if let best { cursor = best.index }
    reveal()
  }

  package static func == (a: MapState, b: MapState) -> Bool {
    a.isHeatMap == b.isHeatMap && a.source == b.source && a.colouring == b.colouring && a.order == b.order
      && a.center == b.center && a.zoom == b.zoom && a.cursor == b.cursor && a.map == b.map && a.asked == b.asked
      && a.failure == b.failure && a.progress == b.progress && a.heat == b.heat && a.askedHeat == b.askedHeat
      && a.heatFailure == b.heatFailure && a.textTop == b.textTop
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(cursor)
    hasher.combine(map?.rows.count)
  }
}

extension Model {
  /// The run whose choice the map lights: the one that goes on or is replayed, otherwise the inspected one, if it chose
  /// from the open pool.
  var mappedRun: Run? {
    let run = currentRun.flatMap { $0.isGoingOn || $0.replay != nil ? $0 : nil } ?? inspectedRun
    guard let run, let pool = files[.pool]?.opened, run.pool == pool.summary.contentHash else { return nil }
    return run
  }

  /// The run whose utilities can be shown.
  var runWithUtilities: Run? {
    guard let run = mappedRun, !run.isGoingOn, run.id != nil, run.specification.method.needsUtilities else {
      return nil
    }
    return run.picks.isEmpty ? nil : run
  }

  /// What can be mapped as things stand.
  var mapSources: [MapSource] {
    var sources: [MapSource] = []
    if runWithUtilities != nil { sources.append(.utilities) }
    if embeddingsPath != nil || mapModel != nil { sources.append(.embeddings) }
    if mapModel != nil { sources.append(.gradients) }
    return sources + [.words]
  }

  /// The model whose gradients and embeddings can be had, and how it is asked: the run's, otherwise the form's.
  private var mapModel: (directory: String, template: String)? {
    if let specification = mappedRun?.specification, case .model(let directory)? = specification.source {
      return (directory, specification.template)
    }
    guard setup.source == .model, !setup[.model].isEmpty else { return nil }
    return (setup[.model], setup[.template])
  }

  private var embeddingsPath: String? {
    if case .embeddings(let path, _)? = mappedRun?.specification.source { return path }
    return setup.source == .embeddings && !setup[.embeddings].isEmpty ? setup[.embeddings] : nil
  }

  var mapRequest: MapRequest? {
    guard let pool = files[.pool]?.opened else { return nil }
    let sources = mapSources
    // Unasked, nothing is laid out that a model would have to be run for.
    let cheap = sources.first { $0 == .utilities || $0 == .embeddings && embeddingsPath != nil } ?? .words
    let source = map.source.flatMap { sources.contains($0) ? $0 : nil } ?? cheap
    switch source {
    case .utilities: return MapRequest(file: pool.key, source: source, run: runWithUtilities?.id)
    case .embeddings where embeddingsPath != nil:
      return MapRequest(file: pool.key, source: source, path: embeddingsPath)
    case .embeddings, .gradients:
      return MapRequest(file: pool.key, source: source, model: mapModel?.directory, template: mapModel?.template)
    case .words: return MapRequest(file: pool.key, source: source)
    }
  }

  var heatRequest: HeatRequest? {
    guard let pool = files[.pool]?.opened, let run = runWithUtilities?.id else { return nil }
    return HeatRequest(run: run, order: map.order, file: pool.key)
  }

  /// The row under the map's cursor.
  var mappedRow: RowIndex? {
    guard let rows = map.map?.rows, rows.indices.contains(map.cursor) else { return nil }
    return rows[map.cursor]
  }

  /// Asks for the map that is in sight, if it is not at hand.
  mutating func wantsMap() -> [Effect] {
    guard screen == .map || layout.rect(of: .map) != nil else { return [] }
    if screen == .map, map.isHeatMap {
      guard let request = heatRequest, map.askedHeat != request else { return [] }
      map.askedHeat = request
      map.heatFailure = nil
      return [.makeHeatMap(request)]
    }
    guard let request = mapRequest, map.asked != request else { return [] }
    // A model is not asked for a map while a run needs all cores, unless someone looks at the map itself.
    if request.model != nil, screen != .map { return [] }
    map.asked = request
    (map.failure, map.progress) = (nil, nil)
    return [.makeMap(request)]
  }
}
