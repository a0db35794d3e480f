import Domain
import Screen

/// The screens, in the order of their tabs.
public enum ScreenName: Int, Sendable, Hashable, CaseIterable {
  case data, run, inspect, compare

  public var title: String {
    switch self {
    case .data: "Data"
    case .run: "Run"
    case .inspect: "Inspect"
    case .compare: "Compare"
    }
  }
}

/// A part of a screen that can have the focus.
public enum Panel: Sendable, Hashable, CaseIterable {
  case files, rows, rowText
  case setup, progress, gains, picks
  case chosen, chosenText, reasons
  case versus, curves, differing, differingText

  var screen: ScreenName {
    switch self {
    case .files, .rows, .rowText: .data
    case .setup, .progress, .gains, .picks: .run
    case .chosen, .chosenText, .reasons: .inspect
    case .versus, .curves, .differing, .differingText: .compare
    }
  }
}

/// An opened file, with the rows of it that are at hand.
public struct OpenedFile: Sendable, Hashable {
  public var key: DatasetKey
  public var summary: DatasetSummary
  public var cache = RowCache()
  public var list = ListState()
  /// Which rows are shown; nil shows all.
  public var filter: RowFilter?
}

/// The rows that a pattern lets through, in the file's order.
public struct RowFilter: Sendable, Hashable {
  public var pattern: RowPattern
  public var rows: [Int]
}

extension OpenedFile {
  /// Rows that are shown.
  var shownCount: Int { filter?.rows.count ?? summary.rows }

  /// The row of the file at a place of the shown list.
  func row(at place: Int) -> Int? {
    guard place >= 0, place < shownCount else { return nil }
    return filter?.rows[place] ?? place
  }

  /// The place of a row in the shown list; nil where the filter leaves it out.
  func place(of row: Int) -> Int? {
    guard let rows = filter?.rows else { return row >= 0 && row < summary.rows ? row : nil }
    // The rows are in order: halve.
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if rows[middle] < row { low = middle + 1 } else { high = middle }
    }
    return low < rows.count && rows[low] == row ? low : nil
  }

  var rowUnderCursor: Int? { row(at: list.cursor) }
}

/// What is known of the file in a role.
public enum FileState: Sendable, Hashable {
  case absent
  case opening(path: String)
  case opened(OpenedFile)
  case failed(path: String, ErrorReport)

  var opened: OpenedFile? {
    if case .opened(let file) = self { return file }
    return nil
  }

  var path: String? {
    switch self {
    case .absent: nil
    case .opening(let path), .failed(let path, _): path
    case .opened(let file): file.summary.path
    }
  }
}

/// A line of the log.
public struct LogEntry: Sendable, Hashable {
  public enum Kind: Sendable, Hashable { case notice, error(ErrorReport) }
  public var kind: Kind
  public var text: String
  /// The model's clock.
  public var time: Double
}

/// What stands over the screen and takes the keys.
public enum Overlay: Sendable, Hashable {
  case help(top: Int)
  case log(top: Int)
  case prompt(Prompt)
  case confirm(Confirmation)
  case palette(Palette)
  /// `before` is the theme to go back to.
  case themes(ListState, before: Int)
}

/// A question that `y` or `n` answers.
public struct Confirmation: Sendable, Hashable {
  public enum Purpose: Sendable, Hashable {
    case quit
    case overwrite(RunID, path: String)
  }
  public var purpose: Purpose
  public var question: String
}

/// Everything that the interface knows: what is open, what runs, where the cursors are. Changed by `update` alone, shown
/// by `view` alone.
public struct Model: Sendable, Hashable {
  public internal(set) var width: Int
  public internal(set) var height: Int
  public internal(set) var screen = ScreenName.data
  public internal(set) var overlay: Overlay?
  /// The panel that has the focus, for each screen.
  var focus: [ScreenName: Panel] = [.data: .rows, .run: .setup, .inspect: .chosen, .compare: .differing]

  public internal(set) var files: [DatasetRole: FileState] = [:]
  /// Paths that are being opened in a role, whether or not another file is open in it meanwhile.
  var opening: [DatasetRole: String] = [:]
  /// Whose rows the Data screen shows.
  var role = DatasetRole.pool
  var rowTextTop = 0
  /// Whether `Esc` on the Data screen goes back to where a jump came from.
  var jumpedFrom: ScreenName?
  var skipsBadRows: Bool

  /// What was searched for last.
  var searched: RowPattern?
  /// The search or filter that is under way.
  var seeking: RowPattern?
  public internal(set) var setup = SetupState()
  /// How things stood before each of the latest changes that can be undone, and what undoing them took back.
  var done: [Undoable] = []
  var undone: [Undoable] = []
  /// The runs of this session, in the order they were started; the last one may be going on.
  public internal(set) var runs: [Run] = []
  var inspect = InspectState()
  var compare = CompareState()
  /// Whether the curve shows the value of all picks so far rather than the gain of each.
  var showsValue = false

  /// The error that the banner shows, until it is dismissed.
  public internal(set) var banner: ErrorReport?
  /// What the status line says, and until when.
  var notice: (text: String, until: Double)? {
    get { noticeText.map { ($0, noticeUntil) } }
    set { (noticeText, noticeUntil) = (newValue?.text, newValue?.until ?? 0) }
  }
  private var noticeText: String?
  private var noticeUntil = 0.0
  public internal(set) var log: [LogEntry] = []

  public internal(set) var themes: [Theme]
  public internal(set) var themeIndex: Int
  let depth: ColorDepth
  /// The table of bindings in use.
  let keyMap: KeyMap
  let symbols: Symbols
  /// The theme in the terminal's colours.
  public internal(set) var theme: Theme
  /// Seconds since the program began, as of the last tick.
  var clock = 0.0

  /// The state at the start; `openingEffects` are to be performed with it.
  public init(startingWith opening: Opening) {
    width = opening.width
    height = opening.height
    skipsBadRows = opening.skipsBadRows
    depth = opening.depth
    keyMap = opening.keyMap
    symbols = Symbols(level: opening.glyphs)
    themes = opening.themes.isEmpty ? Theme.builtIn : opening.themes
    let wanted = opening.theme ?? (opening.depth <= .sixteen ? "sixteen" : "dusk")
    themeIndex = themes.firstIndex { $0.id == wanted } ?? 0
    theme = themes[themeIndex].quantised(to: depth)
    for (role, path) in opening.paths {
      files[role] = .opening(path: path)
      self.opening[role] = path
    }
    if let model = opening.model { setup[.model] = model }
    if let budget = opening.budget { setup[.budget] = budget }
    if let method = opening.method { setup[.method] = method.rawValue }
    for notice in opening.notices { say(notice) }
    for report in opening.errors { fail(report) }
  }

  /// What the opening state asks for: the files it starts with.
  public var openingEffects: [Effect] {
    DatasetRole.allCases.compactMap { role in
      opening[role].map { .open(path: $0, role: role) }
    }
  }

  /// Whether the clock must be told: something moves on the screen by itself.
  public var wantsTicks: Bool {
    if noticeText != nil { return true }
    if runs.last?.isGoingOn == true || runs.last?.replay?.isPlaying == true { return true }
    return !opening.isEmpty || seeking != nil
  }

  var focusedPanel: Panel { focus[screen] ?? .rows }
  var shownFile: OpenedFile? { files[role]?.opened }
  var currentRun: Run? { runs.last }

  /// Says something in the status line for a few seconds, and keeps it in the log.
  mutating func say(_ text: String) {
    notice = (text, clock + 6)
    record(LogEntry(kind: .notice, text: text, time: clock))
  }

  /// Shows an error in the banner until it is dismissed, and keeps it in the log.
  mutating func fail(_ report: ErrorReport) {
    banner = report
    record(LogEntry(kind: .error(report), text: report.description, time: clock))
  }

  private mutating func record(_ entry: LogEntry) {
    log.append(entry)
    if log.count > 500 { log.removeFirst(log.count - 500) }
  }

  mutating func show(theme index: Int) {
    themeIndex = max(0, min(themes.count - 1, index))
    theme = themes[themeIndex].quantised(to: depth)
  }
}

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
    file.filter = filter
    let place = row.flatMap { file.place(of: $0) } ?? 0
    file.list.center(on: place, count: file.shownCount, page: page(of: .rows))
    files[role] = .opened(file)
    if role == self.role { rowTextTop = 0 }
  }
}

/// What the program starts with: found by the executable, so that the model itself looks nothing up.
public struct Opening: Sendable, Hashable {
  public var width: Int
  public var height: Int
  public var depth: ColorDepth
  public var glyphs: GlyphLevel
  public var paths: [DatasetRole: String]
  /// The model's folder, if one is known.
  public var model: String?
  public var method: Method?
  public var budget: String?
  public var skipsBadRows: Bool
  /// The themes to choose from, and the one to start with; with none the built-in ones.
  public var themes: [Theme]
  public var theme: String?
  /// The table of bindings, changed by the user's file where there is one.
  public var keyMap: KeyMap
  /// What is to be said at once: a theme file that could not be read, say.
  public var notices: [String]
  public var errors: [ErrorReport]

  public init(
    width: Int, height: Int, depth: ColorDepth = .truecolor, glyphs: GlyphLevel = .braille,
    paths: [DatasetRole: String] = [:], model: String? = nil, method: Method? = nil, budget: String? = nil,
    skipsBadRows: Bool = false, themes: [Theme] = [], theme: String? = nil, keyMap: KeyMap = .standard,
    notices: [String] = [],
    errors: [ErrorReport] = []
  ) {
    self.width = width
    self.height = height
    self.depth = depth
    self.glyphs = glyphs
    self.paths = paths
    self.model = model
    self.method = method
    self.budget = budget
    self.skipsBadRows = skipsBadRows
    self.themes = themes
    self.theme = theme
    self.keyMap = keyMap
    self.notices = notices
    self.errors = errors
  }
}

extension ErrorReport {
  /// A theme file that cannot be used.
  public init(_ error: ThemeError) {
    self.init(error.problem, at: error.place, remedy: error.remedy, status: .badData)
  }
}
