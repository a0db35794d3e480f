import Domain

/// What of the workbench comes back on the next start: what was open, what was set, where one stood.
package struct Session: Sendable, Hashable, Codable {
  package struct File: Sendable, Hashable, Codable {
    package var path: String
    /// Files that it goes on in.
    package var more: [String]? = nil
    package var content: ContentHash?
    /// As it was typed; nil where all rows were shown.
    package var filter: String?
    package var order = RowOrder.file
    package var isReversed = false
    /// The row under the cursor.
    package var row: RowIndex = 0

    package init(path: String) { self.path = path }
  }

  package var screen = ScreenName.data
  package var focus: [String: Panel] = [:]
  package var files: [String: File] = [:]
  package var role = DatasetRole.pool
  /// What the form says, by field.
  package var setup: [String: String] = [:]
  package var pinned: [RowIndex] = []
  package var banned: [RowIndex] = []
  /// The rows that have each tag.
  package var tags: [String: [RowIndex]]? = nil
  package var theme: String?
  /// The run that was inspected, by its number in the library, the pick under the cursor, and the compared runs.
  package var inspected: Int64?
  package var pick = 0
  package var a: Int64?
  package var b: Int64?
  /// Runs that are compared beside these two.
  package var compared: [Int64]? = nil
  package var isHeatMap = false
  package var mapSource: MapSource?
  package var mapColouring = MapState.Colouring.label
  /// The run that was going on, and how far it was.
  package var running: RunSpecification?
  package var done = 0
  package var total = 0

  package init() {}
}

extension Model {
  /// What is to be kept of how things stand.
  package var session: Session {
    var session = Session()
    session.screen = screen
    for (screen, panel) in focus { session.focus["\(screen.rawValue)"] = panel }
    for (role, state) in files {
      guard let path = opening[role] ?? state.path else { continue }
      var kept = Session.File(path: path)
      if let file = state.opened, opening[role] == nil {
        kept.content = file.summary.contentHash
        if file.summary.parts.count > 1 { kept.more = file.summary.parts.dropFirst().map(\.path) }
        kept.filter = (file.waitingFilter ?? file.filter?.expression)?.text
        kept.order = file.order
        kept.isReversed = file.isReversed
        kept.row = file.rowUnderCursor ?? 0
      } else if let waiting = restoring?.files[role.rawValue], waiting.path == path {
        kept = waiting
      }
      session.files[role.rawValue] = kept
    }
    session.role = data.role
    for (field, text) in setup.draft.texts where text != SetupState()[field] {
      session.setup[field.rawValue] = text
    }
    session.pinned = setup.marks.pinned
    session.banned = setup.marks.banned
    if !setup.marks.tags.isEmpty {
      var tags: [String: [RowIndex]] = [:]
      for row in setup.marks.tags.keys.sorted() {
        for tag in setup.marks.tags[row] ?? [] { tags[tag, default: []].append(row) }
      }
      session.tags = tags
    }
    session.theme = themes[themeIndex].id
    session.inspected = inspectedRun?.number ?? restoring?.inspected
    session.pick = inspectedRun == nil ? restoring?.pick ?? 0 : inspect.list.cursor
    session.a = compare.a.flatMap { runs.indices.contains($0) ? runs[$0].number : nil } ?? restoring?.a
    session.b = compare.b.flatMap { runs.indices.contains($0) ? runs[$0].number : nil } ?? restoring?.b
    let more = compare.more.compactMap { runs.indices.contains($0) ? runs[$0].number : nil }
    session.compared = more.isEmpty ? restoring?.compared : more
    session.isHeatMap = map.isHeatMap
    session.mapSource = map.source
    session.mapColouring = map.colouring
    if let run = currentRun, run.isGoingOn {
      session.running = run.specification
      if let progress = run.currentPhase.flatMap({ run.phases[$0] }) {
        // Coarsely: what is kept is written each time it changes.
        let step = max(1, progress.total / 50)
        session.done = progress.done / step * step
        session.total = progress.total
      }
    } else if runs.isEmpty {
      session.running = restoring?.running
    }
    return session
  }

  /// Takes up where an earlier session left off; what the command line names goes before it.
  mutating func restore(_ session: Session, over opening: Opening) {
    for role in DatasetRole.allCases where opening.paths[role] == nil {
      guard let file = session.files[role.rawValue] else { continue }
      files[role] = .opening(path: file.path)
      self.opening[role] = file.path
      if role == .pool { morePools = file.more ?? [] }
    }
    for (name, text) in session.setup {
      let field = Parameter.ID(rawValue: name)
      // An older session may name what there is no more.
      guard let parameter = Parameter.named(field), parameter.role == nil else { continue }
      if field == .model, opening.modelIsAsked || setup[.model] == text { continue }
      if field == .source, opening.modelIsAsked || opening.endpoint != nil { continue }
      if [.endpoint, .servedModel, .tokenizer].contains(field), opening.endpoint != nil { continue }
      if field == .method, opening.method != nil { continue }
      if field == .budget, opening.budget != nil { continue }
      if field == .limit, opening.limit != nil { continue }
      setup[field] = text
    }
    if opening.theme == nil, let id = session.theme, let index = themes.firstIndex(where: { $0.id == id }) {
      show(theme: index)
    }
    if session.screen.isKnown { screen = session.screen }
    data.role = session.role
    for (name, panel) in session.focus {
      guard let number = Int(name), let screen = panel.screen, screen.rawValue == number else { continue }
      focus[screen] = panel
    }
    map.isHeatMap = session.isHeatMap
    map.source = session.mapSource
    map.colouring = session.mapColouring
    restoring = session
    if let running = session.running, let process = opening.runningElsewhere {
      restoring?.running = nil
      say(
        "\(running.method.rawValue) is running in another window (process \(process)). What it scores is shared; its rows come to Inspect when this opens again."
      )
    } else if let running = session.running {
      let share = session.total > 0 ? " at \(Format.percent(Double(session.done) / Double(session.total)))" : ""
      say(
        "\(running.method.rawValue) was interrupted\(share). What was scored is kept: \(key(.startRun)) goes on from there."
      )
    }
  }

  /// Brings back what a session kept of a file that has been opened again.
  mutating func restoreFile(_ role: DatasetRole) -> [Effect] {
    guard let kept = restoring?.files[role.rawValue], var file = files[role]?.opened,
      kept.path == file.summary.path || kept.content == file.summary.contentHash
    else { return [] }
    restoring?.files[role.rawValue] = nil
    let isSame = kept.content == nil || kept.content == file.summary.contentHash
    guard isSame else {
      say("\(kept.path) has changed since: marks and filters of before are left out.")
      return []
    }
    if kept.order != .file || kept.isReversed { file.order(by: kept.order, isReversed: kept.isReversed) }
    let position = file.position(of: kept.row) ?? 0
    file.list.center(on: position, count: file.shownCount, page: page(of: .rows))
    files[role] = .opened(file)
    if role == .pool, let session = restoring {
      setup.marks.pinned = session.pinned.filter { $0 >= 0 && $0.value < file.summary.rows }
      setup.marks.banned = session.banned.filter { $0 >= 0 && $0.value < file.summary.rows }
      for (tag, rows) in session.tags ?? [:] {
        for row in rows where row >= 0 && row.value < file.summary.rows {
          setup.marks.tags[row, default: []].insert(tag)
        }
      }
    }
    guard let text = kept.filter, let filter = try? FilterExpression(parsing: text) else { return [] }
    // It is asked for as soon as the runs are there that it may be about.
    file.waitingFilter = filter
    files[role] = .opened(file)
    return []
  }

  /// Takes in runs of the library that chose from the open pool.
  mutating func receive(_ stored: [StoredRun]) {
    let known = Set(runs.compactMap(\.number))
    let fresh = stored.filter { !known.contains($0.number) }.map { Run($0) }
    guard !fresh.isEmpty else {
      restoreRuns()
      return
    }
    runs.insert(contentsOf: fresh, at: 0)
    let shift = fresh.count
    inspect.run = inspect.run.map { $0 + shift }
    compare.a = compare.a.map { $0 + shift }
    compare.b = compare.b.map { $0 + shift }
    compare.more = compare.more.map { $0 + shift }
    compare.compared = []
    restoreRuns()
    if inspect.run == nil { inspect(run: runs.indices.last ?? 0) }
  }

  private mutating func restoreRuns() {
    func index(of number: Int64?) -> Int? { number.flatMap { number in runs.firstIndex { $0.number == number } } }
    guard let session = restoring else { return }
    if let run = index(of: session.inspected) {
      inspect(run: run)
      inspect.list.center(on: session.pick, count: runs[run].picks.count, page: page(of: .chosen))
    }
    compare.a = index(of: session.a) ?? compare.a
    compare.b = index(of: session.b) ?? compare.b
    if let more = session.compared { compare.more = more.compactMap { index(of: $0) } }
    restoring?.inspected = nil
    restoring?.compared = nil
    restoring?.a = nil
    restoring?.b = nil
  }
}
