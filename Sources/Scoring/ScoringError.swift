import Domain

/// What can go wrong while utilities are computed.
package enum ScoringError: ReportableError {
  case unknownTemplate(String)
  /// A query that leaves no room for a response token, even without an example.
  case queryTooLong(row: Int, path: String?, tokens: Int, context: Int)
  /// A chat that the model's template does not take.
  case refusedByTemplate(row: Int, path: String?, problem: String)
  /// The template leaves an assistant turn out, or what it writes of one sample depends on another: no place can be found
  /// where the loss begins, or where an example ends.
  case turnLeftOut(Int)
  case chatNotDivisible
  /// The model gave a probability that is not a number, for this row (and example).
  case notFinite(row: Int, example: Int?)
  /// Only kept distances were asked for, and some are missing.
  case notKept

  package var report: ErrorReport {
    switch self {
    case .unknownTemplate(let name):
      ErrorReport(
        "there is no prompt template \"\(name)\"", at: "--template",
        remedy: "Use one of: \(PromptTemplate.names.joined(separator: ", ")).",
        status: .unusableArguments)
    case .queryTooLong(let row, let path, let tokens, let context):
      ErrorReport(
        "the query takes \(tokens) tokens and the model's context is \(context): no room for its response",
        at: "\(path ?? "samples") row \(row)",
        remedy: "Leave the row out or shorten it, or use a model with a longer context.", status: .badData)
    case .refusedByTemplate(let row, let path, let problem):
      ErrorReport(
        problem, at: "\(path ?? "samples") row \(row)",
        remedy: "Mend the row or leave it out, or use --template delift or plain.", status: .badData)
    case .turnLeftOut(let turn):
      ErrorReport("the chat template leaves out turn \(turn), which carries the loss", status: .badData)
    case .chatNotDivisible:
      ErrorReport(
        "the chat template writes a chat differently behind an example, so that the two can't be put together",
        status: .badData)
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
