import Domain
import Screen

/// Takes in what happened, and gives what is wanted of the world outside. The only way the model changes.
package func update(_ model: inout Model, _ message: Message) -> [Effect] {
  var effects: [Effect]
  switch message {
  case .input(let event): effects = model.take(event)
  default: effects = model.hear(message)
  }
  model.settle()
  effects += model.wants()
  return effects
}

extension Model {
  /// News from outside.
  mutating func hear(_ message: Message) -> [Effect] {
    switch message {
    case .input: break
    case .datasetOpened(let key, let summary): return opened(key, summary)
    case .datasetFailed(let path, let role, let report):
      // A file that was open in this role stays open: a mistyped path costs nothing.
      if files[role]?.opened == nil { files[role] = .failed(path: path, report) }
      opening[role] = nil
      fail(report)
    case .rows(let key, let first, let rows):
      change(key) { $0.cache.receive(rows, from: first) }
    case .completions(let text, let found):
      if case .prompt(var prompt) = overlay {
        prompt.receive(found, of: text)
        overlay = .prompt(prompt)
      }
    case .runStarted, .progress, .picked, .reachable, .runFinished, .recorded, .runCancelled, .runFailed:
      hearOfRun(message)
    case .surveyed(let key, let survey):
      compare.sets = []
      change(key) { file in
        let row = file.rowUnderCursor
        file.receive(survey)
        if let place = row.flatMap({ file.place(of: $0) }) { file.list.cursor = place }
      }
      if inspect.order == .length || inspect.order == .label { arrangePicks() }
    case .estimated(let specification, let found):
      guard estimate.asked == specification else { break }
      estimate.estimate = found
    case .estimateFailed(let specification, let report):
      guard estimate.asked == specification else { break }
      estimate.failure = report
    case .mapped(let request, let found):
      guard map.asked == request else { break }
      map.receive(found, for: request)
    case .mapFailed(let request, let report):
      guard map.asked == request else { break }
      (map.failure, map.progress) = (report, nil)
      map.map = nil
    case .mapping(let request, let progress):
      guard map.asked == request, map.mapFor != request || map.map == nil, map.failure == nil else { break }
      map.progress = progress
    case .heated(let request, let found):
      guard map.askedHeat == request else { break }
      (map.heat, map.heatFor, map.heatFailure) = (found, request, nil)
    case .heatFailed(let request, let report):
      guard map.askedHeat == request else { break }
      (map.heat, map.heatFailure) = (nil, report)
    case .crossed(let ids, let values):
      guard compare.askedCross == ids else { break }
      (compare.crossedRuns, compare.crossed) = (ids, values)
    case .storedRuns(let pool, let stored):
      guard files[.pool]?.opened?.summary.contentHash == pool else { break }
      receive(stored)
    case .wrote(let path): say("Wrote \(path)")
    case .textExists(let path, let text):
      overlay = .confirm(
        Confirmation(purpose: .overwriteText(path: path, text: text), question: "\(path) exists. Write over it?"))
    case .found(let key, let pattern, let row): found(row, of: pattern, in: key)
    case .filtered(let key, let pattern, let rows):
      guard seeking == pattern else { break }
      seeking = nil
      guard let role = DatasetRole.allCases.first(where: { files[$0]?.opened?.key == key }) else { break }
      if rows.isEmpty {
        say("No row matches \(pattern.text).")
      } else {
        noteForUndo()
        show(role, through: RowFilter(pattern: pattern, rows: rows))
        say("\(Format.count(rows.count, "row")) match \(pattern.text). \(self.key(.dismiss)) shows all again.")
      }
    case .explained(let id, let rank, let explanation):
      inspect.pending = nil
      if inspectedRun?.id == id {
        if inspect.explanations.count >= InspectState.mostExplanations { inspect.explanations = [:] }
        inspect.explanations[rank] = explanation
      }
    case .explanationFailed(let id, let rank, let report):
      inspect.pending = nil
      if inspectedRun?.id == id { inspect.failures[rank] = report }
    case .exported(_, let path, let rows): say("Wrote \(Format.count(rows, "row")) to \(path)")
    case .exportExists(let id, let path):
      overlay = .confirm(
        Confirmation(purpose: .overwrite(id, path: path), question: "\(path) exists. Write over it?"))
    case .notice(let text): say(text)
    case .failed(let report): fail(report)
    case .tick(let seconds):
      if let place = runs.indices.last {
        let count = runs[place].picks.count
        runs[place].replay?.advance(by: seconds - clock, of: count)
      }
      clock = seconds
      if let notice, notice.until <= clock { self.notice = nil }
    }
    return []
  }

  private mutating func opened(_ key: DatasetKey, _ summary: DatasetSummary) -> [Effect] {
    var effects: [Effect] = []
    let before = files[summary.role]?.opened
    if let before { effects.append(.close(before.key)) }
    files[summary.role] = .opened(OpenedFile(key: key, summary: summary))
    opening[summary.role] = nil
    if seeking != nil, before != nil {
      seeking = nil
      effects.append(.stopSeeking)
    }
    if summary.role == .pool {
      // Marks are places in a file; in another one they would mean other rows.
      setup.marks = Marks()
      (done, undone) = ([], [])
    }
    if summary.role == .pool {
      map.map = nil
      (map.asked, map.progress) = (nil, nil)
      if !askedRuns.contains(summary.contentHash) {
        askedRuns.insert(summary.contentHash)
        effects.append(.loadRuns(pool: summary.contentHash))
      }
    }
    effects += restoreFile(summary.role)
    for note in summary.notes { say(note) }
    if !summary.badRows.isEmpty {
      say("\(summary.path): \(Format.count(summary.badRows.count, "bad row")) left out, listed on the Data screen")
    }
    return effects
  }

  private mutating func hearOfRun(_ message: Message) {
    switch message {
    case .runStarted(let id, let specification):
      guard let place = runs.indices.last, runs[place].id == nil else { return }
      runs[place].id = id
      runs[place].specification = specification
      if runs[place].state == .starting { runs[place].state = .running }
    case .progress(let id, let progress):
      change(run: id) { run in
        run.phases[progress.phase] = progress
        run.latestPhase = progress.phase
      }
    case .reachable(let id, let value): change(run: id) { $0.reachable = value }
    case .recorded(let id, let number): change(run: id) { $0.number = number }
    case .picked(let id, let picks):
      change(run: id) { $0.picks += picks }
      showChosen(by: id)
    case .runFinished(let id, let selection, let seconds):
      change(run: id) { $0.end(.finished(seconds: seconds), with: selection) }
      showChosen(by: id)
      let total = seconds.load + seconds.score + seconds.select
      say(
        "Chose \(Format.count(selection.picks.count, "row")) in \(Format.duration(total)). Press \(key(.showInspect)) to read them."
      )
    case .runCancelled(let id, let selection):
      change(run: id) { $0.end(.cancelled, with: selection) }
      showChosen(by: id)
      let kept = selection?.picks.count ?? 0
      say(
        kept > 0
          ? "Cancelled. \(Format.count(kept, "row")) chosen by then are kept, marked partial."
          : "Cancelled. What was scored is kept: the next run goes on from there.")
    case .runFailed(let id, let report):
      if let id {
        change(run: id) { $0.end(.failed(report), with: nil) }
      } else if let place = runs.indices.last, runs[place].isGoingOn {
        runs[place].end(.failed(report), with: nil)
      }
      fail(report)
    default: break
    }
  }

  /// Has Inspect look at the latest run, unless another one is being read there.
  private mutating func showChosen(by id: RunID) {
    guard let place = runs.indices.last, runs[place].id == id, !runs[place].picks.isEmpty else { return }
    if inspect.run == place, inspect.order != .rank || inspect.isReversed { arrangePicks() }
    if inspect.run != place, screen != .inspect || inspect.run == nil { inspect(run: place) }
  }

  private mutating func change(run id: RunID, _ body: (inout Run) -> Void) {
    // The latest run that has the number: a store gives each its own.
    guard let place = runs.lastIndex(where: { $0.id == id }) else { return }
    body(&runs[place])
  }

  /// Puts the cursor on the row that a search came to.
  private mutating func found(_ row: Int?, of pattern: RowPattern, in key: DatasetKey) {
    guard seeking == pattern else { return }  // stopped meanwhile, or another one was begun
    seeking = nil
    guard let row else {
      say("No row matches \(pattern.text).")
      return
    }
    if screen == .inspect, let run = inspectedRun, let pool = files[.pool]?.opened, pool.key == key,
      run.pool == pool.summary.contentHash
    {
      guard let rank = run.picks.firstIndex(where: { $0.index == row }), let place = place(ofRank: rank) else { return }
      self.place(cursor: place, in: .chosen)
      return
    }
    guard var file = shownFile, file.key == key, let place = file.place(of: row) else { return }
    file.list.center(on: place, count: file.shownCount, page: page(of: .rows))
    files[role] = .opened(file)
    rowTextTop = 0
  }

  /// Changes the open file that has a key; news of one that was closed meanwhile is passed over.
  mutating func change(_ key: DatasetKey, _ body: (inout OpenedFile) -> Void) {
    for role in DatasetRole.allCases {
      guard var file = files[role]?.opened, file.key == key else { continue }
      files[role] = .absent  // so that the cache has one owner while it changes, and is not copied
      body(&file)
      files[role] = .opened(file)
    }
  }

  /// Makes cursors and scroll places fit what there is now to stand on.
  mutating func settle() {
    for role in DatasetRole.allCases {
      guard var file = files[role]?.opened else { continue }
      file.list.settle(count: file.shownCount, page: page(of: .rows))
      file.labels.settle(count: file.shownLabels, page: labelsPage)
      files[role] = .opened(file)
    }
    setup.list.settle(count: setup.fields.count + 1, page: page(of: .setup))
    inspect.list.settle(count: inspectedRun?.picks.count ?? 0, page: page(of: .chosen))
    settleComparison()
    compare.list.settle(count: compare.rows.count, page: page(of: .differing))
    compare.runList.settle(count: comparedPlaces.count, page: max(1, comparedPlaces.count))
    inspect.represented.settle(count: relatedRows.count, page: page(of: .reasons))
    if let count = map.map?.rows.count { map.cursor = max(0, min(count - 1, map.cursor)) }
  }

  /// Rows and explanations that are in sight and not at hand.
  mutating func wants() -> [Effect] {
    var effects: [Effect] = []
    switch screen {
    case .data:
      guard var file = files[role]?.opened else { break }
      let visible = file.list.visible(count: file.shownCount, page: page(of: .rows))
      let ranges: [Range<Int>]
      if !file.isWhole {
        ranges = file.cache.want(file.rows(at: visible), of: file.summary.rows)
      } else {
        // The cursor's row is wanted for its text even where the list itself has no room.
        ranges = file.cache.want(
          visible.isEmpty ? file.list.cursor..<file.list.cursor + 1 : visible, of: file.summary.rows)
      }
      files[role] = .opened(file)
      effects += ranges.map { .loadRows(file.key, $0) }
    case .compare, .setup: break
    case .map:
      if let row = mappedRow, !map.isHeatMap {
        effects += want([row], of: .pool, files[.pool]?.opened?.summary.contentHash)
      }
    case .run:
      guard let run = currentRun else { break }
      effects += want(run.shownPicks.suffix(page(of: .picks)).map(\.index), of: .pool, run.pool)
    case .inspect:
      guard let run = inspectedRun else { break }
      var rows = inspect.list.visible(count: run.picks.count, page: page(of: .chosen)).compactMap {
        pick(at: $0, of: run)?.index
      }
      if let pick = inspectedPick { rows.append(pick.index) }
      effects += want(rows, of: .pool, run.pool)
      let related = relatedRows
      let inSight = inspect.represented.visible(count: related.count, page: page(of: .reasons))
      let role = role(of: relation, in: run)
      effects += want(related[inSight].map(\.index), of: role, run.contents[role])
    }
    if screen == .compare {
      let inSight = compare.list.visible(count: compare.rows.count, page: page(of: .differing))
      effects += want(
        compare.rows[inSight].compactMap { compare.comparison?[$0].index } + [comparedRow?.index].compactMap { $0 },
        of: .pool, comparedPool)
    }
    if screen == .inspect, inspect.pending == nil, let run = inspectedRun, !run.isGoingOn, let id = run.id,
      let pick = inspectedPick, inspect.explanations[pick.rank] == nil, inspect.failures[pick.rank] == nil
    {
      inspect.pending = pick.rank
      effects.append(.explain(id, rank: pick.rank))
    }
    effects += wantsSurveys()
    effects += wantsEstimate()
    effects += wantsMap()
    effects += wantsCross()
    return effects
  }

  /// Has open files read through for what they are made of, with the tokenizer of the model that is named.
  private mutating func wantsSurveys() -> [Effect] {
    var effects: [Effect] = []
    let model = setup.tokenizerFolder
    for role in DatasetRole.allCases {
      guard var file = files[role]?.opened, file.surveyedFor != model else { continue }
      file.surveyedFor = model
      files[role] = .opened(file)
      effects.append(.survey(file.key, model: model.isEmpty ? nil : model))
    }
    return effects
  }
}

extension Model {
  /// What must be loaded of scattered rows of a file, if it is still the one that is open.
  private mutating func want(_ rows: [Int], of role: DatasetRole, _ content: ContentHash?) -> [Effect] {
    guard var file = files[role]?.opened, file.summary.contentHash == content else { return [] }
    let ranges = file.cache.want(rows, of: file.summary.rows)
    files[role] = .opened(file)
    return ranges.map { .loadRows(file.key, $0) }
  }
}

extension Run {
  fileprivate mutating func end(_ state: State, with selection: Selection?) {
    self.state = state
    isPaused = false
    self.selection = selection
    if let selection { picks = selection.picks }
  }
}
