/// Selections side by side: what they share, and how alike the order of what they share is.
package struct Comparison: Sendable, Hashable {
  /// A row that at least one of them chose, with the rank it has in each.
  package struct Row: Sendable, Hashable {
    package var index: Int
    package var ranks: [Int?]
  }

  /// Two of the selections.
  package struct Pair: Sendable, Hashable {
    package var common = 0
    /// Common rows as a share of all rows of either: 1 for equal sets, 0 for disjoint ones.
    package var jaccard = 1.0
    /// Spearman's rank correlation over the common rows, each selection's ranks counted among those alone; nil for fewer
    /// than two.
    package var rankCorrelation: Double?
  }

  /// Which rows are listed.
  package enum Group: Sendable, Hashable {
    /// Those that any selection has.
    case all
    /// Those that one selection has and no other.
    case only(Int)
    /// Those that all selections have.
    case shared

    /// The groups of so many selections, in the order they are gone through.
    package static func all(of count: Int) -> [Group] { [.all] + (0..<count).map { .only($0) } + [.shared] }
  }

  /// Rows that any selection has.
  package var count: Int { indices.count }
  /// In the order of the first selection's ranks; then what only later ones chose, in the order of theirs.
  private let indices: [Int]
  /// A rank for each row and selection, row by row; -1 for none.
  private let ranks: [Int32]
  private let selections: Int
  /// For each selection and each other one; a selection and itself are alike in all.
  package let pairs: [[Pair]]

  /// Takes time in proportion to the picks of all selections and to the largest place among them. A place below 0, or a second
  /// pick of one row, is passed over.
  package init(_ selections: [[Pick]]) {
    let numbering = Numbering(selections)
    var indices: [Int] = []
    var ranks: [Int32] = []
    var placeOf = [Int32](repeating: -1, count: numbering.count)
    for (selection, picks) in selections.enumerated() {
      for pick in picks {
        guard let number = numbering[pick.index] else { continue }
        if placeOf[number] < 0 {
          placeOf[number] = Int32(indices.count)
          indices.append(pick.index)
          for _ in selections { ranks.append(-1) }
        }
        let spot = Int(placeOf[number]) * selections.count + selection
        if ranks[spot] < 0 { ranks[spot] = Int32(clamping: pick.rank) }
      }
    }
    (self.indices, self.ranks, self.selections) = (indices, ranks, selections.count)
    let orders = selections.map { picks in picks.compactMap { numbering[$0.index] } }
    var pairs = selections.map { _ in [Pair](repeating: Pair(), count: selections.count) }
    for a in selections.indices {
      for b in selections.indices where b >= a {
        let pair = Self.pair(orders[a], orders[b], of: numbering.count)
        (pairs[a][b], pairs[b][a]) = (pair, pair)
      }
    }
    self.pairs = pairs
  }

  package init(_ a: [Pick], _ b: [Pick]) { self.init([a, b]) }

  /// Of the first two selections.
  package var common: Int { pairs[0][1].common }
  package var jaccard: Double { pairs[0][1].jaccard }
  package var rankCorrelation: Double? { pairs[0][1].rankCorrelation }

  /// The row at a place.
  package subscript(place: Int) -> Row {
    let own = ranks[place * selections..<(place + 1) * selections]
    return Row(index: indices[place], ranks: own.map { $0 < 0 ? nil : Int($0) })
  }

  /// The places of a group's rows, in their order.
  package func places(of group: Group) -> [Int] {
    if group == .all { return Array(indices.indices) }
    return indices.indices.filter { place in
      var (having, isInOne) = (0, false)
      for selection in 0..<selections where ranks[place * selections + selection] >= 0 {
        having += 1
        if group == .only(selection) { isInOne = true }
      }
      return group == .shared ? having == selections : isInOne && having == 1
    }
  }

  /// - Parameters: rows in the order that each selection chose them in, as numbers below `count`.
  private static func pair(_ a: [Int], _ b: [Int], of count: Int) -> Pair {
    var isInA = [Bool](repeating: false, count: count)
    var (sizeA, sizeB) = (0, 0)
    for number in a where !isInA[number] {
      isInA[number] = true
      sizeA += 1
    }
    // The place of each common row among the common ones in B's order.
    var placeInB = [Int32](repeating: -1, count: count)
    var isInB = [Bool](repeating: false, count: count)
    var common = 0
    for number in b where !isInB[number] {
      isInB[number] = true
      sizeB += 1
      guard isInA[number] else { continue }
      placeInB[number] = Int32(common)
      common += 1
    }
    let either = sizeA + sizeB - common
    var pair = Pair(common: common, jaccard: either == 0 ? 1 : Double(common) / Double(either))
    guard common >= 2 else { return pair }
    var squares = 0.0
    var placeA = 0
    for number in a where placeInB[number] >= 0 {
      let difference = Double(placeA - Int(placeInB[number]))
      squares += difference * difference
      placeInB[number] = -1
      placeA += 1
    }
    let size = Double(common)
    pair.rankCorrelation = 1 - 6 * squares / (size * (size * size - 1))
    return pair
  }

  /// Rows as small numbers: their places as they are, where the largest is not out of proportion.
  private struct Numbering {
    let count: Int
    private let known: [Int: Int]?

    init(_ selections: [[Pick]]) {
      let picks = selections.reduce(0) { $0 + $1.count }
      let most = selections.reduce(-1) { $1.reduce($0) { max($0, $1.index) } }
      if most < max(1 << 22, 16 * picks) {
        (count, known) = (most + 1, nil)
        return
      }
      var numbers: [Int: Int] = [:]
      for pick in selections.joined() where pick.index >= 0 && numbers[pick.index] == nil {
        numbers[pick.index] = numbers.count
      }
      (count, known) = (numbers.count, numbers)
    }

    subscript(index: Int) -> Int? {
      if let known { return known[index] }
      return index >= 0 ? index : nil
    }
  }
}
