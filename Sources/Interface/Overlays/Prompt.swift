import Domain

/// A line of text that is asked for.
package struct Prompt: Sendable, Hashable {
  package enum Purpose: Sendable, Hashable {
    case open(DatasetRole)
    case addFile
    case field(Parameter.ID)
    case export(RunID)
    case exportTable
    case search
    case filter
  }

  package var purpose: Purpose
  package var input: TextInput
  /// Completions of what is typed, and the one that is chosen among them.
  package var completions: [String] = []
  package var chosen: Int?
  /// The text that the completions belong to.
  var completedText: String?
  /// Whether Tab has been pressed, so that the completions that come are to be filled in.
  var fillsIn = false

  /// Whether the text is the old value, untouched: what is typed then takes its place.
  var isFresh: Bool

  package init(_ purpose: Purpose, text: String = "") {
    self.purpose = purpose
    input = TextInput(text)
    isFresh = false
    isFresh = !takesPath && !text.isEmpty
  }

  package var takesPath: Bool {
    switch purpose {
    case .open, .addFile, .export, .exportTable: true
    case .field(let field): field.parameter.isPath
    case .search, .filter: false
    }
  }

  package var title: String {
    switch purpose {
    case .open(let role): "Open \(role.title)"
    case .addFile: "Add a file to the pool"
    case .field(let field): field.parameter.title
    case .export: "Export the chosen rows to"
    case .exportTable: "Write the comparison to"
    case .search: "Search"
    case .filter: "Show only rows that match"
    }
  }

  /// Takes in completions that have come, if they belong to what is typed.
  mutating func receive(_ found: [String], of text: String) {
    guard text == input.text else { return }
    completions = found
    completedText = text
    chosen = nil
    if fillsIn { fillIn() }
  }

  /// Types what all completions have in common.
  mutating func fillIn() {
    fillsIn = false
    guard let first = completions.first else { return }
    var common = Substring(first)
    for other in completions.dropFirst() { common = commonPrefix(common, other) }
    if common.count > input.text.count, common.hasPrefix(input.text) || completions.count == 1 {
      input.replace(with: String(common))
    } else if completions.count > 1 {
      step(1)
    }
  }

  /// Moves among the completions, and types the one that is reached.
  mutating func step(_ steps: Int) {
    guard !completions.isEmpty else { return }
    let count = completions.count
    let next = chosen.map { (($0 + steps) % count + count) % count } ?? (steps > 0 ? 0 : count - 1)
    chosen = next
    input.replace(with: completions[next])
  }

  private func commonPrefix(_ a: Substring, _ b: String) -> Substring {
    var end = a.startIndex
    for (x, y) in zip(a, b) {
      guard x == y else { break }
      end = a.index(after: end)
    }
    return a[..<end]
  }
}

extension DatasetRole {
  /// Its name on screen.
  var title: String {
    switch self {
    case .pool: "pool"
    case .target: "target set"
    case .existing: "existing data"
    }
  }

  /// What it is for, in a line.
  var meaning: String {
    switch self {
    case .pool: "the rows to choose from"
    case .target: "rows of the task that the choice should help"
    case .existing: "rows that the model was trained on already"
    }
  }

  var next: DatasetRole {
    let all = Self.allCases
    return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
  }
}
