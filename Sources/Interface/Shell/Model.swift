import Domain
import Screen

/// What is known of the file in a role.
package enum FileState: Sendable, Hashable {
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
package struct LogEntry: Sendable, Hashable {
  package enum Kind: Sendable, Hashable { case notice, error(ErrorReport) }
  package var kind: Kind
  package var text: String
  /// The model's clock.
  package var time: Double
}

/// Everything that the interface knows: what is open, what runs, where the cursors are. Changed by `update` alone, shown
/// by `view` alone.
package struct Model: Sendable, Hashable {
  package internal(set) var width: Int
  package internal(set) var height: Int
  package internal(set) var screen = ScreenName.data
  package internal(set) var overlay: Overlay?
  /// The panel that has the focus, for each screen.
  var focus: [ScreenName: Panel] = [:]

  package internal(set) var files: [DatasetRole: FileState] = [:]
  /// Paths that are being opened in a role, whether or not another file is open in it meanwhile.
  var opening: [DatasetRole: String] = [:]
  var data = DataState()
  var skipsBadRows: Bool
  /// How files are read where the data alone is not to say it.
  let reading: DatasetReading
  /// The files that the pool which is being opened goes on in.
  var morePools: [String]

  /// What was searched for last.
  var searched: FilterExpression?
  /// The search or filter that is under way.
  var seeking: FilterExpression?
  package internal(set) var setup = SetupState()
  /// How things stood before each of the latest changes that can be undone, and what undoing them took back.
  var done: [Undoable] = []
  var undone: [Undoable] = []
  /// The runs of this session, in the order they were started; the last one may be going on.
  package internal(set) var runs: [Run] = []
  var inspect = InspectState()
  var compare = CompareState()
  package internal(set) var map = MapState()
  var estimate = EstimateState()
  /// What an earlier session left that waits for its file or its runs.
  var restoring: Session?
  /// Pools whose runs were asked for from the library.
  var askedRuns: Set<ContentHash> = []

  /// The error that the banner shows, until it is dismissed.
  package internal(set) var banner: ErrorReport?
  /// What the status line says, until the next key.
  var notice: String?
  /// Runs that wait for the one that is going on to end, in the order they are to be started.
  package internal(set) var waitingRuns: [Run] = []
  package internal(set) var log: [LogEntry] = []

  package internal(set) var themes: [Theme]
  package internal(set) var themeIndex: Int
  private(set) var depth: ColorDepth
  /// The table of bindings in use.
  let keyMap: KeyMap
  let symbols: Symbols
  /// The theme in the terminal's colours.
  package internal(set) var theme: Theme
  /// Seconds since the program began, as of the last tick.
  var clock = 0.0

  /// The state at the start; `openingEffects` are to be performed with it.
  package init(startingWith opening: Opening) {
    width = opening.width
    height = opening.height
    skipsBadRows = opening.skipsBadRows
    reading = opening.reading
    morePools = opening.morePools
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
    if let endpoint = opening.endpoint {
      setup[.source] = DraftSource.endpoint.rawValue
      setup[.endpoint] = endpoint.url
      setup[.servedModel] = endpoint.model ?? ""
      setup[.tokenizer] = endpoint.tokenizer ?? ""
    }
    if let budget = opening.budget { setup[.budget] = budget }
    if let limit = opening.limit { setup[.limit] = "\(limit)" }
    if let method = opening.method { setup[.method] = method.rawValue }
    if let session = opening.session { restore(session, over: opening) }
    for notice in opening.notices { say(notice) }
    for report in opening.errors { fail(report) }
  }

  /// What the opening state asks for: the files it starts with.
  package var openingEffects: [Effect] {
    DatasetRole.allCases.compactMap { role in
      opening[role].map { .open(path: $0, role: role, more: role == .pool ? morePools : []) }
    }
  }

  /// Whether the clock must be told: something moves on the screen by itself.
  package var wantsTicks: Bool {
    if let run = runs.last, run.isGoingOn && !run.isPaused || run.replay?.isPlaying == true { return true }
    return !opening.isEmpty || seeking != nil || map.progress != nil && screen == .map
      || estimate.isPending && screen == .setup
  }

  var currentRun: Run? { runs.last }

  /// Says something in the status line until the next key, and keeps it in the log.
  mutating func say(_ text: String) {
    notice = text
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

  /// Shows the same state in a theme by its name, on a terminal of another depth.
  package mutating func wear(_ id: String, depth: ColorDepth) {
    self.depth = depth
    show(theme: themes.firstIndex { $0.id == id } ?? themeIndex)
  }

  mutating func show(theme index: Int) {
    themeIndex = max(0, min(themes.count - 1, index))
    theme = themes[themeIndex].quantised(to: depth)
  }
}
