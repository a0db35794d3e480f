/// One step of a selection.
package struct Pick: Sendable, Hashable, Codable {
  /// The step it was taken at.
  package var rank: Rank
  package var row: RowIndex
  /// What it added to the objective.
  package var gain: Double
  /// Its weight for weighted training; 1 where the method gives none.
  package var weight: Double
  package var id: String?

  private enum CodingKeys: String, CodingKey {
    case rank
    case row = "index"
    case gain, weight, id
  }

  package init(rank: Rank, row: RowIndex, gain: Double, weight: Double = 1, id: String? = nil) {
    self.rank = rank
    self.row = row
    self.gain = gain
    self.weight = weight
    self.id = id
  }
}

/// A pick as it is written out: with the file and line of its row, where they are known.
package struct LocatedPick: Sendable, Hashable, Codable {
  package var rank: Rank
  package var row: RowIndex
  package var gain: Double
  package var weight: Double
  package var id: String?
  package var file: String?
  package var line: Int?

  private enum CodingKeys: String, CodingKey {
    case rank
    case row = "index"
    case gain, weight, id, file, line
  }

  package init(_ pick: Pick, at location: RowLocation?) {
    rank = pick.rank
    row = pick.row
    gain = pick.gain
    weight = pick.weight
    id = pick.id
    file = location?.file
    line = location?.line
  }
}

/// A finished selection, or as much of one as there was when it was stopped.
package struct Selection: Sendable, Hashable, Codable {
  /// In the order they were taken.
  package var picks: [Pick]
  /// The objective's value for the whole set.
  package var objective: Double
  /// Marginal gains that were computed.
  package var evaluations: Int
  /// Whether it was stopped before its budget was spent.
  package var isPartial: Bool
  /// What scoring a part of the pairs cost it; nil where all were scored.
  package var sparse: SparseReport?

  package init(
    picks: [Pick], objective: Double, evaluations: Int, isPartial: Bool = false, sparse: SparseReport? = nil
  ) {
    self.sparse = sparse
    self.picks = picks
    self.objective = objective
    self.evaluations = evaluations
    self.isPartial = isPartial
  }
}

/// Why a row was chosen: what the greedy run knew when it took it, and whom it stands for at the end.
package struct PickExplanation: Sendable, Hashable, Codable {
  package var pick: Pick
  /// Rows of the pool that the chosen set serves best through this pick, most useful first.
  package var represents: [Represented]
  /// This pick's utility for every row of the pool, binned from 0 to 1.
  package var utilityHistogram: [Int]
  /// The rows that, shown as an example, help the model most with this row, the most useful first.
  package var partners: [Represented]
  /// The rows of the target set that are nearest to it in utility, the nearest first; empty where the run has none.
  package var targets: [Represented]
  /// The standard deviation of its score over draws; nil where the score is none of several draws.
  package var spread: Double?

  package struct Represented: Sendable, Hashable, Codable {
    package var row: RowIndex
    package var utility: Float

    private enum CodingKeys: String, CodingKey {
      case row = "index"
      case utility
    }

    package init(row: RowIndex, utility: Float) {
      self.row = row
      self.utility = utility
    }
  }

  package init(
    pick: Pick, represents: [Represented], utilityHistogram: [Int], partners: [Represented] = [],
    targets: [Represented] = [], spread: Double? = nil
  ) {
    self.spread = spread
    self.pick = pick
    self.represents = represents
    self.utilityHistogram = utilityHistogram
    self.partners = partners
    self.targets = targets
  }
}
