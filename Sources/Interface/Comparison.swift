import Domain

/// Two selections side by side: what they share, and how alike the order of what they share is.
public struct Comparison: Sendable, Hashable {
  /// A row that at least one of them chose, with the rank it has in each.
  public struct Row: Sendable, Hashable {
    public var index: Int
    public var rankA: Int?
    public var rankB: Int?
  }

  /// Which rows are listed.
  public enum Group: Int, Sendable, Hashable, CaseIterable {
    case all, onlyA, onlyB, both

    var title: String {
      switch self {
      case .all: "Rows of either"
      case .onlyA: "Only in A"
      case .onlyB: "Only in B"
      case .both: "In both"
      }
    }
  }

  /// In the order of A's ranks; then what only B chose, in the order of B's.
  public let rows: [Row]
  public let common: Int
  /// Common rows as a share of all rows of either: 1 for equal sets, 0 for disjoint ones.
  public let jaccard: Double
  /// Spearman's rank correlation over the common rows, each selection's ranks counted among those alone; nil for fewer
  /// than two.
  public let rankCorrelation: Double?

  public init(_ a: [Pick], _ b: [Pick]) {
    var ranksB: [Int: Int] = [:]
    for pick in b { ranksB[pick.index] = pick.rank }
    let fromA = a.map { Row(index: $0.index, rankA: $0.rank, rankB: ranksB[$0.index]) }
    let chosenByA = Set(a.map(\.index))
    rows = fromA + b.filter { !chosenByA.contains($0.index) }.map { Row(index: $0.index, rankA: nil, rankB: $0.rank) }
    let shared = fromA.filter { $0.rankB != nil }
    common = shared.count
    jaccard = rows.isEmpty ? 1 : Double(common) / Double(rows.count)
    guard shared.count >= 2 else {
      rankCorrelation = nil
      return
    }
    // `shared` is in A's order; B's order of the same rows gives each its place in the other.
    let orderB = shared.indices.sorted { (shared[$0].rankB ?? 0) < (shared[$1].rankB ?? 0) }
    var squares = 0.0
    for (placeB, placeA) in orderB.enumerated() { squares += Double(placeA - placeB) * Double(placeA - placeB) }
    let count = Double(shared.count)
    rankCorrelation = 1 - 6 * squares / (count * (count * count - 1))
  }

  public func rows(of group: Group) -> [Row] {
    switch group {
    case .all: rows
    case .onlyA: rows.filter { $0.rankB == nil }
    case .onlyB: rows.filter { $0.rankA == nil }
    case .both: rows.filter { $0.rankA != nil && $0.rankB != nil }
    }
  }
}

/// What the Compare screen looks at.
public struct CompareState: Sendable, Hashable {
  /// Places of the two runs among the session's runs; nil leaves the choice to the screen.
  public var a: Int?
  public var b: Int?
  public var group = Comparison.Group.all
  /// The facet that is shown where there is room for one.
  public var facet = Panel.curves
  /// For each run that was asked about its objective's value for each run's choice.
  var crossedRuns: [RunID] = []
  var askedCross: [RunID] = []
  var crossed: [[Double?]] = []

  /// The facets, in the order they come.
  static let facets: [Panel] = [.curves, .composition, .lengths, .crossed]
  public var list = ListState()
  public var textTop = 0
  /// Of the runs below, made when they are first looked at: sets of many rows are not compared for every frame.
  var comparison: Comparison?
  var rows: [Comparison.Row] = []
  var compared: [Int] = []

  public init() {}
}

extension Model {
  /// The runs that have ended and chose something, by their places.
  var comparableRuns: [Int] { runs.indices.filter { !runs[$0].isGoingOn && !runs[$0].picks.isEmpty } }

  /// The two runs that are compared: the latest two, unless others were asked for.
  var comparedRuns: (a: Int, b: Int)? {
    let places = comparableRuns
    guard places.count >= 2 else { return nil }
    let b = compare.b.flatMap { places.contains($0) ? $0 : nil } ?? places[places.count - 1]
    let a = compare.a.flatMap { places.contains($0) ? $0 : nil } ?? places.last { $0 != b } ?? places[0]
    return (a, b)
  }

  /// Compares the two runs if that has not been done.
  mutating func settleComparison() {
    guard screen == .compare else { return }
    let key = comparedRuns.map { [$0.a, $0.b, compare.group.rawValue] } ?? []
    guard key != compare.compared else { return }
    let isSamePair = key.prefix(2) == compare.compared.prefix(2)
    compare.compared = key
    if !isSamePair || compare.comparison == nil {
      compare.comparison = comparedRuns.map { Comparison(runs[$0.a].picks, runs[$0.b].picks) }
    }
    compare.rows = compare.comparison?.rows(of: compare.group) ?? []
    compare.list = ListState()
    compare.textTop = 0
  }

  /// Goes to an earlier or a later run on one side.
  mutating func stepRun(isB: Bool, by steps: Int) {
    let places = comparableRuns
    guard let pair = comparedRuns, let place = places.firstIndex(of: isB ? pair.b : pair.a) else { return }
    let next = places[max(0, min(places.count - 1, place + steps))]
    (compare.a, compare.b) = isB ? (pair.a, next) : (next, pair.b)
  }

  var comparedRow: Comparison.Row? {
    compare.rows.indices.contains(compare.list.cursor) ? compare.rows[compare.list.cursor] : nil
  }

  /// The pool that both runs chose from, if it is one and the same.
  var comparedPool: ContentHash? {
    guard let pair = comparedRuns, runs[pair.a].pool == runs[pair.b].pool else { return nil }
    return runs[pair.a].pool
  }
}
