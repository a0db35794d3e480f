import Domain
import Numerics

/// What Influence Distillation found: influence of each sample, weights, and what they rest on. Samples are counted among those that
/// have a gradient.
package struct InfluenceResult: Sendable {
  /// Of each sample, the candidate that it is.
  package let candidates: [Candidate]
  /// [samples, targets] with turns of targets (cosines), [samples, 1] pooled (p).
  package let influence: DoubleMatrix
  package let targetLabels: [String?]
  package let shares: TargetShares
  /// Whether groups of targets take turns, each by the mean of its targets' scores, and not each target by its own.
  package internal(set) var takesTurnsByGroup = false
  /// Nil where all gradients were taken.
  package internal(set) var propagated: PropagatedInfluence?
  /// Second order only.
  package internal(set) var curvature: CurvatureForm?
  /// Pooled only: one weight a sample, at least 0, their sum the number of samples.
  package internal(set) var weights: [Double]?
  package internal(set) var weighing: Weighing?

  /// Q, or its factors with landmarks: Q ≈ C core C'.
  package enum CurvatureForm: Sendable {
    case dense(DoubleMatrix)
    case factored(factor: DoubleMatrix, core: DoubleMatrix)

    var form: any QuadraticForm {
      switch self {
      case .dense(let matrix): DenseForm(matrix)
      case .factored(let factor, let core): FactoredForm(factor: factor, core: core)
      }
    }
  }

  /// How weights were found.
  package struct Weighing: Sendable, Hashable, Codable {
    package var lambda: Double
    /// Second order: the least lambda that keeps the problem convex.
    package var lambdaBound: Double?
    /// Second order: what is left of the conditions of an optimum, relative.
    package var residual: Double?
    package var iterations: Int?
    /// Weights above 0.
    package var positive: Int
    /// A lambda that was asked for and was too small.
    package var raisedFrom: Double?
  }

  init(candidates: [Candidate], influence: DoubleMatrix, targetLabels: [String?], shares: TargetShares) {
    self.candidates = candidates
    self.influence = influence
    self.targetLabels = targetLabels
    self.shares = shares
  }

  /// The same with weights, where the settings ask for them.
  func weighed(
    _ settings: InfluenceSettings, count: Int, observe: (_ phase: Phase, _ done: Int, _ total: Int) -> Void
  ) throws -> InfluenceResult {
    var result = self
    result.takesTurnsByGroup = settings.pooling == .groups && targetLabels.contains { $0 != nil }
    guard settings.pooling == .pooled else { return result }
    observe(.weigh, 0, 1)
    defer { observe(.weigh, 1, 1) }
    let p = influence.column(0)
    let wanted = min(max(1, count), p.count)
    guard let curvature else {
      let found =
        settings.lambda.map { FirstOrderWeights(influence: p, lambda: $0) }
        ?? FirstOrderWeights(influence: p, count: wanted)
      result.weights = found.weights
      result.weighing = Weighing(lambda: found.lambda, positive: found.weights.count { $0 > 0 })
      return result
    }
    let problem = SecondOrderWeights.Problem(influence: p, form: curvature.form, stepSize: settings.stepSize)
    let found = SecondOrderWeights.solve(problem, lambda: settings.lambda, count: wanted)
    result.weights = found.weights
    result.weighing = Weighing(
      lambda: found.lambda, lambdaBound: found.lambdaBound, residual: found.residual, iterations: found.iterations,
      positive: found.weights.count { $0 > 0 },
      raisedFrom: settings.lambda.flatMap { $0 < found.lambda ? $0 : nil })
    return result
  }
}

extension InfluenceResult {
  package func candidate(of sample: SampleNumber) -> Candidate { candidates[sample.value] }

  /// Of each candidate that has a gradient, its sample.
  package var samples: [Candidate: SampleNumber] {
    Dictionary(candidates.enumerated().map { ($1, SampleNumber($0)) }, uniquingKeysWith: { first, _ in first })
  }
}

/// A sample chosen by its influence.
package struct InfluencePick: Sendable, Hashable {
  package var candidate: Candidate
  /// Its score for the target it was taken for, or its influence on all of them.
  package var score: Double
  /// For weighted training: the method's weight; in turns, the score brought to a mean of 1 over the picks.
  package var weight: Double
  /// The target that took it; nil where they are pooled.
  package var target: Int?
}

extension InfluenceResult {
  /// The samples that are chosen: the targets' in turn, or those of the largest weights (then of the largest influence). Pinned ones
  /// come first, banned ones never; samples without a gradient have no influence and come only if pinned.
  package func picks(count: Int, pinned: [Candidate], banned: [Candidate], seed: UInt64, workers: Workers)
    -> [InfluencePick]
  {
    let samples = samples
    let first = pinned.prefix(count).map { candidate -> InfluencePick in
      guard let sample = samples[candidate] else { return InfluencePick(candidate: candidate, score: 0, weight: 0) }
      let best = influence.row(sample.value).enumerated().max { $0.element < $1.element }
      return InfluencePick(
        candidate: candidate, score: best?.element ?? 0, weight: weights?[sample.value] ?? best?.element ?? 0,
        target: weights == nil ? best?.offset : nil)
    }
    let taken = Set((pinned + banned).compactMap { samples[$0] })
    if let weights {
      let p = influence.column(0)
      let order = weights.indices.filter { !taken.contains(SampleNumber($0)) }.sorted { left, right in
        (weights[left], p[left], -left) > (weights[right], p[right], -right)
      }
      return first
        + order.prefix(max(0, count - first.count)).map {
          InfluencePick(candidate: candidates[$0], score: p[$0], weight: weights[$0])
        }
    }
    let turns = turns(count: count - first.count, taken: taken, seed: seed, workers: workers)
    let picks =
      first
      + turns.map {
        InfluencePick(candidate: candidate(of: $0.sample), score: $0.score, weight: $0.score, target: $0.target)
      }
    let mean = picks.reduce(0.0) { $0 + max(0, $1.weight) } / Double(max(1, picks.count))
    return picks.map { pick in
      var pick = pick
      pick.weight = mean > 0 ? max(0, pick.weight) / mean : 1
      return pick
    }
  }

  private func turns(count: Int, taken: Set<SampleNumber>, seed: UInt64, workers: Workers) -> [RoundRobin.Turn] {
    guard takesTurnsByGroup else {
      var order = shares.order(seed: seed)
      return RoundRobin(scores: influence, workers: workers).turns(count: count, taken: taken) { order.round($0) }
    }
    let means = shares.groupMeans(influence)
    let groups = shares.ofGroupsAlone
    var order = groups.order(seed: seed)
    let turns = RoundRobin(scores: means, workers: workers).turns(count: count, taken: taken) { order.round($0) }
    // Of the group that took a sample, the target that it serves most stands for it.
    return turns.map { turn in
      let best = shares.groupOfTarget.indices.filter { shares.groupOfTarget[$0] == turn.target }
        .max { influence[turn.sample.value, $0] < influence[turn.sample.value, $1] }
      return RoundRobin.Turn(sample: turn.sample, target: best ?? 0, score: turn.score)
    }
  }
}
