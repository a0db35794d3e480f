import Numerics

/// Whom each pick of a selection represents: for every row of the kernel the pick that serves it best, the earliest on
/// ties, and what is left to it without that pick.
package struct Assignments: Sendable, Hashable {
  /// The selection, in order.
  package let picks: [Int]
  /// For each row the rank of the pick that serves it best; nil where every pick's utility for it is 0.
  package let representative: [Int?]
  /// For each row the utility of that pick.
  package let utility: [Float]
  /// For each row the largest utility among the other picks; 0 where there are none.
  package let second: [Float]

  /// Reads the picks' columns once: O(rows × picks).
  package init(_ kernel: Kernel, picks: [Int], workers: Workers = Workers()) {
    self.picks = picks
    let rows = kernel.rows
    var ranks = [Int](repeating: -1, count: rows)
    var best = [Float](repeating: 0, count: rows)
    var second = [Float](repeating: 0, count: rows)
    ranks.withUnsafeMutableBufferPointer { ranks in
      best.withUnsafeMutableBufferPointer { best in
        second.withUnsafeMutableBufferPointer { second in
          // Each row writes its own place, so the buffers may be shared.
          nonisolated(unsafe) let (ranks, best, second) = (ranks, best, second)
          kernel.forEachPick(picks, workers: workers) { row, rank, value in
            if value > best[row] || (value == best[row] && value > 0 && rank < ranks[row]) {
              second[row] = best[row]
              best[row] = value
              ranks[row] = rank
            } else if value > second[row] {
              second[row] = value
            }
          }
        }
      }
    }
    representative = ranks.map { $0 < 0 ? nil : $0 }
    utility = best
    self.second = second
  }

  /// The rows that the pick of rank `rank` represents, most useful first, the lowest row on ties.
  package func represented(by rank: Int) -> [(row: Int, utility: Float)] {
    representative.indices.filter { representative[$0] == rank }
      .map { (row: $0, utility: utility[$0]) }
      .sorted { $0.utility != $1.utility ? $0.utility > $1.utility : $0.row < $1.row }
  }

  /// How many rows each pick represents.
  package var counts: [Int] {
    var counts = [Int](repeating: 0, count: picks.count)
    for case let rank? in representative { counts[rank] += 1 }
    return counts
  }
}
