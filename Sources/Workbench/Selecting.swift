import Datasets
import Domain
import Submodular

extension RunEngine {
  /// Chooses from kernels, pick by pick. Cancelled after the first pick, it gives what was chosen, marked partial.
  func select(
    _ specification: RunSpecification, from kernels: KernelSet, candidates: Int, budget: Int, pool: DatasetFile?,
    clock: PhaseClock, cancellation: Cancellation, observe: (RunEvent) -> Void
  ) throws -> Selection {
    // Objectives count candidates by position; picks name rows by their place in the file, which differs where bad rows
    // were skipped.
    let naming = try PickNaming(pool, positions: candidates)
    let pinned = try specification.pinned.map(naming.position)
    let banned = try specification.banned.map(naming.position)
    var picks: [Pick] = []
    func take(_ pick: Pick) throws {
      let named = try naming.named(pick)
      picks.append(named)
      observe(.picked(named))
      clock.advance(picks.count, of: budget)
    }
    clock.advance(0, of: budget)

    guard specification.method.needsUtilities else {
      for pick in try Self.randomPicks(
        budget: budget, candidates: candidates, seed: specification.seed, pinned: pinned, banned: banned)
      {
        try take(pick)
      }
      return Selection(picks: picks, objective: 0, evaluations: 0)
    }
    let objective = try objective(specification, kernels)
    if saysReachable { observe(.reachable(objective.valueOfAll(workers: workers))) }
    var run = try GreedyRun(
      objective, budget: budget, maximizer: specification.maximizer,
      epsilon: specification.epsilon, seed: specification.seed, pinned: pinned, banned: banned, workers: workers,
      cancellation: cancellation)
    do {
      while let pick = try run.next() { try take(pick) }
    } catch is CancellationError where !picks.isEmpty {
      return Selection(
        picks: picks, objective: run.objectiveValue, evaluations: run.evaluations, isPartial: true)
    }
    return Selection(picks: picks, objective: run.objectiveValue, evaluations: run.evaluations)
  }

  /// The objective of a method (Methods 1.2).
  func objective(_ specification: RunSpecification, _ kernels: KernelSet) throws -> CoverageObjective {
    let method = specification.method
    if KernelSet.choosesFromTarget(specification) {
      guard let target = kernels.target else { throw WorkbenchError.missing(.target, method) }
      return try .queryMutualInformation(target: target, eta: specification.eta, workers: workers)
    }
    guard let pool = kernels.pool else { throw WorkbenchError.missingSource(method) }
    switch method {
    case .deliftTask:
      guard let target = kernels.target else { throw WorkbenchError.missing(.target, method) }
      return try .mutualInformation(pool, target: target, eta: specification.eta, workers: workers)
    case .deliftContinual:
      guard let existing = kernels.existing else { throw WorkbenchError.missing(.existing, method) }
      return try .conditionalGain(pool, existing: existing, nu: specification.nu, workers: workers)
    default: return .facilityLocation(pool)
    }
  }

  /// The random baseline: pinned rows, then a seeded uniform draw from those that are neither pinned nor banned.
  static func randomPicks(
    budget: Int, candidates: Int, seed: UInt64, pinned: [Int], banned: [Int]
  ) throws -> [Pick] {
    let taken = Set(pinned)
    let left = (0..<candidates).filter { !taken.contains($0) && !banned.contains($0) }
    guard taken.count == pinned.count, taken.isDisjoint(with: banned) else {
      throw WorkbenchError.outsideRange(
        option: "--pin", value: "a row named twice", bounds: "rows pinned once and not banned")
    }
    guard pinned.count <= budget, budget - pinned.count <= left.count else {
      throw WorkbenchError.outsideRange(
        option: "--budget", value: "\(budget)", bounds: "\(max(1, pinned.count)) to \(pinned.count + left.count)")
    }
    var generator = SeededGenerator(seed: seed)
    let drawn = generator.sample(budget - pinned.count, of: left.count).map { left[$0] }
    return (pinned + drawn).enumerated().map { Pick(rank: $0, index: $1, gain: 0) }
  }
}

/// Candidates' positions told from rows' places in the file, and picks named with their ids.
struct PickNaming {
  private let pool: DatasetFile?
  private let positions: Int

  init(_ pool: DatasetFile?, positions: Int) throws {
    self.pool = pool
    self.positions = positions
  }

  func named(_ pick: Pick) throws -> Pick {
    guard let pool else { return pick }
    var named = pick
    named.index = pool.index(at: pick.index)
    if pool.summary.idField != nil { named.id = try pool.sample(at: pick.index).id }
    return named
  }

  func position(ofRow row: Int) throws -> Int {
    guard let pool else { return row }
    guard let position = pool.position(ofIndex: row), position < positions else {
      throw WorkbenchError.outsideRange(option: "--pin or --ban", value: "row \(row)", bounds: "the pool's rows")
    }
    return position
  }
}
