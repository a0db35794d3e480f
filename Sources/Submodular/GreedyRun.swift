import Domain
import Numerics

/// A candidate that a greedy run took.
package struct GreedyStep: Sendable, Hashable {
  package var rank: Rank
  package var candidate: Candidate
  /// What it added to the objective.
  package var gain: Double

  package init(rank: Rank, candidate: Candidate, gain: Double) {
    self.rank = rank
    self.candidate = candidate
    self.gain = gain
  }
}

/// Greedy maximisation of a coverage objective, one pick a step (Methods 1.3).
///
/// Each step takes the candidate of the largest marginal gain, the lowest index on ties. `naive` computes all gains anew
/// at each step; `lazy` keeps them up to date and takes the same picks with the same gains, bit for bit. `stochastic`
/// and `lazier` take the best of a seeded sample of ceil((n/k) ln(1/epsilon)) candidates; in the literature they differ
/// in how they find a sample's gains, here both read the gains that are kept, so they take the same picks.
///
/// The picks and gains are the same whatever the number of workers.
package struct GreedyRun: ~Copyable, Sendable {
  /// Picks in all, pinned ones included.
  package let budget: Int
  /// Picks taken.
  package private(set) var rank: Rank
  private let table: GainTable
  private var sampler: CandidateSampler?
  private var pinned: [Candidate]
  private var value: Int64 = 0
  /// The last pick, which the gains do not know of yet.
  private var pending: Candidate?
  private let cancellation: Cancellation

  /// Checks its arguments and computes the first gains: one pass over the kernel, O(rows × candidates).
  ///
  /// - Parameters:
  ///   - budget: picks in all, at least 1.
  ///   - epsilon: accuracy of the stochastic maximisers, in (0, 1).
  ///   - pinned: candidates that are taken first, in this order.
  ///   - banned: candidates that are never taken.
  /// - Throws: `SubmodularError`, or `CancellationError`.
  package init(
    _ objective: CoverageObjective, budget: Int, maximizer: Maximizer = .lazy, epsilon: Double = 0.01,
    seed: UInt64 = 0, pinned: [Candidate] = [], banned: [Candidate] = [], workers: Workers = Workers(),
    cancellation: Cancellation = Cancellation()
  ) throws {
    try Self.check(candidates: objective.candidates, budget: budget, pinned: pinned, banned: banned)
    // Everything that can fail comes before the first stored property.
    var sampler: CandidateSampler?
    if maximizer == .stochastic || maximizer == .lazier {
      sampler = try CandidateSampler(
        candidates: objective.candidates, banned: banned, budget: budget, epsilon: epsilon, seed: seed)
    }
    let table = try GainTable(
      objective, upkeep: maximizer == .naive ? .recompute : .maintain, workers: workers, cancellation: cancellation)
    self.budget = budget
    self.cancellation = cancellation
    self.sampler = sampler
    self.table = table
    self.pinned = pinned
    rank = 0
    for candidate in banned { table.remove(candidate) }
  }

  /// The next pick, or nil when the budget is spent.
  ///
  /// - Complexity: `naive` O(rows × candidates). The others O(rows) to find the rows that the last pick serves better, and
  ///   for each of these its entries above the coverage: O(rows × candidates) in all over a run's first picks, shrinking
  ///   like 1/t at the t-th. The choice itself is O(candidates) at worst, O(sample) for the stochastic maximisers.
  /// - Throws: `CancellationError`; picks returned so far stand, the run cannot go on.
  package mutating func next() throws -> GreedyStep? {
    guard rank.value < budget else { return nil }
    try cancellation.check()
    if let candidate = pending {
      try table.cover(candidate)
      pending = nil
    }
    guard let (candidate, gain) = choose() else { return nil }
    table.remove(candidate)
    sampler?.remove(candidate)
    pending = candidate
    value += gain
    defer { rank = rank.advanced(by: 1) }
    return GreedyStep(rank: rank, candidate: candidate, gain: table.grid.value(gain))
  }

  private mutating func choose() -> (candidate: Candidate, gain: Int64)? {
    if let candidate = pinned.first {
      pinned.removeFirst()
      return (candidate, table.gain(candidate))
    }
    if sampler != nil {
      guard let sample = sampler?.sample(step: rank) else { return nil }
      return table.best(among: sample)
    }
    return table.best()
  }

  /// The objective's value for the picks taken; exactly the sum of their gains before rounding.
  package var objectiveValue: Double { table.grid.value(value) }

  /// Marginal gains that were computed: elements of the kernel that were worked on, divided by its rows and rounded up.
  package var evaluations: Int { (table.counters.elements + table.kernel.rows - 1) / table.kernel.rows }

  /// Bytes of kernel, codes and lists that were read.
  package var bytesRead: Int { table.counters.bytes }

  private static func check(candidates: Int, budget: Int, pinned: [Candidate], banned: [Candidate]) throws {
    for candidate in pinned + banned where candidate < 0 || candidate.value >= candidates {
      throw SubmodularError.noCandidate(candidate, candidates: candidates)
    }
    var seen = Set<Candidate>()
    for candidate in pinned + Array(Set(banned)) where !seen.insert(candidate).inserted {
      throw SubmodularError.contradiction(candidate)
    }
    let free = candidates - Set(banned).count
    guard budget >= 1, budget <= free, pinned.count <= budget else {
      throw SubmodularError.budget(budget, candidates: free)
    }
  }
}
