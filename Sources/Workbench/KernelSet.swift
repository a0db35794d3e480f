import Domain
import Scoring
import Submodular

/// The kernels that a run's objective is made of (Methods 1.2). Which are there depends on the method.
struct KernelSet: Sendable {
  /// n × n: how much pool sample j improves pool sample i.
  var pool: Kernel?
  /// n × m for FLMI (target q improves pool sample i), m × n for FLQMI (pool sample j improves target q).
  var target: Kernel?
  /// n × e: how much existing sample k improves pool sample i.
  var existing: Kernel?
  /// What the score cache calls the distances that they are made of, and what of these did not fit the model's context.
  var spaces: [ContentHash] = []
  var cuts = ContextCuts()

  /// Candidates: the columns that a subset is chosen from.
  func candidates(for specification: RunSpecification) -> Int {
    Self.choosesFromTarget(specification) ? target?.columns ?? 0 : pool?.columns ?? 0
  }

  /// FLQMI's only kernel is the targets' one.
  static func choosesFromTarget(_ specification: RunSpecification) -> Bool {
    specification.method == .deliftTask && specification.objective == .flqmi
  }
}
