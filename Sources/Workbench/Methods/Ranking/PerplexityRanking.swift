import Domain
import Foundation
import LanguageModel
import Scoring

/// Rows by the perplexity of their responses (Methods 3): nearest to the median, or by instruction-following difficulty, the
/// perplexity behind the query over that of the response alone (Li et al., arXiv 2402.00530).
struct PerplexityRanking: RankingMethod {
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
    try source.passEstimate(inputs, rows: rows, passes: specification.method == .ifd ? 2 : 1, in: context)
  }

  func rank(_ request: RankingRequest, in context: RunContext) throws -> Ranking {
    let pool = try request.samples()
    var spaces: [ContentHash] = []
    func losses(_ measure: PassMeasure) throws -> [Double] {
      let found = try source.losses(model, of: pool, path: request.pool.summary.path, measure: measure, in: context)
      spaces.append(found.fingerprint)
      return pool.indices.map { pool[$0].response.isEmpty ? .infinity : Double(found.alone($0)) }
    }
    let behind = try losses(.loss)
    var scores: [Double]
    if specification.method == .ifd {
      let alone = try losses(.lossOfResponseAlone)
      scores = zip(behind, alone).map { $0.isFinite && $1.isFinite ? exp($0 - $1) : .nan }
      let aligned = scores.count { $0 >= 1 }
      if aligned > 0 {
        context.say(
          "\(aligned) samples whose instruction makes the response no likelier (difficulty 1 and above) are left out")
      }
    } else {
      let perplexities = behind.map { $0.isFinite ? exp($0) : .nan }
      let middle = Self.median(perplexities.filter(\.isFinite))
      scores = perplexities.map { -abs($0 - middle) }
    }
    let all = scores.indices.filter { scores[$0].isFinite && !(specification.method == .ifd && scores[$0] >= 1) }
    let ranked = RowScores(
      candidates: all.map { Candidate($0) },
      scores: .init(rows: all.count, columns: 1, elements: all.map { scores[$0] }))
    return Ranking(
      picks: ranked.picks(request, workers: context.workers),
      outcome: RankingOutcome(
        scores: scores, leftOut: scores.indices.filter { !scores[$0].isFinite }.map { pool[$0].index }),
      spaces: spaces)
  }

  /// Of an even count the mean of the two in the middle; of none 0.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
