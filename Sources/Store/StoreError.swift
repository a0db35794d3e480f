import Domain
import GRDB

/// SQLite's word on what it did not do.
package struct DatabaseFault: Sendable, Hashable {
  /// Its extended result code, as `sqlite3.h` numbers them: 5 where the database is locked, 778 where a write failed.
  package var code: Int32
  package var message: String
  /// The statement that it was at.
  package var statement: String?

  init(_ error: DatabaseError) {
    code = error.extendedResultCode.rawValue
    message = error.message ?? "no reason given"
    statement = error.sql
  }

  private var kind: ResultCode { ResultCode(rawValue: code).primaryResultCode }

  /// For people: the statement stands in it only where the fault is in the statement or the tables.
  var problem: String {
    switch kind {
    case .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_MISUSE, .SQLITE_RANGE:
      "\(message) (SQLite \(code))" + (statement.map { ", in: \($0)" } ?? "")
    default: "\(message) (SQLite \(code))"
    }
  }

  var remedy: String {
    switch kind {
    case .SQLITE_BUSY, .SQLITE_LOCKED: "Another process writes to it: wait until that is done, then run again."
    case .SQLITE_FULL: "Free space on the disk; then run again."
    case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
      "Check that the file and its folder can be written to (winnow paths shows them)."
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: "Moved away, it is made anew (its contents are then missing)."
    default: "Check the disk and the file's permissions; moved away, it is made anew (its contents are then missing)."
    }
  }
}

/// What can go wrong with what Winnow keeps on disk.
package enum StoreError: ReportableError {
  case cannotMakeFolder(path: String, reason: String)
  case database(path: String, DatabaseFault)
  /// A row of a database that no build of Winnow writes.
  case badRecord(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  case noSuchRun(Int64)

  package var report: ErrorReport {
    switch self {
    case .cannotMakeFolder(let path, let reason):
      ErrorReport(
        "the folder can't be made: \(reason)", at: path,
        remedy: "Make it writable, or point XDG_STATE_HOME and XDG_CACHE_HOME elsewhere (winnow paths shows them).",
        status: .failed)
    case .database(let path, let fault):
      ErrorReport("the database can't be used: \(fault.problem)", at: path, remedy: fault.remedy, status: .failed)
    case .badRecord(let path, let reason):
      ErrorReport(
        "a record can't be read: \(reason)", at: path,
        remedy: "A newer build may have written it; moved away, the file is made anew (its contents are then missing).",
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

  /// Runs `body`, and gives the database's path to what it throws.
  static func wrapping<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as StoreError {
      throw error
    } catch let error as DatabaseError {
      throw StoreError.database(path: path, DatabaseFault(error))
    } catch {
      throw StoreError.badRecord(path: path, reason: "\(error)")
    }
  }
}
