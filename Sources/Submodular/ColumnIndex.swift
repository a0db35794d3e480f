import Numerics

/// Finds the rows that a candidate serves better than the chosen set does. The matrix is stored by rows, so reading a
/// column of it misses the cache at every element; 8-bit codes stored by columns leave only a few elements to look up.
final class ColumnIndex: @unchecked Sendable {
  // Sound as Sendable: blocks of codes are written by one worker each, the rest by the run's thread alone.
  private let codes: CoverageCodes?
  /// For each row, the code of its coverage; out of reach for rows at their ceiling and for the padding.
  private var floors: [UInt8] = []
  private var found: [UInt32] = []

  init(_ kernel: Kernel, upkeep: GainTable.Upkeep) {
    switch (kernel.storage, upkeep) {
    case (.dense, .recompute): codes = nil
    case (.dense, .maintain):
      codes = CoverageCodes(
        rows: kernel.rows, columns: kernel.columns, least: kernel.floorOfCodes, greatest: kernel.greatest)
    }
  }

  /// Fills in the codes of a block of 64 rows.
  func encode(block: Int, rows: [UnsafePointer<Float>]) { codes?.encode(block: block, rows: rows) }

  /// Notes the coverage of all rows, once all blocks are encoded.
  func start(coverage: UnsafePointer<Double>, ceilings: [Double]) {
    guard let codes else { return }
    floors = Array(repeating: CoverageCodes.unreachable, count: codes.stride)
    found = Array(repeating: 0, count: codes.stride)
    for row in 0..<codes.rows { raise(row, to: coverage[row], ceiling: ceilings[row]) }
  }

  /// Notes that the coverage of a row has risen.
  @inline(__always)
  func raise(_ row: Int, to coverage: Double, ceiling: Double) {
    guard let codes else { return }
    floors[row] = coverage < ceiling ? codes.code(coverage.floatRoundedDown) : CoverageCodes.unreachable
  }

  /// The rows whose coverage rises with `candidate`, in order.
  func changes(
    by candidate: Int, kernel: Kernel, coverage: UnsafePointer<Double>, ceilings: [Double],
    into changes: inout [RowChange]
  ) {
    changes.removeAll(keepingCapacity: true)
    func look(_ row: Int, _ value: Float) {
      let raised = min(Double(value), ceilings[row])
      if raised > coverage[row] { changes.append(RowChange(row: row, low: coverage[row], high: raised)) }
    }
    switch kernel.storage {
    case .dense(let dense):
      guard let codes else {
        for row in 0..<kernel.rows { look(row, dense[row, candidate]) }
        return
      }
      let count = floors.withUnsafeBufferPointer { floors in
        found.withUnsafeMutableBufferPointer { found in
          guard let floors = floors.baseAddress, let found = found.baseAddress else { return 0 }
          return codes.find(column: candidate, floors: floors, found: found)
        }
      }
      for place in 0..<count {
        let row = Int(found[place])
        look(row, dense[row, candidate])
      }
    }
  }

  /// Bytes that are looked at to find a candidate's rows.
  var bytesPerLookup: Int { codes?.stride ?? 0 }
}
