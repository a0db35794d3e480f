import Domain

/// What can go wrong with what Winnow keeps on disk.
package enum StoreError: ReportableError {
  case cannotMakeFolder(path: String, reason: String)
  /// SQLite's word on a database file.
  case database(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  case noSuchRun(Int64)

  package var report: ErrorReport {
    switch self {
    case .cannotMakeFolder(let path, let reason):
      ErrorReport(
        "the folder can't be made: \(reason)", at: path,
        remedy: "Make it writable, or point XDG_STATE_HOME and XDG_CACHE_HOME elsewhere (winnow paths shows them).",
        status: .failed)
    case .database(let path, let reason):
      ErrorReport(
        "the database can't be used: \(reason)", at: path,
        remedy:
          "Check the disk and the file's permissions; moved away, it is made anew (its contents are then missing).",
        status: .failed)
    case .cannotWrite(let path, let reason):
      ErrorReport(
        "can't write: \(reason)", at: path,
        remedy: "Free space on the disk, or make the folder writable; then run again.",
        status: .failed)
    case .noSuchRun(let id):
      ErrorReport("there is no run \(id)", remedy: "List the runs with: winnow runs", status: .unusableArguments)
    }
  }

  /// Runs `body`, and gives whatever it throws that is not a `StoreError` the database's path.
  static func wrapping<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as StoreError {
      throw error
    } catch {
      throw StoreError.database(path: path, reason: "\(error)")
    }
  }
}
