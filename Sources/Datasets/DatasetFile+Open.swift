import Domain
import Glibc

extension DatasetFile {
  /// Rows that are looked at to find the schema.
  private static let surveyedRows = 200

  /// Opens a file: finds its format and schema from the data, indexes its rows and hashes its content. JSON lines are read
  /// once and stay where they are, at 8 bytes a row (24 after a blank line); any other format is converted to JSON lines
  /// in a temporary file. Rows are not checked yet: see ``validated(skippingBadRows:cancellation:)``.
  ///
  /// `limit`: only the first so many rows. The hash is that of the whole file all the same (of what is in it, where it is
  /// compressed). `format`: nil to find it. `fields`: what the user says of the fields; the rest is found.
  /// Errors: ``DatasetError`` (`badRow` where none of the first rows is JSON), `CancellationError`.
  public static func open(
    path: String, role: DatasetRole, limit: Int? = nil, format: DatasetFormat? = nil, fields: FieldNames = FieldNames(),
    cancellation: Cancellation? = nil
  ) throws -> DatasetFile {
    var opened = try ByteFile(path: path)
    if opened.size == 0 { throw DatasetError.empty(path: path) }
    if let program = reader(of: try opened.head(8), path: path) {
      opened = try program.read(opened, cancellation: cancellation)
      if opened.size == 0 { throw DatasetError.empty(path: path) }
    }
    let source = Source(file: opened, limit: limit, fields: fields, cancellation: cancellation)
    if let kind = binaryKind(try source.file.head(4096)) { throw DatasetError.binary(path: path, kind: kind) }

    let found: Found
    do {
      found = if let format { try source.rows(as: format) } else { try source.rows() }
    } catch JSONRowsScanner.Problem.noList {
      throw DatasetError.brokenContainer(path: path, line: 1, reason: "there is no list of JSON objects in the file")
    }
    guard let layout = found.survey.layout else {
      throw DatasetError.unknownSchema(path: path, fields: found.survey.fields)
    }
    let summary = DatasetSummary(
      path: path, role: role, format: found.format, schema: layout.schema, labelField: layout.label, idField: layout.id,
      rows: found.rows.count, bytes: source.file.size, contentHash: found.hash,
      notes: found.notes)
    return DatasetFile(summary: summary, file: found.file, rows: found.rows, layout: layout, skipped: [])
  }

  /// Rows, and all that was found out about them.
  private struct Found {
    var format: DatasetFormat
    var file: ByteFile
    var rows: RowIndex
    var survey: LayoutSurvey
    var hash: ContentHash
    var notes: [String] = []
  }

  /// A file that may hold rows, and what is wanted of it.
  private struct Source {
    let file: ByteFile
    let limit: Int?
    let fields: FieldNames
    let cancellation: Cancellation?

    /// Rows in the format that the data has.
    func rows() throws -> Found {
      // Enough of the file to have its first line, unless it is a very long one.
      let head = DatasetFile.withoutMark(try file.head(1 << 20))
      guard let first = head.first(where: { !" \t\r\n".utf8.contains($0) }) else { return try rows(as: .jsonLines) }
      let line = head.drop { " \t\r\n".utf8.contains($0) }.prefix { $0 != 0x0A }
      switch first {
      case UInt8(ascii: "["):
        return try rows(as: .json)
      case UInt8(ascii: "{"):
        // An object that is not closed on its first line is no row, but may hold the rows.
        if !Self.isClosed(line) {
          do { return try rows(as: .json) } catch JSONRowsScanner.Problem.noList {}
        }
        let found = try rows(as: .jsonLines)
        // A single object that is no row may hold them too.
        if found.survey.layout == nil && found.rows.count == 1 {
          do { return try rows(as: .json) } catch JSONRowsScanner.Problem.noList {}
        }
        return found
      default:
        let name = file.path.lowercased()
        for (format, separator) in [(DatasetFormat.csv, UInt8(ascii: ",")), (.tsv, UInt8(ascii: "\t"))] {
          let isNamed = name.contains(".\(format.rawValue)")
          if isNamed || CSVScanner.separator(ofHeader: line.filter { $0 != 0x0D }, fields) == separator {
            return try rows(as: format)
          }
        }
        return try rows(as: .jsonLines)
      }
    }

    /// Whether as many brackets close as open, outside of texts.
    private static func isClosed(_ line: some Sequence<UInt8>) -> Bool {
      var depth = 0
      var inString = false
      var escaped = false
      for byte in line {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\"") {
          inString.toggle()
        } else if inString {
          escaped = byte == UInt8(ascii: "\\")
        } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
          depth += 1
        } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
          depth -= 1
        }
      }
      return depth <= 0
    }

    /// Rows in this format. Throws `JSONRowsScanner.Problem.noList`, besides errors, for JSON that is no list of rows.
    func rows(as format: DatasetFormat) throws -> Found {
      let markSize = try file.head(3) == DatasetFile.byteOrderMark ? 3 : 0
      let source: any RowSource =
        switch format {
        case .jsonLines: LineScanner(file, from: markSize, limit: limit)
        case .json: try JSONRowsScanner(from: file.path, limit: limit)
        case .csv: try CSVScanner(from: file.path, separator: UInt8(ascii: ","), limit: limit)
        case .tsv: try CSVScanner(from: file.path, separator: UInt8(ascii: "\t"), limit: limit)
        }
      let rows: (ByteFile, RowIndex)
      let hash: ContentHash
      do {
        hash = try readAll(into: source, markSize)
        rows = try source.finish()
      } catch JSONRowsScanner.Problem.severalLists(let names) {
        throw DatasetError.severalLists(path: file.path, names: names)
      } catch JSONRowsScanner.Problem.broken(let line, let reason) {
        throw DatasetError.brokenContainer(path: file.path, line: line, reason: reason)
      }
      if rows.1.count == 0 { throw DatasetError.empty(path: file.path) }
      let survey = try DatasetFile.survey(rows.0, rows.1, fields)
      var found = Found(format: format, file: rows.0, rows: rows.1, survey: survey, hash: hash)
      if format != .jsonLines { found.notes = ["Rows were converted to JSON lines; exports have them in that form."] }
      if survey.layout == nil && ReadingConversion.isMeant(fields: survey.fields) {
        let conversion = try ReadingConversion(from: file.path, limit: limit)
        (found.file, found.rows) = try conversion.convert(rows.0, rows.1)
        if found.rows.count == 0 { throw DatasetError.empty(path: file.path) }
        found.survey = try DatasetFile.survey(found.file, found.rows, fields)
        if conversion.unanswerable > 0 {
          found.notes.append("\(conversion.unanswerable) questions without an answer were left out.")
        }
      }
      return found
    }

    /// Reads the file from start to end: all of it into the hash, what follows the byte-order mark into the source.
    private func readAll(into source: any RowSource, _ markSize: Int) throws -> ContentHash {
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: min(DatasetFile.pieceSize, file.size), alignment: 64)
      defer { buffer.deallocate() }
      var hasher = ContentHasher()
      var offset = 0
      while offset < file.size {
        try cancellation?.check()
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, file.size - offset)])
        try file.read(at: offset, into: bytes)
        let piece = UnsafeRawBufferPointer(bytes)
        hasher.update(piece)
        try source.scan(offset == 0 ? UnsafeRawBufferPointer(rebasing: piece[markSize...]) : piece)
        offset += bytes.count
      }
      try file.checkUnchanged()
      return hasher.finalize()
    }
  }

  /// Bytes of the file in memory at a time while it is read.
  fileprivate static let pieceSize = 1 << 20

  fileprivate static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  fileprivate static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
  }

  /// The program that reads a file which begins like this; nil where none is needed.
  private static func reader(of head: [UInt8], path: String) -> OtherProgram? {
    if head.starts(with: [0x1F, 0x8B]) { return .gzip }
    if head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .zstd }
    if head.starts(with: Array("PAR1".utf8)) { return .duckdb(parquet: path) }
    return nil
  }

  /// What a file that is not text seems to be, from its first bytes; nil for text.
  private static func binaryKind(_ head: [UInt8]) -> String? {
    let signatures: [([UInt8], String)] = [
      (Array("PK\u{03}\u{04}".utf8), "a zip file"), (Array("ARROW1".utf8), "an Arrow file"),
      ([0xFF, 0xFE], "UTF-16 text"), ([0xFE, 0xFF], "UTF-16 text"), ([0x1F, 0x8B], "a gzip file in a gzip file"),
    ]
    if let known = signatures.first(where: { head.starts(with: $0.0) }) { return known.1 }
    return head.contains(0) ? "a binary file" : nil
  }

  /// What the first rows have. Errors: `badRow` where none of them is an object, `noSuchField`.
  fileprivate static func survey(
    _ file: ByteFile, _ rows: RowIndex, _ fields: FieldNames
  ) throws(DatasetError) -> LayoutSurvey {
    let json: JSONReader
    do { json = try JSONReader() } catch { throw .outOfMemory(path: file.path) }
    let survey = LayoutSurvey(fields)
    try RowReader(file: file, index: rows).forEach(0..<min(rows.count, surveyedRows)) {
      row, bytes throws(DatasetError) in
      let line = rows.line(of: row)
      guard let bytes, rows.faults[row] == nil else {
        survey.refuse(line: line, rows.faults[row] ?? RowDecoder.tooLong)
        return true
      }
      do throws(JSONProblem) {
        survey.look(at: try json.read(bytes), line: line)
      } catch {
        guard case .invalid(let why) = error else { throw .outOfMemory(path: file.path) }
        survey.refuse(line: line, "not valid JSON: \(why)")
      }
      return true
    }
    if !survey.sawObject, let problem = survey.firstProblem { throw .badRow(path: file.path, problem) }
    for name in fields.all where !survey.fields.contains(name) {
      throw .noSuchField(path: file.path, name: name, fields: survey.fields)
    }
    return survey
  }
}
