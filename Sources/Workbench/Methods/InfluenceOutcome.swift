import Domain
import Influence
import Numerics

/// What a run of Influence Distillation leaves beside its picks.
package struct InfluenceOutcome: Sendable {
  package let result: InfluenceResult
  /// By rank.
  package let picks: [InfluencePick]
  /// Rows of the pool that have no gradient.
  package let leftOut: [RowIndex]
  /// Of each target, its row.
  package let targetRows: [RowIndex]
  private let samples: [Candidate: SampleNumber]

  package init(result: InfluenceResult, picks: [InfluencePick], leftOut: [RowIndex], targetRows: [RowIndex]) {
    self.result = result
    self.picks = picks
    self.leftOut = leftOut
    self.targetRows = targetRows
    samples = result.samples
  }

  /// Picks taken for each group of targets; empty where targets are pooled.
  package var picksByGroup: [(group: String, picks: Int)] {
    guard result.weights == nil else { return [] }
    return result.shares.groups.enumerated().map { number, name in
      (name, picks.count { $0.target.map { result.shares.groupOfTarget[$0] == number } ?? false })
    }
  }
}

extension InfluenceOutcome {
  /// The greatest score that a row has for a target; nil for one without a gradient.
  func score(of candidate: Candidate) -> Double? {
    samples[candidate].flatMap { Array(result.influence.row($0.value)).max() }
  }

  /// Why a row was chosen: its scores for the targets (the one it was taken for first), the landmarks that its influence comes from
  /// with the kernel's value, and where its score stands among all rows'.
  func explain(_ pick: Pick, rank: Rank, map: CandidateMap, most: Int) -> PickExplanation {
    let found = picks[rank.value]
    guard let sample = samples[found.candidate] else {
      return PickExplanation(pick: pick, represents: [], utilityHistogram: [])
    }
    let scores = Array(result.influence.row(sample.value))
    var targets: [PickExplanation.Represented] = []
    if result.weights == nil {
      let order = scores.indices.sorted { left, right in
        if (left == found.target) != (right == found.target) { return left == found.target }
        return scores[left] == scores[right] ? left < right : scores[left] > scores[right]
      }
      targets = order.prefix(most).map {
        PickExplanation.Represented(row: targetRows[$0], utility: Float(scores[$0]))
      }
    }
    let landmarks = result.propagated?.nearestLandmarks(of: sample, count: 10) ?? []
    let column = result.influence.column(found.target ?? 0)
    return PickExplanation(
      pick: pick, represents: [], utilityHistogram: Self.histogram(column),
      partners: landmarks.map {
        PickExplanation.Represented(
          row: map.row(of: result.candidate(of: $0.landmark)), utility: Float($0.kernel))
      }, targets: targets)
  }

  /// Counts in twenty bins from the least to the greatest.
  static func histogram(_ values: [Double]) -> [Int] {
    var bins = [Int](repeating: 0, count: 20)
    guard let least = values.min(), let greatest = values.max(), greatest > least else { return bins }
    for value in values { bins[min(19, Int((value - least) / (greatest - least) * 20))] += 1 }
    return bins
  }
}
