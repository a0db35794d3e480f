import Domain
import Screen

extension Model {
  /// Does an action that can be done now.
  mutating func perform(_ action: Action) -> [Effect] {
    switch action {
    case .showData: show(.data)
    case .showSetup: show(.setup)
    case .showRun: show(.run)
    case .showInspect: show(.inspect)
    case .showCompare: show(.compare)
    case .showMap: show(.map)
    case .earlierA: stepRun(isB: false, by: -1)
    case .laterA: stepRun(isB: false, by: 1)
    case .earlierB: stepRun(isB: true, by: -1)
    case .laterB: stepRun(isB: true, by: 1)
    case .addRun: addRun()
    case .dropRun: dropRun()
    case .nextPanel: stepPanel(1)
    case .previousPanel: stepPanel(-1)
    case .up, .down, .pageUp, .pageDown, .first, .last: move(action)
    case .left: stepSideways(-1)
    case .right: stepSideways(1)
    case .activate: return activate()
    case .openFile: return ask(.open(role), text: "")
    case .addFile: return ask(.addFile, text: "")
    case .changeRole: return changeRole()
    case .closeFile: closeFile()
    case .copyRow: return copyRow()
    case .pin, .ban: mark(action)
    case .undo:
      if let before = done.popLast() {
        undone.append(swap(with: before))
        say("Took it back. \(marksSummary)")
      }
    case .redo:
      if let after = undone.popLast() {
        done.append(swap(with: after))
        say("Done again. \(marksSummary)")
      }
    case .search: return ask(.search, text: "")
    case .filter: return ask(.filter, text: shownFile?.filter?.pattern.text ?? "")
    case .searchNext: return seek(forward: true)
    case .searchPrevious: return seek(forward: false)
    case .startRun: return startRun()
    case .cancelRun: return cancelRun()
    case .replay, .stepBack, .stepForward, .slower, .faster: replay(action)
    case .pauseRun: return pauseRun()
    case .sort, .reverseSort: sort(action)
    case .nextView: nextView()
    case .exportTable: return ask(.exportTable, text: "comparison.md")
    case .zoomIn, .zoomOut, .zoomReset, .panLeft, .panRight, .panUp, .panDown, .colourBy, .mapSource, .heatOrder:
      changeMap(action)
    case .export:
      guard let run = inspectedRun, let id = run.id else { return [] }
      return ask(.export(id), text: "\(run.specification.method.rawValue)-\(run.picks.count).jsonl")
    case .previousRun: inspect(run: (inspect.run ?? 0) - 1)
    case .nextRun: inspect(run: (inspect.run ?? -1) + 1)
    case .palette: overlay = .palette(Palette())
    case .help: if case .help = overlay { overlay = nil } else { overlay = .help(top: 0) }
    case .showLog: overlay = .log(top: max(0, logLines(width: helpWidth).count - readerPage))
    case .chooseTheme:
      var list = ListState()
      list.cursor = themeIndex
      overlay = .themes(list, before: themeIndex)
    case .dismiss: return dismiss()
    case .suspend: return [.suspend]
    case .quit:
      guard currentRun?.isGoingOn == true, !isTooSmall else { return [.quit] }
      if case .confirm(let asked) = overlay, asked.purpose == .quit { return [.quit] }
      overlay = .confirm(
        Confirmation(purpose: .quit, question: "A run is going on. Quit? What is scored by now is kept."))
    case .accept: return accept()
    case .abandon:
      if case .themes(_, let before) = overlay { show(theme: before) }
      overlay = nil
    case .complete: return complete()
    case .nextRole: return stepRole()
    case .nextChoice: stepChoice(1)
    case .previousChoice: stepChoice(-1)
    case .deleteBackwards: return edit { $0.deleteBackwards() }
    case .deleteForwards: return edit { $0.deleteForwards() }
    case .deleteWord: return edit { $0.deleteWord() }
    case .deleteLine: return edit { $0.deleteToStart() }
    case .cursorLeft: return edit { $0.moveLeft() }
    case .cursorRight: return edit { $0.moveRight() }
    case .cursorStart: return edit { $0.moveToStart() }
    case .cursorEnd: return edit { $0.moveToEnd() }
    case .yes: return answer(true)
    case .no: return answer(false)
    }
    return []
  }

  mutating func show(_ name: ScreenName) {
    if name != screen {
      jumpedFrom = nil
      banner = nil  // it was seen; the log keeps it
    }
    screen = name
    overlay = nil
  }

  private mutating func stepPanel(_ steps: Int) {
    let order = panelOrder.filter { panel in
      // A facet that is out of sight is reached by changing the view, not by going round.
      !CompareState.allFacets.contains(panel) || isCompact && facets.contains(panel) || layout.rect(of: panel) != nil
    }
    let place = order.firstIndex(of: focusedPanel) ?? 0
    focus(on: order[((place + steps) % order.count + order.count) % order.count])
  }

  private mutating func stepSideways(_ steps: Int) {
    if focusedPanel == .differing {
      let groups = Comparison.Group.all(of: comparedPlaces.count)
      let place = groups.firstIndex(of: compare.group) ?? 0
      compare.group = groups[(place + steps + groups.count) % groups.count]
      return
    }
    if focusedPanel == .versus, comparedRuns != nil {
      stepRun(at: compare.runList.cursor, by: steps)
      return
    }
    if focusedPanel == .reasons {
      stepRelation(steps)
      return
    }
    if focusedPanel == .map, !map.isHeatMap {
      map.step(x: Double(steps), y: 0, aspect: mapAspect)
      return
    }
    guard focusedPanel == .setup, let field = setup.currentField, field.parameter.choices != nil else {
      stepPanel(steps)
      return
    }
    setup.step(field, by: steps)
  }

  private mutating func activate() -> [Effect] {
    switch focusedPanel {
    case .files: return ask(.open(role), text: "")
    case .rows: focus(on: .rowText)
    case .setup:
      guard let field = setup.currentField else { return attempt(.startRun) }
      if let role = field.parameter.role { return ask(.open(role), text: "") }
      if field.parameter.choices != nil {
        setup.step(field, by: 1)
      } else {
        return ask(.field(field), text: setup[field])
      }
    case .picks: show(.inspect)
    case .chosen: focus(on: .reasons)
    case .reasons:
      guard let row = representedUnderCursor else { return [] }
      guard let run = inspectedRun else { return [] }
      let role = role(of: relation, in: run)
      return jump(to: row.index, of: role, run.contents[role])
    case .differing:
      guard let row = comparedRow else { return [] }
      return jump(to: row.index, of: .pool, comparedPool)
    case .makeup: return filterByLabel()
    case .map, .mapText:
      guard let row = rowUnderCursor else { return [] }
      return jump(to: row, of: .pool, files[.pool]?.opened?.summary.contentHash)
    case .versus:
      let places = comparedPlaces
      guard places.indices.contains(compare.runList.cursor) else { return [] }
      inspect(run: places[compare.runList.cursor])
      show(.inspect)
    case .rowText, .meaning, .estimate, .progress, .gains, .coverage, .chosenText, .curves, .overlap, .composition,
      .lengths, .crossed, .differingText:
      break
    }
    return []
  }

  /// Shows a row on the Data screen; Esc comes back.
  private mutating func jump(to index: Int, of served: DatasetRole, _ content: ContentHash?) -> [Effect] {
    guard var file = files[served]?.opened, file.summary.contentHash == content else {
      say("The file that this run was about is no longer open.")
      return []
    }
    let from = screen
    role = served
    focus(on: .rows)
    jumpedFrom = from
    rowTextTop = 0
    // A filter that leaves the row out gives way.
    if file.place(of: index) == nil { file.show(nil) }
    file.list.center(on: file.place(of: index) ?? 0, count: file.shownCount, page: page(of: .rows))
    files[role] = .opened(file)
    return []
  }

  private mutating func dismiss() -> [Effect] {
    if seeking != nil, overlay == nil {
      seeking = nil
      return [.stopSeeking]
    }
    if overlay != nil {
      overlay = nil
    } else if banner != nil {
      banner = nil
    } else if screen == .run, currentRun?.replay != nil {
      runs[runs.count - 1].replay = nil
    } else if screen == .map, map.progress != nil {
      map.progress = nil
      // What was shown before is shown again; without one, what needs no model.
      map.source = map.map == nil ? .words : map.mapFor?.source
      map.asked = map.map == nil ? nil : mapRequest
      return [.stopMapping]
    } else if screen == .run, availability(of: .cancelRun).isAvailable {
      return cancelRun()
    } else if let from = jumpedFrom {
      show(from)
    } else if screen == .data, shownFile?.filter != nil {
      noteForUndo()
      show(role, through: nil)
    } else if notice != nil {
      notice = nil
    } else if let home = panelOrder.first(where: { Model.homes.values.contains($0) }) {
      focus(on: home)
    }
    return []
  }

  private mutating func cancelRun() -> [Effect] {
    guard let place = runs.indices.last else { return [] }
    runs[place].state = .cancelling
    return [.cancelRun]
  }

  /// Pairs from which on a run says what it takes and asks before it starts.
  static let manyPairs = 25_000_000

  mutating func startRun(isAsked: Bool = false) -> [Effect] {
    if !isAsked, setup.scores, let pairs = plannedPairs, pairs >= Self.manyPairs {
      var question = "This scores \(Format.count(pairs, "pair")) and takes \(Format.bytes(Double(pairs) * 8)) of memory"
      if let found = estimate.estimate, estimate.asked == plannedRun?.forEstimate {
        question += ", about \(Format.span(found.seconds))"
      } else {
        question += "; \(key(.showSetup)) says how long"
      }
      overlay = .confirm(Confirmation(purpose: .start, question: question + ". Start?"))
      return []
    }
    guard let specification = plannedRun, let picks = plannedPicks, let rows = candidateRows else { return [] }
    var run = Run(
      specification: specification, budget: picks, candidates: rows,
      contents: files.compactMapValues { $0.opened?.summary.contentHash })
    if specification.pool == nil { run.contents[.pool] = nil }
    restoring?.running = nil
    runs.append(run)
    show(.run)
    return [.startRun(specification)]
  }

  private mutating func replay(_ action: Action) {
    let place = runs.count - 1
    let count = runs[place].picks.count
    let before = runs[place].replay
    // A first step begins at the end, where the screen stands; playing begins at the beginning.
    var replay = before ?? Replay(of: count)
    if before == nil, action != .replay { replay.position = count }
    switch action {
    case .replay:
      if before != nil { replay.isPlaying.toggle() }
      if replay.isPlaying, replay.position == count { replay.position = 0 }
    case .stepBack: replay.step(by: -1, of: count)
    case .stepForward: replay.step(by: 1, of: count)
    case .slower: replay.change(speed: -1)
    case .faster: replay.change(speed: 1)
    default: break
    }
    runs[place].replay = replay
  }

  /// Looks for the next row of the list in front that matches what was searched for last.
  mutating func seek(forward: Bool) -> [Effect] {
    guard let pattern = searched else { return [] }
    if screen == .inspect {
      guard let run = inspectedRun, let pool = files[.pool]?.opened, run.pool == pool.summary.contentHash,
        let pick = inspectedPick
      else { return [] }
      let key = pool.key
      seeking = pattern
      let rows = run.picks.indices.compactMap { self.pick(at: $0, of: run)?.index }
      return [.find(key, pattern, RowSearch(rows: rows, from: pick.index, isForward: forward))]
    }
    guard let file = shownFile, let row = file.rowUnderCursor else { return [] }
    seeking = pattern
    return [.find(file.key, pattern, RowSearch(rows: file.shownRows, from: row, isForward: forward))]
  }

  private mutating func copyRow() -> [Effect] {
    guard let row = rowUnderCursor else { return [] }
    let content =
      switch screen {
      case .data: shownFile?.cache[row]
      case .compare: poolRow(row, of: comparedPool)
      case .map: files[.pool]?.opened?.cache[row]
      default: focusedPanel == .reasons ? relatedRow(row) : poolRow(row, of: inspectedRun?.pool)
      }
    guard let sample = content?.sample else {
      say("The row is not loaded yet.")
      return []
    }
    let parts = sample.query.instructionAndInput
    let text = [parts.instruction, parts.input, sample.response].filter { !$0.isEmpty }.joined(separator: "\n\n")
    say("Sent row \(Format.count(row)) to the terminal's clipboard.")
    return [.copyToClipboard(text)]
  }

  private mutating func mark(_ action: Action) {
    guard let row = rowUnderCursor else { return }
    noteForUndo()
    if action == .pin { setup.marks.toggle(pin: row) } else { setup.marks.toggle(ban: row) }
    say(marksSummary + " \(key(.startRun)) runs with them.")
  }

  var marksSummary: String {
    "\(Format.count(setup.marks.pinned.count)) pinned, \(Format.count(setup.marks.banned.count)) banned."
  }
}
