import Domain

/// A parameter of a run, as the form on the Run screen shows it.
public enum SetupField: String, Sendable, Hashable, CaseIterable {
  case method, budget, model, objective, eta, nu, kernel, rescaling, maximizer, epsilon, seed, limit

  public var title: String {
    switch self {
    case .method: "Method"
    case .budget: "Budget"
    case .model: "Model"
    case .objective: "Objective"
    case .eta: "Eta"
    case .nu: "Nu"
    case .kernel: "Kernel"
    case .rescaling: "Rescaling"
    case .maximizer: "Maximizer"
    case .epsilon: "Epsilon"
    case .seed: "Seed"
    case .limit: "Rows"
    }
  }

  /// What it means, for someone who has not read the paper.
  public func meaning(with method: Method) -> String {
    switch self {
    case .method: method.summary
    case .budget: "How many rows to choose: a count (120), or a share of the pool (10% or 0.1)."
    case .model:
      "Folder of a Hugging Face checkpoint. It is run on this machine to score how much one row, shown as an example, "
        + "improves its answer to another."
    case .objective:
      "flmi: cover the pool where it resembles the target. flqmi: cover the target itself; needs fewer scores."
    case .eta: "How much resemblance to the target counts. 0 ignores it; 1 is the paper's choice."
    case .nu: "How strongly what the existing data covers is taken away. 0 ignores it; 1 is the paper's choice."
    case .kernel:
      "euclidean: the gain in probability of the right tokens. exponential: its exponential, which favours large gains."
    case .rescaling:
      "min-max: utilities are brought to 0 to 1 before selection. none: taken as they are; they must not be negative."
    case .maximizer:
      "lazy and naive give the exact greedy choice, lazy faster. stochastic and lazier look at a random part each step."
    case .epsilon: "Accuracy of the random part that is looked at: smaller is nearer to exact greedy, and slower."
    case .seed: "Start of every random draw. The same seed gives the same choice."
    case .limit: "Only the first so many rows of the pool: a quick look before a long run. Empty takes all."
    }
  }

  /// The values to choose among; nil where text is typed.
  public var choices: [String]? {
    switch self {
    case .method: Method.allCases.map(\.rawValue)
    case .objective: TaskObjective.allCases.map(\.rawValue)
    case .kernel: UtilityKernel.allCases.map(\.rawValue)
    case .rescaling: Rescaling.allCases.map(\.rawValue)
    case .maximizer: Maximizer.allCases.map(\.rawValue)
    default: nil
    }
  }

  /// Whether what is typed is a path, so that it can be completed.
  var isPath: Bool { self == .model }

  var initialText: String {
    switch self {
    case .method: Method.deliftInstruction.rawValue
    case .budget: "10%"
    case .model, .limit: ""
    case .objective: TaskObjective.flmi.rawValue
    case .eta, .nu: "1"
    case .kernel: UtilityKernel.euclidean.rawValue
    case .rescaling: Rescaling.minMax.rawValue
    case .maximizer: Maximizer.lazy.rawValue
    case .epsilon: "0.01"
    case .seed: "0"
    }
  }

  /// Whether it has a say in such a run.
  func applies(to setup: SetupState) -> Bool {
    switch self {
    case .method, .budget, .seed, .limit: true
    case .model, .kernel, .rescaling, .maximizer: setup.method.needsUtilities
    case .objective: setup.method == .deliftTask
    case .eta: setup.method == .deliftTask
    case .nu: setup.method == .deliftContinual
    case .epsilon: setup.method.needsUtilities && ["stochastic", "lazier"].contains(setup[.maximizer])
    }
  }

  /// What is wrong with a value of this field, said so that it can be mended; nil if nothing is.
  func problem(with text: String, poolRows: Int?) -> String? {
    switch self {
    case .budget:
      do {
        let budget = try Budget(parsing: text)
        if let poolRows { _ = try budget.picks(of: poolRows) }
        return nil
      } catch {
        return text.isEmpty ? "Give a count (120) or a share (10%)." : error.problem
      }
    case .model: return text.isEmpty ? "Name a model folder." : nil
    case .eta, .nu:
      guard let value = Double(text), value.isFinite, value >= 0 else { return "\(title) is a number from 0 up." }
      return nil
    case .epsilon:
      guard let value = Double(text), value > 0, value < 1 else { return "Epsilon is between 0 and 1." }
      return nil
    case .seed: return UInt64(text) == nil ? "The seed is a whole number from 0 up." : nil
    case .limit:
      if text.isEmpty { return nil }
      guard let value = Int(text), value >= 1 else { return "A count of rows from 1 up, or nothing for all." }
      return nil
    case .method, .objective, .kernel, .rescaling, .maximizer:
      return choices?.contains(text) == true ? nil : "Not one of \(choices?.joined(separator: ", ") ?? "")."
    }
  }
}

/// Rows of the pool that the next run takes first, and rows that it never takes, in the order they were marked.
public struct Marks: Sendable, Hashable {
  public var pinned: [Int] = []
  public var banned: [Int] = []

  public init() {}

  public var isEmpty: Bool { pinned.isEmpty && banned.isEmpty }

  /// Marks a row, or takes the mark away; a row is never both.
  mutating func toggle(pin row: Int) {
    banned.removeAll { $0 == row }
    if pinned.contains(row) { pinned.removeAll { $0 == row } } else { pinned.append(row) }
  }

  mutating func toggle(ban row: Int) {
    pinned.removeAll { $0 == row }
    if banned.contains(row) { banned.removeAll { $0 == row } } else { banned.append(row) }
  }
}

/// The form on the Run screen: what is chosen for the next run.
public struct SetupState: Sendable, Hashable {
  private var texts: [SetupField: String] = [:]
  /// Row 0 is Start; the fields that apply follow.
  public var list = ListState()
  public var marks = Marks()

  public init() {}

  public subscript(field: SetupField) -> String {
    get { texts[field] ?? field.initialText }
    set { texts[field] = newValue }
  }

  public var method: Method { Method(rawValue: self[.method]) ?? .deliftInstruction }

  /// The fields that have a say with the present choices, in the order of the form.
  public var fields: [SetupField] { SetupField.allCases.filter { $0.applies(to: self) } }

  /// The field under the cursor; nil on Start.
  var currentField: SetupField? {
    let fields = fields
    return list.cursor > 0 && list.cursor <= fields.count ? fields[list.cursor - 1] : nil
  }

  /// Moves a field of choices to the next or the previous one.
  mutating func step(_ field: SetupField, by steps: Int) {
    guard let choices = field.choices, let place = choices.firstIndex(of: self[field]) else { return }
    self[field] = choices[((place + steps) % choices.count + choices.count) % choices.count]
  }
}

/// Something that keeps a run from starting.
struct SetupProblem: Equatable {
  /// Where it is mended; nil where that is not in the form.
  var field: SetupField?
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
            field: nil,
            text: "Needs \(article): press \(key(.showData)), choose \(role.rawValue), press \(key(.openFile))."))
      case .failed:
        problems.append(.init(field: nil, text: "The \(role.rawValue) file could not be opened (\(key(.showData)))."))
      }
    }
    for field in setup.fields {
      if let text = field.problem(with: setup[field], poolRows: candidateRows) {
        problems.append(.init(field: field, text: text))
      }
    }
    return problems
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
    let columns: (Int, Bool)
    switch setup.method {
    case .deliftTask where setup[.objective] == TaskObjective.flqmi.rawValue:
      columns = others(.target).multipliedReportingOverflow(by: rows)
    case .deliftTask: columns = rows.multipliedReportingOverflow(by: rows + others(.target))
    case .deliftContinual: columns = rows.multipliedReportingOverflow(by: rows + others(.existing))
    default: columns = rows.multipliedReportingOverflow(by: rows)
    }
    return columns.1 ? nil : columns.0
  }

  /// What the form says, as a run is asked for; nil while something is missing.
  var plannedRun: RunSpecification? {
    guard setupProblems.isEmpty, let pool = files[.pool]?.opened?.summary.path,
      let budget = try? Budget(parsing: setup[.budget])
    else { return nil }
    let needs = setup.method.needs
    return RunSpecification(
      method: setup.method, pool: pool,
      target: needs.contains(.target) ? files[.target]?.opened?.summary.path : nil,
      existing: needs.contains(.existing) ? files[.existing]?.opened?.summary.path : nil,
      source: setup.method.needsUtilities ? .model(directory: setup[.model]) : nil,
      budget: budget, limit: Int(setup[.limit]), skipBadRows: skipsBadRows,
      objective: TaskObjective(rawValue: setup[.objective]) ?? .flmi, eta: Double(setup[.eta]) ?? 1,
      nu: Double(setup[.nu]) ?? 1, utilityKernel: UtilityKernel(rawValue: setup[.kernel]) ?? .euclidean,
      rescaling: Rescaling(rawValue: setup[.rescaling]) ?? .minMax,
      maximizer: Maximizer(rawValue: setup[.maximizer]) ?? .lazy, epsilon: Double(setup[.epsilon]) ?? 0.01,
      seed: UInt64(setup[.seed]) ?? 0, pinned: setup.marks.pinned, banned: setup.marks.banned)
  }
}
