import Domain

/// Near-duplicates of rows before them are taken out, then a uniform draw (Methods 3).
struct DistinctDraw: RankingMethod {
  let specification: RunSpecification

  init(_ specification: RunSpecification) throws { self.specification = specification }

  func rank(_ request: RankingRequest, in context: RunContext) throws -> Ranking {
    let texts = try request.samples().map(\.wholeText)
    let sameness = specification.ranking?.sameness ?? RankingSettings().sameness
    let clock = context.clock(.score, unit: "samples")
    // Pinned rows stay, and what is like them goes; banned ones make nothing go.
    let distinct = try NearDuplicates(sameness: sameness).distinct(
      texts, first: request.pinned.map(\.value), leavingOut: Set(request.banned.map(\.value)),
      workers: context.workers, cancellation: context.cancellation
    ) { clock.advance($0, of: texts.count) }
    let gone = texts.count - request.banned.count - distinct.count
    if gone > 0 { context.say("\(gone) near-duplicates of other rows are taken out") }
    let pinned = Set(request.pinned)
    let open = distinct.map { Candidate($0) }.filter { !pinned.contains($0) }
    var generator = SeededGenerator(seed: specification.seed)
    let drawn = generator.sample(min(open.count, request.count - pinned.count), of: open.count).map { open[$0] }
    return Ranking(picks: (request.pinned + drawn).map { .init(candidate: $0, score: 0) })
  }
}
