import Datasets
import Dispatch
import Domain
import Foundation
import Influence
import LanguageModel
import Numerics
import SampleEncoding
import Scoring
import Store
import Synchronization

/// Influence Distillation: gradients or what is propagated of them, weights, and picks (Methods 2).
struct InfluenceSelector: Selector {
  let specification: RunSpecification
  let settings: InfluenceSettings
  /// Nil where gradients come from files.
  let modelSource: GradientModel?

  init(_ specification: RunSpecification) throws {
    let settings = specification.influence ?? InfluenceSettings()
    self.specification = specification
    self.settings = settings
    if settings.order == .second, settings.pooling != .pooled {
      throw WorkbenchError.cannotCombine(
        "--influence-order second", "--pooling \(settings.pooling.rawValue)",
        "the second order has one loss for all targets")
    }
    if settings.order == .second, settings.projection != nil {
      throw WorkbenchError.cannotCombine(
        "--influence-order second", "--projection", "products with the Hessian need whole gradients")
    }
    if settings.gradients != nil || settings.targetGradients != nil {
      guard settings.gradients != nil, settings.targetGradients != nil else {
        throw WorkbenchError.missingMatrix(
          option: settings.gradients == nil ? "--gradients" : "--target-gradients", specification.method)
      }
      if settings.order == .second { throw InfluenceError.needsModel("--influence-order second") }
      if settings.step == .adamW { throw InfluenceError.needsModel("--step adamw") }
      modelSource = nil
      return
    }
    if case .endpoint? = specification.source {
      throw WorkbenchError.cannotCombine("--method influence", "--endpoint", "a server gives no gradients")
    }
    guard let source = GradientModel(specification) else { throw WorkbenchError.missingSource(specification.method) }
    modelSource = source
    guard specification.pool != nil else { throw WorkbenchError.missingPool }
    guard specification.target != nil else { throw WorkbenchError.missing(.target, specification.method) }
  }

  func open(_ inputs: RunInputs, in context: RunContext) throws -> any OpenedRun {
    let gradients = try importedGradients(inputs)
    return Opened(
      selector: self, inputs: inputs, gradients: gradients,
      candidates: inputs.pool?.count ?? gradients?.pool.rows ?? 0)
  }

  /// The gradients that a specification names, seen to fit the files; nil where a model is to compute them.
  private func importedGradients(_ inputs: RunInputs) throws -> ImportedGradients? {
    guard let pool = settings.gradients, let target = settings.targetGradients else { return nil }
    let gradients = try ImportedGradients(pool: pool, target: target)
    if let file = inputs.pool, file.count != gradients.pool.rows {
      throw WorkbenchError.shape(
        path: pool, rows: gradients.pool.rows, columns: gradients.pool.columns,
        expected: "a row for each of the \(file.count) samples of the pool")
    }
    return gradients
  }

  private struct Opened: OpenedRun {
    let selector: InfluenceSelector
    let inputs: RunInputs
    let gradients: ImportedGradients?
    let candidates: Int
    var model: Model?

    mutating func load(in context: RunContext) throws -> RunSpecification {
      model = try selector.modelSource.map { try $0.load(context.engine) }
      return selector.specification
    }

    func select(budget: Int, seconds: inout PhaseSeconds, in context: RunContext) throws -> Chosen {
      let (specification, settings) = (selector.specification, selector.settings)
      let map = CandidateMap(inputs.pool, candidates: candidates)
      let pinned = try map.marked(specification.pinned)
      let banned = try map.banned(specification.banned)
      let phases = PhaseClocks(cancellation: context.cancellation, observe: context.observe)
      let result: InfluenceResult
      var leftOut: [RowIndex] = []
      let targetRows: [RowIndex]
      var spaces: [ContentHash] = []
      if let gradients {
        let labels = try inputs.target.map { file in try file.samples(at: 0..<file.count).map(\.label) }
        result = try gradients.result(
          settings, labels: labels, budget: budget, workers: context.workers, cancellation: context.cancellation
        ) { phases.advance($0, $1, of: $2) }
        targetRows = (0..<gradients.target.rows).map { inputs.row(at: $0, of: .target) }
      } else {
        guard let model, let modelSource = selector.modelSource else {
          throw WorkbenchError.missingSource(specification.method)
        }
        let pool = try modelSource.samples(inputs, .pool, model: model)
        let target = try modelSource.samples(inputs, .target, model: model)
        leftOut = pool.leftOut
        for (set, name) in [(pool, "pool"), (target, "target")] where !set.leftOut.isEmpty {
          let shown = set.leftOut.prefix(10).map { "row \($0)" }.joined(separator: ", ")
          context.say(
            "\(set.leftOut.count) \(name) samples have no response token in the model's context and are left out: \(shown)"
              + (set.leftOut.count > 10 ? ", …" : ""))
        }
        if case .count(let most)? = settings.landmarks, most > pool.samples.count {
          context.say("\(most) landmarks are more than the \(pool.samples.count) samples: all gradients are taken")
        }
        let estimate = InfluenceEstimate(
          settings, model: model.configuration, pool: pool.samples.samples, target: target.samples.samples)
        for line in estimate.advice { context.say(line) }
        let cache = context.vectorCache(of: model, in: modelSource.directory)
        spaces = [cache?.space].compactMap(\.self)
        let job = InfluenceJob(
          settings: settings, pool: pool.samples, target: target.samples, budget: budget, seed: specification.seed,
          workers: context.workers, cancellation: context.cancellation, cache: cache
        ) { phases.advance($0, $1, of: $2) }
        if let path = settings.embeddings {
          result = try job.run(
            model.network,
            embeddings: try InfluenceSelector.importedEmbeddings(path, pool: pool.samples, candidates: candidates))
        } else {
          result = try job.run(model.network)
        }
        targetRows = target.samples.rows
      }
      seconds.score = phases.seconds
      for line in InfluenceSelector.notes(result) { context.say(line) }

      let selecting = context.clock(.select, unit: "picks")
      let open = Set(result.candidates).subtracting(banned).union(pinned).count
      let count = min(budget, open)
      if count < budget {
        context.say("only \(count) of \(budget) picks can be made: the other rows have no gradient")
      }
      let picks = result.picks(
        count: count, pinned: pinned, banned: banned, seed: specification.seed, workers: context.workers)
      let named = try picks.enumerated().map { rank, pick in
        let named = try map.pick(pick.candidate, rank: Rank(rank), gain: pick.score, weight: pick.weight)
        context.observe(.picked(named))
        selecting.advance(rank + 1, of: budget)
        return named
      }
      seconds.select = selecting.seconds
      let outcome = InfluenceOutcome(result: result, picks: picks, leftOut: leftOut, targetRows: targetRows)
      if settings.pooling != .pooled, outcome.picksByGroup.count > 1 {
        context.say(
          "picks by target group: "
            + outcome.picksByGroup.map { "\($0.group.isEmpty ? "(no label)" : $0.group) \($0.picks)" }
            .joined(separator: ", "))
      }
      return Chosen(
        selection: Selection(
          picks: named, objective: picks.reduce(0) { $0 + $1.score }, evaluations: result.influence.elements.count),
        evidence: .influence(outcome), spaces: spaces)
    }
  }
}

/// The model that gradients are taken of, and how samples are written for it.
struct GradientModel: Sendable {
  let directory: String
  let template: String

  /// Nil for a specification that names no checkpoint.
  init?(_ specification: RunSpecification) {
    guard case .model(let directory)? = specification.source else { return nil }
    self.directory = directory
    template = specification.template
  }

  func load(_ engine: RunEngine) throws -> Model { try Model(directory: directory, precision: engine.precision) }

  /// The samples of a role that have a gradient, and the rows of those that have none.
  func samples(
    _ inputs: RunInputs, _ role: DatasetRole, model: Model
  ) throws -> (samples: InfluenceSamples, leftOut: [RowIndex]) {
    guard let file = inputs[role] else { throw WorkbenchError.missing(role, .influence) }
    let rows = try file.samples(at: 0..<file.count)
    let training = TrainingSamples(
      rows, template: try .named(template, model: directory), model: model)
    var found = InfluenceSamples()
    var leftOut: [RowIndex] = []
    for (position, row) in rows.enumerated() {
      guard !row.response.isEmpty, let sample = try training.sample(position), !sample.targets.isEmpty else {
        leftOut.append(row.index)
        continue
      }
      found.append(sample, candidate: Candidate(position), row: row.index, label: row.label)
    }
    return (found, leftOut)
  }
}

extension InfluenceSelector {
  /// What a user should know of how influence was found.
  static func notes(_ result: InfluenceResult) -> [String] {
    var notes: [String] = []
    if let propagated = result.propagated {
      var line =
        "influence propagated from \(propagated.landmarks.count) landmark\(propagated.landmarks.count == 1 ? "" : "s")"
      if let correlation = propagated.heldOutCorrelation {
        line +=
          "; rank correlation with exact influence on \(propagated.heldOut.count) held-out samples: "
          + String(format: "%.2f", correlation)
      }
      notes.append(line)
    }
    if let weighing = result.weighing {
      var line = String(format: "lambda %.4g, %d weights above 0", weighing.lambda, weighing.positive)
      if let bound = weighing.lambdaBound, let residual = weighing.residual {
        line += String(format: "; least convex lambda %.4g, optimality residual %.1e", bound, residual)
      }
      notes.append(line)
      if let asked = weighing.raisedFrom, let bound = weighing.lambdaBound {
        notes.append(
          String(
            format: "lambda %.4g is not above %.4g, below which the weights have no single optimum: raised to %.4g",
            asked,
            bound, weighing.lambda))
      }
    }
    return notes
  }

  /// Embeddings from a file, of the samples that have a gradient.
  static func importedEmbeddings(_ path: String, pool: InfluenceSamples, candidates: Int) throws -> Matrix {
    let file = try VectorFile(path: path)
    guard file.rows == candidates else {
      throw WorkbenchError.shape(
        path: path, rows: file.rows, columns: file.columns, expected: "a row for each of the \(candidates) samples")
    }
    let all = try file.matrix()
    let some = all.rows(at: pool.candidates.map(\.value))
    for row in 0..<some.rows {
      let start = some.start(ofRow: row)
      guard Reduction.dot(start, start, count: some.columns).isFinite else {
        throw InfluenceError.malformed(path: path, reason: "row \(pool.candidates[row]) is not finite")
      }
    }
    return some
  }
}
