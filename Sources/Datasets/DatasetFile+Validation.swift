import Dispatch
import Domain
import Foundation
import Synchronization

extension DatasetFile {
  /// Rows that a worker decodes at a time.
  private static let rowsInPiece = 4096

  /// Decodes every row once, on all cores. Gives the file as a run may use it.
  ///
  /// Rows that the data says are no samples (a question without an answer, an answer that is not wanted) are left out and counted in the
  /// summary's notes. Errors: `badRow`, the first one in the file; under `skippingBadRows` bad rows are left out and listed in the summary
  /// instead, and none that is good is `noUsableRows`. `CancellationError`.
  package func validated(
    skippingBadRows: Bool, cancellation: Cancellation? = nil
  ) throws -> DatasetFile {
    let pieces = (rowCount + Self.rowsInPiece - 1) / Self.rowsInPiece
    let next = Atomic<Int>(0)
    let stop = Atomic<Bool>(false)
    let findings = Mutex(Findings())
    DispatchQueue.concurrentPerform(iterations: min(pieces, max(1, ProcessInfo.processInfo.activeProcessorCount))) {
      _ in
      do throws(DatasetError) {
        let decoder = try RowDecoder(files)
        // Pieces are handed out in order, so that when one stops the others the pieces before it are all under way.
        while !stop.load(ordering: .relaxed), cancellation?.isCancelled != true {
          let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
          if piece >= pieces { break }
          let rows = RowIndex(piece * Self.rowsInPiece)..<RowIndex(min(rowCount, (piece + 1) * Self.rowsInPiece))
          try decoder.forEach(rows) { row, _, outcome throws(DatasetError) in
            if case .failure(let problem) = outcome {
              if problem.isLeftOut {
                findings.withLock { $0.leftOut.append((row, problem.reason)) }
                return true
              }
              findings.withLock { $0.bad.append((row, problem.reason)) }
              if !skippingBadRows {
                stop.store(true, ordering: .relaxed)
                return false
              }
            }
            return true
          }
        }
        findings.withLock { $0.count(decoder.remarks) }
      } catch {
        findings.withLock { $0.failure = $0.failure ?? error }
        stop.store(true, ordering: .relaxed)
      }
    }
    try cancellation?.check()
    let found = findings.withLock { $0 }
    if let failure = found.failure { throw failure }
    let bad = found.bad.sorted { $0.row < $1.row }
    let badRows = bad.map { row, reason in
      let location = location(of: row)
      return BadRow(file: files.count > 1 ? location.file : nil, line: location.line, reason: reason)
    }
    if let first = badRows.first {
      if !skippingBadRows {
        throw DatasetError.badRow(path: first.file ?? summary.path, BadRow(line: first.line, reason: first.reason))
      }
      if badRows.count + found.leftOut.count == rowCount {
        throw DatasetError.noUsableRows(path: summary.path, bad: badRows.count, first: first)
      }
    }
    if badRows.isEmpty, !found.leftOut.isEmpty, found.leftOut.count == rowCount {
      throw DatasetError.allLeftOut(path: summary.path, rows: rowCount, reason: found.leftOut[0].reason)
    }
    var summary = summary
    summary.rows = rowCount - badRows.count - found.leftOut.count
    summary.badRows = badRows
    summary.leftOut = found.leftOut.count
    summary.notes += found.notes(files.first?.layout.reading ?? DatasetReading())
    return DatasetFile(
      summary: summary, files: files, skipped: (bad.map(\.row) + found.leftOut.map(\.row)).sorted())
  }

  private struct Findings: Sendable {
    var bad: [(row: RowIndex, reason: String)] = []
    var leftOut: [(row: RowIndex, reason: String)] = []
    var remarks = [Int](repeating: 0, count: RowRemark.allCases.count)
    var failure: DatasetError?

    mutating func count(_ found: [Int]) {
      for (remark, count) in found.enumerated() { remarks[remark] += count }
    }

    /// A sentence for each reason to leave rows out and for each remark.
    func notes(_ reading: DatasetReading) -> [String] {
      let reasons = Dictionary(leftOut.map { ($0.reason, 1) }, uniquingKeysWith: +)
      return reasons.sorted { $0.key < $1.key }.map { reason, count in
        "\(count) row\(count == 1 ? " was" : "s were") left out: \(reason)"
          + (reason.hasPrefix("not wanted") ? " (--unwanted keep takes them)." : ".")
      } + RowRemark.allCases.filter { remarks[$0.rawValue] > 0 }.map { $0.note(remarks[$0.rawValue], reading) }
    }
  }
}
