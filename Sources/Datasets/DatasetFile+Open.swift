import Domain

extension DatasetFile {
  /// Opens files that make one dataset: finds each one's format and schema from the data, indexes its rows and hashes its
  /// content. JSON lines are read once and stay where they are, at 8 bytes a row (24 after a blank line); any other format
  /// is converted to JSON lines in a temporary file. Rows are not checked yet: see
  /// ``validated(skippingBadRows:cancellation:)``.
  ///
  /// `limit`: only the first so many rows. The hash is that of the whole files all the same (of what is in one, where it is
  /// compressed). `reading`: what the user says of format and fields; the rest is found. A field that is named must be in
  /// one of the pool's files; files without it, and target sets and existing data, are read by what they have.
  /// Errors: ``DatasetError`` (`badRow` where none of the first rows is JSON), `CancellationError`.
  package static func open(
    paths: [String], role: DatasetRole, limit: Int? = nil, reading: DatasetReading = DatasetReading(),
    cancellation: Cancellation? = nil
  ) throws -> DatasetFile {
    var files: [RowFile] = []
    var parts: [DatasetPart] = []
    var notes: [String] = []
    var missing: [[String]] = []
    var seen: [String] = []
    var bytes = 0
    for path in paths {
      let first = files.last?.indices.upperBound ?? 0
      // Behind the limit a file's rows do not count, its content does.
      let room = limit.map { $0 - first.value }
      let opened = try FileOpening(
        path: path, limit: room.map { max(1, $0) }, reading: reading, isStrict: role == .pool && paths.count == 1,
        cancellation: cancellation
      ).open()
      let layout = opened.layout
      let rows = room == 0 ? opened.rows.prefix(0) : opened.rows
      files.append(RowFile(path: path, file: opened.file, rows: rows, layout: layout, first: first))
      parts.append(
        DatasetPart(
          path: path, format: opened.format, schema: layout.schema, rows: rows.count, contentHash: opened.hash))
      notes += paths.count == 1 ? opened.notes : opened.notes.map { "\(path): \($0)" }
      missing.append(opened.missingNames)
      seen += opened.fields.filter { !seen.contains($0) }
      bytes += opened.size
    }
    guard let first = files.first, let part = parts.first else { throw DatasetError.noSuchFile(path: "") }
    if role == .pool, let name = missing[0].first(where: { name in missing.allSatisfy { $0.contains(name) } }) {
      throw DatasetError.noSuchField(path: first.path, name: name, fields: seen)
    }
    let summary = DatasetSummary(
      path: first.path, role: role, format: part.format, schema: part.schema,
      labelField: files.lazy.compactMap(\.layout.label).first, idField: files.lazy.compactMap(\.layout.id).first,
      fields: seen, rows: files.reduce(0) { $0 + $1.rows.count }, bytes: bytes,
      contentHash: parts.count == 1 ? part.contentHash : ContentHash(combining: parts.map(\.contentHash)),
      notes: notes, parts: parts)
    return DatasetFile(summary: summary, files: files, skipped: [])
  }

  /// Opens one file.
  package static func open(
    path: String, role: DatasetRole, limit: Int? = nil, reading: DatasetReading = DatasetReading(),
    cancellation: Cancellation? = nil
  ) throws -> DatasetFile {
    try open(paths: [path], role: role, limit: limit, reading: reading, cancellation: cancellation)
  }
}
