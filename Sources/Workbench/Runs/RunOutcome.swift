import Domain
import Numerics
import Submodular
import Synchronization

/// A run that has ended with a selection, and what is needed to ask why.
package struct RunOutcome: Sendable {
  /// Its number in the library; nil where it could not be recorded.
  package let id: Int64?
  package let specification: RunSpecification
  package let inputs: RunInputs
  /// Rows that could be chosen.
  package let candidates: Int
  /// Picks that were asked for.
  package let budget: Int
  package let selection: Selection
  package let seconds: PhaseSeconds
  /// What the selection can be explained by.
  let evidence: RunEvidence
  let map: CandidateMap
  /// Whom each pick represents: worked out when it is first asked for.
  private let representation: Representation

  init(
    id: Int64?, specification: RunSpecification, inputs: RunInputs, candidates: Int, budget: Int,
    selection: Selection, seconds: PhaseSeconds, evidence: RunEvidence,
    workers: Workers
  ) {
    self.id = id
    self.specification = specification
    self.inputs = inputs
    self.candidates = candidates
    self.budget = budget
    self.selection = selection
    self.seconds = seconds
    self.evidence = evidence
    let map = CandidateMap(inputs.pool, candidates: candidates)
    self.map = map
    representation = Representation(
      kernel: Self.kernels(evidence)?.served, picks: selection.picks.compactMap { map.candidate(of: $0.row) },
      workers: workers)
  }

  /// All that the objective was made of; nil for a method without utilities.
  var kernels: KernelSet? { Self.kernels(evidence) }

  /// The kernel that was maximised over.
  package var kernel: Kernel? { kernels?.served }

  /// What Influence Distillation found; nil for the other methods.
  package var influence: InfluenceOutcome? { if case .influence(let found) = evidence { found } else { nil } }

  /// What a method that ranks rows found; nil for the other methods.
  package var ranking: RankingOutcome? { if case .ranking(let found) = evidence { found } else { nil } }

  private static func kernels(_ evidence: RunEvidence) -> KernelSet? {
    if case .kernels(let kernels) = evidence { kernels } else { nil }
  }

  /// Whom each pick represents; nil for a method without utilities.
  var assignments: Assignments? { representation.value }
}

/// Assignments that are computed once, by whoever asks first.
private final class Representation: Sendable {
  private let kernel: Kernel?
  private let picks: [Candidate]
  private let workers: Workers
  private let computed = Mutex<Assignments?>(nil)

  init(kernel: Kernel?, picks: [Candidate], workers: Workers) {
    self.kernel = kernel
    self.picks = picks
    self.workers = workers
  }

  var value: Assignments? {
    guard let kernel else { return nil }
    return computed.withLock { computed in
      let value = computed ?? Assignments(kernel, picks: picks, workers: workers)
      computed = value
      return value
    }
  }
}
