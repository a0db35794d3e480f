import Domain
import Screen

/// Where the interface ends: the effects it asks for, and the news that answer them. `update` is pure; the executable
/// performs each effect on Workbench and sends what comes of it back as messages.

/// Names an opened file for as long as the program runs.
public struct DatasetKey: Sendable, Hashable {
  public var number: Int
  public init(_ number: Int) { self.number = number }
}

/// Names a run in the store.
public typealias RunID = Int64

/// A row of a file, or why it cannot be shown.
public enum RowContent: Sendable, Hashable {
  case sample(Sample)
  case unreadable(ErrorReport)
}

/// What is wanted of the world outside.
public enum Effect: Sendable, Hashable {
  /// Open a file in a role; answered by `datasetOpened` or `datasetFailed`.
  case open(path: String, role: DatasetRole)
  /// The file in this role is no longer shown: what is kept for it can go.
  case close(DatasetKey)
  /// Decode rows; answered by `rows`, for this range or for parts of it.
  case loadRows(DatasetKey, Range<Int>)
  /// Completions of a path being typed, folders with a `/` at their end; answered by `completions`.
  case completePath(String)
  /// Start a run on the opened files; answered by `runStarted`, `progress`, `picked`, then one of the endings.
  case startRun(RunSpecification)
  /// Stop the run that is going on; answered by `runCancelled`.
  case cancelRun
  /// Why a pick was chosen; answered by `explained` or `explanationFailed`. At most one is asked for at a time.
  case explain(RunID, rank: Int)
  /// Write the chosen rows; answered by `exported`, `exportExists` or `failed`.
  case export(RunID, path: String, overwrite: Bool)
  case copyToClipboard(String)
  /// Keep the choice of theme for the next start.
  case rememberTheme(String)
  case suspend
  case quit
}

/// What happened: input from the user, and news from outside.
public enum Message: Sendable, Hashable {
  case input(InputEvent)
  case datasetOpened(DatasetKey, DatasetSummary)
  case datasetFailed(path: String, role: DatasetRole, ErrorReport)
  /// Rows of a file, from `first`; a row that cannot be decoded is an error in its place.
  case rows(DatasetKey, first: Int, [RowContent])
  case completions(of: String, [String])
  case runStarted(RunID, RunSpecification)
  case progress(RunID, Progress)
  /// Picks as they are taken, in order, none dropped.
  case picked(RunID, [Pick])
  case runFinished(RunID, Selection, seconds: PhaseSeconds)
  /// Stopped by the user; what was chosen by then is kept.
  case runCancelled(RunID, Selection?)
  /// The run ended with an error; nil where it did not even get a number.
  case runFailed(RunID?, ErrorReport)
  case explained(RunID, rank: Int, PickExplanation)
  case explanationFailed(RunID, rank: Int, ErrorReport)
  case exported(RunID, path: String, rows: Int)
  case exportExists(RunID, path: String)
  /// Something to say in the status line and keep in the log.
  case notice(String)
  case failed(ErrorReport)
  /// A clock tick, at most ten a second, sent only while `Model.wantsTicks`; seconds since start.
  case tick(Double)
}
