import Domain
import Numerics
import Synchronization

/// BM25 to the target: its samples are the queries, a row's score is the greatest of them (Methods 3).
struct WordRanking: RankingMethod {
  let specification: RunSpecification

  init(_ specification: RunSpecification) throws { self.specification = specification }

  func rank(_ request: RankingRequest, in context: RunContext) throws -> Ranking {
    let (pool, targets) = (try request.samples(), try request.samples(.target))
    let index = BM25(pool.map(\.wholeText))
    let columns = TargetColumns(targets, pooling: specification.ranking?.pooling ?? .groups)
    let queries = targets.map { BM25.words($0.wholeText) }
    let best = Mutex(DoubleMatrix(zerosOfRows: pool.count, columns: columns.count))
    let clock = context.clock(.score, unit: "targets")
    let done = Atomic<Int>(0)
    try context.workers.forEach(queries.count, cancellation: context.cancellation) { target, _ in
      let found = index.scores(of: queries[target])
      let column = columns.columns[target]
      // The greatest of all is the same in any order.
      best.withLock { best in
        for (row, score) in found.enumerated() where score > best[row, column] { best[row, column] = score }
      }
      clock.advance(done.wrappingAdd(1, ordering: .relaxed).newValue, of: queries.count)
    }
    try context.cancellation.check()
    let scores = RowScores(candidates: pool.indices.map { Candidate($0) }, scores: best.withLock { $0 })
    return Ranking(
      picks: scores.picks(request, workers: context.workers),
      outcome: RankingOutcome(
        scores: scores.byCandidate(of: pool.count),
        targetScores: { candidate in queries.map { Float(index.score(of: $0, in: candidate.value)) } }))
  }

  func estimate(_ inputs: RunInputs, rows: Int, in context: RunContext) throws -> RunEstimate {
    let targets = Double(inputs.target?.count ?? 0)
    return RunEstimate(
      passes: 0, tokens: 0, memory: Double(rows) * 2000,
      seconds: Double(rows) * (1e-4 + targets * 2e-7 / Double(context.workers.count)))
  }
}

extension Sample {
  /// Instruction, input and response.
  var wholeText: String {
    let parts = query.instructionAndInput
    return "\(parts.instruction)\n\(parts.input)\n\(response)"
  }
}
