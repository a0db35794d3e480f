import Domain
import Influence
import Numerics

/// What a run of Influence Distillation leaves beside its picks.
package struct InfluenceOutcome: Sendable {
  package let result: InfluenceResult
  /// By rank.
  package let picks: [InfluencePick]
  /// Rows of the pool that have no gradient, by their place in the file.
  package let leftOut: [Int]
  /// Rows of the target set, by place among the targets.
  package let targetRows: [Int]
  /// The number of a candidate's sample among those that have a gradient.
  private let sampleOfCandidate: [Int: Int]

  package init(result: InfluenceResult, picks: [InfluencePick], leftOut: [Int], targetRows: [Int]) {
    self.result = result
    self.picks = picks
    self.leftOut = leftOut
    self.targetRows = targetRows
    sampleOfCandidate = Dictionary(result.places.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
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
  /// Why a row was chosen: its scores for the targets (the one it was taken for first), the landmarks that its influence comes from
  /// with the kernel's value, and where its score stands among all rows'.
  func explain(_ pick: Pick, rank: Int, inputs: RunInputs, most: Int) -> PickExplanation {
    let found = picks[rank]
    guard let sample = sampleOfCandidate[found.place] else {
      return PickExplanation(pick: pick, represents: [], utilityHistogram: [])
    }
    func row(_ sample: Int) -> Int {
      let place = result.places[sample]
      return inputs.pool?.index(at: place) ?? place
    }
    let scores = Array(result.influence.row(sample))
    var targets: [PickExplanation.Represented] = []
    if result.weights == nil {
      let order = scores.indices.sorted { left, right in
        if (left == found.target) != (right == found.target) { return left == found.target }
        return scores[left] == scores[right] ? left < right : scores[left] > scores[right]
      }
      targets = order.prefix(most).map {
        PickExplanation.Represented(index: targetRows[$0], utility: Float(scores[$0]))
      }
    }
    let landmarks = result.spread?.nearestLandmarks(of: sample, count: 10) ?? []
    let column = result.influence.column(found.target ?? 0)
    return PickExplanation(
      pick: pick, represents: [], utilityHistogram: Self.histogram(column),
      partners: landmarks.map {
        PickExplanation.Represented(index: row($0.sample), utility: Float($0.kernel))
      }, targets: targets)
  }

  /// Counts in twenty bins from the least to the greatest.
  private static func histogram(_ values: [Double]) -> [Int] {
    var bins = [Int](repeating: 0, count: 20)
    guard let least = values.min(), let greatest = values.max(), greatest > least else { return bins }
    for value in values { bins[min(19, Int((value - least) / (greatest - least) * 20))] += 1 }
    return bins
  }
}
