import Domain

extension Comparison.Group {
  var title: String {
    switch self {
    case .all: "Rows of either"
    case .onlyA: "Only in A"
    case .onlyB: "Only in B"
    case .both: "In both"
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
