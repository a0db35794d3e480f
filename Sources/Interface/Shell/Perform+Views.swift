import Domain
import Screen

extension Model {
  mutating func pauseRun() -> [Effect] {
    guard let place = runs.indices.last else { return [] }
    runs[place].isPaused.toggle()
    if runs[place].isPaused { say("The run is held. \(key(.pauseRun)) lets it go on.") }
    return [runs[place].isPaused ? .pauseRun : .resumeRun]
  }

  /// Makes the open file the next thing it can be; what was open there takes its place.
  mutating func changeRole() -> [Effect] {
    guard let file = shownFile else { return [] }
    let (from, to) = (role, role.next)
    let other = files[to]?.opened
    var effects: [Effect] = [.close(file.key)]
    func paths(_ summary: DatasetSummary) -> [String] { Array(summary.parts.dropFirst().map(\.path)) }
    if let other {
      effects.append(.close(other.key))
      files[from] = .opening(path: other.summary.path)
      opening[from] = other.summary.path
      effects.append(.open(path: other.summary.path, role: from, more: paths(other.summary)))
    } else {
      files[from] = .absent
    }
    files[to] = .opening(path: file.summary.path)
    opening[to] = file.summary.path
    effects.append(.open(path: file.summary.path, role: to, more: paths(file.summary)))
    role = to
    say("\(file.summary.path) is now the \(to.title).")
    return effects
  }

  /// Orders the list in front by the next thing there is, or turns it round.
  mutating func sort(_ action: Action) {
    if screen == .inspect {
      guard let run = inspectedRun else { return }
      if action == .reverseSort {
        order(picksBy: inspect.order, isReversed: !inspect.isReversed)
        return
      }
      let orders = PickOrder.allCases.filter { order in
        switch order {
        case .gain: run.hasGains
        case .weight: run.hasWeights
        default: true
        }
      }
      let place = orders.firstIndex(of: inspect.order) ?? 0
      order(picksBy: orders[(place + 1) % orders.count], isReversed: false)
      say("Listed by \(inspect.order.rawValue). \(key(.reverseSort)) turns it round.")
      return
    }
    guard var file = shownFile else { return }
    let row = file.rowUnderCursor
    let orders = RowOrder.allCases.filter { $0 != .label || file.survey?.labels.isEmpty == false }
    let place = orders.firstIndex(of: file.order) ?? 0
    if action == .reverseSort {
      file.order(by: file.order, isReversed: !file.isReversed)
    } else {
      file.order(by: orders[(place + 1) % orders.count], isReversed: false)
    }
    file.list.center(on: row.flatMap { file.place(of: $0) } ?? 0, count: file.shownCount, page: page(of: .rows))
    files[role] = .opened(file)
    let name = file.order == .file ? "their place in the file" : file.order.rawValue
    say("Ordered by \(name)\(file.isReversed ? ", backwards" : ""). \(key(.reverseSort)) turns it round.")
  }

  /// Shows the next picture in the same place.
  mutating func nextView() {
    switch screen {
    case .data: showsLengths.toggle()
    case .inspect: stepRelation(1)
    case .compare:
      let facets = facets
      compare.facet = facets[((facets.firstIndex(of: compare.facet) ?? 0) + 1) % facets.count]
      if facets.contains(focusedPanel) { focus(on: compare.facet) }
    case .map:
      map.isHeatMap.toggle()
      focus(on: .map)
    case .setup, .run: break
    }
  }

  mutating func stepRelation(_ steps: Int) {
    let all = Relation.all(for: inspectedRun)
    let place = all.firstIndex(of: relation) ?? 0
    inspect.relation = all[((place + steps) % all.count + all.count) % all.count]
    inspect.represented = ListState()
  }

  mutating func changeMap(_ action: Action) {
    switch action {
    case .zoomIn:
      // Towards the cursor, so that what was looked at stays in sight.
      if let shown = map.map, shown.places.indices.contains(map.cursor) {
        let place = shown.places[map.cursor]
        map.center = (Double(place.x) / map.extent.x, Double(place.y) / map.extent.y)
      }
      map.enlarge(by: 2)
    case .zoomOut: map.enlarge(by: 0.5)
    case .zoomReset: map.enlarge(by: 0)
    case .panLeft: map.move(x: -0.5, y: 0)
    case .panRight: map.move(x: 0.5, y: 0)
    case .panUp: map.move(x: 0, y: 0.5)
    case .panDown: map.move(x: 0, y: -0.5)
    case .colourBy:
      let all = MapState.Colouring.allCases
      map.colouring = all[((all.firstIndex(of: map.colouring) ?? 0) + 1) % all.count]
    case .mapSource:
      let sources = mapSources
      let shown = mapRequest?.source ?? .words
      map.source = sources[((sources.firstIndex(of: shown) ?? 0) + 1) % sources.count]
    case .heatOrder:
      let all = HeatOrder.allCases
      map.order = all[((all.firstIndex(of: map.order) ?? 0) + 1) % all.count]
    default: break
    }
  }

  /// Width of the map's panel by its height, in the eye's measure: a cell is twice as high as it is wide.
  var mapAspect: Double {
    guard let rect = layout.rect(of: .map), rect.height > 0 else { return 2 }
    return Double(max(1, rect.width)) / Double(2 * rect.height)
  }

  /// Shows the rows that have the label under the cursor.
  mutating func filterByLabel() -> [Effect] {
    guard let file = shownFile, let labels = file.survey?.labels, labels.indices.contains(file.labels.cursor) else {
      return []
    }
    let signs = "\\^$.|?*+()[]{}"
    let escaped = labels[file.labels.cursor].map { signs.contains($0) ? "\\\($0)" : "\($0)" }.joined()
    guard let pattern = try? RowPattern(parsing: "label:^\(escaped)$") else { return [] }
    seeking = pattern
    return [.filter(file.key, pattern)]
  }
}
