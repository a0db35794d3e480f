/// How a command ends, in the numbers of `sysexits.h` where it has one.
package enum ExitStatus: Int32, Sendable, Codable {
  case done = 0
  case failed = 1
  case unusableArguments = 64
  case badData = 65
  case noSuchFile = 66
  case interrupted = 130
}

/// What a person needs of an error: what is wrong, where, and what to do about it.
package struct ErrorReport: Error, Sendable, Hashable, Codable, CustomStringConvertible {
  /// What is wrong, as a clause without a full stop.
  package var problem: String
  /// Where: `file:line`, a row, a tensor, an option. Nil where the problem names it already.
  package var location: String?
  /// What the user can do.
  package var remedy: String?
  package var status: ExitStatus

  package init(_ problem: String, at location: String? = nil, remedy: String? = nil, status: ExitStatus) {
    self.problem = problem
    self.location = location
    self.remedy = remedy
    self.status = status
  }

  package var description: String {
    var text = location.map { "\($0): " } ?? ""
    text += problem
    if let remedy { text += "\n  \(remedy)" }
    return text
  }
}

/// An error that can say what a person needs. Each room throws one closed enum of its own that conforms, so that
/// causes stay separate from their wording.
package protocol ReportableError: Error, Sendable {
  var report: ErrorReport { get }
}

extension ErrorReport: ReportableError {
  package var report: ErrorReport { self }
}

extension ErrorReport {
  /// The report of any error; one that has none of its own is a failed run.
  package init(describing error: any Error) {
    if let error = error as? any ReportableError {
      self = error.report
    } else if error is CancellationError {
      self.init("cancelled", status: .interrupted)
    } else {
      self.init("\(error)", status: .failed)
    }
  }
}
