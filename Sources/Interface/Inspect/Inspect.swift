import Domain

/// What the Inspect screen looks at.
package struct InspectState: Sendable, Hashable {
  /// Index of the run among the session's runs; nil before the first.
  package var run: Int?
  package var list = ListState()
  package var textTop = 0
  package var represented = ListState()
  /// Which rows the reasons list.
  package var relation = Relation.represents
  /// What the chosen rows are listed by, and the picks in that order; nil for the order they were taken in.
  package internal(set) var order = PickOrder.rank
  package internal(set) var isReversed = false
  var arranged: [Rank]?
  /// Why rows were chosen, by rank, as far as it was asked for.
  package var explanations: [Rank: PickExplanation] = [:]
  package var failures: [Rank: ErrorReport] = [:]
  /// The rank that was asked about and is not answered yet.
  package var pending: Rank?

  static let mostExplanations = 64

  package init() {}
}

/// Rows that have to do with a chosen one.
package enum Relation: Int, Sendable, Hashable, CaseIterable {
  case represents, partners, targets

  /// Those that a run has something to say of, the first of them shown first. Influence Distillation has rows stand for none
  /// but themselves.
  static func all(for run: Run?) -> [Relation] {
    guard let run else { return allCases }
    if run.isInfluence { return [.targets, .partners] }
    if run.hasScores { return [.targets] }
    return run.specification.target == nil ? [.represents, .partners] : allCases
  }

  func title(for method: Method?) -> String {
    switch self {
    case .represents: "Stands for"
    case .partners: method == .influence ? "Nearest landmarks" : "Best examples for it"
    case .targets: method == .influence ? "Taken for, and its other targets" : "Nearest targets"
    }
  }
}

/// What chosen rows can be listed by.
package enum PickOrder: String, Sendable, Hashable, CaseIterable {
  case rank, gain, weight, length, label
}

extension PickExplanation {
  /// The rows of a relation, the strongest first.
  func rows(_ relation: Relation) -> [Represented] {
    switch relation {
    case .represents: represents
    case .partners: partners
    case .targets: targets
    }
  }
}

extension Model {
  var inspectedRun: Run? { inspect.run.flatMap { runs.indices.contains($0) ? runs[$0] : nil } }

  var inspectedPick: Pick? {
    guard let run = inspectedRun else { return nil }
    return pick(at: inspect.list.cursor, of: run)
  }

  /// The pick at a position of the list of chosen rows.
  func pick(at position: Int, of run: Run) -> Pick? {
    let rank = inspect.arranged.map { $0.indices.contains(position) ? $0[position].value : -1 } ?? position
    return run.picks.indices.contains(rank) ? run.picks[rank] : nil
  }

  /// The position of a pick in the list of chosen rows.
  func position(of rank: Rank) -> Int? { inspect.arranged.map { $0.firstIndex(of: rank) } ?? rank.value }

  /// Lists the chosen rows by something; the cursor stays on its row.
  mutating func order(picksBy order: PickOrder, isReversed: Bool) {
    let rank = inspectedPick?.rank
    inspect.order = order
    inspect.isReversed = isReversed
    arrangePicks()
    inspect.list.center(
      on: rank.flatMap { position(of: $0) } ?? 0, count: inspectedRun?.picks.count ?? 0, page: page(of: .chosen))
  }

  /// Works the order of the chosen rows out anew: for another run, or when picks have come.
  mutating func arrangePicks() {
    guard let run = inspectedRun, inspect.order != .rank || inspect.isReversed else {
      inspect.arranged = nil
      return
    }
    let pool = files[.pool]?.opened.flatMap { $0.summary.contentHash == run.pool ? $0 : nil }
    let picks = run.picks
    let all = Array(0..<Rank(picks.count))
    func descending(_ key: (Pick) -> Double) -> [Rank] { all.ordered { UInt64(descending: key(picks[$0.value])) } }
    let arranged: [Rank]
    switch inspect.order {
    case .rank: arranged = all
    case .gain: arranged = descending(\.gain)
    case .weight: arranged = descending(\.weight)
    case .length: arranged = descending { Double(pool?.length(of: $0.row) ?? 0) }
    case .label:
      // By name, rows without a label last.
      let rank = pool?.survey?.ranksOfLabels ?? []
      arranged = all.ordered { pick in
        guard let label = pool?.survey?.label(of: picks[pick.value].row) else { return UInt64(rank.count) }
        return UInt64(rank[label])
      }
    }
    inspect.arranged = inspect.isReversed ? arranged.reversed() : arranged
  }

  /// The rows that the reasons list now.
  var relatedRows: [PickExplanation.Represented] { explanation?.rows(relation) ?? [] }

  /// The relation that is listed: the one that was asked for, where the run has it.
  var relation: Relation {
    let all = Relation.all(for: inspectedRun)
    return all.contains(inspect.relation) ? inspect.relation : all[0]
  }

  /// The role of the file that those rows are of.
  func role(of relation: Relation, in run: Run) -> DatasetRole {
    switch relation {
    case .represents: run.servedRole
    case .partners: .pool
    case .targets: .target
    }
  }

  /// A row that the reasons list, if it is at hand.
  func relatedRow(_ row: RowIndex) -> RowContent? {
    guard let run = inspectedRun else { return nil }
    let role = role(of: relation, in: run)
    guard let file = files[role]?.opened, file.summary.contentHash == run.contents[role] else { return nil }
    return file.cache[row]
  }

  var explanation: PickExplanation? { inspectedPick.flatMap { inspect.explanations[$0.rank] } }

  var representedUnderCursor: PickExplanation.Represented? {
    let rows = relatedRows
    return rows.indices.contains(inspect.represented.cursor) ? rows[inspect.represented.cursor] : nil
  }

  /// Looks at another run, from its first pick.
  mutating func inspect(run index: Int) {
    guard runs.indices.contains(index) else { return }
    let (pending, relation) = (inspect.pending, inspect.relation)
    inspect = InspectState()
    inspect.run = index
    inspect.relation = relation
    // An answer that is still under way belongs to the other run and will be passed over when it comes.
    inspect.pending = pending
  }
}
