import Domain

/// Rows of the pool that the next run takes first, and rows that it never takes, in the order they were marked.
package struct Marks: Sendable, Hashable {
  package var pinned: [RowIndex] = []
  package var banned: [RowIndex] = []
  /// Words of the user's own for rows.
  package var tags: [RowIndex: Set<String>] = [:]

  package init() {}

  /// Whether no row is pinned or banned.
  package var isEmpty: Bool { pinned.isEmpty && banned.isEmpty }

  /// Pins rows, or takes the pins away where all of them are pinned; a row is never both pinned and banned. Gives whether
  /// they are pinned now.
  @discardableResult
  mutating func toggle(pin rows: [RowIndex]) -> Bool { Self.toggle(rows, in: &pinned, against: &banned) }

  @discardableResult
  mutating func toggle(ban rows: [RowIndex]) -> Bool { Self.toggle(rows, in: &banned, against: &pinned) }

  private static func toggle(_ rows: [RowIndex], in own: inout [RowIndex], against other: inout [RowIndex]) -> Bool {
    let (wanted, before) = (Set(rows), Set(own))
    other.removeAll { wanted.contains($0) }
    if wanted.isSubset(of: before) {
      own.removeAll { wanted.contains($0) }
      return false
    }
    own += rows.filter { !before.contains($0) }
    return true
  }

  /// Gives rows a tag, or takes it away where all of them have it. Gives whether they have it now.
  mutating func toggle(tag: String, on rows: [RowIndex]) -> Bool {
    let isRemoval = rows.allSatisfy { tags[$0]?.contains(tag) == true }
    for row in rows {
      if isRemoval {
        tags[row]?.remove(tag)
        if tags[row]?.isEmpty == true { tags[row] = nil }
      } else {
        tags[row, default: []].insert(tag)
      }
    }
    return !isRemoval
  }
}

/// The form on the Setup screen: what is chosen for the next run.
package struct SetupState: Sendable, Hashable {
  /// Where utilities come from is chosen here, whatever is named in fields that are hidden.
  package private(set) var draft = RunDraft([.source: DraftSource.model.rawValue])
  /// Row 0 is Start; the fields that apply follow.
  package var list = ListState()
  package var marks = Marks()

  package init() {}

  package subscript(field: Parameter.ID) -> String {
    get { draft[field] }
    set { draft[field] = newValue }
  }

  package var method: Method { draft.method }
  package var source: DraftSource { draft.source }
  var scores: Bool { draft.scores }

  /// The value of a field where nothing is chosen or typed.
  func standard(of field: Parameter.ID) -> String {
    var blank = draft
    blank.clear(field)
    return blank[field]
  }

  /// The folder whose tokenizer counts tokens; empty for none.
  var tokenizerFolder: String {
    method.needsUtilities && source == .endpoint && !self[.tokenizer].isEmpty ? self[.tokenizer] : self[.model]
  }

  /// The fields that have a say with the present choices, in the order of the form.
  package var fields: [Parameter.ID] { draft.parameters.map(\.id) }

  /// The field under the cursor; nil on Start.
  var currentField: Parameter.ID? {
    let fields = fields
    return list.cursor > 0 && list.cursor <= fields.count ? fields[list.cursor - 1] : nil
  }

  /// Moves a field of choices to the next or the previous one.
  mutating func step(_ field: Parameter.ID, by steps: Int) {
    guard let choices = field.parameter.choices, let index = choices.firstIndex(of: self[field]) else { return }
    self[field] = choices[((index + steps) % choices.count + choices.count) % choices.count]
    // Each embedding has a propagation that suits it.
    if field == .embedding { draft.clear(.propagation) }
  }
}

/// Something that keeps a run from starting.
struct SetupProblem: Equatable {
  /// Where it is mended; nil where that is not in the form.
  var field: Parameter.ID?
  var text: String
}

extension Model {
  /// Everything that keeps the next run from starting, what is mended first coming first.
  var setupProblems: [SetupProblem] {
    var problems: [SetupProblem] = []
    for role in [DatasetRole.pool] + setup.method.needs {
      let article = role == .pool ? "the pool" : role == .target ? "a target set" : "existing data"
      switch files[role] ?? .absent {
      case .opened(let file):
        if file.summary.rows == 0 { problems.append(.init(field: nil, text: "The \(role.rawValue) file has no rows.")) }
      case .opening: problems.append(.init(field: nil, text: "The \(role.rawValue) file is still being read."))
      case .absent:
        problems.append(
          .init(
            field: field(of: role),
            text: "Needs \(article): \(key(.activate)) on \(field(of: role).parameter.title) names a file."))
      case .failed:
        problems.append(.init(field: field(of: role), text: "The \(role.rawValue) file could not be opened."))
      }
    }
    if setup.source == .embeddings, setup.method.needsUtilities, setup.method != .deliftInstruction {
      problems.append(.init(field: .source, text: "Embeddings serve \(Method.deliftInstruction.shortTitle) only."))
    }
    if setup.scores, setup.source == .endpoint, setup[.template] == "chat", setup[.tokenizer].isEmpty {
      problems.append(.init(field: .tokenizer, text: "The template chat needs the folder of the model's tokenizer."))
    }
    for field in setup.fields {
      if let text = problem(with: setup[field], of: field) {
        problems.append(.init(field: field, text: text))
      }
    }
    return problems
  }

  /// What is wrong with a value of a field; for the budget with regard to the rows that there are.
  func problem(with text: String, of field: Parameter.ID) -> String? {
    // Lengths can be counted in words.
    if field == .model, text.isEmpty, setup.method.signal == .lengths { return nil }
    if let problem = field.parameter.problem(with: text) { return problem }
    guard field == .budget, let rows = candidateRows else { return nil }
    do throws(ErrorReport) { _ = try Budget(parsing: text).picks(of: rows) } catch { return error.problem }
    return nil
  }

  private func field(of role: DatasetRole) -> Parameter.ID {
    switch role {
    case .pool: .pool
    case .target: .target
    case .existing: .existing
    }
  }

  /// Rows of the pool that a run would choose from.
  var candidateRows: Int? {
    guard let rows = files[.pool]?.opened?.summary.rows else { return nil }
    guard let limit = Int(setup[.limit]), limit >= 1 else { return rows }
    return min(rows, limit)
  }

  /// How many rows the next run would choose; nil while that cannot be said.
  var plannedPicks: Int? {
    guard let rows = candidateRows, let budget = try? Budget(parsing: setup[.budget]) else { return nil }
    return try? budget.picks(of: rows)
  }

  /// The pairs that the next run would score, if it scores any.
  var plannedPairs: Int? {
    guard setup.method.needsUtilities, let rows = candidateRows else { return nil }
    func others(_ role: DatasetRole) -> Int { files[role]?.opened?.summary.rows ?? 0 }
    let served = setup.draft.servesTarget ? others(.target) : rows
    let examples = setup.draft.servesTarget ? rows : rows + setup.method.needs.reduce(0) { $0 + others($1) }
    let (pairs, overflow) = served.multipliedReportingOverflow(by: examples)
    return overflow ? nil : pairs
  }

  /// What the form says, as a run is asked for; nil while something is missing.
  var plannedRun: RunSpecification? {
    guard setupProblems.isEmpty, let pool = files[.pool]?.opened?.summary.path,
      let budget = try? Budget(parsing: setup[.budget])
    else { return nil }
    let needs = setup.method.needs
    let base = RunSpecification(
      method: setup.method, pool: pool, target: needs.contains(.target) ? files[.target]?.opened?.summary.path : nil,
      existing: needs.contains(.existing) ? files[.existing]?.opened?.summary.path : nil, source: nil, budget: budget,
      skipBadRows: skipsBadRows, pinned: setup.marks.pinned, banned: setup.marks.banned,
      morePools: files[.pool]?.opened?.summary.parts.dropFirst().map(\.path) ?? [], reading: reading)
    return try? setup.draft.specification(on: base, onlyApplying: true)
  }
}
