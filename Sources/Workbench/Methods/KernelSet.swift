import Domain
import Scoring
import Submodular

/// The kernels that a run's objective is made of (Methods 1.2). Which are there depends on the objective.
struct KernelSet: Sendable {
  /// n × n: how much pool sample j improves pool sample i.
  var pool: Kernel?
  /// n × m for FLMI (target q improves pool sample i), m × n for FLQMI (pool sample j improves target q).
  var target: Kernel?
  /// n × e: how much existing sample k improves pool sample i.
  var existing: Kernel?
  /// Whether the target's rows are what is served: FLQMI's only kernel is the targets' one.
  var servesTarget = false
  /// What the score cache calls the distances that they are made of, and what of these did not fit the model's context.
  var spaces: [ContentHash] = []
  var cuts = ContextCuts()
  /// What scoring a part of the pairs cost; nil where all were scored.
  var sparse: SparseReport?

  /// The kernel whose columns are the candidates, and whose rows are served.
  var served: Kernel? { servesTarget ? target : pool }
}
