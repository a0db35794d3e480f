import Domain

/// Rows of the pool that the next run takes first, and rows that it never takes, in the order they were marked.
package struct Marks: Sendable, Hashable {
  package var pinned: [Int] = []
  package var banned: [Int] = []

  package init() {}

  package var isEmpty: Bool { pinned.isEmpty && banned.isEmpty }

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

/// The form on the Setup screen: what is chosen for the next run.
package struct SetupState: Sendable, Hashable {
  private var texts: [SetupField: String] = [:]
  /// Row 0 is Start; the fields that apply follow.
  package var list = ListState()
  package var marks = Marks()

  package init() {}

  package subscript(field: SetupField) -> String {
    get { texts[field] ?? field.initialText }
    set { texts[field] = newValue }
  }

  package var method: Method { Method(rawValue: self[.method]) ?? .deliftInstruction }
  package var source: SetupSource { SetupSource(rawValue: self[.source]) ?? .model }

  /// Whether the objective serves the target's rows themselves.
  var servesTarget: Bool { method == .deliftTask && self[.objective] == TaskObjective.flqmi.rawValue }

  /// Whether utilities are measured with a model, here or behind a server.
  var scores: Bool { method.needsUtilities && (source == .model || source == .endpoint) }

  /// The folder whose tokenizer counts tokens; empty for none.
  var tokenizerFolder: String {
    method.needsUtilities && source == .endpoint && !self[.tokenizer].isEmpty ? self[.tokenizer] : self[.model]
  }

  /// Where the utilities of the run come from; nil for a method without.
  var utilitySource: UtilitySource? {
    if method == .influence { return importsGradients ? nil : .model(directory: self[.model]) }
    guard method.needsUtilities else { return nil }
    switch source {
    case .model: return .model(directory: self[.model])
    case .endpoint:
      func text(_ field: SetupField) -> String? { self[field].isEmpty ? nil : self[field] }
      return .endpoint(Endpoint(url: self[.endpoint], model: text(.servedModel), tokenizer: text(.tokenizer)))
    case .matrices:
      let target = method == .deliftTask ? self[.targetUtilities] : nil
      return .matrices(
        pool: servesTarget ? self[.targetUtilities] : self[.utilities], target: target,
        existing: method == .deliftContinual ? self[.existingUtilities] : nil)
    case .embeddings: return .embeddings(self[.embeddings], neighbours: Int(self[.neighbours]) ?? 100)
    }
  }

  /// What Influence Distillation is set to; nil for the other methods.
  var influence: InfluenceSettings? {
    guard method == .influence else { return nil }
    let landmarks = self[.landmarks]
    func path(_ field: SetupField) -> String? { self[field].isEmpty ? nil : self[field] }
    return InfluenceSettings(
      order: importsGradients ? .first : .init(rawValue: self[.influenceOrder]) ?? .first,
      step: importsGradients ? .gradientDescent : .init(rawValue: self[.influenceStep]) ?? .gradientDescent,
      optimizerState: path(.optimizerState), warmUpSteps: Int(self[.warmUp]) ?? 20,
      pooling: isPooled ? .pooled : .init(rawValue: self[.pooling]) ?? .groups,
      landmarks: landmarks == "all" ? .fraction(1) : try? Budget(parsing: landmarks),
      landmarkChoice: .init(rawValue: self[.landmarkChoice]) ?? .uniform,
      propagation: .init(rawValue: self[.propagation]) ?? .corrected,
      embedding: .init(rawValue: self[.embedding]) ?? .output,
      blocks: Int(self[.blocks]), tangents: Int(self[.tangents]) ?? 2,
      parameters: path(.parameters),
      projection: SetupField.projection.applies(to: self) ? try? ProjectionSetting(parsing: self[.projection]) : nil,
      lambda: Double(self[.lambda]), stepSize: Double(self[.stepSize]) ?? 1e-3,
      groupShares: Self.groupShares(self[.groupShares]) ?? [:], heldOut: Int(self[.heldOut]),
      gradients: path(.gradients), targetGradients: importsGradients ? path(.targetGradients) : nil)
  }

  /// Whether gradients come from files: then nothing is asked of a model.
  var importsGradients: Bool { !self[.gradients].isEmpty }

  /// Whether influence spreads from landmarks, and not all gradients are taken.
  var usesLandmarks: Bool { method == .influence && !importsGradients && self[.landmarks] != "all" }

  /// Whether all targets have one loss.
  var isPooled: Bool {
    !importsGradients && self[.influenceOrder] == InfluenceSettings.Order.second.rawValue
      || self[.pooling] == InfluenceSettings.Pooling.pooled.rawValue
  }

  /// Shares by label, as in `sort-words=2, add-numbers=1`; nil for what is none.
  static func groupShares(_ text: String) -> [String: Double]? {
    var shares: [String: Double] = [:]
    for part in text.split(separator: ",") {
      guard let sign = part.lastIndex(of: "=") else { return nil }
      func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      let label = trimmed(part[..<sign])
      guard let share = Double(trimmed(part[part.index(after: sign)...])), share.isFinite, share > 0,
        shares.updateValue(share, forKey: label) == nil
      else { return nil }
    }
    return shares
  }

  /// The fields that have a say with the present choices, in the order of the form.
  package var fields: [SetupField] { SetupField.allCases.filter { $0.applies(to: self) } }

  /// The field under the cursor; nil on Start.
  var currentField: SetupField? {
    let fields = fields
    return list.cursor > 0 && list.cursor <= fields.count ? fields[list.cursor - 1] : nil
  }

  /// Moves a field of choices to the next or the previous one.
  mutating func step(_ field: SetupField, by steps: Int) {
    guard let choices = field.choices, let place = choices.firstIndex(of: self[field]) else { return }
    self[field] = choices[((place + steps) % choices.count + choices.count) % choices.count]
    // Each embedding has a spread that suits it.
    if field == .embedding, let embedding = InfluenceSettings.Embedding(rawValue: self[field]) {
      self[.propagation] = InfluenceSettings.Propagation.standard(for: embedding).rawValue
    }
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
            field: field(of: role),
            text: "Needs \(article): \(key(.activate)) on \(field(of: role).title) names a file."))
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
      if let text = field.problem(with: setup[field], poolRows: candidateRows) {
        problems.append(.init(field: field, text: text))
      }
    }
    return problems
  }

  private func field(of role: DatasetRole) -> SetupField {
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
      source: setup.utilitySource,
      budget: budget, limit: Int(setup[.limit]), skipBadRows: skipsBadRows,
      objective: TaskObjective(rawValue: setup[.objective]) ?? .flmi, eta: Double(setup[.eta]) ?? 1,
      nu: Double(setup[.nu]) ?? 1, utilityKernel: UtilityKernel(rawValue: setup[.kernel]) ?? .euclidean,
      rescaling: Rescaling(rawValue: setup[.rescaling]) ?? .minMax,
      maximizer: Maximizer(rawValue: setup[.maximizer]) ?? .lazy, epsilon: Double(setup[.epsilon]) ?? 0.01,
      seed: UInt64(setup[.seed]) ?? 0, template: setup[.template], pinned: setup.marks.pinned,
      banned: setup.marks.banned,
      morePools: files[.pool]?.opened?.summary.parts.dropFirst().map(\.path) ?? [], reading: reading,
      influence: setup.influence)
  }
}
