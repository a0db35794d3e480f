import Domain
import Screen

/// Where the interface ends: the effects it asks for, and the news that answer them. `update` is pure; the executable
/// performs each effect on Workbench and sends what comes of it back as messages.

/// Names an opened file for as long as the program runs.
package struct DatasetKey: Sendable, Hashable, Codable {
  package var number: Int
  package init(_ number: Int) { self.number = number }
}

/// Names a run in the store.
package typealias RunID = Int64

/// A row of a file, or why it cannot be shown.
package enum RowContent: Sendable, Hashable, Codable {
  case sample(Sample)
  case unreadable(ErrorReport)
}

/// Where a search looks.
package struct RowSearch: Sendable, Hashable {
  /// The rows to look at, in this order; nil for all of the file.
  package var rows: [RowIndex]?
  /// The row that the search starts from; it is looked at last. If it is not among the rows, the search starts at their
  /// beginning.
  package var from: RowIndex
  package var isForward: Bool

  package init(rows: [RowIndex]? = nil, from: RowIndex, isForward: Bool = true) {
    self.rows = rows
    self.from = from
    self.isForward = isForward
  }

  /// The rows in the order they are to be looked at, of a file that has `count`.
  package func order(of count: Int) -> some Sequence<RowIndex> {
    let total = rows?.count ?? count
    let (rows, isForward, from) = (rows, isForward, from)
    let start = rows.map { $0.firstIndex(of: from) ?? (isForward ? -1 : 0) } ?? from.value
    return (0..<max(0, total)).lazy.map { step in
      let next = isForward ? start + 1 + step : start - 1 - step
      let position = ((next % total) + total) % total
      return rows?[position] ?? RowIndex(position)
    }
  }
}

/// Which rows are wanted, and what is known of runs and marks when they are asked for.
package struct FilterRequest: Sendable, Hashable {
  package var expression: FilterExpression
  package var context: FilterContext

  package init(_ expression: FilterExpression, in context: FilterContext = FilterContext()) {
    self.expression = expression
    self.context = context
  }
}

/// A map that is wanted.
package struct MapRequest: Sendable, Hashable, Codable {
  package var file: DatasetKey
  package var source: MapSource
  /// Whose utilities.
  package var run: RunID?
  /// Where the embeddings are.
  package var path: String?
  /// Whose gradients, or embeddings where no path is given, and how it is asked.
  package var model: String?
  package var template: String?

  package init(
    file: DatasetKey, source: MapSource, run: RunID? = nil, path: String? = nil, model: String? = nil,
    template: String? = nil
  ) {
    self.file = file
    self.source = source
    self.run = run
    self.path = path
    self.model = model
    self.template = template
  }
}

/// A heat map that is wanted.
package struct HeatRequest: Sendable, Hashable, Codable {
  package var run: RunID
  package var order: HeatOrder
  /// The pool, for its labels.
  package var file: DatasetKey

  package init(run: RunID, order: HeatOrder, file: DatasetKey) {
    self.run = run
    self.order = order
    self.file = file
  }
}

/// A run as the library has it, under the number that it goes by in this program.
package struct StoredRun: Sendable, Hashable, Codable {
  package var id: RunID
  /// Its number in the library, as `winnow runs` lists it.
  package var number: Int64
  package var specification: RunSpecification
  package var contents: [String: ContentHash]
  package var candidates: Int
  package var selection: Selection
  package var seconds: PhaseSeconds

  package init(
    id: RunID, number: Int64, specification: RunSpecification, contents: [String: ContentHash], candidates: Int,
    selection: Selection, seconds: PhaseSeconds
  ) {
    self.id = id
    self.number = number
    self.specification = specification
    self.contents = contents
    self.candidates = candidates
    self.selection = selection
    self.seconds = seconds
  }
}

/// What is wanted of the world outside.
package enum Effect: Sendable, Hashable {
  /// Open a file in a role, and files that it goes on in; answered by `datasetOpened` or `datasetFailed`.
  case open(path: String, role: DatasetRole, more: [String] = [])
  /// The file in this role is no longer shown: what is kept for it can go.
  case close(DatasetKey)
  /// Decode rows; answered by `rows`, for this range or for parts of it.
  case loadRows(DatasetKey, Range<RowIndex>)
  /// Find the next row that a filter takes, going round at the end; answered by `found`.
  case find(DatasetKey, FilterRequest, RowSearch)
  /// Find all rows that a filter takes, in order; answered by `filtered`.
  case filter(DatasetKey, FilterRequest)
  /// The search or filter that is under way is no longer wanted; it need not be answered.
  case stopSeeking
  /// Completions of a path being typed, folders with a `/` at their end; answered by `completions`.
  case completePath(String)
  /// Read a whole file for what it is made of, counting tokens as a model does if one is named; answered by `surveyed`.
  case survey(DatasetKey, model: String?)
  /// Measure what a run would take; answered by `estimated` or `estimateFailed`. A new one takes the place of the last.
  case estimate(RunSpecification)
  /// Put the rows of a file on a map; answered by `mapped` or `mapFailed`, where it takes long by `mapping` before. A new one
  /// takes the place of the last.
  case makeMap(MapRequest)
  /// The map that is being made is no longer wanted; it need not be answered.
  case stopMapping
  /// Make a run's utility matrix small enough to look at; answered by `heated` or `heatFailed`.
  case makeHeatMap(HeatRequest)
  /// Find what each run's objective gives to each run's choice; answered by `crossed`.
  case cross([RunID])
  /// Runs of the library that chose from a pool of this content; answered by `storedRuns`.
  case loadRuns(pool: ContentHash)
  /// Hold the run that is going on, and let it go on.
  case pauseRun, resumeRun
  /// Write a table; answered by `wrote` or `failed`.
  case writeText(path: String, text: String, overwrite: Bool)
  /// Start a run on the opened files; answered by `runStarted`, `progress`, `picked`, then one of the endings.
  case startRun(RunSpecification)
  /// Stop the run that is going on; answered by `runCancelled`.
  case cancelRun
  /// Why a pick was chosen; answered by `explained` or `explanationFailed`. At most one is asked for at a time.
  case explain(RunID, rank: Rank)
  /// Write the chosen rows; answered by `exported`, `exportExists` or `failed`.
  case export(RunID, path: String, overwrite: Bool)
  case copyToClipboard(String)
  /// Keep the choice of theme for the next start.
  case rememberTheme(String)
  case suspend
  case quit
}

/// What happened: input from the user, and news from outside.
package enum Message: Sendable, Hashable, Codable {
  case input(InputEvent)
  case datasetOpened(DatasetKey, DatasetSummary)
  case datasetFailed(path: String, role: DatasetRole, ErrorReport)
  /// Rows of a file, from `first`; a row that cannot be decoded is an error instead.
  case rows(DatasetKey, first: RowIndex, [RowContent])
  case completions(of: String, [String])
  /// The row that a search came to; nil where none matches.
  case found(DatasetKey, FilterExpression, row: RowIndex?)
  /// The rows that a filter lets through.
  case filtered(DatasetKey, FilterExpression, rows: [RowIndex])
  case surveyed(DatasetKey, DatasetSurvey)
  case estimated(RunSpecification, RunEstimate)
  case estimateFailed(RunSpecification, ErrorReport)
  case mapped(MapRequest, PoolMap)
  case mapFailed(MapRequest, ErrorReport)
  /// How far a map is that a model is asked for.
  case mapping(MapRequest, Progress)
  case heated(HeatRequest, HeatMap)
  case heatFailed(HeatRequest, ErrorReport)
  /// For each run's objective its value for each run's choice; nil where it has none.
  case crossed([RunID], [[Double?]])
  case storedRuns(pool: ContentHash, [StoredRun])
  case wrote(path: String)
  /// A file is there already, and what was to be written over it.
  case textExists(path: String, text: String)
  case runStarted(RunID, RunSpecification)
  /// What choosing every row would be worth to the run's objective.
  case reachable(RunID, Double)
  case progress(RunID, Progress)
  /// Picks as they are taken, in order, none dropped.
  case picked(RunID, [Pick])
  case runFinished(RunID, Selection, seconds: PhaseSeconds)
  /// The number under which the library has the run.
  case recorded(RunID, number: Int64)
  /// Stopped by the user; what was chosen by then is kept.
  case runCancelled(RunID, Selection?)
  /// The run ended with an error; nil where it did not even get a number.
  case runFailed(RunID?, ErrorReport)
  case explained(RunID, rank: Rank, PickExplanation)
  case explanationFailed(RunID, rank: Rank, ErrorReport)
  case exported(RunID, path: String, rows: Int)
  case exportExists(RunID, path: String)
  /// Something to say in the status line and keep in the log.
  case notice(String)
  case failed(ErrorReport)
  /// A clock tick, at most ten a second, sent only while `Model.wantsTicks`; seconds since start.
  case tick(Double)
}
