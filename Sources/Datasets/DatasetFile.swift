import Domain

/// A file of samples, or several that make one dataset, open for reading. Rows stay in the files and are decoded when asked
/// for.
///
/// A row's *index* is its number among all lines of the files that are not blank, from 0. It stays the same whatever is left
/// out: after bad rows are skipped (``validated(skippingBadRows:cancellation:)``) indices have gaps. A *position* counts
/// the usable rows, from 0 to ``count``; without skipped rows the two are equal.
package struct DatasetFile: Sendable {
  package let summary: DatasetSummary
  let files: [RowFile]
  /// Indices of skipped rows, ascending.
  let skipped: [RowIndex]

  init(summary: DatasetSummary, files: [RowFile], skipped: [RowIndex]) {
    self.summary = summary
    self.files = files
    self.skipped = skipped
  }

  /// The same with only some of its usable rows. Its summary goes on telling of all.
  package func keeping(_ rows: [RowIndex]) -> DatasetFile {
    let kept = Set(rows.filter { position(of: $0) != nil })
    let skipped = (0..<RowIndex(rowCount)).filter { !kept.contains($0) }
    return DatasetFile(summary: summary, files: files, skipped: skipped)
  }

  /// The same without some of its rows. Its summary goes on telling of all.
  package func leavingOut(_ rows: [RowIndex]) -> DatasetFile {
    let gone = Set(skipped).union(rows.filter { $0 >= 0 && $0.value < rowCount })
    return DatasetFile(summary: summary, files: files, skipped: gone.sorted())
  }

  /// Usable rows. Before ``validated(skippingBadRows:cancellation:)`` all count as usable.
  package var count: Int { rowCount - skipped.count }

  /// Rows of the files (within the limit they were opened with), the skipped ones among them.
  package var rowCount: Int { files.last?.indices.upperBound.value ?? 0 }

  /// The index of the row at a position.
  package func index(at position: Int) -> RowIndex {
    // skipped[s] - s usable rows come before the s-th skipped row.
    var low = 0
    var high = skipped.count
    while low < high {
      let middle = (low + high) / 2
      if skipped[middle].value - middle <= position { low = middle + 1 } else { high = middle }
    }
    return RowIndex(position + low)
  }

  /// The position of the row with an index; nil for a row that was skipped or is not there.
  package func position(of index: RowIndex) -> Int? {
    guard index >= 0 && index.value < rowCount else { return nil }
    var low = 0
    var high = skipped.count
    while low < high {
      let middle = (low + high) / 2
      if skipped[middle] < index { low = middle + 1 } else { high = middle }
    }
    if low < skipped.count, skipped[low] == index { return nil }
    return index.value - low
  }

  /// The row's line in its file, from 1. Precondition: there is such a row.
  package func line(of index: RowIndex) -> Int { location(of: index).line }

  /// The row's file and line. Precondition: there is such a row.
  package func location(of index: RowIndex) -> RowLocation {
    for file in files where file.indices.contains(index) {
      return RowLocation(file: file.path, line: file.line(of: index))
    }
    preconditionFailure("no row \(index)")
  }

  /// The sample at a position. Errors: `badRow`, `changed`, `noSuchRow`, `unreadable`.
  package func sample(at position: Int) throws(DatasetError) -> Sample {
    guard position >= 0 && position < count else {
      throw .noSuchRow(path: summary.path, row: position, rows: count)
    }
    return try samples(at: position..<position + 1)[0]
  }

  /// The samples at some positions, cut to those that there are. Errors: as ``sample(at:)``; the first bad row ends it.
  package func samples(at positions: Range<Int>) throws(DatasetError) -> [Sample] {
    let positions = positions.clamped(to: 0..<count)
    guard let last = positions.last else { return [] }
    let decoder = try RowDecoder(files)
    var samples: [Sample] = []
    samples.reserveCapacity(positions.count)
    var position = positions.lowerBound
    var next = index(at: position)
    try decoder.forEach(next..<index(at: last).advanced(by: 1)) { row, file, outcome throws(DatasetError) in
      guard row == next else { return true }
      switch outcome {
      case .success(let sample): samples.append(sample)
      case .failure(let problem):
        throw .badRow(path: file.path, BadRow(line: file.line(of: row), reason: problem.reason))
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
  package func bytes(of index: RowIndex) throws(DatasetError) -> [UInt8] {
    guard index >= 0 && index.value < rowCount else {
      throw .noSuchRow(path: summary.path, row: index.value, rows: rowCount)
    }
    return try RowBytes(files).copy(of: index)
  }
}
