import Domain
import Submodular

/// A run that has ended with a selection, and what is needed to ask why.
public struct RunOutcome: Sendable {
  /// Its number in the library; nil where it could not be recorded.
  public let id: Int64?
  public let specification: RunSpecification
  public let inputs: RunInputs
  /// Rows that could be chosen.
  public let candidates: Int
  /// Picks that were asked for.
  public let budget: Int
  public let selection: Selection
  public let seconds: PhaseSeconds
  let kernels: KernelSet
}
