/// A column of a table.
package struct Column: Sendable, Hashable {
  package var title: String
  /// Columns of the screen that it wants; the least it can do with, if it is flexible.
  package var width: Int
  package var alignment: Alignment
  /// Whether it takes a share of what the others leave.
  package var isFlexible: Bool
  /// The most it can use; nil where there is no end to it.
  package var most: Int?
  /// Where room is short, columns of the highest rank go first; rank 0 stays.
  package var rank: Int

  package init(
    _ title: String, width: Int, alignment: Alignment = .left, isFlexible: Bool = false, most: Int? = nil,
    rank: Int = 0
  ) {
    self.title = title
    self.width = width
    self.alignment = alignment
    self.isFlexible = isFlexible
    self.most = most
    self.rank = rank
  }
}

/// Where the columns of a table stand in a given width.
package struct ColumnLayout: Sendable, Hashable {
  /// For each column its first screen column, counted from the table's left, and its width; nil where it was left out.
  package var spans: [(x: Int, width: Int)?] {
    zip(starts, widths).map { $1 > 0 ? ($0, $1) : nil }
  }
  private var starts: [Int]
  private var widths: [Int]

  /// Leaves out columns until the rest fits with `gap` blanks between, then shares what is left among flexible ones.
  package init(_ columns: [Column], in width: Int, gap: Int = 2) {
    var shown = Set(columns.indices)
    func wanted() -> Int { shown.reduce(0) { $0 + columns[$1].width } + max(0, shown.count - 1) * gap }
    while wanted() > width,
      let last = shown.filter({ columns[$0].rank > 0 }).max(by: { a, b in
        (columns[a].rank, a) < (columns[b].rank, b)
      })
    {
      shown.remove(last)
    }
    var rest = max(0, width - wanted())
    var own = columns.map(\.width)
    let flexible = columns.indices.filter { shown.contains($0) && columns[$0].isFlexible }
    // One that can use only so much has it first; those without an end share what is left.
    for column in flexible {
      guard let most = columns[column].most else { continue }
      let more = min(rest, max(0, most - own[column]))
      own[column] += more
      rest -= more
    }
    let endless = flexible.filter { columns[$0].most == nil }
    for (turn, column) in endless.enumerated() {
      let more = rest / (endless.count - turn)
      own[column] += more
      rest -= more
    }
    starts = Array(repeating: 0, count: columns.count)
    widths = Array(repeating: 0, count: columns.count)
    var x = 0
    for column in columns.indices where shown.contains(column) {
      starts[column] = x
      widths[column] = max(0, min(own[column], width - x))
      x += own[column] + gap
    }
  }
}
