import Domain

/// What is known of the cost of the run that the form describes.
package struct EstimateState: Sendable, Hashable {
  /// The run that was asked about last, without what its cost does not hang on.
  var asked: RunSpecification?
  package internal(set) var estimate: RunEstimate?
  package internal(set) var failure: ErrorReport?

  /// Whether an answer is under way.
  package var isPending: Bool { asked != nil && estimate == nil && failure == nil }

  package init() {}
}

extension RunSpecification {
  /// The same with what its cost does not hang on set to one value, so that it is measured once.
  var forEstimate: RunSpecification {
    var copy = self
    (copy.seed, copy.pinned, copy.banned) = (0, [], [])
    (copy.eta, copy.nu, copy.epsilon, copy.rescaling, copy.utilityKernel) = (1, 1, 0.01, .minMax, .euclidean)
    copy.budget = .fraction(0.1)
    return copy
  }
}

extension Model {
  /// Asks for the cost of the run that the form describes, if it is in sight and not known. While something runs nothing
  /// is measured: both would be wrong.
  mutating func wantsEstimate() -> [Effect] {
    guard screen == .setup, currentRun?.isGoingOn != true, let planned = plannedRun?.forEstimate else { return [] }
    guard estimate.asked != planned else { return [] }
    estimate = EstimateState()
    estimate.asked = planned
    return [.estimate(planned)]
  }
}
