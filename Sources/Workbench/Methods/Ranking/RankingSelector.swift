import Datasets
import Domain
import Influence
import Numerics
import Scoring

/// A method that ranks rows by a score of their own, or draws them by a rule (Methods 3): one a file in this folder.
protocol RankingMethod: Sendable {
  /// Reads what a specification says of the method; what is missing is an error here and not later.
  init(_ specification: RunSpecification) throws

  var specification: RunSpecification { get }

  /// Loads what is asked; gives the specification as it goes on record.
  mutating func load(_ inputs: RunInputs, in context: RunContext) throws -> RunSpecification

  /// Computes what is missing and chooses, the first pick first.
  func rank(_ request: RankingRequest, in context: RunContext) throws -> Ranking

  func estimate(_ inputs: RunInputs, rows: Int, in context: RunContext) throws -> RunEstimate

  /// What a run of the library can be asked, from what is kept; nil where that is nothing.
  func outcome(_ inputs: RunInputs, in context: RunContext) throws -> RankingOutcome?
}

extension RankingMethod {
  mutating func load(_ inputs: RunInputs, in context: RunContext) throws -> RunSpecification { specification }

  func outcome(_ inputs: RunInputs, in context: RunContext) throws -> RankingOutcome? { nil }

  func estimate(_ inputs: RunInputs, rows: Int, in context: RunContext) throws -> RunEstimate {
    RunEstimate(passes: 0, tokens: 0, memory: Double(rows) * 1000, seconds: Double(rows) * 2e-5)
  }
}

/// What is to be chosen.
struct RankingRequest: Sendable {
  let inputs: RunInputs
  let pool: DatasetFile
  let count: Int
  /// Taken first, in this order; counted in `count`.
  let pinned: [Candidate]
  let banned: Set<Candidate>

  /// Rows that are neither pinned nor banned.
  var open: [Candidate] {
    let pinned = Set(pinned)
    return (0..<Candidate(pool.count)).filter { !pinned.contains($0) && !banned.contains($0) }
  }

  func samples(_ role: DatasetRole = .pool) throws -> [Sample] {
    guard let file = inputs[role] else { return [] }
    return try file.samples(at: 0..<file.count)
  }
}

/// What came of it.
struct Ranking: Sendable {
  struct Pick: Sendable {
    var candidate: Candidate
    var score: Double
  }
  /// At most as many as asked for.
  var picks: [Pick]
  var outcome: RankingOutcome?
  /// What the score cache calls all that it was chosen from.
  var spaces: [ContentHash] = []
}

/// Carries out a method that ranks rows.
struct RankingSelector<Method: RankingMethod>: Selector {
  private let method: Method

  init(_ specification: RunSpecification) throws {
    guard specification.pool != nil else { throw WorkbenchError.missingPool }
    for role in specification.method.needs
    where (role == .target ? specification.target : specification.existing) == nil {
      throw WorkbenchError.missing(role, specification.method)
    }
    method = try Method(specification)
  }

  func open(_ inputs: RunInputs, in context: RunContext) throws -> any OpenedRun {
    guard let pool = inputs.pool else { throw WorkbenchError.missingPool }
    for role in method.specification.method.needs {
      if let file = inputs[role], file.count == 0 {
        throw WorkbenchError.emptyDataset(role: role, path: file.summary.path)
      }
    }
    return Opened(method: method, inputs: inputs, pool: pool)
  }

  func estimate(_ inputs: RunInputs, rows: Int, picks: Double, in context: RunContext) throws -> RunEstimate {
    try method.estimate(inputs, rows: rows, in: context)
  }

  func evidence(_ inputs: RunInputs, in context: RunContext) throws -> RunEvidence {
    do {
      return try method.outcome(inputs, in: context).map { .ranking($0) } ?? .nothing
    } catch ScoringError.notKept {
      throw WorkbenchError.scoresGone
    }
  }

  private struct Opened: OpenedRun {
    var method: Method
    let inputs: RunInputs
    let pool: DatasetFile
    var candidates: Int { pool.count }

    mutating func load(in context: RunContext) throws -> RunSpecification { try method.load(inputs, in: context) }

    func select(budget: Int, seconds: inout PhaseSeconds, in context: RunContext) throws -> Chosen {
      let map = CandidateMap(pool, candidates: candidates)
      let request = RankingRequest(
        inputs: inputs, pool: pool, count: budget, pinned: try map.marked(method.specification.pinned),
        banned: Set(try map.banned(method.specification.banned)))
      try check(request)
      let scoring = context.clock(.score, unit: "samples")
      let ranking = try method.rank(request, in: context)
      seconds.score = scoring.seconds
      if let leftOut = ranking.outcome?.leftOut, !leftOut.isEmpty {
        let shown = leftOut.prefix(10).map { "row \($0)" }.joined(separator: ", ")
        context.say(
          "\(leftOut.count) samples of the pool have no score and are left out: \(shown)"
            + (leftOut.count > 10 ? ", …" : ""))
      }
      if ranking.picks.count < budget {
        context.say("only \(ranking.picks.count) of \(budget) picks can be made: no other row can be taken")
      }
      let selecting = context.clock(.select, unit: "picks")
      let picks = try ranking.picks.enumerated().map { rank, found in
        let pick = try map.pick(found.candidate, rank: Rank(rank), gain: found.score)
        context.observe(.picked(pick))
        selecting.advance(rank + 1, of: budget)
        return pick
      }
      seconds.select = selecting.seconds
      return Chosen(
        selection: Selection(
          picks: picks, objective: ranking.picks.reduce(0) { $0 + $1.score }, evaluations: candidates),
        evidence: ranking.outcome.map { .ranking($0) } ?? .nothing, spaces: ranking.spaces)
    }

    private func check(_ request: RankingRequest) throws {
      let pinned = Set(request.pinned)
      guard pinned.count == request.pinned.count, pinned.isDisjoint(with: request.banned) else {
        throw WorkbenchError.outsideRange(
          option: "--pin", value: "a row named twice", bounds: "rows pinned once and not banned")
      }
      let most = candidates - request.banned.count
      guard pinned.count <= request.count, request.count <= most else {
        throw WorkbenchError.outsideRange(
          option: "--budget", value: "\(request.count)", bounds: "\(max(1, pinned.count)) to \(most)")
      }
    }
  }
}

/// Scores of rows, of which the greatest are taken: of one column, or of several that take turns.
struct RowScores: Sendable {
  /// The rows that have a score, ascending.
  let candidates: [Candidate]
  /// [candidates, columns]: a column for each that takes turns.
  let scores: DoubleMatrix

  init(candidates: [Candidate], scores: DoubleMatrix) {
    self.candidates = candidates
    self.scores = scores
  }

  /// The columns in turn, the first first, each taking its best row that is left; of equal scores the row that comes first.
  func picks(_ request: RankingRequest, workers: Workers) -> [Ranking.Pick] {
    let numbers = Dictionary(uniqueKeysWithValues: candidates.enumerated().map { ($1, SampleNumber($0)) })
    let first = request.pinned.map { candidate in
      Ranking.Pick(candidate: candidate, score: numbers[candidate].flatMap { scores.row($0.value).max() } ?? 0)
    }
    let taken = Set((request.pinned + request.banned).compactMap { numbers[$0] })
    let columns = Array(0..<scores.columns)
    let turns = RoundRobin(scores: scores, workers: workers).turns(count: request.count - first.count, taken: taken) {
      _ in columns
    }
    return first + turns.map { Ranking.Pick(candidate: candidates[$0.sample.value], score: $0.score) }
  }

  /// The greatest score of each candidate, NaN where it has none.
  func byCandidate(of count: Int) -> [Double] {
    var found = [Double](repeating: .nan, count: count)
    for (number, candidate) in candidates.enumerated() { found[candidate.value] = scores.row(number).max() ?? .nan }
    return found
  }
}

/// Which columns the targets' scores go to: the greatest of a column's targets counts.
struct TargetColumns: Sendable {
  let count: Int
  /// Of each target.
  let columns: [Int]

  /// Groups are those that labels name, in the order of their first row; targets without a label are one.
  init(_ targets: [Sample], pooling: InfluenceSettings.Pooling) {
    switch pooling {
    case .pooled: (count, columns) = (1, targets.map { _ in 0 })
    case .roundRobin: (count, columns) = (targets.count, Array(targets.indices))
    case .groups:
      var numbers: [String?: Int] = [:]
      columns = targets.map { target in
        let number = numbers[target.label] ?? numbers.count
        numbers[target.label] = number
        return number
      }
      count = numbers.count
    }
  }
}
