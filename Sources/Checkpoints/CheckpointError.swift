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

  package var report: ErrorReport {
    switch self {
    case .noSuchDirectory(let path):
      ErrorReport(
        "no such directory", at: path, remedy: "Name a Hugging Face checkpoint directory.", status: .noSuchFile)
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
      ErrorReport(reason, at: path, remedy: "Download or save the file again.", status: .badData)
    case .unknownArchitecture(let name, let file):
      ErrorReport(
        "unknown architecture \"\(name)\"", at: file,
        remedy: "Supported: \(ModelFamily.all.map(\.name).joined(separator: ", ")).", status: .badData)
    case .unsupportedSetting(let setting, let file):
      ErrorReport("\(setting) is not supported", at: file, remedy: "Use another checkpoint.", status: .badData)
    case .quantised(let how, let file):
      ErrorReport(
        "the checkpoint is quantised (\(how))", at: file,
        remedy: "Use the original checkpoint in F32, F16 or BF16.", status: .badData)
    case .missingTensor(let name, let directory):
      ErrorReport(
        "tensor \(name) is missing", at: directory, remedy: "The checkpoint is incomplete: download it again.",
        status: .badData)
    case .misshapenTensor(let name, let expected, let found, let file):
      ErrorReport(
        "tensor \(name) has shape \(found), config.json asks for \(expected)", at: file,
        remedy: "The weights and config.json do not belong together.", status: .badData)
    case .unsupportedTensorType(let name, let type, let file):
      ErrorReport(
        "tensor \(name) is of type \(type)", at: file, remedy: "Use a checkpoint in F32, F16 or BF16.", status: .badData
      )
    }
  }
}
