import Domain

/// What can go wrong while utilities are computed.
package enum ScoringError: ReportableError {
  /// A query that leaves no room for a response token, even without an example.
  case queryTooLong(row: RowIndex, path: String?, tokens: Int, context: Int)
  /// The model gave a probability that is not a number, for this row (and example).
  case notFinite(row: RowIndex, example: RowIndex?)
  /// Only kept distances were asked for, and some are missing.
  case notKept

  package var report: ErrorReport {
    switch self {
    case .queryTooLong(let row, let path, let tokens, let context):
      ErrorReport(
        "the query takes \(tokens) tokens and the model's context is \(context): no room for its response",
        at: "\(path ?? "samples") row \(row)",
        remedy: "Leave the row out or shorten it, or use a model with a longer context.", status: .badData)
    case .notFinite(let row, let example):
      ErrorReport(
        "the model's log-probabilities are not finite"
          + (example.map { " with row \($0) as the example" } ?? ""),
        at: "row \(row)",
        remedy: "Check the model's weights (winnow model verify); a NaN or infinity in them is the usual cause.",
        status: .failed)
    case .notKept:
      ErrorReport("some of the scores are not kept any more", remedy: "Run it again.", status: .failed)
    }
  }
}
