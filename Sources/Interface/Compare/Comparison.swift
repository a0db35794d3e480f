import Domain
import Screen

/// What the Compare screen looks at.
package struct CompareState: Sendable, Hashable {
  /// Places of the first two runs among the session's runs; nil leaves the choice to the screen.
  package var a: Int?
  package var b: Int?
  /// Places of the runs beside them.
  package var more: [Int] = []
  package var group = Comparison.Group.all
  /// The facet that is shown where there is room for one.
  package var facet = Panel.curves
  /// The line of the runs that the cursor is on.
  package var runList = ListState()
  /// For each run that was asked about its objective's value for each run's choice.
  var crossedRuns: [RunID] = []
  var askedCross: [RunID] = []
  var crossed: [[Double?]] = []

  static let mostRuns = 4
  static let allFacets: [Panel] = [.curves, .overlap, .composition, .lengths, .crossed]
  package var list = ListState()
  package var textTop = 0
  /// Of the runs below, made when they are first looked at: sets of many rows are not gone through for every frame.
  var comparison: Comparison?
  var shared = 0
  /// Rows that each run chose and no other.
  var only: [Int] = []
  var rows: [Int] = []
  var compared: [Int] = []
  var comparedGroup = Comparison.Group.all
  /// What each run chose, counted; empty where that is not known.
  var sets: [ComparedSet] = []

  package init() {}
}

/// What one run chose, counted.
struct ComparedSet: Sendable, Hashable {
  /// Rows of each label, in the survey's order.
  var labels: [Int]
  /// Rows by length, in fine bins up to the pool's usual longest.
  var lengths: [Int]
  var meanLength: Double
}

extension Model {
  /// The runs that have ended and chose something, by their indices.
  var comparableRuns: [Int] { runs.indices.filter { !runs[$0].isGoingOn && !runs[$0].picks.isEmpty } }

  /// The first two runs that are compared: the latest two, unless others were asked for.
  var comparedPair: (a: Int, b: Int)? {
    let compared = comparableRuns
    guard compared.count >= 2 else { return nil }
    let b = compare.b.flatMap { compared.contains($0) ? $0 : nil } ?? compared[compared.count - 1]
    let a = compare.a.flatMap { compared.contains($0) ? $0 : nil } ?? compared.last { $0 != b } ?? compared[0]
    return (a, b)
  }

  /// All runs that are compared, by their indices: A, B and those beside them.
  var comparedRuns: [Int] {
    guard let pair = comparedPair else { return [] }
    let known = Set(comparableRuns)
    return [pair.a, pair.b] + compare.more.filter(known.contains).prefix(CompareState.mostRuns - 2)
  }

  static let runLetters = ["A", "B", "C", "D"]
  static let runStyles: [StyleName] = [.accent, .label, .number, .good]

  /// The facets, in the order they come: of two runs the overlap stands beside their names.
  var facets: [Panel] {
    comparedRuns.count > 2 ? CompareState.allFacets : CompareState.allFacets.filter { $0 != .overlap }
  }

  /// The latest run that is not compared yet.
  var furtherRun: Int? {
    let shown = comparedRuns
    return comparableRuns.last { !shown.contains($0) }
  }

  mutating func addRun() {
    guard let pair = comparedPair, let run = furtherRun else { return }
    let more = Array(comparedRuns.dropFirst(2))
    (compare.a, compare.b, compare.more) = (pair.a, pair.b, more + [run])
  }

  /// Takes the run under the cursor off, or the last one where the cursor is elsewhere.
  mutating func dropRun() {
    var compared = comparedRuns
    guard compared.count > 2 else { return }
    compared.remove(at: focusedPanel == .versus ? min(compare.runList.cursor, compared.count - 1) : compared.count - 1)
    (compare.a, compare.b, compare.more) = (compared[0], compared[1], Array(compared.dropFirst(2)))
  }

  /// Compares the runs if that has not been done.
  mutating func settleComparison() {
    guard screen == .compare else { return }
    let compared = comparedRuns
    if case .only(let index) = compare.group, index >= compared.count { compare.group = .all }
    if !facets.contains(compare.facet) { compare.facet = .curves }
    if let panel = focus[.compare], CompareState.allFacets.contains(panel), !facets.contains(panel) {
      focus[.compare] = .curves
    }
    if compared != compare.compared {
      compare.comparison = compared.isEmpty ? nil : Comparison(compared.map { runs[$0].picks })
      compare.shared = compare.comparison?.positions(of: .shared).count ?? 0
      compare.only = compared.indices.map { compare.comparison?.positions(of: .only($0)).count ?? 0 }
      compare.sets = []
    }
    if compared != compare.compared || compare.group != compare.comparedGroup {
      compare.rows = compare.comparison?.positions(of: compare.group) ?? []
      compare.list = ListState()
      compare.textTop = 0
    }
    (compare.compared, compare.comparedGroup) = (compared, compare.group)
    if compare.sets.isEmpty, let file = files[.pool]?.opened, file.summary.contentHash == comparedPool,
      let survey = file.survey
    {
      compare.sets = compared.map { index in
        let rows = runs[index].picks.map(\.row)
        let total = rows.reduce(0) { $0 + (survey.length(of: $1) ?? 0) }
        return ComparedSet(
          labels: survey.counts(of: rows),
          lengths: survey.histogram(of: rows, bins: OpenedFile.fineBins, longest: file.usualLongest),
          meanLength: rows.isEmpty ? 0 : Double(total) / Double(rows.count))
      }
    }
  }

  /// Goes to an earlier or a later run for A or B.
  mutating func stepRun(isB: Bool, by steps: Int) { stepRun(at: isB ? 1 : 0, by: steps) }

  /// Puts an earlier or a later run on a line.
  mutating func stepRun(at line: Int, by steps: Int) {
    let all = comparableRuns
    var compared = comparedRuns
    guard compared.indices.contains(line), let index = all.firstIndex(of: compared[line]) else { return }
    compared[line] = all[max(0, min(all.count - 1, index + steps))]
    (compare.a, compare.b, compare.more) = (compared[0], compared[1], Array(compared.dropFirst(2)))
  }

  /// What a group of rows is called.
  func title(of group: Comparison.Group) -> String {
    let isPair = comparedRuns.count == 2
    return switch group {
    case .all: isPair ? "Rows of either" : "Rows of any"
    case .only(let index): "Only in \(Self.runLetters[min(index, Self.runLetters.count - 1)])"
    case .shared: isPair ? "In both" : "In all"
    }
  }

  var comparedRow: Comparison.Row? {
    guard let comparison = compare.comparison, compare.rows.indices.contains(compare.list.cursor) else { return nil }
    return comparison[compare.rows[compare.list.cursor]]
  }

  /// The pool that all compared runs chose from, if it is one and the same.
  var comparedPool: ContentHash? {
    let compared = comparedRuns
    guard let first = compared.first, compared.allSatisfy({ runs[$0].pool == runs[first].pool }) else { return nil }
    return runs[first].pool
  }
}
