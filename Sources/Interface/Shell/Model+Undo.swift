import Domain

/// What undo takes back: marks of rows, filters, and the removal of a file.
struct Undoable: Sendable, Hashable {
  var marks: Marks
  /// What it takes back, or does again: `the filter label:noise`.
  var what = ""
  var filters: [DatasetRole: RowFilter]
  /// The file of a role, nil for none; only where a file was removed or put back.
  var file: RemovedFile?
}

struct RemovedFile: Sendable, Hashable {
  var role: DatasetRole
  var file: OpenedFile?
}

extension Model {
  private var undoable: Undoable {
    get { Undoable(marks: setup.marks, filters: files.compactMapValues { $0.opened?.filter }) }
    set {
      setup.marks = newValue.marks
      if let removed = newValue.file { files[removed.role] = removed.file.map { .opened($0) } ?? .absent }
      for role in DatasetRole.allCases { show(role, through: newValue.filters[role]) }
    }
  }

  mutating func undo() {
    guard let before = done.popLast() else { return }
    undone.append(swap(with: before))
    say("Took back \(before.what). \(marksSummary)")
  }

  mutating func redo() {
    guard let after = undone.popLast() else { return }
    done.append(swap(with: after))
    say("Did \(after.what) again. \(marksSummary)")
  }

  /// Takes a step back, or forward again; gives what takes it the other way.
  private mutating func swap(with state: Undoable) -> Undoable {
    var opposite = undoable
    opposite.what = state.what
    opposite.file = state.file.map { RemovedFile(role: $0.role, file: files[$0.role]?.opened) }
    undoable = state
    return opposite
  }

  /// Closes the file that is shown. Its rows stay at hand, so that this can be undone.
  mutating func closeFile() {
    guard let file = shownFile else { return }
    noteForUndo("the closing of \(file.summary.path)")
    done[done.count - 1].file = RemovedFile(role: data.role, file: file)
    files[data.role] = .absent
    data.textTop = 0
    say("Closed \(file.summary.path). \(key(.undo)) opens it again.")
  }

  /// Notes how things stand, so that the change that follows can be undone: `what` it is, as in `took back …`.
  mutating func noteForUndo(_ what: String) {
    var state = undoable
    state.what = what
    done.append(state)
    if done.count > 100 { done.removeFirst() }
    undone = []
  }

  /// Shows the rows of a file through a filter, or all of them; the cursor stays on its row where that is still shown.
  mutating func show(_ role: DatasetRole, through filter: RowFilter?) {
    guard var file = files[role]?.opened, file.filter != filter else { return }
    let row = file.rowUnderCursor
    file.show(filter)
    let position = row.flatMap { file.position(of: $0) } ?? 0
    file.list.center(on: position, count: file.shownCount, page: page(of: .rows))
    files[role] = .opened(file)
    if role == data.role { data.textTop = 0 }
  }
}
