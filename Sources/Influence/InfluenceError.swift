import Domain

/// Why influence cannot be computed.
package enum InfluenceError: ReportableError, Hashable {
  /// A name filter that fits no parameter.
  case noSuchParameters(String)
  /// No sample of a set has a response token that fits the context.
  case nothingToMeasure(role: DatasetRole)
  /// A gradient that is not finite, of a row of a set.
  case notFinite(role: DatasetRole, row: RowIndex)
  /// Every gradient of a set is zero: nothing to compare.
  case allZero(role: DatasetRole)
  /// What must be held does not fit the memory there is.
  case tooLarge(what: String, bytes: Int, available: Int)
  /// A linear system that has no solution to working precision.
  case singular
  /// A file of imported gradients or embeddings that breaks its format.
  case malformed(path: String, reason: String)
  /// Imported matrices that do not belong together.
  case mismatch(path: String, reason: String)
  /// A second-order run on something that has no Hessian.
  case needsModel(String)
  case unwritable(path: String, reason: String)

  package var report: ErrorReport {
    switch self {
    case .noSuchParameters(let filter):
      ErrorReport(
        "no parameter's name has \"\(filter)\" in it", at: "--params",
        remedy: "Give a part of a name, say down_proj, or leave the option out for all parameters.",
        status: .unusableArguments)
    case .nothingToMeasure(let role):
      ErrorReport(
        "no sample has a response token that fits the model's context", at: "--\(role.rawValue)",
        remedy: "Use samples with responses, shorter prompts, or a model with a longer context.", status: .badData)
    case .notFinite(let role, let row):
      ErrorReport(
        "the gradient is not finite", at: "--\(role.rawValue) row \(row)",
        remedy: "Leave the row out, or check the weights or the file that the gradients come from for NaN.",
        status: .badData)
    case .allZero(let role):
      ErrorReport(
        "all gradients of the \(role.rawValue) set are zero: there is nothing to compare", at: "--\(role.rawValue)",
        remedy:
          "Check the parameters that --params names, the imported file, and whether the model is trained on these rows.",
        status: .badData)
    case .tooLarge(let what, let bytes, let available):
      ErrorReport(
        "\(what) would take \(bytes >> 20) MB, and \(available >> 20) MB are free",
        remedy: "Use --projection hadamard:8192, fewer parameters with --params, or fewer landmarks.", status: .failed)
    case .singular:
      ErrorReport(
        "the landmarks' kernel cannot be solved with", at: "--landmarks",
        remedy: "Use another --seed, or more landmarks.", status: .failed)
    case .malformed(let path, let reason):
      ErrorReport(reason, at: path, remedy: "Write the file again.", status: .badData)
    case .mismatch(let path, let reason):
      ErrorReport(
        reason, at: path, remedy: "Bring gradients that were made with the same model, parameters and projection.",
        status: .badData)
    case .needsModel(let what):
      ErrorReport(
        "\(what) needs a model: gradients from a file have no Hessian", at: "--model",
        remedy: "Name a checkpoint directory with --model DIR, or use --influence-order first --step gd.",
        status: .unusableArguments)
    case .unwritable(let path, let reason):
      ErrorReport(
        "can't write: \(reason)", at: path, remedy: "Free space on the disk, or make the folder writable.",
        status: .failed)
    }
  }
}
