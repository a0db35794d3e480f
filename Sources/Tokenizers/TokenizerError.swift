import Checkpoints
import Domain

/// Why a tokenizer could not be used.
package enum TokenizerError: ReportableError, Hashable {
  /// Its files could not be had.
  case files(CheckpointError)
  /// A file's contents break its format.
  case malformed(String, reason: String)
  /// A part of `tokenizer.json` (a normalizer, a pattern, a decoder) that is not computed here.
  case unsupported(part: String, file: String)

  package var report: ErrorReport {
    switch self {
    case .files(let error): error.report
    case .malformed(let path, let reason):
      ErrorReport(
        reason, at: path, remedy: "Mend the file, or save the tokenizer again with what it came from.", status: .badData
      )
    case .unsupported(let part, let file):
      ErrorReport(
        "the tokenizer's \(part) is not supported", at: file,
        remedy: "Supported: BPE with the GPT-2, Llama 3 and Qwen2 patterns, and SentencePiece-style BPE.",
        status: .badData)
    }
  }
}
