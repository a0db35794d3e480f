/// One step of a selection.
package struct Pick: Sendable, Hashable, Codable {
  /// The step it was taken at, from 0.
  package var rank: Int
  /// The row's place in the pool's file.
  package var index: Int
  /// What it added to the objective.
  package var gain: Double
  /// Its weight for weighted training; 1 where the method gives none.
  package var weight: Double
  package var id: String?

  package init(rank: Int, index: Int, gain: Double, weight: Double = 1, id: String? = nil) {
    self.rank = rank
    self.index = index
    self.gain = gain
    self.weight = weight
    self.id = id
  }
}

/// A pick as it is written out: with the place its row came from, where that is known.
package struct PlacedPick: Sendable, Hashable, Codable {
  package var rank: Int
  package var index: Int
  package var gain: Double
  package var weight: Double
  package var id: String?
  package var file: String?
  package var line: Int?

  package init(_ pick: Pick, at place: RowPlace?) {
    rank = pick.rank
    index = pick.index
    gain = pick.gain
    weight = pick.weight
    id = pick.id
    file = place?.file
    line = place?.line
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

  package init(picks: [Pick], objective: Double, evaluations: Int, isPartial: Bool = false) {
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

  package struct Represented: Sendable, Hashable, Codable {
    package var index: Int
    package var utility: Float

    package init(index: Int, utility: Float) {
      self.index = index
      self.utility = utility
    }
  }

  package init(
    pick: Pick, represents: [Represented], utilityHistogram: [Int], partners: [Represented] = [],
    targets: [Represented] = []
  ) {
    self.pick = pick
    self.represents = represents
    self.utilityHistogram = utilityHistogram
    self.partners = partners
    self.targets = targets
  }
}
