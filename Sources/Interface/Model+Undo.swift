import Domain

/// What undo takes back: marks of rows, and filters.
struct Undoable: Sendable, Hashable {
  var marks: Marks
  var filters: [DatasetRole: RowFilter]
}

extension Model {
  var undoable: Undoable {
    get { Undoable(marks: setup.marks, filters: files.compactMapValues { $0.opened?.filter }) }
    set {
      setup.marks = newValue.marks
      for role in DatasetRole.allCases { show(role, through: newValue.filters[role]) }
    }
  }

  /// Notes how things stand, so that the change that follows can be undone.
  mutating func noteForUndo() {
    done.append(undoable)
    if done.count > 100 { done.removeFirst() }
    undone = []
  }

  /// Shows the rows of a file through a filter, or all of them; the cursor stays on its row where that is still shown.
  mutating func show(_ role: DatasetRole, through filter: RowFilter?) {
    guard var file = files[role]?.opened, file.filter != filter else { return }
    let row = file.rowUnderCursor
    file.show(filter)
    let place = row.flatMap { file.place(of: $0) } ?? 0
    file.list.center(on: place, count: file.shownCount, page: page(of: .rows))
    files[role] = .opened(file)
    if role == self.role { rowTextTop = 0 }
  }
}
