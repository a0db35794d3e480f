import Domain
import Screen

extension Context {
  /// The screens that show rows of the pool.
  fileprivate static let withRows: [Context] = [.data, .inspect, .compare, .map]
  fileprivate static let withRowLists: [Context] = [.data, .inspect, .compare]
  fileprivate static let withOrder: [Context] = [.data, .inspect]
}

extension Action {
  static let search: Action = "search"
  static let filter: Action = "filter"
  static let markAll: Action = "markAll"
  static let pin: Action = "pin"
  static let tag: Action = "tag"
  static let ban: Action = "ban"
  static let undo: Action = "undo"
  static let copyRow: Action = "copyRow"
  static let reverseSort: Action = "reverseSort"
  static let nextView: Action = "nextView"
}

extension Command {
  /// What can be done with rows, wherever they are shown.
  static let ofRows: [Command] = [
    Command(
      .search, [.character("/")], in: Context.withRowLists, "search",
      "Find a row by a word, a regular expression or a filter",
      footer: true, unless: { $0.part.rows?.obstacle($0) }, asks: { $0.ask(.search) }),
    Command(
      "searchNext", [.character("n")], in: Context.withRowLists, "next", "Go to the next row that was searched for",
      unless: { $0.obstacleToSearchOn }, asks: { $0.searchOn(forward: true) }),
    Command(
      "searchPrevious", [.character("N")], in: Context.withRowLists, "previous",
      "Go to the previous row that was searched for",
      unless: { $0.obstacleToSearchOn }, asks: { $0.searchOn(forward: false) }),
    Command(
      .filter, [.character("f")], in: [.data], "filter", "Show only the rows that match; Esc shows all again",
      footer: true, unless: { $0.part.rows?.obstacle($0) }, asks: { $0.ask(.filter, text: $0.filterToBeginWith) }),
    Command(
      "filterPool", [.character("f")], in: [.inspect, .compare, .map], "filter the pool",
      "Show the rows of the pool that match, chosen or not; Esc comes back", unless: { $0.obstacleToRowsOfPool },
      asks: { $0.ask(.filter, text: $0.filterToBeginWith) }),
    Command(
      "markRow", [.character(" ")], in: [.data], "mark", "Mark the row, to pin, ban or tag all marked ones together",
      unless: { $0.obstacleToMarking }, does: { $0.markRow() }),
    Command(
      "markRange", [.character("V")], in: [.data], "mark range",
      "Mark the rows from the one that was marked last to this one",
      unless: { $0.obstacleToMarking }, does: { $0.markRange() }),
    Command(
      .markAll, [.character("A")], in: [.data], "mark all", "Mark all rows that are shown, or none of them",
      unless: { $0.obstacleToMarking }, does: { $0.markAll() }),
    Command(
      .tag, [.character("T")], in: Context.withRows, "tag",
      "Give the row, or all marked ones, a tag: a word of your own",
      unless: { $0.obstacleToMarks }, asks: { $0.ask(.tag) }),
    Command(
      .pin, [.character("p")], in: Context.withRows, "pin",
      "Pin the row, or all marked ones: the next run takes them first; again to undo", footer: true,
      unless: { $0.obstacleToMarks }, does: { $0.togglePins() }),
    Command(
      .ban, [.character("x")], in: Context.withRows, "ban",
      "Ban the row, or all marked ones: the next run never takes them; again to undo", footer: true,
      unless: { $0.obstacleToMarks }, does: { $0.toggleBans() }),
    Command(
      .undo, [.character("u")], in: Context.withRows, "undo",
      "Take back the last pin, ban, tag, filter or closing of a file",
      unless: { $0.done.isEmpty ? "There is nothing to take back." : nil }, does: { $0.undo() }),
    Command(
      "redo", [.control("r")], in: Context.withRows, "redo", "Do again what was taken back",
      unless: { $0.undone.isEmpty ? "Nothing was taken back." : nil }, does: { $0.redo() }),
    Command(
      .copyRow, [.character("y")], in: Context.withRows, "copy", "Send the row's text to the terminal's clipboard",
      unless: { $0.part.rowInFocus($0) == nil ? noRow : nil }, asks: { $0.copyRow() }),
  ]

  /// What changes the order of rows, or the picture that is shown in a place.
  static let ofOrder: [Command] = [
    Command(
      "sort", [.character("s")], in: Context.withOrder, "sort",
      "Order the rows by the next thing there is: label, length, rank, gain, weight", footer: true,
      unless: { model in model.part.rows.flatMap { $0.obstacle(model) ?? $0.obstacleToOrder(model) } },
      does: { $0.part.rows?.order(&$0, false) }),
    Command(
      .reverseSort, [.character("S")], in: Context.withOrder, "reverse", "Turn the order of the rows round",
      unless: { $0.part.rows?.obstacle($0) }, does: { $0.part.rows?.order(&$0, true) }),
    Command(
      .nextView, [.character("v")], in: Context.withRows, "view",
      "Show the next picture in the same place: labels or lengths, reasons, facets, map or matrix", footer: true,
      does: { $0.part.nextView(&$0) }),
  ]

  static let noRow = "No row is under the cursor."
}

extension Model {
  fileprivate var obstacleToSearchOn: String? {
    searched == nil ? "Nothing was searched for yet: \(key(.search)) begins." : nil
  }

  fileprivate mutating func searchOn(forward: Bool) -> [Effect] {
    guard let pattern = searched else { return [] }
    return part.rows?.seek(&self, pattern, forward) ?? []
  }

  fileprivate var obstacleToMarks: String? {
    guard let row = part.rowInFocus(self) else { return Command.noRow }
    return row.obstacleToMarks
  }

  /// Whose rows a search or a filter is about, where it is asked for now.
  var roleOfRows: DatasetRole { screen == .data ? data.role : .pool }

  fileprivate var obstacleToRowsOfPool: String? {
    files[.pool]?.opened == nil ? "No pool is open: \(key(.openFile)) opens one." : nil
  }

  /// What the filter's box says when it opens: the filter that is on, or what fits the screen.
  fileprivate var filterToBeginWith: String {
    switch screen {
    case .inspect: "chosen and "
    case .map: "chosen"
    case .compare:
      switch compare.group {
      case .only(let run):
        "in:" + comparedRuns.indices.map { ($0 == run ? "" : "!") + FilterContext.letter($0) }.joined(separator: "&")
      case .shared: "in:all"
      case .all: "in:none"
      }
    default: shownFile?.filter?.expression.text ?? ""
    }
  }

  /// Shows the pool's rows, from where Esc comes back.
  mutating func jumpToRows() {
    let from = screen
    data.role = .pool
    focus(on: .rows)
    data.jumpedFrom = from
    data.textTop = 0
  }

  // MARK: Marking

  fileprivate var obstacleToMarking: String? {
    shownFile?.rowUnderCursor == nil ? Command.noRow : nil
  }

  fileprivate mutating func markRow() {
    guard focusedPanel == .rows else { return move(.pageDown) }
    changeShownFile { file in
      guard let row = file.rowUnderCursor else { return }
      if file.marked.remove(row) == nil { file.marked.insert(row) }
      file.lastMarked = row
    }
    move(.down)
    sayMarked()
  }

  fileprivate mutating func markRange() {
    changeShownFile { file in
      guard let row = file.rowUnderCursor else { return }
      let here = file.list.cursor
      let start = file.lastMarked.flatMap { file.position(of: $0) } ?? here
      file.marked.formUnion(file.rows(at: min(start, here)..<max(start, here) + 1))
      file.lastMarked = row
    }
    sayMarked()
  }

  fileprivate mutating func markAll() {
    changeShownFile { file in
      let all = Set(file.rows(at: 0..<file.shownCount))
      if all.isSubset(of: file.marked) { file.marked.subtract(all) } else { file.marked.formUnion(all) }
    }
    sayMarked()
  }

  private mutating func sayMarked() {
    let count = shownFile?.marked.count ?? 0
    say(
      count == 0
        ? "No row is marked."
        : "\(Format.count(count, "row")) marked: \(key(.pin)) pins, \(key(.ban)) bans, \(key(.tag)) tags \(count == 1 ? "it" : "them"); \(key(.dismiss)) unmarks."
    )
  }

  /// The rows that pins, bans and tags are for: the marked ones, or the one under the cursor.
  var rowsToMark: [RowIndex] {
    if screen == .data, let file = shownFile, !file.marked.isEmpty { return file.marked.sorted() }
    return part.rowInFocus(self).map { [$0.row] } ?? []
  }

  fileprivate mutating func togglePins() { mark("pin") { $0.toggle(pin: $1) } }
  fileprivate mutating func toggleBans() { mark("ban") { $0.toggle(ban: $1) } }

  mutating func tag(_ tag: String) {
    let rows = rowsToMark
    guard !rows.isEmpty else { return }
    var marks = setup.marks
    let isOn = marks.toggle(tag: tag, on: rows)
    noteForUndo("the tag \(tag) on \(Format.count(rows.count, "row"))")
    setup.marks = marks
    say(
      "\(isOn ? "Tagged" : "Took the tag off") \(Format.count(rows.count, "row")). \(key(.filter)) tag:\(tag) shows those that have it."
    )
    changeShownFile { ($0.marked, $0.lastMarked) = ([], nil) }
  }

  /// Pins or bans rows, as one step that can be undone.
  private mutating func mark(_ what: String, _ change: (inout Marks, [RowIndex]) -> Bool) {
    let rows = rowsToMark
    guard !rows.isEmpty else { return }
    var marks = setup.marks
    let isOn = change(&marks, rows)
    let rowsText = rows.count == 1 ? "row \(Format.count(rows[0]))" : Format.count(rows.count, "row")
    noteForUndo(isOn ? "the \(what) of \(rowsText)" : "the end of the \(what) of \(rowsText)")
    setup.marks = marks
    if screen == .data { changeShownFile { ($0.marked, $0.lastMarked) = ([], nil) } }
    say(marksSummary + " \(key(.startRun)) runs with them.")
  }

  fileprivate mutating func copyRow() -> [Effect] {
    guard let focused = part.rowInFocus(self) else { return [] }
    guard let sample = focused.content?.sample else {
      say("The row is not loaded yet.")
      return []
    }
    let parts = sample.query.instructionAndInput
    let text = [parts.instruction, parts.input, sample.response].filter { !$0.isEmpty }.joined(separator: "\n\n")
    say("Sent row \(Format.count(focused.row)) to the terminal's clipboard.")
    return [.copyToClipboard(text)]
  }

  var marksSummary: String {
    "\(Format.count(setup.marks.pinned.count)) pinned, \(Format.count(setup.marks.banned.count)) banned."
  }

  /// What must be loaded of scattered rows of a file, if it is still the one that is open.
  mutating func want(_ rows: [RowIndex], of role: DatasetRole, _ content: ContentHash?) -> [Effect] {
    guard var file = files[role]?.opened, file.summary.contentHash == content else { return [] }
    let ranges = file.cache.want(rows, of: file.summary.rows)
    files[role] = .opened(file)
    return ranges.map { .loadRows(file.key, $0) }
  }

  /// A row of a pool, if it is at hand and the pool is still the one that is open.
  func poolRow(_ row: RowIndex, of content: ContentHash?) -> RowContent? {
    guard let pool = files[.pool]?.opened, pool.summary.contentHash == content else { return nil }
    return pool.cache[row]
  }

  /// Shows a row on the Data screen; Esc comes back.
  mutating func jump(to row: RowIndex, of role: DatasetRole, _ content: ContentHash?) -> [Effect] {
    guard var file = files[role]?.opened, file.summary.contentHash == content else {
      say("The file that this run was about is no longer open.")
      return []
    }
    let from = screen
    data.role = role
    focus(on: .rows)
    data.jumpedFrom = from
    data.textTop = 0
    // A filter that leaves the row out gives way.
    if file.position(of: row) == nil { file.show(nil) }
    file.list.center(on: file.position(of: row) ?? 0, count: file.shownCount, page: page(of: .rows))
    files[role] = .opened(file)
    return []
  }
}
