import Dispatch
import Domain
import Foundation
import Synchronization

extension DatasetFile {
  /// Rows that a worker decodes at a time.
  private static let rowsInPiece = 4096

  /// Decodes every row once, on all cores. Gives the file as a run may use it.
  ///
  /// Errors: `badRow`, the first one in the file; under `skippingBadRows` bad rows are left out and listed in the summary
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
          if piece >= pieces { return }
          let rows = RowIndex(piece * Self.rowsInPiece)..<RowIndex(min(rowCount, (piece + 1) * Self.rowsInPiece))
          try decoder.forEach(rows) { row, _, outcome throws(DatasetError) in
            if case .failure(let problem) = outcome {
              findings.withLock { $0.bad.append((row, problem.reason)) }
              if !skippingBadRows {
                stop.store(true, ordering: .relaxed)
                return false
              }
            }
            return true
          }
        }
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
      if badRows.count == rowCount {
        throw DatasetError.noUsableRows(path: summary.path, bad: badRows.count, first: first)
      }
    }
    var summary = summary
    summary.rows = rowCount - badRows.count
    summary.badRows = badRows
    return DatasetFile(summary: summary, files: files, skipped: bad.map(\.row))
  }

  private struct Findings: Sendable {
    var bad: [(row: RowIndex, reason: String)] = []
    var failure: DatasetError?
  }
}
