/// What a file of samples is for in a run.
public enum DatasetRole: String, Sendable, Hashable, Codable, CaseIterable {
  /// The samples to choose from.
  case pool
  /// Samples of the task that the choice should help (DELIFT task-specific, Influence Distillation).
  case target
  /// Samples that the model already knows (DELIFT continual).
  case existing
}

/// How a file's rows are laid out, found by looking at the data and shown to the user.
public enum RowSchema: String, Sendable, Hashable, Codable, CaseIterable {
  case alpaca = "instruction/input/output"
  case promptCompletion = "prompt/completion"
  case promptResponse = "prompt/response"
  case questionAnswer = "question/answer"
  case inputOutput = "input/output"
  case inputTarget = "input/target"
  case inputsTargets = "inputs/targets"
  case messages = "messages"
}

/// A row that could not be read, and why.
public struct BadRow: Sendable, Hashable {
  /// Line in the file, counted from 1.
  public var line: Int
  public var reason: String

  public init(line: Int, reason: String) {
    self.line = line
    self.reason = reason
  }
}

/// What is known of an opened file of samples; the rows themselves stay in the file.
public struct DatasetSummary: Sendable, Hashable {
  public var path: String
  public var role: DatasetRole
  public var schema: RowSchema
  /// Names of the fields that label and id were read from, if any.
  public var labelField: String?
  public var idField: String?
  /// Readable rows.
  public var rows: Int
  public var bytes: Int
  public var contentHash: ContentHash
  /// Rows left out under `--skip-bad-rows`, in file order.
  public var badRows: [BadRow]

  public init(
    path: String, role: DatasetRole, schema: RowSchema, labelField: String?, idField: String?, rows: Int,
    bytes: Int, contentHash: ContentHash, badRows: [BadRow] = []
  ) {
    self.path = path
    self.role = role
    self.schema = schema
    self.labelField = labelField
    self.idField = idField
    self.rows = rows
    self.bytes = bytes
    self.contentHash = contentHash
    self.badRows = badRows
  }
}
