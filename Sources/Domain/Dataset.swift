/// What a file of samples is for in a run.
package enum DatasetRole: String, Sendable, Hashable, Codable, CaseIterable {
  /// The samples to choose from.
  case pool
  /// Samples of the task that the choice should help (DELIFT task-specific, Influence Distillation).
  case target
  /// Samples that the model already knows (DELIFT continual).
  case existing
}

/// How a file's rows are laid out, found by looking at the data and shown to the user.
package enum RowSchema: String, Sendable, Hashable, Codable, CaseIterable {
  case alpaca = "instruction/input/output"
  case promptCompletion = "prompt/completion"
  case promptResponse = "prompt/response"
  case questionAnswer = "question/answer"
  case inputOutput = "input/output"
  case inputTarget = "input/target"
  case inputsTargets = "inputs/targets"
  /// P3 as it is published, where `inputs` and `targets` are lists of token ids.
  case pretokenized = "inputs_pretokenized/targets_pretokenized"
  case messages = "messages"
  case conversations = "conversations"
  case instances = "instruction/instances"
  case reading = "context/question/answers"
  /// Fields that the user named.
  case named = "named fields"
}

/// How a file holds its rows.
package enum DatasetFormat: String, Sendable, Hashable, Codable, CaseIterable {
  /// One JSON object a line.
  case jsonLines = "jsonl"
  /// A JSON list of objects, or an object that holds one.
  case json
  /// Comma-separated or tab-separated values with a header (RFC 4180).
  case csv, tsv
}

/// A row that could not be read, and why.
package struct BadRow: Sendable, Hashable, Codable {
  /// The file, where there are several.
  package var file: String?
  /// Line in the file, counted from 1.
  package var line: Int
  package var reason: String

  package init(file: String? = nil, line: Int, reason: String) {
    self.file = file
    self.line = line
    self.reason = reason
  }
}

/// Where a row came from.
package struct RowPlace: Sendable, Hashable, Codable {
  package var file: String
  /// Counted from 1.
  package var line: Int

  package init(file: String, line: Int) {
    self.file = file
    self.line = line
  }
}

/// One of the files that a dataset is made of.
package struct DatasetPart: Sendable, Hashable, Codable {
  package var path: String
  package var format: DatasetFormat
  package var schema: RowSchema
  /// Rows, bad ones among them.
  package var rows: Int
  package var contentHash: ContentHash

  package init(path: String, format: DatasetFormat, schema: RowSchema, rows: Int, contentHash: ContentHash) {
    self.path = path
    self.format = format
    self.schema = schema
    self.rows = rows
    self.contentHash = contentHash
  }
}

/// What is known of an opened file of samples; the rows themselves stay in the file.
package struct DatasetSummary: Sendable, Hashable, Codable {
  package var path: String
  package var role: DatasetRole
  package var format: DatasetFormat
  package var schema: RowSchema
  /// Names of the fields that label and id were read from, if any.
  package var labelField: String?
  package var idField: String?
  /// Names of the fields that the first rows have, in the order they were met.
  package var fields: [String]
  /// Readable rows.
  package var rows: Int
  package var bytes: Int
  package var contentHash: ContentHash
  /// Rows left out under `--skip-bad-rows`, in file order.
  package var badRows: [BadRow]
  /// What else a user should know of how it was read, a sentence each.
  package var notes: [String]
  /// The files it is made of, in order. Where there are several, `path`, `format` and `schema` are the first one's.
  package var parts: [DatasetPart]

  package init(
    path: String, role: DatasetRole, format: DatasetFormat = .jsonLines, schema: RowSchema, labelField: String?,
    idField: String?, fields: [String] = [], rows: Int, bytes: Int, contentHash: ContentHash, badRows: [BadRow] = [],
    notes: [String] = [],
    parts: [DatasetPart] = []
  ) {
    self.path = path
    self.role = role
    self.format = format
    self.schema = schema
    self.labelField = labelField
    self.idField = idField
    self.fields = fields
    self.rows = rows
    self.bytes = bytes
    self.contentHash = contentHash
    self.badRows = badRows
    self.notes = notes
    self.parts = parts
  }
}
