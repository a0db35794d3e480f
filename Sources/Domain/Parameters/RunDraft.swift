/// A run as it is being put together, from the form's fields or from options: texts by parameter.
package struct RunDraft: Sendable, Hashable {
  /// What was given.
  package private(set) var texts: [Parameter.ID: String] = [:]

  package init(_ texts: [Parameter.ID: String] = [:]) { self.texts = texts }

  /// The value of a parameter: what was given, or its standard. Nil takes back what was given.
  package subscript(id: Parameter.ID) -> String {
    get { texts[id] ?? Parameter.named(id)?.standard(self) ?? "" }
    set { texts[id] = newValue }
  }

  package func isGiven(_ id: Parameter.ID) -> Bool { texts[id] != nil }
  package mutating func clear(_ id: Parameter.ID) { texts[id] = nil }

  package var method: Method { Method(rawValue: self[.method]) ?? .deliftInstruction }
}

/// Where a draft takes utilities from.
package enum DraftSource: String, Sendable, Hashable, CaseIterable {
  case model, endpoint, matrices, embeddings
}

extension RunDraft {
  /// Where utilities come from, as chosen.
  package var source: DraftSource { DraftSource(rawValue: self[.source]) ?? namedSource }

  /// The source that is named by one of the parameters that belong to it: what it is where none was chosen.
  var namedSource: DraftSource {
    if isGiven(.embeddings) { return .embeddings }
    if isGiven(.utilities) || isGiven(.targetUtilities) { return .matrices }
    return isGiven(.endpoint) ? .endpoint : .model
  }

  /// Whether the objective serves the target's rows themselves (FLQMI).
  package var servesTarget: Bool { method == .deliftTask && self[.objective] == TaskObjective.flqmi.rawValue }

  /// Whether utilities are measured with a model, here or behind a server.
  package var scores: Bool { method.needsUtilities && (source == .model || source == .endpoint) }

  /// Whether gradients come from files: then nothing is asked of a model.
  package var importsGradients: Bool { method.needsGradients && !self[.gradients].isEmpty }

  /// Whether gradients are taken here, with a model.
  package var takesGradients: Bool { method.needsGradients && !importsGradients }

  /// Whether a model on this machine can be asked: for utilities, gradients, states, losses, or to count tokens.
  package var takesModel: Bool {
    takesGradients || method.needsUtilities && source == .model || [.passes, .lengths].contains(method.signal)
  }

  /// Whether a model behind a server is asked.
  package var asksServer: Bool {
    method.needsUtilities && source == .endpoint || method == .inContext && isGiven(.endpoint) && !isGiven(.model)
  }

  /// Whether influence is propagated from landmarks, and not all gradients are taken.
  package var usesLandmarks: Bool { takesGradients && self[.landmarks] != "all" }

  /// Whether all targets have one loss.
  package var isPooled: Bool {
    takesGradients && self[.influenceOrder] == InfluenceSettings.Order.second.rawValue
      || method.needsGradients && self[.pooling] == InfluenceSettings.Pooling.pooled.rawValue
  }

  /// The parameters that have a say, in the order of the table.
  package var parameters: [Parameter] { Parameter.all.filter { $0.applies(to: self) } }

  /// The inference server that is named, if any.
  package var endpoint: Endpoint? {
    func text(_ id: Parameter.ID) -> String? { self[id].isEmpty ? nil : self[id] }
    return text(.endpoint).map { Endpoint(url: $0, model: text(.servedModel), tokenizer: text(.tokenizer)) }
  }

  /// Where the utilities of the run come from; nil for a method without, and where nothing was named.
  package var utilitySource: UtilitySource? {
    func text(_ id: Parameter.ID) -> String? { self[id].isEmpty ? nil : self[id] }
    if method.needsGradients {
      // A server that is named for them is refused with its reason when the run is checked.
      return importsGradients ? nil : text(.model).map { .model(directory: $0) } ?? endpoint.map { .endpoint($0) }
    }
    if [.passes, .lengths].contains(method.signal) {
      return text(.model).map { .model(directory: $0) } ?? endpoint.map { .endpoint($0) }
    }
    guard method.needsUtilities else { return nil }
    switch source {
    case .model: return text(.model).map { .model(directory: $0) }
    case .endpoint: return endpoint.map { .endpoint($0) }
    case .matrices:
      guard let pool = text(servesTarget && !isGiven(.utilities) ? .targetUtilities : .utilities) else { return nil }
      return .matrices(
        pool: pool, target: method == .deliftTask ? text(.targetUtilities) : nil,
        existing: method == .deliftContinual ? text(.existingUtilities) : nil)
    case .embeddings: return text(.embeddings).map { .embeddings($0, neighbours: Int(self[.neighbours]) ?? 100) }
    }
  }

  /// The pairs that are scored; nil for all.
  private var sparsePairs: SparsePairs? {
    guard scores, let neighbours = Int(self[.neighbours]) else { return nil }
    return SparsePairs(
      neighbours: neighbours, explore: Int(self[.explore]) ?? SparsePairs.standardExplore,
      audit: Double(self[.audit]) ?? SparsePairs.standardAudit)
  }

  /// The run that the draft describes, on the files and marks of `base`.
  ///
  /// - Parameter onlyApplying: leave out what was given for a run of another kind, as the form does with fields that it hides.
  /// - Throws: the first value that its parameter does not take.
  package func specification(on base: RunSpecification, onlyApplying: Bool) throws(ParameterError) -> RunSpecification {
    var run = base
    run.method = method
    run.influence = method.needsGradients ? InfluenceSettings() : nil
    run.ranking = method.isRanking ? RankingSettings() : nil
    for parameter in Parameter.all where parameter.role == nil {
      let isWanted = parameter.applies(to: self) || !onlyApplying && isGiven(parameter.id)
      guard isWanted, isGiven(parameter.id) || onlyApplying || !parameter.standard(self).isEmpty else { continue }
      let text = self[parameter.id]
      if parameter.problem(with: text) != nil { throw ParameterError(parameter: parameter, text: text) }
      parameter.value.put(text, &run)
    }
    run.source = utilitySource
    run.sparse = sparsePairs
    return run
  }
}

extension RunSpecification {
  /// Refuses a value that its parameter does not take, wherever the specification came from.
  package func checkValues() throws(ParameterError) {
    for parameter in Parameter.all {
      if let text = parameter.value.text(self), parameter.problem(with: text) != nil {
        throw ParameterError(parameter: parameter, text: text)
      }
    }
  }
}

/// A value that a parameter does not take. The edge words it: as an option on the command line, as a field in the form.
package struct ParameterError: Error, Sendable {
  package var parameter: Parameter
  package var text: String

  package init(parameter: Parameter, text: String) {
    self.parameter = parameter
    self.text = text
  }

  /// As an option.
  package var report: ErrorReport {
    // A budget says more of what is wrong with it.
    let isBudget = parameter.id == .budget
    return ErrorReport(
      isBudget ? parameter.problem(with: text) ?? "" : "\"\(text)\" can't be taken",
      at: "--\(parameter.flag ?? parameter.id.rawValue)", remedy: "Give \(parameter.bounds).",
      status: .unusableArguments)
  }
}

extension ParameterError: ReportableError {}

extension RunSpecification {
  /// What Influence Distillation is set to. Setting it changes nothing in a run of another method.
  var influenceSettings: InfluenceSettings {
    get { influence ?? InfluenceSettings() }
    set { if influence != nil { influence = newValue } }
  }
}
