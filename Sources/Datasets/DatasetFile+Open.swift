import Domain
import Glibc

extension DatasetFile {
  /// Rows that are looked at to find the schema.
  private static let surveyedRows = 200
  /// Bytes of the file in memory at a time while it is indexed.
  private static let piece = 1 << 20

  /// Opens a file: indexes its rows, hashes its content and finds its schema from the first rows. Reads the file once;
  /// takes 8 bytes a row (24 after a blank line). Rows are not checked yet: see ``validated(skippingBadRows:cancellation:)``.
  ///
  /// `limit`: only the first so many rows. The hash is that of the whole file all the same.
  /// Errors: ``DatasetError`` (`badRow` where none of the first rows is JSON), `CancellationError`.
  public static func open(
    path: String, role: DatasetRole, limit: Int? = nil, cancellation: Cancellation? = nil
  ) throws -> DatasetFile {
    let file = try ByteFile(path: path)
    if file.size == 0 { throw DatasetError.empty(path: path) }
    let (rows, hash) = try indexed(file, limit: limit, cancellation: cancellation)
    if rows.count == 0 { throw DatasetError.empty(path: path) }
    let layout = try survey(file, rows)
    let summary = DatasetSummary(
      path: path, role: role, schema: layout.schema, labelField: layout.label, idField: layout.id, rows: rows.count,
      bytes: file.size, contentHash: hash)
    return DatasetFile(summary: summary, file: file, rows: rows, layout: layout, skipped: [])
  }

  private static func indexed(
    _ file: ByteFile, limit: Int?, cancellation: Cancellation?
  ) throws -> (RowIndex, ContentHash) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(piece, file.size), alignment: 64)
    defer { buffer.deallocate() }
    var hasher = ContentHasher()
    var scanner = RowScanner(limit: limit)
    var offset = 0
    while offset < file.size {
      try cancellation?.check()
      let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, file.size - offset)])
      try file.read(at: offset, into: bytes)
      var text = UnsafeRawBufferPointer(bytes)
      hasher.update(text)
      if offset == 0 {
        if let kind = binaryKind(text) { throw DatasetError.binary(path: file.path, kind: kind) }
        if text.starts(with: [0xEF, 0xBB, 0xBF]) {
          scanner = RowScanner(from: 3, limit: limit)
          text = UnsafeRawBufferPointer(rebasing: text[3...])
        }
      }
      scanner.scan(text)
      offset += bytes.count
    }
    try file.checkUnchanged()
    return (scanner.finish(), hasher.finalize())
  }

  /// What a file that is not text seems to be, from its first bytes; nil for text.
  private static func binaryKind(_ head: UnsafeRawBufferPointer) -> String? {
    let signatures: [([UInt8], String)] = [
      ([0x1F, 0x8B], "a gzip file"), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd file"),
      (Array("PAR1".utf8), "a Parquet file"), (Array("PK\u{03}\u{04}".utf8), "a zip file"),
      (Array("ARROW1".utf8), "an Arrow file"), ([0xFF, 0xFE], "UTF-16 text"), ([0xFE, 0xFF], "UTF-16 text"),
    ]
    if let known = signatures.first(where: { head.starts(with: $0.0) }) { return known.1 }
    return head.prefix(4096).contains(0) ? "a binary file" : nil
  }

  /// The layout that the first rows agree on.
  private static func survey(_ file: ByteFile, _ rows: RowIndex) throws(DatasetError) -> RowLayout {
    let json: JSONReader
    do { json = try JSONReader() } catch { throw .outOfMemory(path: file.path) }
    var survey = LayoutSurvey()
    var firstProblem: BadRow?
    var isReadable = false
    try RowReader(file: file, index: rows).forEach(0..<min(rows.count, surveyedRows)) {
      row, bytes throws(DatasetError) in
      var reason = RowDecoder.tooLong
      if let bytes {
        do {
          let value = try json.read(bytes)
          survey.look(at: value)
          isReadable = isReadable || value.isObject
          reason = "the row is \(value.kindName), not an object with fields"
          if value.isObject { return true }
        } catch JSONProblem.invalid(let why) {
          reason = "not valid JSON: \(why)"
        } catch {
          throw .outOfMemory(path: file.path)
        }
      }
      firstProblem = firstProblem ?? BadRow(line: rows.line(of: row), reason: reason)
      return true
    }
    if !isReadable, let firstProblem { throw .badRow(path: file.path, firstProblem) }
    guard let layout = survey.layout else { throw .unknownSchema(path: file.path, fields: survey.fields) }
    return layout
  }
}
