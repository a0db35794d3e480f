import Domain
import Screen

extension Context {
  /// The screens that show rows of the pool.
  fileprivate static let withRows: [Context] = [.data, .inspect, .compare, .map]
  fileprivate static let withRowLists: [Context] = [.data, .inspect]
}

extension Action {
  static let search: Action = "search"
  static let pin: Action = "pin"
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
      .search, [.character("/")], in: Context.withRowLists, "search", "Find a row by a word or a regular expression",
      footer: true, unless: { $0.part.rows?.obstacle($0) }, asks: { $0.ask(.search) }),
    Command(
      "searchNext", [.character("n")], in: Context.withRowLists, "next", "Go to the next row that was searched for",
      unless: { $0.obstacleToSearchOn }, asks: { $0.searchOn(forward: true) }),
    Command(
      "searchPrevious", [.character("N")], in: Context.withRowLists, "previous",
      "Go to the previous row that was searched for",
      unless: { $0.obstacleToSearchOn }, asks: { $0.searchOn(forward: false) }),
    Command(
      "filter", [.character("f")], in: [.data], "filter", "Show only the rows that match; Esc shows all again",
      footer: true, unless: { $0.part.rows?.obstacle($0) },
      asks: { $0.ask(.filter, text: $0.shownFile?.filter?.pattern.text ?? "") }),
    Command(
      .pin, [.character("p")], in: Context.withRows, "pin",
      "Pin the row: the next run takes it first; again to undo", footer: true,
      unless: { $0.obstacleToMarks }, does: { model in model.mark { $0.toggle(pin: $1) } }),
    Command(
      .ban, [.character("x")], in: Context.withRows, "ban",
      "Ban the row: the next run never takes it; again to undo", footer: true,
      unless: { $0.obstacleToMarks }, does: { model in model.mark { $0.toggle(ban: $1) } }),
    Command(
      .undo, [.character("u")], in: Context.withRows, "undo",
      "Take back the last pin, ban, filter or closing of a file",
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
      "sort", [.character("s")], in: Context.withRowLists, "sort",
      "Order the rows by the next thing there is: label, length, gain, weight", footer: true,
      unless: { model in model.part.rows.flatMap { $0.obstacle(model) ?? $0.obstacleToOrder(model) } },
      does: { $0.part.rows?.order(&$0, false) }),
    Command(
      .reverseSort, [.character("S")], in: Context.withRowLists, "reverse", "Turn the order of the rows round",
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

  fileprivate mutating func mark(_ change: (inout Marks, RowIndex) -> Void) {
    guard let row = part.rowInFocus(self)?.row else { return }
    noteForUndo()
    change(&setup.marks, row)
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
