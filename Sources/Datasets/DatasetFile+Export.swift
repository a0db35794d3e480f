import Domain
import JSONBytes

/// A field that an export adds to each row: a name, and for each row its value as JSON.
package struct AddedField: Sendable, Hashable {
  package var name: String
  package var values: [String]

  package init(name: String, values: [String]) {
    self.name = name
    self.values = values
  }
}

extension DatasetFile {
  /// Writes rows to a new file, a line each, in the order given: byte for byte as they stand in this one, or with fields added
  /// at each object's end.
  ///
  /// `indices`: rows by index; `added`: with a value for each of them. Errors: those of ``bytes(of:)`` and of ``AtomicFile``;
  /// `fieldExists` for a row that has a field of an added name; after one, nothing is left.
  package func export(
    rows indices: some Collection<RowIndex>, adding added: [AddedField] = [], to path: String, overwrite: Bool
  ) throws(DatasetError) {
    var output = try AtomicFile(at: path, overwrite: overwrite)
    try write(indices, adding: added, to: &output)
    try output.commit()
  }

  private func write(
    _ indices: some Collection<RowIndex>, adding added: [AddedField], to output: inout AtomicFile
  ) throws(DatasetError) {
    try forEachLine(indices, adding: added) { line throws(DatasetError) in
      try output.write(line)
      try output.write(CollectionOfOne(0x0A))
    }
  }

  private func forEachLine(
    _ indices: some Collection<RowIndex>, adding added: [AddedField],
    _ body: ([UInt8]) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    let bytes = RowBytes(files)
    let json = try added.isEmpty ? nil : reader()
    for (number, index) in indices.enumerated() {
      guard index >= 0 && index.value < rowCount else {
        throw .noSuchRow(path: summary.path, row: index.value, rows: rowCount)
      }
      var line = try bytes.copy(of: index)
      if let json {
        try object(in: line, of: index, json) { row throws(DatasetError) in
          for field in added where row.find(field.name) != nil {
            throw .fieldExists(path: summary.path, name: field.name)
          }
        }
        while let last = line.popLast(), last != UInt8(ascii: "}") {}
        while let last = line.last, [0x20, 0x09, 0x0D].contains(last) { line.removeLast() }
        for field in added {
          if line.last != UInt8(ascii: "{") { line += Array(", ".utf8) }
          line += Array("\"\(field.name)\": \(field.values[number])".utf8)
        }
        line.append(UInt8(ascii: "}"))
      }
      try body(line)
    }
  }

  /// Writes rows as comma-separated values with a header (RFC 4180, line feeds): a column for each field that any of them has,
  /// lists and objects as JSON. Errors: as ``export(rows:adding:to:overwrite:)``.
  package func exportCSV(
    rows indices: some Collection<RowIndex>, adding added: [AddedField] = [], to path: String, overwrite: Bool
  ) throws(DatasetError) {
    let bytes = RowBytes(files)
    let json = try reader()
    var names: [String] = []
    var known: Set<String> = []
    for index in indices {
      try object(in: bytes.copy(of: index), of: index, json) { row throws(DatasetError) in
        row.forEachChild { name, _ in
          if let name, known.insert(name).inserted { names.append(name) }
        }
      }
    }
    for field in added where known.contains(field.name) {
      throw .fieldExists(path: summary.path, name: field.name)
    }
    var output = try AtomicFile(at: path, overwrite: overwrite)
    try output.write(Self.line(names + added.map(\.name)))
    for (number, index) in indices.enumerated() {
      var cells: [String] = []
      try object(in: bytes.copy(of: index), of: index, json) { row throws(DatasetError) in
        cells = names.map { name in row.find(name)?.value.cellText ?? "" }
      }
      try output.write(Self.line(cells + added.map { $0.values[number] }))
    }
    try output.commit()
  }

  /// Writes rows as Parquet, through `duckdb`. Errors: as ``export(rows:adding:to:overwrite:)``, `helperMissing`,
  /// `helperFailed`, `CancellationError`.
  package func exportParquet(
    rows indices: some Collection<RowIndex>, adding added: [AddedField] = [], to path: String, overwrite: Bool,
    cancellation: Cancellation? = nil
  ) throws {
    let lines = try UnnamedFile(for: path)
    try forEachLine(indices, adding: added) { line throws(DatasetError) in try lines.write(line + [0x0A]) }
    var output = try AtomicFile(at: path, overwrite: overwrite)
    let parquet = try OtherProgram.duckdbWritingParquet.read(try lines.finish(), cancellation: cancellation)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var offset = 0
    while offset < parquet.size {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, parquet.size - offset)])
      try parquet.read(at: offset, into: piece)
      try output.write(piece)
      offset += piece.count
    }
    try output.commit()
  }

  private func reader() throws(DatasetError) -> JSONReader {
    do { return try JSONReader() } catch { throw .outOfMemory(path: summary.path) }
  }

  private func object(
    in line: [UInt8], of index: RowIndex, _ json: JSONReader, _ body: (JSONValue) throws(DatasetError) -> Void
  ) throws(DatasetError) {
    let padded = line + [UInt8](repeating: 0, count: JSONReader.padding)
    let outcome: Result<Void, DatasetError> = padded.withUnsafeBytes { bytes in
      do throws(JSONProblem) {
        let row = try json.read(UnsafeRawBufferPointer(rebasing: bytes[..<line.count]))
        return Result { () throws(DatasetError) in try body(row) }
      } catch {
        let location = location(of: index)
        return .failure(.badRow(path: location.file, BadRow(line: location.line, reason: "not valid JSON")))
      }
    }
    try outcome.get()
  }

  /// A line of CSV.
  private static func line(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") + "\n" }

  private static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}

extension JSONValue {
  /// What stands in a table's cell: text as it is, nothing for null, lists and objects as JSON.
  fileprivate var cellText: String {
    if kind == .null { return "" }
    if let text = scalarText { return text }
    return json
  }
}
