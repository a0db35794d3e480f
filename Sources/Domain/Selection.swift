/// One step of a selection.
public struct Pick: Sendable, Hashable, Codable {
  /// The step it was taken at, from 0.
  public var rank: Int
  /// The row's place in the pool's file.
  public var index: Int
  /// What it added to the objective.
  public var gain: Double
  /// Its weight for weighted training; 1 where the method gives none.
  public var weight: Double
  public var id: String?

  public init(rank: Int, index: Int, gain: Double, weight: Double = 1, id: String? = nil) {
    self.rank = rank
    self.index = index
    self.gain = gain
    self.weight = weight
    self.id = id
  }
}

/// A pick as it is written out: with the place its row came from, where that is known.
public struct PlacedPick: Sendable, Hashable, Codable {
  public var rank: Int
  public var index: Int
  public var gain: Double
  public var weight: Double
  public var id: String?
  public var file: String?
  public var line: Int?

  public init(_ pick: Pick, at place: RowPlace?) {
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
public struct Selection: Sendable, Hashable, Codable {
  /// In the order they were taken.
  public var picks: [Pick]
  /// The objective's value for the whole set.
  public var objective: Double
  /// Marginal gains that were computed.
  public var evaluations: Int
  /// Whether it was stopped before its budget was spent.
  public var isPartial: Bool

  public init(picks: [Pick], objective: Double, evaluations: Int, isPartial: Bool = false) {
    self.picks = picks
    self.objective = objective
    self.evaluations = evaluations
    self.isPartial = isPartial
  }
}

/// Why a row was chosen: what the greedy run knew when it took it, and whom it stands for at the end.
public struct PickExplanation: Sendable, Hashable {
  public var pick: Pick
  /// Rows of the pool that the chosen set serves best through this pick, most useful first.
  public var represents: [Represented]
  /// This pick's utility for every row of the pool, binned from 0 to 1.
  public var utilityHistogram: [Int]
  /// The rows that, shown as an example, help the model most with this row, the most useful first.
  public var partners: [Represented]
  /// The rows of the target set that are nearest to it in utility, the nearest first; empty where the run has none.
  public var targets: [Represented]

  public struct Represented: Sendable, Hashable {
    public var index: Int
    public var utility: Float

    public init(index: Int, utility: Float) {
      self.index = index
      self.utility = utility
    }
  }

  public init(
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
