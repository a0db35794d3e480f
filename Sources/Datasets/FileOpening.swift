import Domain
import JSONBytes

/// Opens one file: finds its format from the first bytes, its schema from the first rows, and where its rows are.
struct FileOpening {
  /// Rows that are looked at to find the schema.
  private static let surveyedRows = 200

  let path: String
  let limit: Int?
  let reading: DatasetReading
  /// Every field that is named must be there.
  let isStrict: Bool
  let cancellation: Cancellation?
  /// The name of the file in an archive, whose ending counts.
  private var innerName: String?

  init(path: String, limit: Int?, reading: DatasetReading, isStrict: Bool, cancellation: Cancellation?) {
    self.path = path
    self.limit = limit
    self.reading = reading
    self.isStrict = isStrict
    self.cancellation = cancellation
  }

  /// Rows, and all that was found out about them.
  struct Opened {
    var format: DatasetFormat
    var file: ByteFile
    var rows: RowOffsets
    var layout: RowLayout
    var hash: ContentHash
    /// Bytes of the file, decompressed.
    var size: Int
    var notes: [String]
    /// Fields of the first rows, and those that were named and are not among them.
    var fields: [String]
    var missingNames: [String]
  }

  private struct Found {
    var format: DatasetFormat
    var file: ByteFile
    var rows: RowOffsets
    var survey: LayoutSurvey
    var hash: ContentHash
    var notes: [String] = []
  }

  /// Errors: ``DatasetError``, `CancellationError`.
  func open() throws -> Opened {
    let file = try ByteFile(path: path)
    if file.size == 0 { throw DatasetError.empty(path: path) }
    if try file.head(4) == Array("PK\u{03}\u{04}".utf8), !path.lowercased().hasSuffix(".xlsx") {
      let (samples, name) = try ZipArchive.samples(of: file, cancellation: cancellation)
      if samples.size == 0 { throw DatasetError.empty(path: path) }
      var inner = self
      inner.innerName = name
      return try inner.open(samples)
    }
    return try open(file)
  }

  private func open(_ file: ByteFile) throws -> Opened {
    var file = file
    if let program = Self.reader(of: try file.head(16), path: path) {
      file = try program.read(file, cancellation: cancellation)
      if file.size == 0 { throw DatasetError.empty(path: path) }
    }
    var notes: [String] = []
    let marked = TextConversion.marked(try file.head(2))
    if let encoding = reading.encoding ?? marked, encoding != .utf8 {
      file = try TextConversion.utf8(file, from: encoding)
      if file.size == 0 { throw DatasetError.empty(path: path) }
      notes.append("The text was converted from \(encoding.rawValue); exports have it in UTF-8.")
    }
    if let kind = Self.binaryKind(try file.head(4096)) { throw DatasetError.binary(path: path, kind: kind) }
    let found: Found
    do {
      found =
        switch reading.format {
        case nil: try rows(of: file)
        case .json: try listOrStream(of: file)
        case let format?: try rows(of: file, as: format)
        }
    } catch JSONRowsScanner.Problem.noList {
      throw DatasetError.brokenContainer(path: path, line: 1, reason: "there is no list of JSON objects in the file")
    }
    let missing = found.survey.missingNames
    if isStrict, let name = missing.first {
      throw DatasetError.noSuchField(path: path, name: name, fields: found.survey.fields)
    }
    found.survey.forgetMissingNames()
    guard let layout = found.survey.layout else {
      let (fields, suggestion) = (found.survey.fields, found.survey.suggestion)
      if suggestion == nil, reading.columns == nil, [.csv, .tsv].contains(found.format) {
        throw DatasetError.noHeader(path: path, names: fields)
      }
      throw DatasetError.unknownSchema(path: path, fields: fields, suggestion: suggestion)
    }
    if let label = reading.fields.label, found.survey.fields.contains(label), !found.survey.hasScalars(label) {
      throw DatasetError.labelIsNoText(path: path, name: label)
    }
    return Opened(
      format: found.format, file: found.file, rows: found.rows, layout: layout, hash: found.hash, size: file.size,
      notes: notes + found.notes, fields: found.survey.fields, missingNames: missing)
  }

  /// Rows in the format that the data has.
  private func rows(of file: ByteFile) throws -> Found {
    // Enough of the file to have its first line, unless it is a very long one.
    let head = Self.withoutMark(try file.head(1 << 20))
    guard let first = head.first(where: { !" \t\r\n".utf8.contains($0) }) else {
      return try rows(of: file, as: .jsonLines)
    }
    let line = head.drop { " \t\r\n".utf8.contains($0) }.prefix { $0 != 0x0A }
    switch first {
    case UInt8(ascii: "["):
      return try rows(of: file, as: .json)
    case UInt8(ascii: "{"):
      // An object that is not closed on its first line is no row of a line, but may hold the rows, or go on below.
      guard let end = Self.endOfObject(line) else {
        let next = head.drop { " \t\r\n".utf8.contains($0) }.dropFirst(line.count)
          .first { !" \t\r\n".utf8.contains($0) }
        do { return try rows(of: file, as: .json) } catch JSONRowsScanner.Problem.noList {
          // Where another row begins on the next line, the first is merely broken.
          return try next == nil || next == UInt8(ascii: "{") ? rows(of: file, as: .jsonLines) : stream(of: file)
        } catch DatasetError.severalLists(let path, let names) {
          return try task(in: file) ?? { throw DatasetError.severalLists(path: path, names: names) }()
        }
      }
      // Objects that do not stand on lines of their own.
      let rest = line[end...].drop { " \t\r".utf8.contains($0) }
      if let next = rest.first, next == UInt8(ascii: "{") || next == UInt8(ascii: ",") {
        return try stream(of: file)
      }
      let found = try rows(of: file, as: .jsonLines)
      // A single object that is no row may hold them too.
      if found.survey.layout == nil && found.rows.count == 1 {
        do {
          let list = try rows(of: file, as: .json)
          if list.survey.layout != nil || found.survey.suggestion == nil { return list }
        } catch JSONRowsScanner.Problem.noList {}
      }
      return found
    default:
      let name = (innerName ?? file.path).lowercased()
      let separator = CSVScanner.separator(ofHeader: line.filter { $0 != 0x0D }, reading.fields)
      for format in [DatasetFormat.csv, .tsv] {
        let isMeant = separator.map { ($0 == UInt8(ascii: "\t")) == (format == .tsv) } ?? (reading.columns != nil)
        if name.contains(".\(format.rawValue)") || isMeant { return try rows(of: file, as: format) }
      }
      return try rows(of: file, as: .jsonLines)
    }
  }

  /// Where the object that a line begins with ends; nil where it does not.
  private static func endOfObject(_ line: ArraySlice<UInt8>) -> Int? {
    var depth = 0
    var inString = false
    var escaped = false
    for (offset, byte) in zip(line.indices, line) {
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
        if depth <= 0 { return offset + 1 }
      }
    }
    return nil
  }

  /// Rows of a file of JSON: a list of them, or one after another.
  private func listOrStream(of file: ByteFile) throws -> Found {
    do { return try rows(of: file, as: .json) } catch JSONRowsScanner.Problem.noList {
      guard try file.head(1 << 12).first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") else {
        throw JSONRowsScanner.Problem.noList
      }
      return try stream(of: file)
    }
  }

  /// Objects one after another.
  private func stream(of file: ByteFile) throws -> Found {
    try rows(of: file, as: .json, from: JSONStreamScanner(from: file.path, limit: limit))
  }

  /// A file that is one task with its instances among other lists; nil where it is none.
  private func task(in file: ByteFile) throws -> Found? {
    guard let found = try? stream(of: file), let schema = found.survey.layout?.schema, schema != .named,
      found.notes.count > 1
    else { return nil }
    return found
  }

  /// Rows in this format. Throws `JSONRowsScanner.Problem.noList`, besides errors, for JSON that is no list of rows.
  private func rows(of file: ByteFile, as format: DatasetFormat, from given: (any RowSource)? = nil) throws -> Found {
    let markSize = try file.head(3) == Self.byteOrderMark ? 3 : 0
    let source: any RowSource =
      if let given {
        given
      } else {
        switch format {
        case .jsonLines: LineScanner(file, from: markSize, limit: limit)
        case .json: try JSONRowsScanner(from: file.path, limit: limit)
        case .csv, .tsv: try table(file, format)
        }
      }
    let rows: (ByteFile, RowOffsets)
    let hash: ContentHash
    do {
      hash = try readAll(of: file, into: source, markSize)
      rows = try source.finish()
    } catch JSONRowsScanner.Problem.severalLists(let names) {
      throw DatasetError.severalLists(path: file.path, names: names)
    } catch JSONRowsScanner.Problem.broken(let line, let reason) {
      throw DatasetError.brokenContainer(path: file.path, line: line, reason: reason)
    }
    if rows.1.count == 0 { throw DatasetError.empty(path: file.path) }
    var found = Found(
      format: format, file: rows.0, rows: rows.1, survey: try survey(rows.0, rows.1), hash: hash)
    if format != .jsonLines { found.notes = ["Rows were converted to JSON lines; exports have them in that form."] }
    found.notes += source.notes
    if found.survey.layout == nil && ReadingConversion.isMeant(fields: found.survey.fields) {
      let conversion = try ReadingConversion(from: file.path, limit: limit)
      (found.file, found.rows) = try conversion.convert(rows.0, rows.1)
      if found.rows.count == 0 {
        throw DatasetError.noAnswers(path: file.path, questions: conversion.unanswerable)
      }
      found.survey = try survey(found.file, found.rows)
      if conversion.unanswerable > 0 {
        found.notes.append("\(conversion.unanswerable) questions without an answer were left out.")
      }
    }
    if found.survey.layout?.shape == .messageOfTree {
      let trees = try MessageTree.convert(found.file, found.rows, limit: limit)
      (found.file, found.rows) = (trees.file, trees.rows)
      if found.rows.count == 0 { throw DatasetError.empty(path: file.path) }
      found.survey = try survey(found.file, found.rows)
      found.notes.append(
        "\(trees.messages) messages of \(found.rows.count) trees were made a row each tree, from its first message along the best-ranked answers; exports have them in that form."
      )
    }
    if case .instances(let instruction, let list) = found.survey.layout?.shape,
      let rows = try InstancesConversion.convert(
        found.file, found.rows, instruction: instruction, list: list, limit: limit)
    {
      (found.file, found.rows) = rows
      found.notes.append("Tasks with several instances were made a row each; exports have them in that form.")
    }
    return found
  }

  /// A table's rows. One that is named for commas and has none in its header, but semicolons, is separated by these.
  private func table(_ file: ByteFile, _ format: DatasetFormat) throws(DatasetError) -> CSVScanner {
    var separator = UInt8(ascii: format == .tsv ? "\t" : ",")
    let header = Self.withoutMark(try file.head(1 << 16)).prefix { $0 != 0x0A && $0 != 0x0D }
    if format == .csv, CSVScanner.count(of: separator, in: header) == 0,
      CSVScanner.count(of: UInt8(ascii: ";"), in: header) > 0
    {
      separator = UInt8(ascii: ";")
    }
    return try CSVScanner(from: file.path, separator: separator, columns: reading.columns, limit: limit)
  }

  /// Reads the file from start to end: all of it into the hash, what follows the byte-order mark into the source.
  private func readAll(of file: ByteFile, into source: any RowSource, _ markSize: Int) throws -> ContentHash {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(Self.pieceSize, file.size), alignment: 64)
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

  /// Bytes of the file in memory at a time while it is read.
  private static let pieceSize = 1 << 20

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
  }

  /// The program that reads a file which begins like this; nil where none is needed.
  private static func reader(of head: [UInt8], path: String) -> OtherProgram? {
    if head.starts(with: [0x1F, 0x8B]) { return .gzip }
    // A frame, or one that is to be skipped.
    let isSkippable = head.count >= 4 && head[0] & 0xF0 == 0x50 && head[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    if head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || isSkippable { return .zstd }
    if head.starts(with: Array("BZh".utf8)) { return .bzip2 }
    if head.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) { return .xz }
    if head.starts(with: Array("PAR1".utf8)) { return .duckdbReadingParquet }
    // A stream begins with a mark and the length of what it says of its columns.
    let isStream = head.starts(with: [0xFF, 0xFF, 0xFF, 0xFF]) && head.count > 7 && head[6...7] == [0, 0]
    if head.starts(with: Array("ARROW1".utf8)) || isStream { return .pyarrow }
    if head.dropFirst(8).starts(with: Array("DUCK".utf8)) || head.starts(with: Array("SQLite format 3\0".utf8)) {
      return .duckdb(database: path)
    }
    // What duckdb knows by the name's ending, where it has the extension for it.
    let name = path.lowercased()
    if head.starts(with: Array("PK\u{03}\u{04}".utf8)) && name.hasSuffix(".xlsx")
      || head.starts(with: Array("Obj\u{01}".utf8)) && name.hasSuffix(".avro")
    {
      return .duckdb(file: path)
    }
    return nil
  }

  /// What a file that is not text seems to be, from its first bytes; nil for text.
  private static func binaryKind(_ head: [UInt8]) -> String? {
    let signatures: [([UInt8], String)] = [
      (Array("PK\u{03}\u{04}".utf8), "a zip file"),
      ([0x1F, 0x8B], "a gzip file in a gzip file"),
    ]
    if let known = signatures.first(where: { head.starts(with: $0.0) }) { return known.1 }
    return head.contains(0) ? "a binary file" : nil
  }

  /// What the first rows have. Errors: `badRow` where none of them is an object.
  private func survey(_ file: ByteFile, _ rows: RowOffsets) throws(DatasetError) -> LayoutSurvey {
    let json: JSONReader
    do { json = try JSONReader() } catch { throw .outOfMemory(path: file.path) }
    let survey = LayoutSurvey(reading)
    try RowReader(file: file, index: rows).forEach(0..<min(rows.count, Self.surveyedRows)) {
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
    return survey
  }
}
