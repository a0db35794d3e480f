/// Which pairs are scored where not all are (Methods 5).
package struct SparsePairs: Sendable, Hashable, Codable {
  /// Nearest examples of each row that are scored.
  package var neighbours: Int
  /// Examples drawn at random beside them.
  package var explore: Int
  /// Pairs of a random block that are scored to tell what is lost, as a share of the sparse ones; 0 for none.
  package var audit: Double

  package static let standardExplore = 4
  package static let standardAudit = 0.1

  package init(
    neighbours: Int, explore: Int = SparsePairs.standardExplore, audit: Double = SparsePairs.standardAudit
  ) {
    self.neighbours = neighbours
    self.explore = explore
    self.audit = audit
  }

  /// Reads what an older version may have written: it told nothing of what is lost.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      neighbours: try container.decode(Int.self, forKey: .neighbours),
      explore: try container.decode(Int.self, forKey: .explore),
      audit: try container.decodeIfPresent(Double.self, forKey: .audit) ?? 0)
  }
}

/// What a sparse run scored, and what that cost it, told from a random block of pairs that were all scored (Methods 5). What was not
/// measured is nil.
package struct SparseReport: Sendable, Hashable {
  package var neighbours: Int
  package var explore: Int
  /// Pairs that the choice is made of, and those of a dense run.
  package var pairs: Int
  package var densePairs: Int
  /// Rows and columns of the block.
  package var blockRows = 0
  package var blockColumns = 0
  /// Share of the rows' best helpers in the block that the sparse pairs have.
  package var recall: Double?
  /// Spearman's correlation of the columns' first gains, sparse against full.
  package var gainCorrelation: Double?
  /// What a choice among the block's columns by sparse utilities is worth on the block, by what one by all of them is worth.
  package var objectiveRatio: Double?

  package init(neighbours: Int, explore: Int, pairs: Int, densePairs: Int) {
    self.neighbours = neighbours
    self.explore = explore
    self.pairs = pairs
    self.densePairs = densePairs
  }
}

extension SparseReport: Codable {
  private enum CodingKeys: String, CodingKey {
    case neighbours, explore, pairs
    case densePairs = "pairs_dense"
    case blockRows = "block_rows"
    case blockColumns = "block_columns"
    case recall
    case gainCorrelation = "gain_correlation"
    case objectiveRatio = "objective_ratio"
  }

  /// What was not measured is there as null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(neighbours, forKey: .neighbours)
    try container.encode(explore, forKey: .explore)
    try container.encode(pairs, forKey: .pairs)
    try container.encode(densePairs, forKey: .densePairs)
    try container.encode(blockRows, forKey: .blockRows)
    try container.encode(blockColumns, forKey: .blockColumns)
    try container.encode(recall, forKey: .recall)
    try container.encode(gainCorrelation, forKey: .gainCorrelation)
    try container.encode(objectiveRatio, forKey: .objectiveRatio)
  }
}
