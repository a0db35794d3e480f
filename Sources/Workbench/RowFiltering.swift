import Datasets
import Domain
import Numerics
import Synchronization

/// Finds the rows of a file that a filter takes.
package enum RowFiltering {
  /// Rows that one worker looks at at a time.
  private static let piece = 2048

  /// - Parameters:
  ///   - lengths: of each row by index, in the unit that `len` is to be counted in; characters where there are none.
  /// - Returns: indices in the file's order.
  /// - Throws: ``FilterProblem`` where the filter names runs that are not known; `CancellationError`.
  package static func rows(
    of file: DatasetFile, taking filter: FilterExpression, in context: FilterContext, lengths: [UInt32]? = nil,
    workers: Workers, cancellation: Cancellation
  ) throws -> [RowIndex] {
    if let problem = filter.problem(in: context) { throw problem }
    let needs = filter.needs
    let copies = try needs.copies ? CopiesOfRows(of: file, workers: workers, cancellation: cancellation) : nil
    let pieces = (file.count + piece - 1) / piece
    let found = Mutex<[[RowIndex]]>(Array(repeating: [], count: pieces))
    try workers.forEach(pieces, cancellation: cancellation) { number, _ in
      let positions = number * piece..<min(file.count, (number + 1) * piece)
      let matches = filter.makeMatcher(in: context)
      let samples =
        needs.sample || needs.length && lengths == nil ? try? file.samples(at: positions) : nil
      let row = FileRow(file: file, lengths: lengths, copies: copies)
      var own: [RowIndex] = []
      for position in positions {
        if (position & 63) == 0 { try cancellation.check() }
        row.move(to: position, samples?[position - positions.lowerBound])
        if matches(row) { own.append(row.row) }
      }
      found.withLock { $0[number] = own }
    }
    return Array(found.withLock { $0 }.joined())
  }

  /// Whether one row after another is taken: for a search, which ends at the first.
  package static func makeMatcher(
    of file: DatasetFile, taking filter: FilterExpression, in context: FilterContext, lengths: [UInt32]? = nil,
    workers: Workers, cancellation: Cancellation
  ) throws -> (_ position: Int) -> Bool {
    if let problem = filter.problem(in: context) { throw problem }
    let copies = try filter.needs.copies ? CopiesOfRows(of: file, workers: workers, cancellation: cancellation) : nil
    let row = FileRow(file: file, lengths: lengths, copies: copies)
    let matches = filter.makeMatcher(in: context)
    return { position in
      row.move(to: position, nil)
      return matches(row)
    }
  }
}

/// Which rows of a file have the same words.
package struct CopiesOfRows: Sendable {
  /// For each row by index how many rows have its words; 1 for one that cannot be read.
  private let counts: [UInt32]
  private let isLater: [Bool]

  /// - Throws: `CancellationError`.
  package init(of file: DatasetFile, workers: Workers, cancellation: Cancellation) throws {
    let rows = file.rowCount
    let piece = 2048
    let pieces = (file.count + piece - 1) / piece
    let hashes = Mutex<[ContentHash?]>(Array(repeating: nil, count: rows))
    try workers.forEach(pieces, cancellation: cancellation) { number, _ in
      let positions = number * piece..<min(file.count, (number + 1) * piece)
      let samples: [Sample]
      if let all = try? file.samples(at: positions) {
        samples = all
      } else {
        samples = positions.compactMap { try? file.sample(at: $0) }
      }
      let own = samples.map { ($0.index, ContentHash(of: $0.wordsForComparison)) }
      hashes.withLock { for (row, hash) in own { $0[row.value] = hash } }
    }
    var counts = [UInt32](repeating: 1, count: rows)
    var isLater = [Bool](repeating: false, count: rows)
    var groups: [ContentHash: UInt32] = [:]
    let all = hashes.withLock { $0 }
    for (row, hash) in all.enumerated() {
      guard let hash else { continue }
      let before = groups[hash, default: 0]
      isLater[row] = before > 0
      groups[hash] = before + 1
    }
    for (row, hash) in all.enumerated() { if let hash { counts[row] = groups[hash] ?? 1 } }
    (self.counts, self.isLater) = (counts, isLater)
  }

  package subscript(row: RowIndex) -> (count: Int, isLater: Bool) {
    counts.indices.contains(row.value) ? (Int(counts[row.value]), isLater[row.value]) : (1, false)
  }
}

/// The row of a file that a filter looks at, decoded when it is asked for. For one thread at a time.
private final class FileRow: FilterRow {
  private let file: DatasetFile
  private let lengths: [UInt32]?
  private let known: CopiesOfRows?
  private let fields: RowFieldReader
  private var position = 0
  private var decoded: Sample??

  private(set) var row: RowIndex = 0

  init(file: DatasetFile, lengths: [UInt32]?, copies: CopiesOfRows?) {
    self.file = file
    self.lengths = lengths
    known = copies
    fields = RowFieldReader(file)
  }

  func move(to position: Int, _ sample: Sample?) {
    self.position = position
    row = file.index(at: position)
    decoded = sample.map { .some($0) }
  }

  var sample: Sample? {
    if let decoded { return decoded }
    let sample = try? file.sample(at: position)
    decoded = .some(sample)
    return sample
  }

  var length: Int? {
    if let lengths { return lengths.indices.contains(row.value) ? Int(lengths[row.value]) : nil }
    return sample?.characterCount
  }

  var copies: (count: Int, isLater: Bool) { known?[row] ?? (1, false) }

  func texts(at path: [String]) -> [String] { fields.texts(of: row, at: path) }
}
