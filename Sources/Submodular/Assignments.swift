import Domain
import Numerics

/// Whom each pick of a selection represents: for every row of the kernel the pick that serves it best, the earliest on
/// ties, and what is left to it without that pick.
package struct Assignments: Sendable, Hashable {
  /// The selection, in order.
  package let picks: [Candidate]
  /// For each row the rank of the pick that serves it best; nil where every pick's utility for it is 0.
  package let representative: [Rank?]
  /// For each row the utility of that pick.
  package let utility: [Float]
  /// For each row the largest utility among the other picks; 0 where there are none.
  package let second: [Float]

  /// Reads the picks' columns once: O(rows × picks).
  package init(_ kernel: Kernel, picks: [Candidate], workers: Workers = Workers()) {
    self.picks = picks
    let served = kernel.forEachPick(picks, from: Served(), workers: workers) { $0.take($2, rank: $1) }
    representative = served.map(\.rank)
    utility = served.map(\.best)
    second = served.map(\.second)
  }

  /// What the picks so far are to one row.
  private struct Served {
    var rank: Rank?
    var best: Float = 0
    var second: Float = 0

    mutating func take(_ value: Float, rank new: Rank) {
      if value > best || (value == best && value > 0 && rank.map { new < $0 } ?? false) {
        (second, best, rank) = (best, value, new)
      } else if value > second {
        second = value
      }
    }
  }

  /// The rows that the pick of rank `rank` represents, most useful first, the lowest row on ties.
  package func represented(by rank: Rank) -> [(row: Int, utility: Float)] {
    representative.indices.filter { representative[$0] == rank }
      .map { (row: $0, utility: utility[$0]) }
      .sorted { $0.utility != $1.utility ? $0.utility > $1.utility : $0.row < $1.row }
  }

  /// How many rows each pick represents.
  package var counts: [Int] {
    var counts = [Int](repeating: 0, count: picks.count)
    for case let rank? in representative { counts[rank.value] += 1 }
    return counts
  }
}
