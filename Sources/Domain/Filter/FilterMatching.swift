/// What a filter asks about beside the rows: runs, marks and tags, as they stand.
package struct FilterContext: Sendable, Hashable {
  package struct Run: Sendable, Hashable {
    /// Its number in the library; nil for one that has none yet.
    package var number: Int64?
    package var picks: [Pick]

    package init(number: Int64?, picks: [Pick]) {
      self.number = number
      self.picks = picks
    }
  }

  /// Runs on the file whose rows are asked about.
  package var runs: [Run]
  /// Those that go by the letters A, B, …: places in `runs`.
  package var compared: [Int]
  /// The one that `chosen`, `gain`, `weight` and `rank` are about: a place in `runs`.
  package var current: Int?
  package var pinned: [RowIndex]
  package var banned: [RowIndex]
  package var tags: [RowIndex: Set<String>]

  package init(
    runs: [Run] = [], compared: [Int] = [], current: Int? = nil, pinned: [RowIndex] = [], banned: [RowIndex] = [],
    tags: [RowIndex: Set<String>] = [:]
  ) {
    self.runs = runs
    self.compared = compared
    self.current = current
    self.pinned = pinned
    self.banned = banned
    self.tags = tags
  }

  /// The letter of a compared run.
  package static func letter(_ place: Int) -> String {
    UnicodeScalar(0x41 + place).map { String(Character($0)) } ?? "?"
  }

  func problem(withRun number: Int64) -> FilterProblem? {
    if runs.contains(where: { $0.number == number }) { return nil }
    let known = runs.compactMap(\.number).map(String.init)
    return FilterProblem(
      "run \(number) chose no rows of this file",
      remedy: known.isEmpty ? "No run did." : "Runs that did: \(known.suffix(20).joined(separator: ", ")).")
  }
}

/// A row that a filter looks at. What takes work to know is asked for only where the filter needs it.
package protocol FilterRow {
  var row: RowIndex { get }
  /// Nil where none can be read.
  var sample: Sample? { get }
  /// As a survey counts it; nil where that is not known.
  var length: Int? { get }
  /// Rows with the same words, this one among them, and whether an earlier one has them.
  var copies: (count: Int, isLater: Bool) { get }
  /// Texts of a field of the row as it stands in its file: of a list those of its elements.
  func texts(at path: [String]) -> [String]
}

extension FilterExpression {
  /// A test for rows. Made once for many rows, on the thread that uses it: a compiled regular expression is not to be
  /// shared.
  package func makeMatcher(in context: FilterContext = FilterContext()) -> (any FilterRow) -> Bool {
    var known = KnownRuns(context)
    return root.matcher(&known)
  }
}

/// The picks of runs by row, as far as a filter asks for them.
private struct KnownRuns {
  let context: FilterContext
  private var found: [Int: [RowIndex: Pick]] = [:]

  init(_ context: FilterContext) { self.context = context }

  /// The picks of a run by its place among the context's; none where there is no such run.
  mutating func picks(_ place: Int?) -> [RowIndex: Pick] {
    guard let place, context.runs.indices.contains(place) else { return [:] }
    if let known = found[place] { return known }
    let picks = Dictionary(context.runs[place].picks.map { ($0.row, $0) }, uniquingKeysWith: { first, _ in first })
    found[place] = picks
    return picks
  }

  mutating func picks(number: Int64) -> [RowIndex: Pick] { picks(context.runs.firstIndex { $0.number == number }) }
}

private typealias RowTest = (any FilterRow) -> Bool

extension FilterExpression.Node {
  fileprivate func matcher(_ runs: inout KnownRuns) -> RowTest {
    switch self {
    case .both(let parts):
      let tests = parts.map { $0.matcher(&runs) }
      return { row in tests.allSatisfy { $0(row) } }
    case .either(let parts):
      let tests = parts.map { $0.matcher(&runs) }
      return { row in tests.contains { $0(row) } }
    case .not(let part):
      let test = part.matcher(&runs)
      return { !test($0) }
    case .test(let test): return test.matcher(&runs)
    }
  }
}

extension FilterExpression.Test {
  fileprivate func matcher(_ runs: inout KnownRuns) -> RowTest {
    switch self {
    case .chosen:
      let picks = runs.picks(runs.context.current)
      return { picks[$0.row] != nil }
    case .run(let number):
      let picks = runs.picks(number: number)
      return { picks[$0.row] != nil }
    case .anyRun, .noRun:
      let all = runs.context.runs.indices.map { runs.picks($0) }
      let isWanted = self == .anyRun
      return { row in all.contains { $0[row.row] != nil } == isWanted }
    case .sets(let sets): return sets.matcher(&runs)
    case .pinned:
      let marked = Set(runs.context.pinned)
      return { marked.contains($0.row) }
    case .banned:
      let marked = Set(runs.context.banned)
      return { marked.contains($0.row) }
    case .tag(let text):
      let (tags, matches) = (runs.context.tags, text.makeMatcher())
      return { tags[$0.row]?.contains(where: matches) ?? false }
    case .duplicate: return { $0.copies.isLater }
    case .unreadable: return { $0.sample == nil }
    case .text(let field, let text):
      let matches = text.makeMatcher()
      return { $0.texts(of: field).contains(where: matches) }
    case .equals(let field, let text): return { $0.texts(of: field).contains(text) }
    case .differs(let field, let text):
      return { row in
        let texts = row.texts(of: field)
        return !texts.isEmpty && !texts.contains(text)
      }
    case .number(let quantity, let relation, let wanted):
      let picks = quantity.isOfRun ? runs.picks(runs.context.current) : [:]
      return { row in
        quantity.values(of: row, picks[row.row]).contains { relation.holds($0, wanted) }
      }
    }
  }
}

extension FilterExpression.SetExpression {
  fileprivate func matcher(_ runs: inout KnownRuns) -> RowTest {
    switch self {
    case .compared(let place):
      let compared = runs.context.compared
      let picks = runs.picks(compared.indices.contains(place) ? compared[place] : nil)
      return { picks[$0.row] != nil }
    case .number(let number):
      let picks = runs.picks(number: number)
      return { picks[$0.row] != nil }
    case .none, .any, .all:
      let all = runs.context.compared.map { runs.picks($0) }
      switch self {
      case .all: return { row in !all.isEmpty && all.allSatisfy { $0[row.row] != nil } }
      case .any: return { row in all.contains { $0[row.row] != nil } }
      default: return { row in !all.contains { $0[row.row] != nil } }
      }
    case .both(let parts):
      let tests = parts.map { $0.matcher(&runs) }
      return { row in tests.allSatisfy { $0(row) } }
    case .either(let parts):
      let tests = parts.map { $0.matcher(&runs) }
      return { row in tests.contains { $0(row) } }
    case .not(let part):
      let test = part.matcher(&runs)
      return { !test($0) }
    }
  }
}

extension FilterExpression.Quantity {
  fileprivate var isOfRun: Bool { self == .gain || self == .weight || self == .rank }

  /// The row's numbers of this kind: one, none, or those of a list.
  fileprivate func values(of row: any FilterRow, _ pick: Pick?) -> [Double] {
    switch self {
    case .length: row.length.map { [Double($0)] } ?? []
    case .words: row.sample.map { [Double($0.wordCount)] } ?? []
    case .characters: row.sample.map { [Double($0.characterCount)] } ?? []
    case .gain: pick.map { [$0.gain] } ?? []
    case .weight: pick.map { [$0.weight] } ?? []
    case .rank: pick.map { [Double($0.rank.value)] } ?? []
    case .copies: [Double(row.copies.count)]
    case .field(let path): row.texts(at: path).compactMap { Double($0) }
    }
  }
}

extension FilterRow {
  /// Nothing where the row cannot be read, or has none.
  fileprivate func texts(of field: FilterExpression.Field) -> [String] {
    if case .named(let path) = field { return texts(at: path) }
    guard let sample else { return [] }
    switch field {
    case .label: return sample.label.map { [$0] } ?? texts(at: ["label"])
    case .id: return sample.id.map { [$0] } ?? texts(at: ["id"])
    case .prompt: return sample.prompts
    case .response: return [sample.response]
    default: return sample.prompts + [sample.response] + [sample.label, sample.id].compactMap(\.self)
    }
  }
}

extension Sample {
  /// What the model is asked, part by part.
  package var prompts: [String] {
    switch query {
    case .instruction(let instruction, let input): [instruction, input]
    case .conversation(let turns): turns.map(\.content)
    }
  }

  /// Words of prompt and response together, as blanks divide them.
  package var wordCount: Int {
    (prompts + [response]).reduce(0) { $0 + $1.split(whereSeparator: \.isWhitespace).count }
  }

  /// Unicode scalars of prompt and response together.
  package var characterCount: Int { (prompts + [response]).reduce(0) { $0 + $1.unicodeScalars.count } }

  /// Prompt and response as they are compared to find rows with the same words: in lower case, blanks made one.
  package var wordsForComparison: String {
    (prompts + [response]).map { part in
      part.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }.filter { !$0.isEmpty }.joined(separator: "\n")
  }
}

/// A row of which only the sample is known.
package struct SampleRow: FilterRow {
  package let known: Sample
  package init(_ sample: Sample) { known = sample }
  package var row: RowIndex { known.index }
  package var sample: Sample? { known }
  package var length: Int? { known.characterCount }
  package var copies: (count: Int, isLater: Bool) { (1, false) }
  package func texts(at path: [String]) -> [String] { [] }
}
