import Datasets
import Domain

/// What there is to know of files of samples before anything is chosen from them.
package struct DataReport: Encodable, Sendable {
  package struct File: Encodable, Sendable {
    package var path: String
    package var format: String
    package var schema: String
    /// Why its rows are taken for this form, and what each field is read for.
    package var reason: String
    package var roles: [Role]
    package var rows: Int
    package var hash: String
  }
  package struct Role: Encodable, Sendable {
    package var field: String
    package var role: String
  }
  package struct Place: Encodable, Sendable {
    package var file: String
    package var line: Int
    package var index: RowIndex
  }
  /// Rows that cannot be read, for one reason.
  package struct BadRows: Encodable, Sendable {
    package var reason: String
    package var rows: Int
    /// The first of them, as `file:line`.
    package var lines: [String]
  }
  package struct Field: Encodable, Sendable {
    package var name: String
    package var kinds: [String: Int]
    /// The share of rows looked at in which there is something.
    package var fill: Double
    package var examples: [String]
    package var role: String?
  }
  package struct Spread: Encodable, Sendable {
    package var least = 0, p5 = 0, median = 0, p95 = 0, p99 = 0, most = 0
    package var mean = 0.0
    package var total = 0

    /// Of lengths in any order.
    package init(_ lengths: [Int]) {
      let sorted = lengths.sorted()
      guard let first = sorted.first, let last = sorted.last else { return }
      func at(_ share: Double) -> Int { sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))] }
      (least, p5, median, p95, p99, most) = (first, at(0.05), at(0.5), at(0.95), at(0.99), last)
      total = sorted.reduce(0, +)
      mean = Double(total) / Double(sorted.count)
    }
  }
  package struct Lengths: Encodable, Sendable {
    /// tokens or words.
    package var unit: String
    /// Rows that were measured, evenly spread over all.
    package var rows: Int
    package var prompt: Spread
    package var response: Spread
    package var total: Spread
    /// What the model reads at most, and rows that are longer as the template writes them.
    package var context: Int?
    package var beyondContext: Int?
  }
  package struct Label: Encodable, Sendable {
    package var label: String
    package var rows: Int
  }
  package struct Labels: Encodable, Sendable {
    package var field: String
    package var without: Int
    package var labels: [Label]
  }
  package struct Copies: Encodable, Sendable {
    /// Rows that could go: all but the first of each group.
    package var rows: Int
    package var groups: Int
    /// The first groups.
    package var examples: [[Place]]
  }
  package struct Shared: Encodable, Sendable {
    package var files: [String]
    package var exact: Int
    package var near: Int
  }
  package struct Duplicates: Encodable, Sendable {
    package var exact: Copies
    package var near: Copies
    package var samePrompt: Copies
    /// Rows of a file that stand in an earlier one too.
    package var across: [Shared]
    /// The Jaccard index of three-word shingles from which on rows are near.
    package var threshold = NearCopies.threshold
  }
  /// What another set has in common with the pool.
  package struct Overlap: Encodable, Sendable {
    package var role: String
    package var path: String
    package var rows: Int
    /// Its rows that stand in the pool with the same words, with the same prompt, with nearly the same words.
    package var exact: Int
    package var prompt: Int
    package var near: Int
    /// The first rows: its own, and the pool's.
    package var examples: [Pair]
  }
  package struct Pair: Encodable, Sendable {
    package var row: Place
    package var pool: Place
  }
  /// A row as the model gets it.
  package struct FirstRow: Encodable, Sendable {
    package var index: RowIndex
    package var prompt: String
    package var response: String
    package var template: String?
    package var tokens: [Int32]?
    /// Positions of the tokens that carry the loss.
    package var loss: [Int]?
    package var pieces: [Piece]?
    /// Why the template does not take it.
    package var problem: String?
  }
  package struct Piece: Encodable, Sendable {
    package var text: String
    package var loss: Bool
  }

  package var files: [File]
  package var rows: Int
  package var usable: Int
  package var badRows: [BadRows]
  package var leftOut: Int
  package var notes: [String]
  package var fields: [Field]
  /// Fields that nothing reads.
  package var leftovers: [String]
  package var lengths: Lengths
  package var labels: Labels?
  package var duplicates: Duplicates
  package var overlaps: [Overlap]
  package var first: FirstRow?
}
