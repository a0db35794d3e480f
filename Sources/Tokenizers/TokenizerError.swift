import Domain
import JSONBytes
import Numerics

/// Why a tokenizer could not be used.
package enum TokenizerError: ReportableError, Hashable {
  /// The directory itself is not there.
  case noSuchDirectory(String)
  /// The directory has no `tokenizer.json`.
  case missingFile(String, directory: String)
  /// The system refused to open, size or map a file.
  case unreadable(String, reason: String)
  /// A file's contents break its format.
  case malformed(String, reason: String)
  /// A part of `tokenizer.json` (a normalizer, a pattern, a decoder) that is not computed here.
  case unsupported(part: String, file: String)

  package var report: ErrorReport {
    switch self {
    case .noSuchDirectory(let path):
      ErrorReport(
        "no such directory", at: path, remedy: "Name a Hugging Face checkpoint directory.", status: .noSuchFile)
    case .missingFile(let name, let directory):
      ErrorReport(
        "no \(name)", at: directory,
        remedy: "A checkpoint directory holds config.json, tokenizer.json and model.safetensors (or its index).",
        status: .badData)
    case .unreadable(let path, let reason):
      ErrorReport(
        "cannot be read: \(reason)", at: path, remedy: "Check the file and its permissions.", status: .badData)
    case .malformed(let path, let reason):
      ErrorReport(reason, at: path, remedy: "Download or save the file again.", status: .badData)
    case .unsupported(let part, let file):
      ErrorReport(
        "the tokenizer's \(part) is not supported", at: file,
        remedy: "Supported: BPE with the GPT-2, Llama 3 and Qwen2 patterns, and SentencePiece-style BPE.",
        status: .badData)
    }
  }
}

extension MappedFile {
  /// Maps a file of a tokenizer.
  convenience init(tokenizer path: String) throws(TokenizerError) {
    do throws(NumericsError) {
      try self.init(path: path)
    } catch .unreadable(_, let reason) {
      throw .unreadable(path, reason: reason)
    } catch {
      throw .unreadable(path, reason: error.report.problem)
    }
  }
}

extension JSON {
  /// The document in a file of a tokenizer.
  static func parse(tokenizer path: String) throws(TokenizerError) -> JSON {
    let file = try MappedFile(tokenizer: path)
    do {
      return try parse(file.bytes)
    } catch {
      throw .malformed(path, reason: "not valid JSON: \(error.problem)")
    }
  }
}
