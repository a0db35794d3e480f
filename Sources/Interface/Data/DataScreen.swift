import Domain
import Screen

extension Context {
  package static let data = Context(name: "data", title: "Data")
}

extension Action {
  static let openFile: Action = "openFile"
}

extension Panel {
  static let files: Panel = "files"
  static let rows: Panel = "rows"
  static let rowText: Panel = "rowText"
  static let makeup: Panel = "makeup"
}

/// What the Data screen looks at.
struct DataState: Sendable, Hashable {
  /// Whose rows are shown.
  var role = DatasetRole.pool
  var textTop = 0
  /// The screen that Esc goes back to, after a jump.
  var jumpedFrom: ScreenName?
  /// Whether lengths are shown rather than labels, where there is room for one of them.
  var showsLengths = false
}

/// The files of the next run, their rows, and what they are made of.
enum DataScreen: ScreenPart {
  static let name = ScreenName.data
  static let context = Context.data
  static let home = Panel.rows
  static let meaning = "Show the files and their rows"
  static let help = [
    "The files of the next run: the pool to choose from, and where a method needs them a target set and existing data. "
      + "Below stand the rows of the file under the cursor, the text of a row, and what the file is made of.",
    "Pin rows that must be taken and ban rows that must not: the next run obeys.",
  ]

  static let panels: [PanelPart] = [
    PanelPart(
      .files,
      list: ListPane(
        \.fileList, count: { _ in DatasetRole.allCases.count }, scrolls: false, moved: { $0.data.textTop = 0 }),
      enter: .init("open", asks: { $0.ask(.open($0.data.role)) }), draw: { $0.drawFiles(in: $1, &$2) }),
    PanelPart(
      .rows,
      list: ListPane(
        \.rowList, count: { $0.shownFile?.shownCount ?? 0 }, page: ListPane.tablePage,
        moved: { $0.data.textTop = 0 }),
      enter: .init(
        "read", unless: { $0.shownFile == nil ? noFile($0) : nil },
        asks: { model in
          model.focus(on: .rowText)
          return []
        }), draw: { $0.drawRows(in: $1, &$2) }),
    PanelPart(.rowText, text: TextPane(top: \.rowTextTop, title: { $0.rowTextTitle }, lines: { $0.rowTextLines($1) })),
    PanelPart(
      .makeup,
      list: ListPane(
        \.labelList, count: { $0.shownFile?.shownLabels ?? 0 }, page: { model, _ in model.labelsPage }),
      enter: .init(
        "filter",
        unless: {
          $0.shownFile?.survey?.labels.isEmpty == false ? nil : "There is no label to choose here."
        }, asks: { $0.filterByLabel() }), draw: { $0.drawMakeup(in: $1, &$2) }),
  ]

  static let commands: [Command] = [
    Command(
      .openFile, [.character("o")], in: [.data], "open", "Open a file as pool, target or existing data", footer: true,
      asks: { $0.ask(.open($0.data.role)) }),
    Command(
      "addFile", [.character("O")], in: [.data], "add", "Add another file to the pool: its rows follow",
      unless: { model in
        model.files[.pool]?.opened == nil ? "No pool is open: \(model.key(.openFile)) opens one." : nil
      }, asks: { $0.ask(.addFile) }),
    Command(
      "changeRole", [.character("M")], in: [.data], "role",
      "Make the open file the next thing it can be: pool, target or existing data",
      unless: { $0.shownFile == nil ? noFile($0) : nil }, asks: { $0.changeRole() }),
    Command(
      "closeFile", [.character("X")], in: [.data], "close",
      "Close the target set or the existing data; undo opens it again",
      unless: { model in
        if model.data.role == .pool {
          return "The pool is what rows are chosen from: \(model.key(.openFile)) opens another."
        }
        return model.shownFile == nil ? noFile(model) : nil
      }, does: { $0.closeFile() }),
  ]

  private static func noFile(_ model: Model) -> String {
    "No file is open here: \(model.key(.openFile)) opens one."
  }

  static func layout(_ model: Model, in body: Rect) -> [(Panel, Rect)] {
    let (files, rest) = body.split(rows: 5)
    if model.width >= 110 {
      let (rows, right) = rest.split(columns: model.width * 11 / 20)
      let (text, makeup) = right.split(rows: max(5, rest.height - max(9, rest.height * 9 / 20)))
      return [(.files, files), (.rows, rows), (.rowText, text), (.makeup, makeup)]
    }
    let (rows, below) = rest.split(rows: max(5, rest.height - max(6, rest.height * 9 / 20)))
    let (text, makeup) = below.split(columns: below.width * 11 / 20)
    return [(.files, files), (.rows, rows), (.rowText, text), (.makeup, makeup)]
  }

  static func hint(_ model: Model) -> String {
    func key(_ action: Action) -> String { model.key(action) }
    let role = model.data.role
    guard let file = model.shownFile else {
      return role == .pool
        ? "Press \(key(.openFile)) to open the pool: a file of samples (JSON lines, JSON, CSV, TSV)."
        : "Press \(key(.openFile)) to open \(role.title): \(role.meaning)."
    }
    if model.data.jumpedFrom != nil { return "\(key(.dismiss)) goes back to where you came from." }
    if file.summary.role == .pool, model.runs.isEmpty, let picks = model.plannedPicks {
      guard let problem = model.setupProblems.first else {
        return
          "Press \(key(.startRun)) to choose \(Format.count(picks, "row")) with \(model.setup.method.shortTitle), or \(key(.showSetup)) to set it up."
      }
      return "\(problem.text) Press \(key(.showSetup)) to set up a run."
    }
    return model.runs.last?.picks.isEmpty == false
      ? "Press \(key(.showInspect)) to read what was chosen."
      : "\(key(.activate)) reads a row; \(key(.pin)) pins it, \(key(.ban)) bans it."
  }

  static func settle(_ model: inout Model) {
    for role in DatasetRole.allCases {
      guard var file = model.files[role]?.opened else { continue }
      if role == .pool {
        let run = model.runOfRows(role)
        file.receive(run?.picks ?? [], of: run.map { Ranked(id: $0.id, picks: $0.picks.count) })
      }
      file.list.settle(count: file.shownCount, page: model.page(of: .rows))
      file.labels.settle(count: file.shownLabels, page: model.labelsPage)
      model.files[role] = .opened(file)
    }
  }

  static func requests(_ model: inout Model) -> [Effect] {
    (model.screen == .data ? rowsInSight(&model) : []) + surveys(&model) + filters(&model)
  }

  private static func rowsInSight(_ model: inout Model) -> [Effect] {
    guard var file = model.shownFile else { return [] }
    let visible = file.list.visible(count: file.shownCount, page: model.page(of: .rows))
    let ranges: [Range<RowIndex>]
    if !file.isWhole {
      ranges = file.cache.want(file.rows(at: visible), of: file.summary.rows)
    } else {
      // The cursor's row is wanted for its text even where the list itself has no room.
      let wanted = visible.isEmpty ? file.list.cursor..<file.list.cursor + 1 : visible
      ranges = file.cache.want(
        RowIndex(wanted.lowerBound)..<RowIndex(wanted.upperBound), of: file.summary.rows)
    }
    model.files[model.data.role] = .opened(file)
    return ranges.map { .loadRows(file.key, $0) }
  }

  /// Has open files read through for what they are made of, with the tokenizer of the model that is named.
  private static func surveys(_ model: inout Model) -> [Effect] {
    var effects: [Effect] = []
    let folder = model.setup.tokenizerFolder
    for role in DatasetRole.allCases {
      guard var file = model.files[role]?.opened, file.surveyedFor != folder else { continue }
      file.surveyedFor = folder
      model.files[role] = .opened(file)
      effects.append(.survey(file.key, model: folder.isEmpty ? nil : folder))
    }
    return effects
  }

  /// Asks anew for what filters take whose answer runs and marks decide, once those have changed.
  private static func filters(_ model: inout Model) -> [Effect] {
    guard model.seeking == nil else { return [] }
    for role in DatasetRole.allCases {
      guard var file = model.files[role]?.opened else { continue }
      if let filter = file.waitingFilter {
        let context = model.filterContext(of: role)
        guard filter.problem(in: context) == nil else { continue }
        file.waitingFilter = nil
        model.files[role] = .opened(file)
        model.seeking = filter
        return [.filter(file.key, FilterRequest(filter, in: context))]
      }
      if let filter = file.filter, let before = filter.context {
        let context = model.filterContext(of: role)
        guard context != before, filter.expression.problem(in: context) == nil else { continue }
        file.noteContext(context)
        model.files[role] = .opened(file)
        return [.filter(file.key, FilterRequest(filter.expression, in: context))]
      }
    }
    return []
  }

  static func leave(_ model: inout Model) -> [Effect]? {
    if let from = model.data.jumpedFrom {
      model.show(from)
    } else if model.shownFile?.marked.isEmpty == false {
      model.changeShownFile { ($0.marked, $0.lastMarked) = ([], nil) }
    } else if model.shownFile?.filter != nil {
      model.noteForUndo("showing all rows")
      model.show(model.data.role, through: nil)
    } else {
      return nil
    }
    return []
  }

  static func rowInFocus(_ model: Model) -> RowInFocus? {
    guard let file = model.shownFile, let row = file.rowUnderCursor else { return nil }
    return RowInFocus(
      row: row, content: file.cache[row],
      obstacleToMarks: model.data.role == .pool ? nil : "Only rows of the pool can be pinned or banned.")
  }

  static let rows: RowList? = RowList(
    obstacle: { $0.shownFile == nil ? noFile($0) : nil },
    seek: { model, pattern, forward in
      guard let file = model.shownFile, let row = file.rowUnderCursor else { return [] }
      model.seeking = pattern
      return [
        .find(
          file.key, FilterRequest(pattern, in: model.filterContext(of: model.data.role)),
          RowSearch(rows: file.shownRows, from: row, isForward: forward))
      ]
    },
    found: { model, key, row in
      guard var file = model.shownFile, file.key == key, let index = file.position(of: row) else { return }
      file.list.center(on: index, count: file.shownCount, page: model.page(of: .rows))
      model.files[model.data.role] = .opened(file)
      model.data.textTop = 0
    },
    obstacleToOrder: { $0.shownFile?.survey == nil ? "The file is still being read through." : nil },
    order: { model, reversing in
      guard var file = model.shownFile else { return }
      let row = file.rowUnderCursor
      if reversing {
        file.order(by: file.order, isReversed: !file.isReversed)
      } else {
        let orders = RowOrder.allCases.filter { order in
          switch order {
          case .label: file.survey?.labels.isEmpty == false
          case .rank: !file.ranks.isEmpty
          case .file, .length: true
          }
        }
        file.order(by: orders.next(after: file.order) ?? .file, isReversed: false)
      }
      file.list.center(
        on: row.flatMap { file.position(of: $0) } ?? 0, count: file.shownCount, page: model.page(of: .rows))
      model.files[model.data.role] = .opened(file)
      let name = file.order.title
      model.say(
        "Ordered by \(name)\(file.isReversed ? ", backwards" : ""). \(model.key(.reverseSort)) turns it round.")
    })

  static func nextView(_ model: inout Model) { model.data.showsLengths.toggle() }
}

extension Model {
  var shownFile: OpenedFile? { files[data.role]?.opened }

  /// The list of files: its cursor is the role that is shown.
  fileprivate var fileList: ListState {
    get {
      var list = ListState()
      list.cursor = DatasetRole.allCases.firstIndex(of: data.role) ?? 0
      return list
    }
    set { data.role = DatasetRole.allCases[newValue.cursor] }
  }

  fileprivate var rowList: ListState {
    get { shownFile?.list ?? ListState() }
    set { changeShownFile { $0.list = newValue } }
  }

  fileprivate var labelList: ListState {
    get { shownFile?.labels ?? ListState() }
    set { changeShownFile { $0.labels = newValue } }
  }

  /// While the focus is on the files, what is known of the file is shown in place of a row, from its beginning.
  fileprivate var rowTextTop: Int {
    get { focusedPanel == .files ? 0 : data.textTop }
    set { data.textTop = newValue }
  }

  mutating func changeShownFile(_ change: (inout OpenedFile) -> Void) {
    guard var file = shownFile else { return }
    change(&file)
    files[data.role] = .opened(file)
  }

  /// Makes the open file the next thing it can be; what was open there takes its place.
  fileprivate mutating func changeRole() -> [Effect] {
    guard let file = shownFile else { return [] }
    let (from, to) = (data.role, data.role.next)
    let other = files[to]?.opened
    var effects: [Effect] = [.close(file.key)]
    func paths(_ summary: DatasetSummary) -> [String] { Array(summary.parts.dropFirst().map(\.path)) }
    if let other {
      effects.append(.close(other.key))
      files[from] = .opening(path: other.summary.path)
      opening[from] = other.summary.path
      effects.append(.open(path: other.summary.path, role: from, more: paths(other.summary)))
    } else {
      files[from] = .absent
    }
    files[to] = .opening(path: file.summary.path)
    opening[to] = file.summary.path
    effects.append(.open(path: file.summary.path, role: to, more: paths(file.summary)))
    data.role = to
    say("\(file.summary.path) is now the \(to.title).")
    return effects
  }

  /// Shows the rows that have the label under the cursor.
  fileprivate mutating func filterByLabel() -> [Effect] {
    guard let file = shownFile, let labels = file.survey?.labels, labels.indices.contains(file.labels.cursor) else {
      return []
    }
    let label = labels[file.labels.cursor].replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    guard let filter = try? FilterExpression(parsing: "label=\"\(label)\"") else { return [] }
    return filterRows(of: data.role, by: filter)
  }
}
