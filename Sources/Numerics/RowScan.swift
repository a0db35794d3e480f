import CVectorKernels

/// Scans of a float32 row, on the C kernels.
package enum RowScan {
  /// What a look at every element tells.
  package struct Survey: Sendable, Hashable {
    package var least: Float
    package var greatest: Float
    /// Whether no element is infinite or NaN; the range means nothing otherwise.
    package var isFinite: Bool

    package init(least: Float, greatest: Float, isFinite: Bool) {
      self.least = least
      self.greatest = greatest
      self.isFinite = isFinite
    }
  }

  /// Range and finiteness of `count` > 0 elements.
  package static func survey(_ row: UnsafePointer<Float>, count: Int) -> Survey {
    var least: Float = 0
    var greatest: Float = 0
    var magnitude: UInt32 = 0
    wk_survey(row, count, &least, &greatest, &magnitude)
    return Survey(least: least, greatest: greatest, isFinite: magnitude < 0x7F80_0000)
  }

  /// The sum of `count` elements in float32, in whatever order is fastest: what reading them costs, to measure other
  /// passes by.
  package static func roughSum(_ row: UnsafePointer<Float>, count: Int) -> Double { wk_sum(row, count) }

  /// How many of `count` elements lie above the threshold.
  @inline(__always)
  package static func countAbove(_ threshold: Float, in row: UnsafePointer<Float>, count: Int) -> Int {
    wk_count_above(row, count, threshold)
  }

  /// Entries of room that `gatherAbove` needs beyond what it finds.
  package static let gatherSlack = Int(WK_GATHER_SLACK)

  /// Writes the elements above the threshold, by column, to `entries`, which has room for all of them and `gatherSlack`
  /// more; returns how many.
  @inline(__always)
  package static func gatherAbove(
    _ threshold: Float, in row: UnsafePointer<Float>, count: Int, to entries: UnsafeMutablePointer<SparseEntry>
  ) -> Int {
    wk_gather_above(row, count, threshold, entries)
  }

  /// `best[j] = max(best[j], row[j])` for `count` elements.
  package static func raise(_ best: UnsafeMutablePointer<Float>, to row: UnsafePointer<Float>, count: Int) {
    wk_raise(row, count, best)
  }
}
