/// What a method is set to that ranks rows by a score of their own, or draws them by a rule (Methods 3).
package struct RankingSettings: Sendable, Hashable, Codable {
  /// Who takes turns where there are several targets: the groups that their labels name, each by its best target; each target; or none.
  package var pooling: InfluenceSettings.Pooling
  /// The run of the library whose response lengths are drawn.
  package var like: Int?
  /// The same, once they are known: then the library is not asked.
  package var lengths: [LengthShare]?
  /// Share of common shingles (Jaccard) from which on two rows count as near-duplicates.
  package var sameness: Double
  /// Draws of target samples that rows are put behind.
  package var draws: Int

  package init(
    pooling: InfluenceSettings.Pooling = .groups, like: Int? = nil, lengths: [LengthShare]? = nil,
    sameness: Double = 0.8, draws: Int = 4
  ) {
    self.draws = draws
    self.pooling = pooling
    self.like = like
    self.lengths = lengths
    self.sameness = sameness
  }

  /// What it does not say has its default.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    pooling = try container.decodeIfPresent(InfluenceSettings.Pooling.self, forKey: .pooling) ?? pooling
    like = try container.decodeIfPresent(Int.self, forKey: .like)
    lengths = try container.decodeIfPresent([LengthShare].self, forKey: .lengths)
    sameness = try container.decodeIfPresent(Double.self, forKey: .sameness) ?? sameness
    draws = try container.decodeIfPresent(Int.self, forKey: .draws) ?? draws
  }
}

/// How many picks of a run have a response of some length.
package struct LengthShare: Sendable, Hashable, Codable {
  /// The least and the greatest length, both included.
  package var from: Int
  package var through: Int
  package var picks: Int

  package init(from: Int, through: Int, picks: Int) {
    self.from = from
    self.through = through
    self.picks = picks
  }
}

extension RunSpecification {
  /// What a method is set to that ranks rows. Setting it changes nothing in a run of another method.
  var rankingSettings: RankingSettings {
    get { ranking ?? RankingSettings() }
    set { if ranking != nil { ranking = newValue } }
  }

  /// Who takes turns where there are several targets.
  var targetPooling: InfluenceSettings.Pooling {
    get { influence?.pooling ?? rankingSettings.pooling }
    set {
      influence?.pooling = newValue
      ranking?.pooling = newValue
    }
  }
}
