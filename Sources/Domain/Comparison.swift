/// Selections side by side: what they share, and how alike the order of what they share is.
package struct Comparison: Sendable, Hashable {
  /// A row that at least one of them chose, with the rank it has in each.
  package struct Row: Sendable, Hashable {
    package var index: RowIndex
    package var ranks: [Rank?]
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
  package var count: Int { rows.count }
  /// In the order of the first selection's ranks; then what only later ones chose, in the order of theirs.
  private let rows: [RowIndex]
  /// A rank for each row and selection, row by row; -1 for none.
  private let ranks: [Int32]
  private let selections: Int
  /// For each selection and each other one; a selection and itself are alike in all.
  package let pairs: [[Pair]]

  /// Takes time in proportion to the picks of all selections and to the largest index among them. An index below 0, or a second
  /// pick of one row, is passed over.
  package init(_ selections: [[Pick]]) {
    let numbering = Numbering(selections)
    var rows: [RowIndex] = []
    var ranks: [Int32] = []
    var positionOf = [Int32](repeating: -1, count: numbering.count)
    for (selection, picks) in selections.enumerated() {
      for pick in picks {
        guard let number = numbering[pick.row] else { continue }
        if positionOf[number] < 0 {
          positionOf[number] = Int32(rows.count)
          rows.append(pick.row)
          for _ in selections { ranks.append(-1) }
        }
        let element = Int(positionOf[number]) * selections.count + selection
        if ranks[element] < 0 { ranks[element] = Int32(clamping: pick.rank.value) }
      }
    }
    (self.rows, self.ranks, self.selections) = (rows, ranks, selections.count)
    let orders = selections.map { picks in picks.compactMap { numbering[$0.row] } }
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

  /// The row at a position of the list.
  package subscript(position: Int) -> Row {
    let own = ranks[position * selections..<(position + 1) * selections]
    return Row(index: rows[position], ranks: own.map { $0 < 0 ? nil : Rank(Int($0)) })
  }

  /// The positions of a group's rows, in their order.
  package func positions(of group: Group) -> [Int] {
    if group == .all { return Array(rows.indices) }
    return rows.indices.filter { position in
      var (having, isInOne) = (0, false)
      for selection in 0..<selections where ranks[position * selections + selection] >= 0 {
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
    // The position of each common row among the common ones in B's order.
    var positionInB = [Int32](repeating: -1, count: count)
    var isInB = [Bool](repeating: false, count: count)
    var common = 0
    for number in b where !isInB[number] {
      isInB[number] = true
      sizeB += 1
      guard isInA[number] else { continue }
      positionInB[number] = Int32(common)
      common += 1
    }
    let either = sizeA + sizeB - common
    var pair = Pair(common: common, jaccard: either == 0 ? 1 : Double(common) / Double(either))
    guard common >= 2 else { return pair }
    var squares = 0.0
    var positionInA = 0
    for number in a where positionInB[number] >= 0 {
      let difference = Double(positionInA - Int(positionInB[number]))
      squares += difference * difference
      positionInB[number] = -1
      positionInA += 1
    }
    let size = Double(common)
    pair.rankCorrelation = 1 - 6 * squares / (size * (size * size - 1))
    return pair
  }

  /// Rows as small numbers: their indices as they are, where the largest is not out of proportion.
  private struct Numbering {
    let count: Int
    private let known: [RowIndex: Int]?

    init(_ selections: [[Pick]]) {
      let picks = selections.reduce(0) { $0 + $1.count }
      let most = selections.reduce(-1) { $1.reduce($0) { max($0, $1.row.value) } }
      if most < max(1 << 22, 16 * picks) {
        (count, known) = (most + 1, nil)
        return
      }
      var numbers: [RowIndex: Int] = [:]
      for pick in selections.joined() where pick.row >= 0 && numbers[pick.row] == nil {
        numbers[pick.row] = numbers.count
      }
      (count, known) = (numbers.count, numbers)
    }

    subscript(row: RowIndex) -> Int? {
      if let known { return known[row] }
      return row >= 0 ? row.value : nil
    }
  }
}
