import Domain
import LanguageModel
import Numerics

/// Farthest-first traversal (Gonzalez, 1985) on the model's states: each pick is the row that is farthest from those chosen, its score
/// that distance, 0 to 2. The first is drawn and has 2.
struct KCentreRanking: RankingMethod {
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
    let pool = try request.samples()
    let states = try source.states(model, in: context)
    let (all, leftOut) = pool.withResponse
    let clock = context.clock(.embed, unit: "samples")
    let vectors = try states.vectors(
      of: all.map { pool[$0] }, workers: context.workers, cancellation: context.cancellation
    ) { clock.advance($0, of: all.count) }
    let picks = try picks(vectors, all.map { Candidate($0) }, request, in: context)
    return Ranking(
      picks: picks, outcome: RankingOutcome(scores: [], leftOut: leftOut.map { pool[$0].index }),
      spaces: [states.cache?.space].compactMap(\.self))
  }

  private func picks(
    _ vectors: borrowing Matrix, _ candidates: [Candidate], _ request: RankingRequest, in context: RunContext
  ) throws -> [Ranking.Pick] {
    let (count, size) = (vectors.rows, vectors.columns)
    let numbers = Dictionary(uniqueKeysWithValues: candidates.enumerated().map { ($1, $0) })
    var isOpen = [Bool](repeating: true, count: count)
    for candidate in request.banned { if let number = numbers[candidate] { isOpen[number] = false } }
    var distances = [Double](repeating: 2, count: count)
    // Sound: only read, and alive until the workers have ended.
    nonisolated(unsafe) let base = vectors.start(ofRow: 0)
    func take(_ number: Int) throws {
      isOpen[number] = false
      try context.workers.fill(&distances, by: 512, cancellation: context.cancellation) { rows, distances, _ in
        var products = [Double](repeating: 0, count: rows.count)
        products.withUnsafeMutableBufferPointer { buffer in
          guard let target = buffer.baseAddress else { return }
          Reduction.dots(
            base + rows.lowerBound * size, rows: rows.count, stride: size, base + number * size, others: 1,
            stride: size, count: size, into: target)
        }
        for line in distances.indices {
          distances[line] = min(distances[line], max(0, 2 - 2 * products[line]).squareRoot())
        }
      }
    }
    var picks: [Ranking.Pick] = []
    for candidate in request.pinned {
      let number = numbers[candidate]
      picks.append(.init(candidate: candidate, score: number.map { distances[$0] } ?? 0))
      if let number { try take(number) }
    }
    let clock = context.clock(.select, unit: "picks")
    if picks.isEmpty {
      let open = isOpen.indices.filter { isOpen[$0] }
      guard !open.isEmpty else { return [] }
      var generator = SeededGenerator(seed: specification.seed)
      let first = open[generator.below(open.count)]
      picks.append(.init(candidate: candidates[first], score: 2))
      try take(first)
    }
    while picks.count < request.count {
      var best: Int?
      for number in 0..<count where isOpen[number] {
        if best.map({ distances[number] > distances[$0] }) ?? true { best = number }
      }
      guard let best else { break }
      picks.append(.init(candidate: candidates[best], score: distances[best]))
      try take(best)
      clock.advance(picks.count, of: request.count)
    }
    return picks
  }
}
