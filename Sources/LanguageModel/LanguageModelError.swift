import Domain

/// Why a model's parts do not make a model, or its chat template could not be used.
package enum LanguageModelError: ReportableError, Hashable {
  /// Configuration and tokenizer do not go together.
  case mismatch(String, reason: String)
  /// A checkpoint without a chat template was asked for it.
  case noTemplate(directory: String)
  /// A chat template that cannot be read or rendered, or that has a construct outside the supported subset.
  case badTemplate(String, line: Int, file: String)
  case unwritable(String, reason: String)

  package var report: ErrorReport {
    switch self {
    case .mismatch(let path, let reason):
      ErrorReport(
        reason, at: path, remedy: "Use the tokenizer and the configuration that the weights were saved with.",
        status: .badData)
    case .noTemplate(let directory):
      ErrorReport(
        "the model has no chat template", at: directory,
        remedy: "Use --template delift or plain, or put a chat_template into its tokenizer_config.json.",
        status: .badData)
    case .badTemplate(let problem, let line, let file):
      ErrorReport(
        "chat template, line \(line): \(problem)", at: file,
        remedy: "Use --template delift or plain, or mend the template or the rows that it refuses.", status: .badData)
    case .unwritable(let path, let reason):
      ErrorReport(
        "cannot be written: \(reason)", at: path, remedy: "Check the folder and the room on it.", status: .failed)
    }
  }
}
