import Domain
import JSONBytes

/// Why a checkpoint could not be used.
package enum CheckpointError: ReportableError, Hashable {
  /// The directory itself is not there.
  case noSuchDirectory(String)
  /// A file that was named is not there.
  case noSuchFile(String)
  /// A file that a checkpoint must have is not there.
  case missingFile(String, directory: String)
  /// The system refused to open, size or map a file.
  case unreadable(String, reason: String)
  /// A file could not be written.
  case unwritable(String, reason: String)
  /// A file's contents break its format: JSON that does not parse, a header that contradicts itself, a truncated file.
  case malformed(String, reason: String)
  /// `config.json` names an architecture that is not one of the supported families.
  case unknownArchitecture(String, file: String)
  /// A known architecture with a setting that is not computed here (a rope scaling, an activation).
  case unsupportedSetting(String, file: String)
  /// Weights stored in a quantised form.
  case quantised(String, file: String)
  case missingTensor(String, directory: String)
  case misshapenTensor(String, expected: [Int], found: [Int], file: String)
  case unsupportedTensorType(String, type: String, file: String)
  /// Something else stands where a checkpoint or a part of it should.
  case unusable(String, at: String, remedy: String)
  /// A weight that is infinite or not a number, or becomes infinite as float32.
  case notFinite(String, place: [Int], value: Float, file: String)

  package var report: ErrorReport {
    switch self {
    case .noSuchDirectory(let path):
      ErrorReport(
        "no such file or directory", at: path,
        remedy:
          "Name a checkpoint's directory, a GGUF file, or the Hub identifier of a model that was fetched (hf download).",
        status: .noSuchFile)
    case .noSuchFile(let path):
      ErrorReport("no such file", at: path, remedy: "Check the path.", status: .noSuchFile)
    case .missingFile(let name, let directory):
      ErrorReport(
        "no \(name)", at: directory,
        remedy: "A checkpoint directory holds config.json, tokenizer.json and model.safetensors (or its index).",
        status: .badData)
    case .unreadable(let path, let reason):
      ErrorReport(
        "cannot be read: \(reason)", at: path, remedy: "Check the file and its permissions.", status: .badData)
    case .unwritable(let path, let reason):
      ErrorReport(
        "cannot be written: \(reason)", at: path, remedy: "Check the folder and the room on it.", status: .failed)
    case .malformed(let path, let reason):
      ErrorReport(
        reason, at: path,
        remedy: reason.hasPrefix("truncated")
          ? "The file is not whole: fetch or copy it again."
          : "Mend the file, or save it again with what it came from.",
        status: .badData)
    case .unknownArchitecture(let name, let file):
      ErrorReport(
        "unknown architecture \"\(name)\"", at: file,
        remedy:
          "Supported: \(ModelFamily.all.map(\.name).joined(separator: ", ")). Others can be asked behind a server: --endpoint.",
        status: .badData)
    case .unsupportedSetting(let setting, let file):
      ErrorReport(
        "\(setting) is not supported", at: file,
        remedy: "Use another checkpoint, or ask the model behind a server: --endpoint.",
        status: .badData)
    case .quantised(let how, let file):
      ErrorReport(
        "the checkpoint is quantised (\(how))", at: file,
        remedy: "Use the original checkpoint in F32, F16 or BF16.", status: .badData)
    case .missingTensor(let name, let directory):
      ErrorReport(
        "tensor \(name) is missing", at: directory,
        remedy: "The weights are incomplete, or of another model than config.json says.", status: .badData)
    case .misshapenTensor(let name, let expected, let found, let file):
      ErrorReport(
        "tensor \(name) has shape \(found), config.json asks for \(expected)", at: file,
        remedy: "The weights and config.json do not belong together.", status: .badData)
    case .unsupportedTensorType(let name, let type, let file):
      ErrorReport(
        "tensor \(name) is of type \(type)", at: file,
        remedy: "Read are F32, F16 and BF16, and in GGUF files Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K.",
        status: .badData)
    case .unusable(let problem, let path, let remedy):
      ErrorReport(problem, at: path, remedy: remedy, status: .badData)
    case .notFinite(let name, let place, let value, let file):
      ErrorReport(
        "tensor \(name) has \(value) at \(place)", at: file,
        remedy: "Every loss would be no number: use a checkpoint whose weights are finite as float32.", status: .badData
      )
    }
  }
}
