import Datasets
import Domain
import LanguageModel
import Numerics
import SampleEncoding
import Scoring
import Submodular

/// DELIFT's three stages: utilities between samples, and an objective that is maximised over them (Methods 1).
struct DeliftSelector: Selector {
  /// What is maximised (Methods 1.2).
  enum Objective: Sendable {
    case facilityLocation
    case mutualInformation(eta: Double)
    case queryMutualInformation(eta: Double)
    case conditionalGain(nu: Double)
  }

  let specification: RunSpecification
  let objective: Objective
  let source: UtilitySource

  var servesTarget: Bool { if case .queryMutualInformation = objective { true } else { false } }

  init(_ specification: RunSpecification) throws {
    let method = specification.method
    guard let source = specification.source else { throw WorkbenchError.missingSource(method) }
    self.specification = specification
    self.source = source
    if method == .deliftContinual {
      objective = .conditionalGain(nu: specification.nu)
    } else if method == .deliftTask {
      objective =
        specification.objective == .flqmi
        ? .queryMutualInformation(eta: specification.eta) : .mutualInformation(eta: specification.eta)
    } else {
      objective = .facilityLocation
    }
    switch source {
    case .matrices(_, let target, let existing):
      if method.needs.contains(.target), target == nil {
        throw WorkbenchError.missingMatrix(option: "--target-utilities", method)
      }
      if method.needs.contains(.existing), existing == nil {
        throw WorkbenchError.missingMatrix(option: "--existing-utilities", method)
      }
    case .embeddings(_, let neighbours):
      guard case .facilityLocation = objective else { throw WorkbenchError.embeddingsNeedOneKernel(method) }
      guard neighbours >= 1 else {
        throw WorkbenchError.outsideRange(option: "--neighbours", value: "\(neighbours)", bounds: "1 and above")
      }
    case .model, .endpoint:
      if let sparse = specification.sparse, sparse.neighbours < 1 || sparse.explore < 0 || !(sparse.audit >= 0) {
        throw WorkbenchError.outsideRange(
          option: "--neighbours, --explore or --audit",
          value: "\(sparse.neighbours), \(sparse.explore), \(sparse.audit)",
          bounds: "neighbours from 1, the others from 0")
      }
      if specification.sparse != nil, specification.rescaling == .minMax {
        throw ErrorReport(
          "min-max rescaling needs all pairs", at: "--neighbours",
          remedy: "Use --rescale positive, or leave --neighbours out.", status: .unusableArguments)
      }
      guard specification.pool != nil else { throw WorkbenchError.missingPool }
      for role in method.needs where (role == .target ? specification.target : specification.existing) == nil {
        throw WorkbenchError.missing(role, method)
      }
    }
  }

  func open(_ inputs: RunInputs, in context: RunContext) throws -> any OpenedRun {
    let kernels = try importedKernels(inputs, in: context)
    return Opened(
      selector: self, inputs: inputs, imported: kernels,
      candidates: kernels.map { $0.served?.columns ?? 0 } ?? inputs.pool?.count ?? 0)
  }

  func evidence(_ inputs: RunInputs, in context: RunContext) throws -> RunEvidence {
    if let kernels = try importedKernels(inputs, in: context) { return .kernels(kernels) }
    guard let backend = try context.engine.backend(of: source) else { return .nothing }
    do {
      return .kernels(
        try measuredKernels(
          inputs, by: backend, clock: context.clock(.score, unit: "pairs"), onlyKept: true, in: context))
    } catch ScoringError.notKept {
      throw WorkbenchError.scoresGone
    }
  }

  func value(of candidates: [Candidate], by evidence: RunEvidence, workers: Workers) throws -> Double? {
    guard case .kernels(let kernels) = evidence else { return nil }
    return try coverage(kernels, workers: workers).value(of: candidates)
  }

  /// The objective on its kernels (Methods 1.2).
  func coverage(_ kernels: KernelSet, workers: Workers) throws -> CoverageObjective {
    func needed(_ kernel: Kernel?, _ role: DatasetRole) throws -> Kernel {
      guard let kernel else { throw WorkbenchError.missing(role, specification.method) }
      return kernel
    }
    switch objective {
    case .facilityLocation: return .facilityLocation(try needed(kernels.pool, .pool))
    case .mutualInformation(let eta):
      return try .mutualInformation(
        needed(kernels.pool, .pool), target: needed(kernels.target, .target), eta: eta, workers: workers)
    case .queryMutualInformation(let eta):
      return try .queryMutualInformation(target: needed(kernels.target, .target), eta: eta, workers: workers)
    case .conditionalGain(let nu):
      return try .conditionalGain(
        needed(kernels.pool, .pool), existing: needed(kernels.existing, .existing), nu: nu, workers: workers)
    }
  }

  private struct Opened: OpenedRun {
    var selector: DeliftSelector
    let inputs: RunInputs
    let imported: KernelSet?
    let candidates: Int
    var backend: ModelBackend?

    mutating func load(in context: RunContext) throws -> RunSpecification {
      var specification = selector.specification
      specification.source = try selector.source.resolved(context.access, cancellation: context.cancellation)
      selector = try DeliftSelector(specification)
      backend = try context.engine.backend(of: specification.source)
      return specification
    }

    func select(budget: Int, seconds: inout PhaseSeconds, in context: RunContext) throws -> Chosen {
      // Marks are looked at before hours of scoring.
      let map = CandidateMap(inputs.pool, candidates: candidates)
      let pinned = try map.marked(selector.specification.pinned)
      let banned = try map.banned(selector.specification.banned)
      var kernels = imported ?? KernelSet()
      if let backend {
        let clock = context.clock(.score, unit: "pairs")
        kernels = try selector.measuredKernels(inputs, by: backend, clock: clock, budget: budget, in: context)
        seconds.score = clock.seconds
      }
      let clock = context.clock(.select, unit: "picks")
      clock.advance(0, of: budget)
      let objective = try selector.coverage(kernels, workers: context.workers)
      if context.engine.saysReachable { context.observe(.reachable(objective.valueOfAll(workers: context.workers))) }
      let run = try GreedyRun(
        objective, budget: budget, maximizer: selector.specification.maximizer, epsilon: selector.specification.epsilon,
        seed: selector.specification.seed, pinned: pinned, banned: banned, workers: context.workers,
        cancellation: context.cancellation)
      var selection = try picks(of: run, map, budget: budget, clock: clock, in: context)
      selection.sparse = kernels.sparse
      seconds.select = clock.seconds
      return Chosen(selection: selection, evidence: .kernels(kernels), spaces: kernels.spaces)
    }

    private func picks(
      of run: consuming GreedyRun, _ map: CandidateMap, budget: Int, clock: PhaseClock, in context: RunContext
    ) throws -> Selection {
      var picks: [Pick] = []
      var isPartial = false
      do {
        while let step = try run.next() {
          let pick = try map.pick(step.candidate, rank: step.rank, gain: step.gain)
          picks.append(pick)
          context.observe(.picked(pick))
          clock.advance(picks.count, of: budget)
        }
      } catch is CancellationError where !picks.isEmpty {
        isPartial = true
      }
      return Selection(
        picks: picks, objective: run.objectiveValue, evaluations: run.evaluations, isPartial: isPartial)
    }
  }
}

extension DeliftSelector {
  /// The kernels of utilities that a model is asked for, or that are kept.
  ///
  /// - Parameter budget: picks of the run, for which a sparse one tells what it loses; nil to tell nothing.
  func measuredKernels(
    _ inputs: RunInputs, by backend: ModelBackend, clock: PhaseClock, onlyKept: Bool = false, budget: Int? = nil,
    in context: RunContext
  ) throws -> KernelSet {
    guard let template = try source.template(specification.template) else {
      throw WorkbenchError.missingSource(specification.method)
    }
    guard let poolFile = inputs.pool else { throw WorkbenchError.missingPool }
    let pool = try poolFile.samples(at: 0..<poolFile.count)
    var kernels = KernelSet(servesTarget: servesTarget)
    func kernel(_ distances: borrowing Distances, _ examples: Range<Int>, _ name: String) throws -> Kernel {
      let made = try Kernel(
        distances.utilities(specification.utilityKernel, examples: examples), rescaling: specification.rescaling,
        noHelp: specification.utilityKernel.noHelp, name: name, workers: context.workers)
      if made.isConstant {
        context.say("\(specification.rescaling.flatness(of: name)), and picks follow the file's order")
      }
      return made
    }
    func measure(
      _ queries: [Sample], _ path: String, _ examples: [Sample], _ pairs: ExamplePairs?
    ) throws -> Distances {
      let distances = try context.engine.measure(
        pairs, queries: queries, queryPath: path, examples: examples, by: backend, template: template,
        name: specification.template, clock: clock, onlyKept: onlyKept, in: context)
      if !kernels.spaces.contains(distances.fingerprint) { kernels.spaces.append(distances.fingerprint) }
      kernels.cuts.truncated += distances.cuts.truncated
      kernels.cuts.unmeasured += distances.cuts.unmeasured
      return distances
    }
    func samples(_ role: DatasetRole) throws -> (path: String, samples: [Sample]) {
      guard let file = inputs[role] else { throw WorkbenchError.missing(role, specification.method) }
      return (file.summary.path, try file.samples(at: 0..<file.count))
    }
    let pairing = specification.sparse.map { SparsePairing(settings: $0, seed: specification.seed) }
    func pairs(_ queries: [Sample], _ lists: [(examples: [Sample], isWithin: Bool)]) throws -> ExamplePairs? {
      guard let pairing else { return nil }
      var whole = [[Int]](repeating: [], count: queries.count)
      var offset = 0
      for (number, list) in lists.enumerated() {
        let found = try pairing.lists(
          queries, list.examples, isWithin: list.isWithin, offset: offset, salt: UInt64(number),
          workers: context.workers, cancellation: context.cancellation)
        for row in whole.indices { whole[row] += found[row] }
        offset += list.examples.count
      }
      return ExamplePairs(whole)
    }
    func measured(
      _ queries: [Sample], _ path: String, _ lists: [(examples: [Sample], isWithin: Bool)], _ names: [String]
    ) throws -> [Kernel] {
      var first = 0
      let ranges = lists.map { list in
        defer { first += list.examples.count }
        return first..<first + list.examples.count
      }
      let examples = lists.flatMap(\.examples)
      guard let pairs = try pairs(queries, lists), let settings = specification.sparse else {
        let distances = try measure(queries, path, examples, nil)
        return try zip(ranges, names).map { try kernel(distances, $0, $1) }
      }
      let block = budget.flatMap { _ in
        SparseBlock(
          rows: queries.count, columns: ranges[0].count, sparse: pairs.count(below: ranges[0].count),
          share: settings.audit, seed: specification.seed)
      }
      let distances = try measure(queries, path, examples, block?.joined(to: pairs) ?? pairs)
      let gains = ranges.map { distances.gains(specification.utilityKernel, examples: $0, of: pairs) }
      for (found, name) in zip(gains, names) where found.count == 0 {
        context.say("none of the \(name) that were scored is positive")
      }
      var report = SparseReport(
        neighbours: settings.neighbours, explore: settings.explore, pairs: pairs.count,
        densePairs: queries.count * examples.count)
      if let block, let budget {
        let all = distances.gains(
          specification.utilityKernel, examples: ranges[0], of: block.pairs(of: queries.count))
        let audit = SparseAudit(
          block: block, pairs: pairs, sparse: gains[0], full: all.part(rows: block.rows, columns: block.columns),
          isWithin: lists[0].isWithin)
        try tell(
          audit, of: gains.count > 1 ? gains[1] : nil, share: Double(budget) / Double(ranges[0].count), in: context,
          &report)
      }
      kernels.sparse = report
      return try zip(gains, names).map { try Kernel($0, name: $1) }
    }
    let (path, own) = (poolFile.summary.path, "utilities of the pool")
    switch objective {
    case .facilityLocation:
      kernels.pool = try measured(pool, path, [(pool, true)], [own])[0]
    case .queryMutualInformation:
      let target = try samples(.target)
      kernels.target = try measured(target.samples, target.path, [(pool, false)], ["utilities for the target"])[0]
    case .mutualInformation:
      let target = try samples(.target).samples
      let both = try measured(pool, path, [(pool, true), (target, false)], [own, "utilities of the target"])
      (kernels.pool, kernels.target) = (both[0], both[1])
    case .conditionalGain:
      let existing = try samples(.existing).samples
      let both = try measured(pool, path, [(pool, true), (existing, false)], [own, "utilities of the existing data"])
      (kernels.pool, kernels.existing) = (both[0], both[1])
    }
    return kernels
  }
}

extension DeliftSelector {
  /// Tells what a sparse run loses.
  ///
  /// - Parameters:
  ///   - other: what examples of the target or of the existing data were found to gain, which the objective takes as it is.
  ///   - share: of the candidates that is chosen.
  private func tell(
    _ audit: SparseAudit, of other: SparseMatrix?, share: Double, in context: RunContext, _ report: inout SparseReport
  ) throws {
    func coverage(_ served: SparseMatrix, rows: [Int]) throws -> CoverageObjective {
      var kernels = KernelSet(servesTarget: servesTarget)
      let kernel = try Kernel(served)
      if servesTarget { kernels.target = kernel } else { kernels.pool = kernel }
      if let other {
        let part = try Kernel(other.part(rows: rows, columns: Array(0..<other.columns)))
        if case .conditionalGain = objective { kernels.existing = part } else { kernels.target = part }
      }
      return try self.coverage(kernels, workers: context.workers)
    }
    report.blockRows = audit.block.rows.count
    report.blockColumns = audit.block.columns.count
    report.recall = audit.recall(neighbours: report.neighbours)
    let sparse = try coverage(audit.restricted, rows: Array(0..<audit.sparse.rows))
    let full = try coverage(audit.full, rows: audit.block.rows)
    report.gainCorrelation = SparseAudit.gainCorrelation(sparse, full)
    let columns = audit.block.columns.count
    report.objectiveRatio = try SparseAudit.objectiveRatio(
      sparse, full, picks: min(columns, max(1, Int((share * Double(columns)).rounded()))), workers: context.workers)
  }
}

extension RunEngine {
  /// The utilities between two lists of samples, from the cache and a model.
  ///
  /// - Parameters:
  ///   - wanted: the pairs to score; nil for all.
  ///   - queryPath: the file that errors about a query name.
  ///   - name: the template's, for the cache's list.
  ///   - onlyKept: take the cache's answer or none.
  func measure(
    _ wanted: ExamplePairs? = nil, queries: [Sample], queryPath: String, examples: [Sample], by backend: ModelBackend,
    template: PromptTemplate,
    name: String, clock: PhaseClock, onlyKept: Bool = false, in context: RunContext
  ) throws -> Distances {
    // Distances and then utilities, four bytes a pair each.
    let (pairs, overflow) =
      wanted.map { ($0.count + queries.count, false) }
      ?? queries.count.multipliedReportingOverflow(by: examples.count + 1)
    let (bytes, beyond) = pairs.multipliedReportingOverflow(by: 8)
    let available = SystemMemory.available
    guard !overflow, !beyond, bytes < available else {
      throw WorkbenchError.tooManyPairs(queries: queries.count, examples: examples.count, available: available)
    }
    let scorer = try backend.scorer(
      template: template, queries: queries, examples: examples, queryPath: queryPath,
      workers: workers.count, observe: context.observe)
    let cache = context.cache
    // A cache that can't be written says so when the first block is saved.
    if !onlyKept { try? cache?.use(scorer.fingerprint, name: backend.cacheName(template: name)) }
    let job = ScoringJob(scorer: scorer, store: cache, workers: workers)
    let distances = try job.run(wanted, onlyKept: onlyKept, cancellation: context.cancellation) {
      done, total, resumed, tokens in
      clock.advance(done, of: total, resumed: resumed, tokens: tokens)
    }
    if distances.cuts.truncated > 0 {
      context.say("\(distances.cuts.truncated) responses were truncated to fit \(backend.context)")
    }
    if distances.cuts.unmeasured > 0 {
      context.say(
        "\(distances.cuts.unmeasured) pairs left no room for a response in \(backend.context); their utility counts as 0"
      )
    }
    return distances
  }
}

extension UtilityKernel {
  /// The utility of an example that changes nothing.
  fileprivate var noHelp: Float {
    switch self {
    case .euclidean: 0
    case .exponential: 1
    }
  }
}

extension Rescaling {
  /// What a kernel is like whose elements are all equal.
  func flatness(of name: String) -> String {
    self == .positive ? "none of the \(name) is positive" : "all \(name) are equal: nothing is told apart"
  }
}
