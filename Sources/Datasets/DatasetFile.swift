import Domain

/// A file of samples, open for reading. Rows stay in the file and are decoded when asked for.
///
/// A row's *index* is its place among all lines of the file that are not blank, from 0. It stays the same whatever is left
/// out: after bad rows are skipped (``validated(skippingBadRows:cancellation:)``) indices have gaps. A *position* counts
/// the usable rows, from 0 to ``count``; without skipped rows the two are equal.
public struct DatasetFile: Sendable {
  public let summary: DatasetSummary
  let file: ByteFile
  let rows: RowIndex
  let layout: RowLayout
  /// Indices of skipped rows, ascending.
  let skipped: [Int]

  init(summary: DatasetSummary, file: ByteFile, rows: RowIndex, layout: RowLayout, skipped: [Int]) {
    self.summary = summary
    self.file = file
    self.rows = rows
    self.layout = layout
    self.skipped = skipped
  }

  /// Usable rows. Before ``validated(skippingBadRows:cancellation:)`` all count as usable.
  public var count: Int { rows.count - skipped.count }

  /// Rows of the file (within the limit it was opened with), the skipped ones among them.
  public var rowCount: Int { rows.count }

  /// The index of the row at a position.
  public func index(at position: Int) -> Int {
    // skipped[s] - s usable rows come before the s-th skipped row.
    var low = 0
    var high = skipped.count
    while low < high {
      let middle = (low + high) / 2
      if skipped[middle] - middle <= position { low = middle + 1 } else { high = middle }
    }
    return position + low
  }

  /// The position of the row with an index; nil for a row that was skipped or is not there.
  public func position(ofIndex index: Int) -> Int? {
    guard index >= 0 && index < rowCount else { return nil }
    var low = 0
    var high = skipped.count
    while low < high {
      let middle = (low + high) / 2
      if skipped[middle] < index { low = middle + 1 } else { high = middle }
    }
    if low < skipped.count, skipped[low] == index { return nil }
    return index - low
  }

  /// The row's line in the file, from 1. Precondition: there is such a row.
  public func line(ofRow index: Int) -> Int { rows.line(of: index) }

  /// The sample at a position. Errors: `badRow`, `changed`, `noSuchRow`, `unreadable`.
  public func sample(at position: Int) throws(DatasetError) -> Sample {
    guard position >= 0 && position < count else {
      throw .noSuchRow(path: summary.path, row: position, rows: count)
    }
    return try samples(at: position..<position + 1)[0]
  }

  /// The samples at some positions, cut to those that there are. Errors: as ``sample(at:)``; the first bad row ends it.
  public func samples(at positions: Range<Int>) throws(DatasetError) -> [Sample] {
    let positions = positions.clamped(to: 0..<count)
    guard let last = positions.last else { return [] }
    let decoder = try RowDecoder(self)
    var samples: [Sample] = []
    samples.reserveCapacity(positions.count)
    var position = positions.lowerBound
    var next = index(at: position)
    try decoder.forEach(next..<index(at: last) + 1) { row, outcome throws(DatasetError) in
      guard row == next else { return true }
      switch outcome {
      case .success(let sample): samples.append(sample)
      case .failure(let problem):
        throw .badRow(path: summary.path, BadRow(line: line(ofRow: row), reason: problem.reason))
      }
      position += 1
      if position < positions.upperBound { next = index(at: position) }
      return true
    }
    return samples
  }

  /// The bytes of a row as they stand in the file, without the line end; of a row in another format than JSON lines, the
  /// JSON object that it was converted to (of a JSON list the element, on one line). Errors: as ``sample(at:)``, and a row longer than
  /// 16 MiB is a `badRow`.
  public func bytes(ofRow index: Int) throws(DatasetError) -> [UInt8] {
    guard index >= 0 && index < rowCount else {
      throw .noSuchRow(path: summary.path, row: index, rows: rowCount)
    }
    var copy: [UInt8] = []
    try RowReader(file: file, index: rows).forEach(index..<index + 1) { row, bytes throws(DatasetError) in
      guard let bytes else {
        throw .badRow(path: summary.path, BadRow(line: line(ofRow: row), reason: RowDecoder.tooLong))
      }
      copy = Array(bytes)
      return true
    }
    try file.checkUnchanged()
    return copy
  }
}

/// Decodes rows of a file, one after another. For one thread at a time.
final class RowDecoder {
  static let tooLong = "the row is longer than \(RowReader.longestRow >> 20) MiB"

  private let path: String
  private let file: ByteFile
  private let layout: RowLayout
  private let faults: [Int: String]
  private let reader: RowReader
  private let json: JSONReader

  init(_ dataset: DatasetFile) throws(DatasetError) {
    path = dataset.summary.path
    file = dataset.file
    layout = dataset.layout
    faults = dataset.rows.faults
    reader = RowReader(file: dataset.file, index: dataset.rows)
    do { json = try JSONReader() } catch { throw .outOfMemory(path: dataset.summary.path) }
  }

  /// Calls `body` with each row's sample, or with the reason why it is none; `body` returns whether to go on.
  func forEach(
    _ rows: Range<Int>,
    _ body: (Int, Result<Sample, RowProblem>) throws(DatasetError) -> Bool
  ) throws(DatasetError) {
    try reader.forEach(rows) { row, bytes throws(DatasetError) in
      let outcome: Result<Sample, RowProblem>
      do {
        if let fault = faults[row] { throw RowProblem(reason: fault) }
        guard let bytes else { throw RowProblem(reason: Self.tooLong) }
        outcome = .success(try layout.sample(from: json.read(bytes), index: row))
      } catch let problem as RowProblem {
        outcome = .failure(problem)
      } catch JSONProblem.invalid(let reason) {
        outcome = .failure(RowProblem(reason: "not valid JSON: \(reason)"))
      } catch {
        throw .outOfMemory(path: path)
      }
      return try body(row, outcome)
    }
    try file.checkUnchanged()
  }
}
