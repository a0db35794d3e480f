/// What a file of samples is for in a run.
package enum DatasetRole: String, Sendable, Hashable, Codable, CaseIterable {
  /// The samples to choose from.
  case pool
  /// Samples of the task that the choice should help (DELIFT task-specific, Influence Distillation).
  case target
  /// Samples that the model already knows (DELIFT continual).
  case existing
}

/// How a file's rows are laid out, by name: found by looking at the data and shown to the user. What the names mean stands in one table,
/// `Schema.all` of Datasets.
package struct RowSchema: RawRepresentable, Sendable, Hashable, Codable {
  package var rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }
  package init(_ rawValue: String) { self.rawValue = rawValue }

  package static let alpaca = RowSchema("instruction/input/output")
  package static let promptCompletion = RowSchema("prompt/completion")
  package static let promptResponse = RowSchema("prompt/response")
  package static let questionAnswer = RowSchema("question/answer")
  package static let inputOutput = RowSchema("input/output")
  package static let inputTarget = RowSchema("input/target")
  package static let inputsTargets = RowSchema("inputs/targets")
  package static let messages = RowSchema("messages")
  package static let conversations = RowSchema("conversations")
  package static let instances = RowSchema("instruction/instances")
  package static let reading = RowSchema("context/question/answers")
  /// Fields that the user named.
  package static let named = RowSchema("named fields")
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
package struct RowLocation: Sendable, Hashable, Codable {
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
  /// Rows that the data itself says are no samples, left out and counted.
  package var leftOut: Int
  /// What else a user should know of how it was read, a sentence each.
  package var notes: [String]
  /// The files it is made of, in order. Where there are several, `path`, `format` and `schema` are the first one's.
  package var parts: [DatasetPart]

  package init(
    path: String, role: DatasetRole, format: DatasetFormat = .jsonLines, schema: RowSchema, labelField: String?,
    idField: String?, fields: [String] = [], rows: Int, bytes: Int, contentHash: ContentHash, badRows: [BadRow] = [],
    leftOut: Int = 0, notes: [String] = [], parts: [DatasetPart] = []
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
    self.leftOut = leftOut
    self.notes = notes
    self.parts = parts
  }

  /// Reads a summary that an older version may have written.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    path = try container.decode(String.self, forKey: .path)
    role = try container.decode(DatasetRole.self, forKey: .role)
    format = try container.decode(DatasetFormat.self, forKey: .format)
    schema = try container.decode(RowSchema.self, forKey: .schema)
    labelField = try container.decodeIfPresent(String.self, forKey: .labelField)
    idField = try container.decodeIfPresent(String.self, forKey: .idField)
    fields = try container.decode([String].self, forKey: .fields)
    rows = try container.decode(Int.self, forKey: .rows)
    bytes = try container.decode(Int.self, forKey: .bytes)
    contentHash = try container.decode(ContentHash.self, forKey: .contentHash)
    badRows = try container.decode([BadRow].self, forKey: .badRows)
    leftOut = try container.decodeIfPresent(Int.self, forKey: .leftOut) ?? 0
    notes = try container.decode([String].self, forKey: .notes)
    parts = try container.decode([DatasetPart].self, forKey: .parts)
  }
}
