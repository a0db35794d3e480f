import Domain
import Numerics

/// The longest responses.
struct LengthRanking: RankingMethod {
  let specification: RunSpecification
  private let measure: LengthMeasure

  init(_ specification: RunSpecification) throws {
    self.specification = specification
    measure = try LengthMeasure(specification)
  }

  func rank(_ request: RankingRequest, in context: RunContext) throws -> Ranking {
    let lengths = try measure.lengths(of: request.samples(), in: context).map { Double($0) }
    let scores = RowScores(
      candidates: lengths.indices.map { Candidate($0) },
      scores: DoubleMatrix(rows: lengths.count, columns: 1, elements: lengths))
    return Ranking(
      picks: scores.picks(request, workers: context.workers), outcome: RankingOutcome(scores: lengths))
  }
}
