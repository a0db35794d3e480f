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
