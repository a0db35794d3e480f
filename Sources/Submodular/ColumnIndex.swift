import Domain
import Numerics

/// Finds the rows that a candidate serves better than the chosen set does.
///
/// A dense matrix is stored by rows, so reading a column of it misses the cache at every element. At first there is no
/// way around it; once the rows' lists hold little, they are turned into lists by column, which are read instead. The
/// turn is made when as much has been spent on reading columns as it costs, so at most twice what is needed is spent.
///
/// Of a matrix that memory cannot hold, an 8-bit copy is made by columns in the first pass, if that fits: it rules out
/// nearly all rows, and only the others are read from disk.
final class ColumnIndex: @unchecked Sendable {
  // Sound as Sendable: used by the run's thread alone, which hands each worker a part of its own to write.
  private let kernel: Kernel
  private let workers: Workers
  /// Lists by column, and the rows they do not hold, which are read one by one.
  private var byColumn: (lists: SparseMatrix, others: [Int])?
  /// Elements of columns that were read so far.
  private var spent = 0
  private var column: [Float] = []
  private let codes: CoverageCodes?
  /// For each row the code of its coverage, out of reach for rows at their ceiling and for the padding.
  private var floors: [UInt8] = []
  private var found: [UInt32] = []

  /// - Parameter mayEncode: whether codes may be made; `encode` and `start` then come before the first question.
  init(_ kernel: Kernel, mayEncode: Bool, workers: Workers) {
    self.kernel = kernel
    self.workers = workers
    if case .sparse(_, let columns) = kernel.storage { byColumn = (columns, []) }
    let needed = CoverageCodes.bytes(rows: kernel.rows, columns: kernel.columns)
    codes =
      mayEncode && kernel.isOnDisk && needed < SystemMemory.available / 2
      ? CoverageCodes(rows: kernel.rows, columns: kernel.columns, least: 0, greatest: kernel.greatest) : nil
    if codes == nil, byColumn == nil { column = Array(repeating: 0, count: kernel.rows) }
  }

  /// Fills in the codes of a block of 64 rows, if there are codes; blocks may be filled by several workers.
  func encode(block: Int, rows: [UnsafePointer<Float>]) { codes?.encode(block: block, rows: rows) }

  /// Notes the coverage of all rows, once all blocks are encoded.
  func start(coverage: UnsafePointer<Double>, ceilings: [Double]) {
    guard let codes else { return }
    floors = Array(repeating: CoverageCodes.unreachable, count: codes.stride)
    found = Array(repeating: 0, count: codes.stride)
    for row in 0..<codes.rows { raise(row, to: coverage[row], ceiling: ceilings[row]) }
  }

  /// Notes that the coverage of a row has risen.
  func raise(_ row: Int, to coverage: Double, ceiling: Double) {
    guard let codes, byColumn == nil else { return }
    floors[row] = coverage < ceiling ? codes.code(coverage.floatRoundedDown) : CoverageCodes.unreachable
  }

  /// Turns the lists by row into lists by column, if it is time: once as many elements were read one by one as there are
  /// entries to move, since either costs about one miss of the cache.
  func turnIfDue(_ lists: RowLists) {
    guard byColumn == nil, spent > 0 else { return }
    var entries = 0
    var others: [Int] = []
    for row in 0..<kernel.rows {
      if let count = lists.count(row) { entries += count } else { others.append(row) }
    }
    guard others.count <= kernel.rows / 8, entries <= spent else { return }
    byColumn = (SparseMatrix(transposing: kernel.rows, kernel.columns, lists.entries), others)
    column = []
  }

  /// The rows whose coverage rises with `candidate`, in order; returns how many bytes were read for it. O(rows), or
  /// O(entries of the column) once there are lists by column.
  func changes(
    by candidate: Candidate, coverage: UnsafePointer<Double>, ceilings: [Double], into changes: inout [RowChange]
  ) -> Int {
    let candidate = candidate.value
    changes.removeAll(keepingCapacity: true)
    func look(_ row: Int, _ value: Float) {
      let raised = min(Double(value), ceilings[row])
      if raised > coverage[row] { changes.append(RowChange(row: row, low: coverage[row], high: raised)) }
    }
    if let (lists, others) = byColumn {
      let entries = lists[candidate]
      for entry in entries { look(Int(entry.column), entry.value) }
      for row in others { look(row, kernel[row, candidate]) }
      return entries.count * MemoryLayout<SparseEntry>.stride + others.count * 64
    }
    guard case .dense(let dense) = kernel.storage else { return 0 }
    if let codes {
      let count = floors.withUnsafeBufferPointer { floors in
        found.withUnsafeMutableBufferPointer { found in
          guard let floors = floors.baseAddress, let found = found.baseAddress else { return 0 }
          return codes.find(column: candidate, floors: floors, found: found)
        }
      }
      for row in found.prefix(count) { look(Int(row), dense[Int(row), candidate]) }
      spent += kernel.rows / 64 + count
      return codes.stride + count * 64
    }
    read(candidate, of: dense)
    for row in 0..<kernel.rows { look(row, column[row]) }
    spent += kernel.rows
    // A cache line an element.
    return kernel.rows * 64
  }

  private func read(_ candidate: Int, of dense: DenseRows) {
    // Below this, handing rows over costs more than it saves.
    let block = 16_384
    workers.fill(&column, by: block) { rows, elements, _ in
      for row in rows { elements[row - rows.lowerBound] = dense[row, candidate] }
    }
  }
}
