import Domain

/// Why samples can't be written as a model's tokens.
package enum EncodingError: ReportableError {
  case unknownTemplate(String)
  /// A chat that the model's template does not take.
  case refusedByTemplate(row: RowIndex, path: String?, problem: String)
  /// The template leaves an assistant turn out, or what it writes of one sample depends on another: no loss can be found
  /// where the loss begins, or where an example ends.
  case turnLeftOut(Int)
  case chatNotDivisible

  package var report: ErrorReport {
    switch self {
    case .unknownTemplate(let name):
      ErrorReport(
        "there is no prompt template \"\(name)\"", at: "--template",
        remedy: "Use one of: \(PromptTemplate.names.joined(separator: ", ")).",
        status: .unusableArguments)
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
    }
  }
}
