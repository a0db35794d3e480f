import Domain

/// What a method that ranks rows leaves beside its picks.
package struct RankingOutcome: Sendable {
  /// Of each candidate its score; NaN for one that has none.
  let scores: [Double]
  /// Rows without a score.
  let leftOut: [RowIndex]
  /// Of each candidate the standard deviation of its score over draws, where there are several.
  var spread: [Double]?
  /// Of a candidate the score for each target, where targets give it.
  var targetScores: (@Sendable (Candidate) -> [Float])?

  init(
    scores: [Double], leftOut: [RowIndex] = [], spread: [Double]? = nil,
    targetScores: (@Sendable (Candidate) -> [Float])? = nil
  ) {
    self.scores = scores
    self.leftOut = leftOut
    self.spread = spread
    self.targetScores = targetScores
  }

  /// Why a row was chosen: its nearest targets, and where its score stands among all rows'.
  func explain(_ pick: Pick, map: CandidateMap, targetRow: (Int) -> RowIndex, most: Int) -> PickExplanation {
    guard let candidate = map.candidate(of: pick.row) else {
      return PickExplanation(pick: pick, represents: [], utilityHistogram: [])
    }
    let found = targetScores?(candidate) ?? []
    let order = found.indices.sorted { found[$0] == found[$1] ? $0 < $1 : found[$0] > found[$1] }
    return PickExplanation(
      pick: pick, represents: [], utilityHistogram: InfluenceOutcome.histogram(scores.filter(\.isFinite)),
      targets: order.prefix(most).map { .init(row: targetRow($0), utility: found[$0]) },
      spread: spread?[candidate.value])
  }
}
