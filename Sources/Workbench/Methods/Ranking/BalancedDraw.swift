import Domain

/// A uniform draw with as many rows of each label; what a label does not have is shared among the others (Methods 3). Rows without a
/// label are one group.
struct BalancedDraw: RankingMethod {
  let specification: RunSpecification

  init(_ specification: RunSpecification) throws { self.specification = specification }

  func rank(_ request: RankingRequest, in context: RunContext) throws -> Ranking {
    var numbers: [String?: Int] = [:]
    let groups = try request.samples().map { sample in
      let number = numbers[sample.label] ?? numbers.count
      numbers[sample.label] = number
      return number
    }
    if numbers.count == 1 { context.say("the pool's rows have one label or none: the draw is uniform") }
    let drawn = GroupDraw(groups, groups: numbers.count).drawn(request, seed: specification.seed)
    return Ranking(picks: drawn.map { .init(candidate: $0, score: 0) })
  }
}

/// A seeded draw from groups of rows.
struct GroupDraw {
  private let groups: [Int]
  private let count: Int

  /// - Parameter groups: of each row, its group's number below `count`.
  init(_ groups: [Int], groups count: Int) {
    self.groups = groups
    self.count = count
  }

  /// Pinned rows, then one at a time a row of a group that is furthest behind: of its quota, or where all quotas are met, or none are
  /// given, of the others' count.
  func drawn(_ request: RankingRequest, seed: UInt64, quotas: [Int]? = nil) -> [Candidate] {
    var generator = SeededGenerator(seed: seed)
    var left = [[Candidate]](repeating: [], count: count)
    for candidate in request.open { left[groups[candidate.value]].append(candidate) }
    for group in left.indices {
      left[group] = generator.sample(left[group].count, of: left[group].count).map { left[group][$0] }
    }
    var taken = [Int](repeating: 0, count: count)
    for candidate in request.pinned { taken[groups[candidate.value]] += 1 }
    // Ties go by a seeded order of the groups.
    let order = generator.sample(count, of: count)
    var drawn = request.pinned
    while drawn.count < request.count {
      let open = order.filter { taken[$0] < groupSize($0, left, taken) }
      let behind = quotas.map { quotas in open.filter { taken[$0] < quotas[$0] } } ?? []
      let next: Int?
      if let quotas, !behind.isEmpty {
        next = behind.min { taken[$0] * quotas[$1] < taken[$1] * quotas[$0] }
      } else {
        let inside = quotas.map { quotas in open.filter { quotas[$0] > 0 } } ?? open
        next = (inside.isEmpty ? open : inside).min { taken[$0] < taken[$1] }
      }
      guard let group = next, let candidate = left[group].popLast() else { break }
      taken[group] += 1
      drawn.append(candidate)
    }
    return drawn
  }

  private func groupSize(_ group: Int, _ left: [[Candidate]], _ taken: [Int]) -> Int {
    taken[group] + left[group].count
  }
}
