import Datasets
import Domain

/// A seeded uniform draw: the baseline.
struct RandomSelector: Selector {
  private let specification: RunSpecification

  init(_ specification: RunSpecification) throws {
    if specification.pool == nil { throw WorkbenchError.missingPool }
    self.specification = specification
  }

  func open(_ inputs: RunInputs, in context: RunContext) throws -> any OpenedRun {
    Opened(specification: specification, pool: inputs.pool)
  }

  func estimate(_ inputs: RunInputs, rows: Int, picks: Double, in context: RunContext) throws -> RunEstimate {
    RunEstimate(passes: 0, tokens: 0, memory: Double(rows) * 16, seconds: Double(rows) * 1e-7)
  }

  private struct Opened: OpenedRun {
    let specification: RunSpecification
    let pool: DatasetFile?
    var candidates: Int { pool?.count ?? 0 }

    func load(in context: RunContext) throws -> RunSpecification { specification }

    func select(budget: Int, seconds: inout PhaseSeconds, in context: RunContext) throws -> Chosen {
      let clock = context.clock(.select, unit: "picks")
      clock.advance(0, of: budget)
      let map = CandidateMap(pool, candidates: candidates)
      let chosen = try RandomSelector.choice(
        budget: budget, candidates: candidates, seed: specification.seed,
        pinned: map.marked(specification.pinned), banned: map.banned(specification.banned))
      let picks = try chosen.enumerated().map { rank, candidate in
        let pick = try map.pick(candidate, rank: Rank(rank), gain: 0)
        context.observe(.picked(pick))
        clock.advance(rank + 1, of: budget)
        return pick
      }
      seconds.select = clock.seconds
      return Chosen(selection: Selection(picks: picks, objective: 0, evaluations: 0), evidence: .nothing)
    }
  }

  /// The random baseline: pinned rows, then a seeded uniform draw from those that are neither pinned nor banned.
  static func choice(
    budget: Int, candidates: Int, seed: UInt64, pinned: [Candidate], banned: [Candidate]
  ) throws -> [Candidate] {
    let taken = Set(pinned)
    let left = (0..<Candidate(candidates)).filter { !taken.contains($0) && !banned.contains($0) }
    guard taken.count == pinned.count, taken.isDisjoint(with: banned) else {
      throw WorkbenchError.outsideRange(
        option: "--pin", value: "a row named twice", bounds: "rows pinned once and not banned")
    }
    guard pinned.count <= budget, budget - pinned.count <= left.count else {
      throw WorkbenchError.outsideRange(
        option: "--budget", value: "\(budget)", bounds: "\(max(1, pinned.count)) to \(pinned.count + left.count)")
    }
    var generator = SeededGenerator(seed: seed)
    return pinned + generator.sample(budget - pinned.count, of: left.count).map { left[$0] }
  }
}
