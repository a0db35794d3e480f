import Domain

/// Why a selection cannot be made.
package enum SubmodularError: ReportableError, Hashable {
  /// An element of a kernel is NaN or infinite.
  case notFinite(kernel: String, row: Int, column: Int, value: Float)
  /// A kernel that is not rescaled has an element below 0.
  case negative(kernel: String, row: Int, column: Int, value: Float)
  /// The difference of the largest and the smallest element is beyond float32.
  case range(kernel: String, least: Float, greatest: Float)
  /// Two kernels, or a kernel and what it is used with, do not fit.
  case shape(kernel: String, rows: Int, columns: Int, expected: String)
  /// A kernel without rows or columns.
  case empty(kernel: String)
  /// `eta` or `nu` is negative, not finite, or so large that the objective is not finite.
  case parameter(name: String, value: Double)
  /// A sparse kernel was asked for with fewer than one neighbour a row.
  case neighbours(Int)
  /// The budget is below 1 or above the number of candidates that are not banned.
  case budget(Int, candidates: Int)
  /// A pinned or banned one is no candidate.
  case noCandidate(Candidate, candidates: Int)
  /// A candidate is pinned twice, or both pinned and banned.
  case contradiction(Candidate)
  /// The accuracy of a stochastic maximiser is not between 0 and 1.
  case epsilon(Double)

  package var report: ErrorReport {
    switch self {
    case .notFinite(let kernel, let row, let column, let value):
      ErrorReport(
        "the value is \(value)", at: "\(kernel), row \(row), column \(column)",
        remedy: "Every number must be finite; find out what made this one.", status: .badData)
    case .negative(let kernel, let row, let column, let value):
      ErrorReport(
        "the value is \(value), below 0", at: "\(kernel), row \(row), column \(column)",
        remedy: "The objective needs utilities of at least 0; use --rescale positive or min-max.", status: .badData)
    case .range(let kernel, let least, let greatest):
      ErrorReport(
        "utilities from \(least) to \(greatest) cannot be rescaled in float32", at: kernel,
        remedy: "Divide them by a constant first.", status: .badData)
    case .shape(let kernel, let rows, let columns, let expected):
      ErrorReport(
        "the matrix is \(rows) × \(columns), expected \(expected)", at: kernel,
        remedy: "Rows are the samples that are improved, columns the examples.", status: .badData)
    case .empty(let kernel):
      ErrorReport("the matrix is empty", at: kernel, remedy: "There is nothing to choose from.", status: .badData)
    case .parameter(let name, let value):
      ErrorReport(
        "\(name) is \(value)", at: "--\(name)", remedy: "Give a number of at least 0, and no larger than is sensible.",
        status: .unusableArguments)
    case .neighbours(let count):
      ErrorReport(
        "\(count) neighbours a row", at: "--neighbours", remedy: "Ask for at least 1.", status: .unusableArguments)
    case .budget(let budget, let candidates):
      ErrorReport(
        "budget \(budget) of \(candidates) candidates", at: "--budget",
        remedy: "Ask for at least 1 and at most \(candidates); banned rows are no candidates.",
        status: .unusableArguments)
    case .noCandidate(let candidate, let candidates):
      ErrorReport(
        "row \(candidate) is no candidate", remedy: "Candidates are 0 to \(candidates - 1).", status: .unusableArguments
      )
    case .contradiction(let candidate):
      ErrorReport(
        "row \(candidate) is named twice among the pinned and banned rows", remedy: "Name it once.",
        status: .unusableArguments)
    case .epsilon(let value):
      ErrorReport(
        "epsilon is \(value)", at: "--epsilon", remedy: "Give a number above 0 and below 1.",
        status: .unusableArguments)
    }
  }
}
