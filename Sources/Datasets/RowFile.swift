import Domain
import JSONBytes

/// One file of a dataset: where its rows are, and how they are laid out. Rows stay in the file.
struct RowFile: Sendable {
  let path: String
  let file: ByteFile
  let rows: RowOffsets
  let layout: RowLayout
  /// Index of its first row among those of the dataset.
  var first: RowIndex = 0

  /// Indices of its rows.
  var indices: Range<RowIndex> { first..<first.advanced(by: rows.count) }

  /// The number of a row of the dataset among those of this file.
  func own(_ row: RowIndex) -> Int { first.distance(to: row) }

  /// The line, from 1, of a row of the dataset.
  func line(of row: RowIndex) -> Int { rows.line(of: own(row)) }
}

/// Reads rows' bytes of a dataset's files, reusing its memory. For one thread at a time.
final class RowBytes {
  private let files: [RowFile]
  private let readers: [RowReader]

  init(_ files: [RowFile]) {
    self.files = files
    readers = files.map { RowReader(file: $0.file, index: $0.rows) }
  }

  /// Calls `body` with each row, its file and its bytes as ``RowReader/forEach(_:_:)`` gives them; `body` returns whether
  /// to go on. Throws `changed` if a file was written to since it was opened.
  func forEach(
    _ rows: Range<RowIndex>, _ body: (RowIndex, RowFile, UnsafeRawBufferPointer?) throws(DatasetError) -> Bool
  ) throws(DatasetError) {
    for (file, reader) in zip(files, readers) {
      let wanted = rows.clamped(to: file.indices)
      if wanted.isEmpty { continue }
      var isOver = false
      try reader.forEach(file.own(wanted.lowerBound)..<file.own(wanted.upperBound)) {
        row, bytes throws(DatasetError) in
        isOver = try !body(file.first.advanced(by: row), file, bytes)
        return !isOver
      }
      try file.file.checkUnchanged()
      if isOver { return }
    }
  }

  /// A copy of a row's bytes. Errors: `badRow` for a row that is too long.
  func copy(of row: RowIndex) throws(DatasetError) -> [UInt8] {
    var copy: [UInt8] = []
    try forEach(row..<row.advanced(by: 1)) { _, file, bytes throws(DatasetError) in
      guard let bytes else {
        throw .badRow(path: file.path, BadRow(line: file.line(of: row), reason: RowDecoder.tooLong))
      }
      copy = Array(bytes)
      return true
    }
    return copy
  }
}

/// Decodes rows of a dataset, one after another. For one thread at a time.
final class RowDecoder {
  static let tooLong = "the row is longer than \(RowReader.longestRow >> 20) MiB"

  private let bytes: RowBytes
  private let json: JSONReader

  init(_ files: [RowFile]) throws(DatasetError) {
    bytes = RowBytes(files)
    do { json = try JSONReader() } catch { throw .outOfMemory(path: files.first?.path ?? "") }
  }

  /// Rows that each remark was made on so far.
  private(set) var remarks = [Int](repeating: 0, count: RowRemark.allCases.count)

  /// Calls `body` with each row's sample, or with the reason why it is none; `body` returns whether to go on.
  func forEach(
    _ rows: Range<RowIndex>,
    _ body: (RowIndex, RowFile, Result<Sample, RowProblem>) throws(DatasetError) -> Bool
  ) throws(DatasetError) {
    try bytes.forEach(rows) { row, file, bytes throws(DatasetError) in
      let outcome: Result<Sample, RowProblem>
      var found = RowRemarks()
      do {
        if let fault = file.rows.faults[file.own(row)] { throw RowProblem(reason: fault) }
        guard let bytes else { throw RowProblem(reason: Self.tooLong) }
        let value = try json.read(bytes)
        if json.surrogatesReplaced > 0 { found.note(.halfSurrogate) }
        outcome = .success(try file.layout.sample(from: value, index: row, remarks: &found))
      } catch let problem as RowProblem {
        outcome = .failure(problem)
      } catch JSONProblem.invalid(let reason) {
        outcome = .failure(RowProblem(reason: "not valid JSON: \(reason)"))
      } catch {
        throw .outOfMemory(path: file.path)
      }
      if !found.isEmpty {
        for remark in RowRemark.allCases where found.contains(.of(remark)) { remarks[remark.rawValue] += 1 }
      }
      return try body(row, file, outcome)
    }
  }
}
