import Datasets
import Domain
import Store

/// A uniform draw with the histogram of another run's response lengths: of its picks' deciles each gives its share (Methods 3).
struct LengthDraw: RankingMethod {
  private(set) var specification: RunSpecification
  private let measure: LengthMeasure

  init(_ specification: RunSpecification) throws {
    self.specification = specification
    measure = try LengthMeasure(specification)
    guard specification.ranking?.like != nil || specification.ranking?.lengths != nil else {
      throw ErrorReport(
        "random-length draws the lengths of another run's responses, and none is named", at: "--like",
        remedy: "Give its number, as winnow runs lists it: --like RUN.", status: .unusableArguments)
    }
  }

  /// Puts the histogram on record, so that the draw can be repeated without the other run.
  mutating func load(_ inputs: RunInputs, in context: RunContext) throws -> RunSpecification {
    guard specification.ranking?.lengths == nil, let like = specification.ranking?.like, let pool = inputs.pool else {
      return specification
    }
    let run: RunRecord
    do {
      run = try context.engine.storage.runs().run(Int64(like))
    } catch let error as StoreError {
      throw ErrorReport(
        error.report.problem, at: "--like", remedy: "winnow runs lists the runs.", status: .unusableArguments)
    }
    guard run.contents[DatasetRole.pool.rawValue] == pool.summary.contentHash else {
      throw ErrorReport(
        "run \(like) chose from another pool", at: "--like", remedy: "Name a run on this pool.",
        status: .unusableArguments)
    }
    let positions = (run.selection?.picks ?? []).compactMap { pool.position(of: $0.row) }
    guard !positions.isEmpty else {
      throw ErrorReport(
        "run \(like) has no picks among these rows", at: "--like", remedy: "Name a finished run on this pool.",
        status: .unusableArguments)
    }
    let samples = try positions.map { try pool.sample(at: $0) }
    specification.ranking?.lengths = Self.deciles(try measure.lengths(of: samples, in: context))
    return specification
  }

  /// Tenths of the lengths, the shortest first; tenths that end at the same length are one.
  static func deciles(_ lengths: [Int]) -> [LengthShare] {
    let sorted = lengths.sorted()
    var shares: [LengthShare] = []
    for tenth in 1...10 {
      let end = sorted[(tenth * sorted.count + 9) / 10 - 1]
      let from = shares.last.map { $0.through + 1 } ?? sorted[0]
      guard end >= from else { continue }
      shares.append(LengthShare(from: from, through: end, picks: sorted.count { from <= $0 && $0 <= end }))
    }
    return shares
  }

  func rank(_ request: RankingRequest, in context: RunContext) throws -> Ranking {
    let lengths = try measure.lengths(of: request.samples(), in: context)
    let shares = specification.ranking?.lengths ?? []
    // What lies outside of all is drawn last.
    let bins = lengths.map { length in
      shares.firstIndex { $0.from <= length && length <= $0.through } ?? shares.count
    }
    let quotas = Self.quotas(shares.map(\.picks), of: request.count)
    let drawn = GroupDraw(bins, groups: shares.count + 1).drawn(request, seed: specification.seed, quotas: quotas + [0])
    let beyond = drawn.count { bins[$0.value] == shares.count }
    if beyond > request.pinned.count { context.say("\(beyond) picks are of lengths that the other run does not have") }
    return Ranking(picks: drawn.map { .init(candidate: $0, score: 0) })
  }

  /// So many in all, in proportion to `shares`: rounded down, and those with the largest rest one more.
  static func quotas(_ shares: [Int], of count: Int) -> [Int] {
    let whole = max(1, shares.reduce(0, +))
    var quotas = shares.map { count * $0 / whole }
    let rests = shares.indices.sorted { (count * shares[$0] % whole, $1) > (count * shares[$1] % whole, $0) }
    for bin in rests.prefix(count - quotas.reduce(0, +)) { quotas[bin] += 1 }
    return quotas
  }
}
