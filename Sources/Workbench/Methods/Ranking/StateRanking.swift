import Domain
import LanguageModel
import Numerics

/// RDS+ (Ivison et al., arXiv 2503.01807; Methods 3): a row's score is the greatest cosine of its state with a target's.
struct StateRanking: RankingMethod {
  let specification: RunSpecification
  private let source: GradientModel
  private var model: Model?

  init(_ specification: RunSpecification) throws {
    self.specification = specification
    source = try GradientModel(passing: specification)
  }

  mutating func load(_ inputs: RunInputs, in context: RunContext) throws -> RunSpecification {
    model = try source.load(context.engine)
    return specification
  }

  func estimate(_ inputs: RunInputs, rows: Int, in context: RunContext) throws -> RunEstimate {
    try source.passEstimate(inputs, rows: rows, passes: 1, in: context)
  }

  func rank(_ request: RankingRequest, in context: RunContext) throws -> Ranking {
    let (pool, targets) = (try request.samples(), try request.samples(.target))
    let states = try source.states(model, in: context)
    let (all, leftOut) = pool.withResponse
    let (asked, withoutResponse) = targets.withResponse
    guard !asked.isEmpty else { throw WorkbenchError.noResponses(.target) }
    if !withoutResponse.isEmpty {
      context.say("\(withoutResponse.count) samples of the target have no response and are left out")
    }
    let clock = context.clock(.embed, unit: "samples")
    let total = all.count + asked.count
    let vectors = try states.vectors(
      of: all.map { pool[$0] }, workers: context.workers, cancellation: context.cancellation
    ) { clock.advance($0, of: total) }
    let goals = try states.vectors(
      of: asked.map { targets[$0] }, workers: context.workers, cancellation: context.cancellation
    ) { clock.advance(all.count + $0, of: total) }
    let columns = TargetColumns(asked.map { targets[$0] }, pooling: specification.ranking?.pooling ?? .groups)
    let scores = RowScores(
      candidates: all.map { Candidate($0) },
      scores: try Self.scores(vectors, goals, columns, workers: context.workers, cancellation: context.cancellation))
    let number = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
    let shared = SharedVectors(pool: vectors, targets: goals)
    let count = targets.count
    let outcome = RankingOutcome(
      scores: scores.byCandidate(of: pool.count), leftOut: leftOut.map { pool[$0].index },
      targetScores: { candidate in
        guard let row = number[candidate.value] else { return [] }
        var found = [Float](repeating: -1, count: count)
        for (target, position) in asked.enumerated() { found[position] = shared.cosine(row, target) }
        return found
      })
    return Ranking(
      picks: scores.picks(request, workers: context.workers), outcome: outcome,
      spaces: [states.cache?.space].compactMap(\.self))
  }

  /// Of each row the greatest cosine with the targets of each column: [rows, columns].
  private static func scores(
    _ rows: borrowing Matrix, _ targets: borrowing Matrix, _ columns: TargetColumns, workers: Workers,
    cancellation: Cancellation
  ) throws -> DoubleMatrix {
    let (count, size, goals) = (rows.rows, rows.columns, targets.rows)
    let block = 64
    var lines = [[Double]](repeating: [], count: count)
    // Sound: only read, and alive until the workers have ended.
    nonisolated(unsafe) let (x, y) = (rows.start(ofRow: 0), targets.start(ofRow: 0))
    try workers.fill(&lines, by: block, cancellation: cancellation) { range, lines, _ in
      var products = [Double](repeating: 0, count: range.count * goals)
      products.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        Reduction.dots(
          x + range.lowerBound * size, rows: range.count, stride: size, y, others: goals, stride: size, count: size,
          into: base)
      }
      for line in lines.indices {
        var best = [Double](repeating: -.infinity, count: columns.count)
        for target in 0..<goals {
          let column = columns.columns[target]
          best[column] = max(best[column], products[line * goals + target])
        }
        lines[line] = best
      }
    }
    return DoubleMatrix(rows: count, columns: columns.count, elements: lines.flatMap { $0 })
  }
}

/// Vectors of pool and target, kept to be asked why.
private final class SharedVectors: Sendable {
  private let pool: Matrix
  private let targets: Matrix

  init(pool: consuming Matrix, targets: consuming Matrix) {
    self.pool = pool
    self.targets = targets
  }

  func cosine(_ row: Int, _ target: Int) -> Float {
    Float(Reduction.dot(pool.start(ofRow: row), targets.start(ofRow: target), count: pool.columns))
  }
}

extension [Sample] {
  /// Positions of the samples with a response, and of those without.
  var withResponse: (positions: [Int], others: [Int]) {
    (indices.filter { !self[$0].response.isEmpty }, indices.filter { self[$0].response.isEmpty })
  }
}
