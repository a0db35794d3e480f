import Domain
import Foundation
import LanguageModel
import SampleEncoding
import Scoring

/// In-context approximation of the holdout loss (ICA, arXiv 2510.14459; Methods 3): how much the loss of a row's response falls when samples
/// of the target are shown before it, the mean over several draws of them.
struct InContextRanking: RankingMethod {
  private(set) var specification: RunSpecification
  private let source: UtilitySource
  private var backend: ModelBackend?

  init(_ specification: RunSpecification) throws {
    guard let source = specification.source else { throw WorkbenchError.missingSource(specification.method) }
    self.specification = specification
    self.source = source
  }

  mutating func load(_ inputs: RunInputs, in context: RunContext) throws -> RunSpecification {
    specification.source = try source.resolved(context.access, cancellation: context.cancellation)
    backend = try context.engine.backend(of: specification.source)
    return specification
  }

  private var draws: Int { specification.ranking?.draws ?? RankingSettings().draws }

  func estimate(_ inputs: RunInputs, rows: Int, in context: RunContext) throws -> RunEstimate {
    guard let local = GradientModel(specification) else {
      return RunEstimate(
        passes: rows * (draws + 1), tokens: 0, memory: Double(rows) * 100, seconds: Double(rows * (draws + 1)) * 0.05)
    }
    return try local.passEstimate(inputs, rows: rows, passes: Double(draws + 1), in: context)
  }

  func rank(_ request: RankingRequest, in context: RunContext) throws -> Ranking {
    let found = try measured(request.inputs, by: backend, onlyKept: false, in: context)
    return Ranking(
      picks: found.scores.picks(request, workers: context.workers), outcome: found.outcome, spaces: found.spaces)
  }

  func outcome(_ inputs: RunInputs, in context: RunContext) throws -> RankingOutcome? {
    let backend = try context.engine.backend(of: specification.source)
    return try measured(inputs, by: backend, onlyKept: true, in: context).outcome
  }

  private func measured(
    _ inputs: RunInputs, by backend: ModelBackend?, onlyKept: Bool, in context: RunContext
  ) throws -> (scores: RowScores, outcome: RankingOutcome, spaces: [ContentHash]) {
    guard let backend, let template = try specification.source?.template(specification.template),
      let poolFile = inputs.pool, let targetFile = inputs.target
    else { throw WorkbenchError.missingSource(specification.method) }
    let pool = try poolFile.samples(at: 0..<poolFile.count)
    let targets = try targetFile.samples(at: 0..<targetFile.count)
    let contexts = try contexts(pool, targets, template, backend, in: context)
    let losses = try context.losses(
      of: pool, path: poolFile.summary.path, behind: contexts, by: backend, template: template,
      name: specification.template, measure: .loss, onlyKept: onlyKept)
    var scores = [Double](repeating: .nan, count: pool.count)
    var spread: [Double] = scores
    for row in pool.indices where !pool[row].response.isEmpty && losses.alone(row).isFinite {
      let gains = contexts.indices.map { Double(losses.alone(row)) - Double(losses.behind($0, query: row)) }
        .filter(\.isFinite)
      guard !gains.isEmpty else { continue }
      let mean = gains.reduce(0, +) / Double(gains.count)
      scores[row] = mean
      spread[row] =
        gains.count < 2
        ? 0 : (gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gains.count - 1)).squareRoot()
    }
    let all = scores.indices.filter { scores[$0].isFinite }
    return (
      RowScores(
        candidates: all.map { Candidate($0) },
        scores: .init(rows: all.count, columns: 1, elements: all.map { scores[$0] })),
      RankingOutcome(
        scores: scores, leftOut: scores.indices.filter { !scores[$0].isFinite }.map { pool[$0].index },
        spread: contexts.count > 1 ? spread : nil), [losses.fingerprint]
    )
  }

  /// The target's samples that each draw shows.
  private func contexts(
    _ pool: [Sample], _ targets: [Sample], _ template: PromptTemplate, _ backend: ModelBackend, in context: RunContext
  ) throws -> [[Sample]] {
    let (asked, others) = targets.withResponse
    let sizes = try backend.sizes(queries: pool, examples: asked.map { targets[$0] }, template: template)
    // Half of the context at least is the examples'; a longer row is cut.
    let room = sizes.room - min(sizes.queries.max() ?? 0, sizes.room / 2)
    let drawn = ContextDraws(sizes: sizes.examples, room: room, seed: specification.seed).draws(draws)
    guard !drawn.isEmpty else {
      throw ErrorReport(
        "no sample of the target fits the model's context as an example", at: "--target",
        remedy: "Name shorter samples, or a model with a longer context than \(sizes.room) tokens.", status: .badData)
    }
    let unfit = others.count + sizes.examples.count { $0 > room }
    if unfit > 0 { context.say("\(unfit) samples of the target are too long to be shown, or have no response") }
    let counts = drawn.map(\.count)
    let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
    context.say(
      "\(drawn.count) draws of \(least == most ? "\(most)" : "\(least) to \(most)") of the target's \(targets.count) samples are shown"
    )
    return drawn.map { $0.map { targets[asked[$0]] } }
  }
}

/// Seeded draws of examples that fit a context: each goes on with those that had no turn yet, in a fresh random order each time all had one.
package struct ContextDraws {
  /// Of each example, its tokens.
  let sizes: [Int]
  let room: Int
  let seed: UInt64

  package init(sizes: [Int], room: Int, seed: UInt64) {
    self.sizes = sizes
    self.room = room
    self.seed = seed
  }

  /// Examples by their numbers, each at most once a draw; none where none fits.
  package func draws(_ count: Int) -> [[Int]] {
    let fitting = sizes.indices.filter { sizes[$0] <= room }
    guard !fitting.isEmpty else { return [] }
    var generator = SeededGenerator(seed: seed)
    var queue: [Int] = []
    return (0..<count).map { _ in
      var drawn: [Int] = []
      var left = room
      while drawn.count < fitting.count {
        if queue.isEmpty { queue = generator.sample(fitting.count, of: fitting.count).map { fitting[$0] } }
        guard let next = queue.firstIndex(where: { !drawn.contains($0) }), sizes[queue[next]] <= left else { break }
        left -= sizes[queue[next]]
        drawn.append(queue.remove(at: next))
      }
      return drawn
    }
  }
}
