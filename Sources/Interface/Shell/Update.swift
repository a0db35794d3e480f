import Domain
import Screen

/// Takes in what happened, and gives what is wanted of the world outside. The only way the model changes.
package func update(_ model: inout Model, _ message: Message) -> [Effect] {
  var effects = model.take(message)
  for part in ScreenName.parts { part.settle(&model) }
  for part in ScreenName.parts { effects += part.requests(&model) }
  return effects
}

extension Model {
  fileprivate mutating func take(_ message: Message) -> [Effect] {
    switch message {
    case .input(let event): return take(event)
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
    case .runStarted(let id, let specification): runStarted(id, specification)
    case .progress(let id, let progress): change(run: id) { $0.receive(progress) }
    case .reachable(let id, let value): change(run: id) { $0.reachable = value }
    case .recorded(let id, let number): change(run: id) { $0.number = number }
    case .picked(let id, let picks): runPicked(id, picks)
    case .runFinished(let id, let selection, let seconds):
      runFinished(id, selection, seconds)
      return startWaitingRun()
    case .runCancelled(let id, let selection):
      runCancelled(id, selection)
      return startWaitingRun()
    case .runFailed(let id, let report):
      runFailed(id, report)
      return startWaitingRun()
    case .surveyed(let key, let survey):
      compare.sets = []
      change(key) { file in
        let row = file.rowUnderCursor
        file.receive(survey)
        if let position = row.flatMap({ file.position(of: $0) }) { file.list.cursor = position }
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
    case .found(let key, let pattern, let row):
      guard seeking == pattern else { break }  // stopped meanwhile, or another one was begun
      seeking = nil
      if let row { part.rows?.found(&self, key, row) } else { say("No row matches \(pattern.text).") }
    case .filtered(let key, let filter, let rows): filtered(key, filter, rows)
    case .explained(let id, let rank, let explanation):
      inspect.pending = nil
      if inspectedRun?.id == id {
        if inspect.explanations.count >= InspectState.mostExplanations { inspect.explanations = [:] }
        inspect.explanations[rank] = explanation
      }
    case .explanationFailed(let id, let rank, let report):
      inspect.pending = nil
      if inspectedRun?.id == id { inspect.failures[rank] = report }
    case .exported(_, let path, let rows):
      say("Wrote \(Format.count(rows, "row")) to \(path), and how they were chosen beside it (.manifest.json)")
    case .exportExists(let id, let path):
      overlay = .confirm(
        Confirmation(purpose: .overwrite(id, path: path), question: "\(path) exists. Write over it?"))
    case .notice(let text): say(text)
    case .failed(let report): fail(report)
    case .tick(let seconds):
      if let index = runs.indices.last {
        let count = runs[index].picks.count
        runs[index].replay?.advance(by: seconds - clock, of: count)
      }
      clock = seconds
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
      // Marks are rows of a file; in another one they would mean other rows.
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

  /// Changes the open file that has a key; news of one that was closed meanwhile is passed over.
  mutating func change(_ key: DatasetKey, _ body: (inout OpenedFile) -> Void) {
    for role in DatasetRole.allCases {
      guard var file = files[role]?.opened, file.key == key else { continue }
      files[role] = .absent  // so that the cache has one owner while it changes, and is not copied
      body(&file)
      files[role] = .opened(file)
    }
  }
}
