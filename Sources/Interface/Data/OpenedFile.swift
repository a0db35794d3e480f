import Domain

/// An opened file, with the rows of it that are at hand.
package struct OpenedFile: Sendable, Hashable {
  package var key: DatasetKey
  package var summary: DatasetSummary
  package var cache = RowCache()
  package var list = ListState()
  /// Which rows are shown; nil shows all.
  package private(set) var filter: RowFilter?
  /// What they are ordered by, and whether backwards.
  package private(set) var order = RowOrder.file
  package private(set) var isReversed = false
  /// What it is made of, once all of it has been read.
  package private(set) var survey: DatasetSurvey?
  /// The model whose tokenizer the survey was asked for with; nil before it was.
  var surveyedFor: String?
  /// The shown rows, filtered and ordered; nil for all of them in the file's order.
  private var arranged: [RowIndex]?
  /// The longest length but for a few, and how many rows there are of each: worked out once a survey.
  private(set) var usualLongest = 0
  private(set) var total = 0
  private(set) var labelCounts: [Int] = []
  /// The shown rows by length, in fine bins from 0 to the usual longest: drawing puts them together.
  private(set) var lengthBins: [Int] = []
  static let fineBins = 240
  /// A filter that waits for what it asks about: the runs of an earlier session, say.
  var waitingFilter: FilterExpression?
  /// Rows that were marked, to be pinned, banned or tagged together, and the one that was marked last.
  package internal(set) var marked: Set<RowIndex> = []
  var lastMarked: RowIndex?
  /// The ranks of the rows that the inspected run chose, and which run that is.
  private(set) var ranks: [RowIndex: Rank] = [:]
  private(set) var ranksOf: Ranked?
  /// The cursor in the list of labels.
  var labels = ListState()

  package init(key: DatasetKey, summary: DatasetSummary) {
    self.key = key
    self.summary = summary
  }

  mutating func show(_ filter: RowFilter?) {
    self.filter = filter
    countLengths()
    arrange()
  }

  /// Notes that what the filter takes was asked for anew.
  mutating func noteContext(_ context: FilterContext) { filter?.context = context }

  mutating func order(by order: RowOrder, isReversed: Bool) {
    self.order = order
    self.isReversed = isReversed
    arrange()
  }

  mutating func receive(_ survey: DatasetSurvey) {
    self.survey = survey
    usualLongest = survey.usualLongest
    total = survey.total
    labelCounts = survey.counts()
    countLengths()
    arrange()
  }

  /// Takes in what a run chose of the file.
  mutating func receive(_ picks: [Pick], of run: Ranked?) {
    guard run != ranksOf else { return }
    ranks = Dictionary(picks.map { ($0.row, $0.rank) }, uniquingKeysWith: { first, _ in first })
    ranksOf = run
    if order == .rank { arrange() }
  }

  private mutating func countLengths() {
    lengthBins = survey?.histogram(of: filter?.rows, bins: Self.fineBins, longest: usualLongest) ?? []
  }

  /// Length of a row in the survey's unit.
  func length(of row: RowIndex) -> Int? { survey?.length(of: row) }

  private mutating func arrange() {
    if order == .file, !isReversed {
      arranged = filter?.rows
      return
    }
    var rows = filter?.rows ?? Array(0..<RowIndex(summary.rows))
    if order == .rank {
      // What was not chosen comes last.
      rows = rows.ordered { UInt64(ranks[$0]?.value ?? Int(Int32.max)) }
    } else if let survey {
      switch order {
      case .file, .rank: break
      case .label:
        // By name, rows without a label last.
        let rank = survey.ranksOfLabels
        rows = rows.ordered { row in UInt64(survey.label(of: row).map { rank[$0] } ?? rank.count) }
      case .length:
        rows = rows.ordered { UInt64(survey.length(of: $0) ?? 0) }
      }
    }
    arranged = isReversed ? rows.reversed() : rows
  }
}

/// The run that an opened file has the ranks of, as far as it had come.
struct Ranked: Sendable, Hashable {
  var id: RunID?
  var picks: Int
}

/// What rows can be ordered by.
package enum RowOrder: String, Sendable, Hashable, CaseIterable, Codable {
  case file, label, length
  /// The order in which the inspected run chose them.
  case rank
}

/// The rows that a filter takes, in the file's order.
package struct RowFilter: Sendable, Hashable {
  package var expression: FilterExpression
  package var rows: [RowIndex]
  /// What was known of runs and marks when it was asked for, where that decides.
  var context: FilterContext?
}

extension OpenedFile {
  /// Rows that are shown.
  var shownCount: Int { arranged?.count ?? summary.rows }

  /// The row of the file at a position of the shown list.
  func row(at position: Int) -> RowIndex? {
    guard position >= 0, position < shownCount else { return nil }
    return arranged?[position] ?? RowIndex(position)
  }

  /// The rows at some positions of the shown list.
  func rows(at positions: Range<Int>) -> [RowIndex] {
    arranged.map { Array($0[positions]) } ?? positions.map { RowIndex($0) }
  }

  /// Whether all rows are shown in the file's order.
  var isWhole: Bool { arranged == nil }

  /// The shown rows in the order they are shown in; nil for all in the file's order.
  var shownRows: [RowIndex]? { arranged }

  /// The position of a row in the shown list; nil where the filter leaves it out.
  func position(of row: RowIndex) -> Int? {
    guard let rows = arranged else { return row >= 0 && row.value < summary.rows ? row.value : nil }
    guard order == .file, !isReversed else { return rows.firstIndex(of: row) }
    // The rows are in order: halve.
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if rows[middle] < row { low = middle + 1 } else { high = middle }
    }
    return low < rows.count && rows[low] == row ? low : nil
  }

  var rowUnderCursor: RowIndex? { row(at: list.cursor) }

  /// Labels that can be stood on: those that occur.
  var shownLabels: Int { survey?.labels.count ?? 0 }
}

extension RowOrder {
  /// As the end of `ordered by`.
  var title: String {
    switch self {
    case .file: "their place in the file"
    case .label, .length: rawValue
    case .rank: "the order they were chosen in"
    }
  }
}
