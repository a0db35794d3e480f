import Domain
import Screen

extension Model {
  /// Rows of the list in a panel; nil where a panel shows a text or a picture.
  func count(of panel: Panel) -> Int? {
    switch panel {
    case .files: DatasetRole.allCases.count
    case .rows: shownFile?.shownCount ?? 0
    case .setup: setup.fields.count + 1
    case .chosen: inspectedRun?.picks.count ?? 0
    case .reasons: relatedRows.count
    case .differing: compare.rows.count
    case .versus: comparedPlaces.count
    case .makeup: shownFile?.shownLabels ?? 0
    case .curves, .overlap, .composition, .lengths, .crossed, .differingText, .rowText, .chosenText, .progress, .gains,
      .coverage, .picks, .meaning, .estimate, .map, .mapText:
      nil
    }
  }

  func cursor(of panel: Panel) -> Int? {
    switch panel {
    case .files: DatasetRole.allCases.firstIndex(of: role)
    case .rows: shownFile?.list.cursor
    case .setup: setup.list.cursor
    case .chosen: inspect.list.cursor
    case .reasons: inspect.represented.cursor
    case .differing: compare.list.cursor
    case .versus: compare.runList.cursor
    case .makeup: shownFile?.labels.cursor
    default: nil
    }
  }

  mutating func place(cursor row: Int, in panel: Panel) {
    withList(of: panel) { list, count, page in list.move(to: row, count: count, page: page) }
  }

  /// Moves in the panel that has the focus, or in what stands over the screen.
  mutating func move(_ action: Action) {
    switch overlay {
    case .help(let top):
      overlay = .help(top: scrolled(top, action, count: helpLines(width: helpWidth).count, page: readerPage))
      return
    case .log(let top):
      overlay = .log(top: scrolled(top, action, count: logLines(width: helpWidth).count, page: readerPage))
      return
    case .themes(var list, let before):
      list.step(action, count: themes.count, page: themes.count)
      overlay = .themes(list, before: before)
      show(theme: list.cursor)
      return
    default: break
    }
    let panel = focusedPanel
    if panel == .map {
      moveOnMap(action)
      return
    }
    if [.rowText, .chosenText, .differingText, .mapText].contains(panel) {
      let page = page(of: panel)
      let count = textLines(of: panel).count
      if panel == .rowText {
        rowTextTop = scrolled(rowTextTop, action, count: count, page: page)
      } else if panel == .mapText {
        mapTextTop = scrolled(mapTextTop, action, count: count, page: page)
      } else if panel == .differingText {
        compare.textTop = scrolled(compare.textTop, action, count: count, page: page)
      } else {
        inspect.textTop = scrolled(inspect.textTop, action, count: count, page: page)
      }
      return
    }
    withList(of: panel) { list, count, page in list.step(action, count: count, page: page) }
  }

  /// What a wheel does over a panel: texts and lists scroll, the focus stays.
  mutating func scroll(_ panel: Panel, by rows: Int) {
    switch panel {
    case .rowText: rowTextTop = clampedTop(rowTextTop + rows, textLines(of: panel).count, page(of: panel))
    case .chosenText:
      inspect.textTop = clampedTop(inspect.textTop + rows, textLines(of: panel).count, page(of: panel))
    case .differingText:
      compare.textTop = clampedTop(compare.textTop + rows, textLines(of: panel).count, page(of: panel))
    case .mapText: mapTextTop = clampedTop(mapTextTop + rows, textLines(of: panel).count, page(of: panel))
    case .map: if !map.isHeatMap { map.enlarge(by: rows < 0 ? 2 : 0.5) }
    case .files, .setup: break
    default: withList(of: panel) { list, count, page in list.scroll(by: rows, count: count, page: page) }
    }
  }

  private mutating func moveOnMap(_ action: Action) {
    guard !map.isHeatMap, let count = map.map?.rows.count, count > 0 else { return }
    switch action {
    case .up: map.step(x: 0, y: -1, aspect: mapAspect)
    case .down: map.step(x: 0, y: 1, aspect: mapAspect)
    // Among the rows in the file's order, for those who look for one by its number.
    case .pageUp: map.cursor = max(0, map.cursor - 1)
    case .pageDown: map.cursor = min(count - 1, map.cursor + 1)
    case .first: map.cursor = 0
    case .last: map.cursor = count - 1
    default: break
    }
    map.reveal()
    mapTextTop = 0
  }

  private func clampedTop(_ top: Int, _ count: Int, _ page: Int) -> Int { max(0, min(count - page, top)) }

  private mutating func withList(of panel: Panel, _ body: (inout ListState, _ count: Int, _ page: Int) -> Void) {
    guard let count = count(of: panel) else { return }
    let page = page(of: panel)
    switch panel {
    case .files:
      var list = ListState()
      list.cursor = cursor(of: .files) ?? 0
      body(&list, count, page)
      let roles = DatasetRole.allCases
      if roles.indices.contains(list.cursor), roles[list.cursor] != role {
        role = roles[list.cursor]
        rowTextTop = 0
      }
    case .rows:
      guard var file = shownFile else { return }
      let before = file.list.cursor
      body(&file.list, count, page)
      if file.list.cursor != before { rowTextTop = 0 }
      files[role] = .opened(file)
    case .setup: body(&setup.list, count, page)
    case .chosen:
      let before = inspect.list.cursor
      body(&inspect.list, count, page)
      if inspect.list.cursor != before {
        inspect.textTop = 0
        inspect.represented = ListState()
      }
    case .reasons: body(&inspect.represented, count, page)
    case .makeup:
      guard var file = shownFile else { return }
      body(&file.labels, count, page)
      files[role] = .opened(file)
    case .versus: body(&compare.runList, count, max(1, count))
    case .differing:
      let before = compare.list.cursor
      body(&compare.list, count, page)
      if compare.list.cursor != before { compare.textTop = 0 }
    default: break
    }
  }

  private func scrolled(_ top: Int, _ action: Action, count: Int, page: Int) -> Int {
    switch action {
    case .up: clampedTop(top - 1, count, page)
    case .down: clampedTop(top + 1, count, page)
    case .pageUp: clampedTop(top - page, count, page)
    case .pageDown: clampedTop(top + page, count, page)
    case .first: 0
    case .last: clampedTop(count, count, page)
    default: top
    }
  }
}

extension ListState {
  fileprivate mutating func step(_ action: Action, count: Int, page: Int) {
    switch action {
    case .up: move(by: -1, count: count, page: page)
    case .down: move(by: 1, count: count, page: page)
    case .pageUp: move(by: -page, count: count, page: page)
    case .pageDown: move(by: page, count: count, page: page)
    case .first: move(to: 0, count: count, page: page)
    case .last: move(to: count - 1, count: count, page: page)
    default: break
    }
  }
}
