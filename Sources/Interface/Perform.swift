import Domain
import Screen

extension Model {
  /// Does an action that can be done now.
  mutating func perform(_ action: Action) -> [Effect] {
    switch action {
    case .showData: show(.data)
    case .showRun: show(.run)
    case .showInspect: show(.inspect)
    case .showCompare: show(.compare)
    case .earlierA: stepRun(isB: false, by: -1)
    case .laterA: stepRun(isB: false, by: 1)
    case .earlierB: stepRun(isB: true, by: -1)
    case .laterB: stepRun(isB: true, by: 1)
    case .nextPanel: stepPanel(1)
    case .previousPanel: stepPanel(-1)
    case .up, .down, .pageUp, .pageDown, .first, .last: move(action)
    case .left: stepSideways(-1)
    case .right: stepSideways(1)
    case .activate: return activate()
    case .openFile: return ask(.open(role), text: "")
    case .copyRow: return copyRow()
    case .pin, .ban: mark(action)
    case .undo:
      if let before = done.popLast() {
        undone.append(undoable)
        undoable = before
        say("Took it back. \(marksSummary)")
      }
    case .redo:
      if let after = undone.popLast() {
        done.append(undoable)
        undoable = after
        say("Done again. \(marksSummary)")
      }
    case .search: return ask(.search, text: "")
    case .filter: return ask(.filter, text: shownFile?.filter?.pattern.text ?? "")
    case .searchNext: return seek(forward: true)
    case .searchPrevious: return seek(forward: false)
    case .startRun: return startRun()
    case .cancelRun:
      runs[runs.count - 1].state = .cancelling
      return [.cancelRun]
    case .replay, .stepBack, .stepForward, .slower, .faster: replay(action)
    case .changeCurve: showsValue.toggle()
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

  private mutating func show(_ name: ScreenName) {
    if name != screen {
      jumpedFrom = nil
      banner = nil  // it was seen; the log keeps it
    }
    screen = name
    overlay = nil
  }

  private mutating func stepPanel(_ steps: Int) {
    let order = panelOrder
    let place = order.firstIndex(of: focusedPanel) ?? 0
    focus(on: order[((place + steps) % order.count + order.count) % order.count])
  }

  private mutating func stepSideways(_ steps: Int) {
    if focusedPanel == .differing {
      let groups = Comparison.Group.allCases
      compare.group = groups[(compare.group.rawValue + steps + groups.count) % groups.count]
      return
    }
    guard focusedPanel == .setup, let field = setup.currentField, field.choices != nil else {
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
      if field.choices != nil {
        setup.step(field, by: 1)
      } else {
        return ask(.field(field), text: setup[field])
      }
    case .picks: show(.inspect)
    case .chosen: focus(on: .reasons)
    case .reasons:
      guard let row = representedUnderCursor else { return [] }
      return jump(to: row.index, of: inspectedRun?.servedRole ?? .pool, inspectedRun?.served)
    case .differing:
      guard let row = comparedRow else { return [] }
      return jump(to: row.index, of: .pool, comparedPool)
    case .rowText, .progress, .gains, .chosenText, .versus, .curves, .differingText: break
    }
    return []
  }

  /// Shows a row on the Data screen; Esc comes back.
  private mutating func jump(to index: Int, of served: DatasetRole, _ key: DatasetKey?) -> [Effect] {
    guard var file = files[served]?.opened, file.key == key else {
      say("The file that this run was about is no longer open.")
      return []
    }
    let from = screen
    role = served
    focus(on: .rows)
    jumpedFrom = from
    rowTextTop = 0
    // A filter that leaves the row out gives way.
    if file.place(of: index) == nil { file.filter = nil }
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
    } else if let from = jumpedFrom {
      show(from)
    } else if screen == .data, shownFile?.filter != nil {
      noteForUndo()
      show(role, through: nil)
    } else if notice != nil {
      notice = nil
    } else if let home = panelOrder.first(where: { [.rows, .setup, .chosen, .differing].contains($0) }) {
      focus(on: home)
    }
    return []
  }

  private mutating func startRun() -> [Effect] {
    guard let specification = plannedRun, let picks = plannedPicks, let rows = candidateRows else { return [] }
    var run = Run(
      specification: specification, budget: picks, candidates: rows, pool: files[.pool]?.opened?.key)
    run.served = files[run.servedRole]?.opened?.key
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
  private mutating func seek(forward: Bool) -> [Effect] {
    guard let pattern = searched else { return [] }
    if screen == .inspect {
      guard let run = inspectedRun, let key = run.pool, let pick = inspectedPick else { return [] }
      seeking = pattern
      let rows = run.picks.map(\.index)
      return [.find(key, pattern, RowSearch(rows: rows, from: pick.index, isForward: forward))]
    }
    guard let file = shownFile, let row = file.rowUnderCursor else { return [] }
    seeking = pattern
    return [.find(file.key, pattern, RowSearch(rows: file.filter?.rows, from: row, isForward: forward))]
  }

  private mutating func copyRow() -> [Effect] {
    guard let row = rowUnderCursor else { return [] }
    let content =
      switch screen {
      case .data: shownFile?.cache[row]
      case .compare: poolRow(row, of: comparedPool)
      default: focusedPanel == .reasons ? servedRow(row) : poolRow(row, of: inspectedRun?.pool)
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

  // MARK: What stands over the screen

  private mutating func ask(_ purpose: Prompt.Purpose, text: String) -> [Effect] {
    let prompt = Prompt(purpose, text: text)
    overlay = .prompt(prompt)
    return prompt.takesPath ? [.completePath(text)] : []
  }

  private mutating func accept() -> [Effect] {
    switch overlay {
    case .prompt(let prompt): return accept(prompt)
    case .palette(let palette):
      let matches = palette.matches(in: keyMap)
      guard matches.indices.contains(palette.list.cursor) else { return [] }
      overlay = nil
      return attempt(matches[palette.list.cursor].action)
    case .themes(_, let before):
      overlay = nil
      return before == themeIndex ? [] : [.rememberTheme(themes[themeIndex].id)]
    default: return []
    }
  }

  private mutating func accept(_ prompt: Prompt) -> [Effect] {
    let text = prompt.input.text
    switch prompt.purpose {
    case .open(let role):
      guard !text.isEmpty else { return [] }
      overlay = nil
      self.role = role
      if files[role]?.opened == nil { files[role] = .opening(path: text) }
      opening[role] = text
      return [.open(path: text, role: role)]
    case .field(let field):
      let trimmed = field.isPath ? text : text.filter { !$0.isWhitespace }
      // Refused values stay in the line, with what is wrong beneath it.
      guard field.problem(with: trimmed, poolRows: candidateRows) == nil else { return [] }
      setup[field] = trimmed
      overlay = nil
    case .search:
      guard let pattern = try? RowPattern(parsing: text) else { return [] }
      overlay = nil
      searched = pattern
      return seek(forward: true)
    case .filter:
      if text.isEmpty {
        overlay = nil
        noteForUndo()
        show(role, through: nil)
        return []
      }
      guard let pattern = try? RowPattern(parsing: text), let key = shownFile?.key else { return [] }
      overlay = nil
      seeking = pattern
      return [.filter(key, pattern)]
    case .export(let id):
      guard !text.isEmpty else { return [] }
      overlay = nil
      return [.export(id, path: text, overwrite: false)]
    }
    return []
  }

  private mutating func complete() -> [Effect] {
    guard case .prompt(var prompt) = overlay else { return [] }
    if prompt.chosen != nil {
      // A completion that was moved to is taken; what follows it is looked up.
      prompt.chosen = nil
      overlay = .prompt(prompt)
      return [.completePath(prompt.input.text)]
    }
    guard prompt.completedText == prompt.input.text else {
      prompt.fillsIn = true
      overlay = .prompt(prompt)
      return [.completePath(prompt.input.text)]
    }
    let before = prompt.input.text
    prompt.fillIn()
    let isStepping = prompt.chosen != nil
    overlay = .prompt(prompt)
    return prompt.input.text == before || isStepping ? [] : [.completePath(prompt.input.text)]
  }

  private mutating func stepRole() -> [Effect] {
    guard case .prompt(var prompt) = overlay, case .open(let role) = prompt.purpose else { return [] }
    prompt.purpose = .open(role.next)
    overlay = .prompt(prompt)
    return []
  }

  private mutating func stepChoice(_ steps: Int) {
    switch overlay {
    case .prompt(var prompt):
      prompt.step(steps)
      overlay = .prompt(prompt)
    case .palette(var palette):
      palette.list.move(by: steps, count: palette.matches(in: keyMap).count, page: palettePage)
      overlay = .palette(palette)
    default: break
    }
  }

  private mutating func answer(_ yes: Bool) -> [Effect] {
    guard case .confirm(let asked) = overlay else { return [] }
    overlay = nil
    guard yes else { return [] }
    switch asked.purpose {
    case .quit: return [.quit]
    case .overwrite(let id, let path): return [.export(id, path: path, overwrite: true)]
    }
  }
}
