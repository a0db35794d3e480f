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

extension RunEngine {
  /// Refuses settings that cannot be run, before anything is read.
  static func checkInfluence(_ specification: RunSpecification) throws {
    let settings = specification.influence ?? InfluenceSettings()
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
      return
    }
    if case .endpoint? = specification.source {
      throw WorkbenchError.cannotCombine("--method influence", "--endpoint", "a server gives no gradients")
    }
    guard case .model? = specification.source else { throw WorkbenchError.missingSource(specification.method) }
    guard specification.pool != nil else { throw WorkbenchError.missingPool }
    guard specification.target != nil else { throw WorkbenchError.missing(.target, specification.method) }
  }

  /// Runs Influence Distillation: influence and weights, then the picks.
  func distill(
    _ specification: RunSpecification, inputs: RunInputs, model: Model?, gradients: ImportedGradients?,
    candidates: Int, budget: Int, seconds: inout PhaseSeconds, cancellation: Cancellation,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> (selection: Selection, outcome: InfluenceOutcome, spaces: [ContentHash]) {
    let settings = specification.influence ?? InfluenceSettings()
    let naming = try PickNaming(inputs.pool, positions: candidates)
    let pinned = try specification.pinned.map(naming.position)
    let banned = try specification.banned.map(naming.position)
    let phases = PhaseClocks(cancellation: cancellation, observe: observe)
    let result: InfluenceResult
    var leftOut: [Int] = []
    let targetRows: [Int]
    var spaces: [ContentHash] = []
    if let gradients {
      let labels = try inputs.target.map { file in try file.samples(at: 0..<file.count).map(\.label) }
      result = try gradients.result(
        settings, labels: labels, budget: budget, workers: workers, cancellation: cancellation
      ) { phases.advance($0, $1, of: $2) }
      targetRows =
        inputs.target.map { file in (0..<file.count).map { file.index(at: $0) } } ?? Array(0..<gradients.target.rows)
    } else {
      guard let model else { throw WorkbenchError.missingSource(specification.method) }
      let pool = try samples(.pool, of: specification, inputs: inputs, model: model)
      let target = try samples(.target, of: specification, inputs: inputs, model: model)
      leftOut = pool.leftOut
      for (set, name) in [(pool, "pool"), (target, "target")] where !set.leftOut.isEmpty {
        let shown = set.leftOut.prefix(10).map { "row \($0)" }.joined(separator: ", ")
        observe(
          .notice(
            "\(set.leftOut.count) \(name) samples have no response token in the model's context and are left out: \(shown)"
              + (set.leftOut.count > 10 ? ", …" : "")))
      }
      if case .count(let most)? = settings.landmarks, most > pool.samples.count {
        observe(.notice("\(most) landmarks are more than the \(pool.samples.count) samples: all gradients are taken"))
      }
      let estimate = InfluenceEstimate(
        settings, model: model.configuration, pool: pool.samples.samples, target: target.samples.samples)
      for line in estimate.advice { observe(.notice(line)) }
      let keeper = keeper(of: model, in: specification.modelDirectory, observe: observe)
      spaces = [keeper?.space].compactMap(\.self)
      let job = InfluenceJob(
        settings: settings, pool: pool.samples, target: target.samples, budget: budget, seed: specification.seed,
        workers: workers, cancellation: cancellation, keeper: keeper
      ) { phases.advance($0, $1, of: $2) }
      if let path = settings.embeddings {
        result = try job.run(
          model.network, embeddings: try importedEmbeddings(path, pool: pool.samples, candidates: candidates))
      } else {
        result = try job.run(model.network)
      }
      targetRows = target.samples.rows
    }
    seconds.score = phases.seconds
    for line in Self.notes(result) { observe(.notice(line)) }

    let selecting = PhaseClock(.select, unit: "picks", observe: observe)
    let able = Set(result.places)
    let open = able.subtracting(banned).union(pinned).count
    let count = min(budget, open)
    if count < budget {
      observe(.notice("only \(count) of \(budget) picks can be made: the other rows have no gradient"))
    }
    let picks = result.picks(
      count: count, pinned: pinned, banned: banned, seed: specification.seed, workers: workers)
    var named: [Pick] = []
    for (rank, pick) in picks.enumerated() {
      let name = try naming.named(Pick(rank: rank, index: pick.place, gain: pick.score, weight: pick.weight))
      named.append(name)
      observe(.picked(name))
      selecting.advance(rank + 1, of: budget)
    }
    seconds.select = selecting.seconds
    let outcome = InfluenceOutcome(result: result, picks: picks, leftOut: leftOut, targetRows: targetRows)
    if settings.pooling != .pooled, outcome.picksByGroup.count > 1 {
      observe(
        .notice(
          "picks by target group: "
            + outcome.picksByGroup.map { "\($0.group.isEmpty ? "(no label)" : $0.group) \($0.picks)" }
            .joined(separator: ", ")))
    }
    return (
      Selection(
        picks: named, objective: picks.reduce(0) { $0 + $1.score }, evaluations: result.influence.elements.count),
      outcome, spaces
    )
  }

  /// Where vectors of a model are kept; nil where they can't be.
  private func keeper(
    of model: Model, in directory: String, observe: (RunEvent) -> Void
  ) -> VectorKeeper? {
    guard let cache = openCache(observe: observe) else { return nil }
    let space = ContentHash(combining: [ContentHash(of: "influence 1"), model.contentHash])
    do {
      try cache.use(space, name: "influence, " + (directory as NSString).lastPathComponent)
      return VectorKeeper(store: cache, space: space)
    } catch {
      observe(.notice("embeddings and gradients will not be kept: \(ErrorReport(describing: error).description)"))
      return nil
    }
  }

  /// The samples of a role that have a gradient, and the rows of those that have none.
  func samples(
    _ role: DatasetRole, of specification: RunSpecification, inputs: RunInputs, model: Model
  ) throws -> (samples: InfluenceSamples, leftOut: [Int]) {
    guard let file = inputs[role] else { throw WorkbenchError.missing(role, specification.method) }
    let rows = try file.samples(at: 0..<file.count)
    let training = TrainingSamples(
      rows, template: try .named(specification.template, model: specification.modelDirectory), model: model)
    var found = InfluenceSamples(samples: [], places: [], rows: [], labels: [])
    var leftOut: [Int] = []
    for (place, row) in rows.enumerated() {
      guard !row.response.isEmpty, let sample = try training.sample(place), !sample.targets.isEmpty else {
        leftOut.append(row.index)
        continue
      }
      found.samples.append(sample)
      found.places.append(place)
      found.rows.append(row.index)
      found.labels.append(row.label)
    }
    return (found, leftOut)
  }

  /// What a user should know of how influence was found.
  private static func notes(_ result: InfluenceResult) -> [String] {
    var notes: [String] = []
    if let spread = result.spread {
      var line = "influence spread from \(spread.landmarks.count) landmark\(spread.landmarks.count == 1 ? "" : "s")"
      if let correlation = spread.heldOutCorrelation {
        line +=
          "; rank correlation with exact influence on \(spread.heldOut.count) held-out samples: "
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
}

/// Clocks of the phases that a run goes through, each begun when it is first heard of.
final class PhaseClocks: Sendable {
  private let observe: @Sendable (RunEvent) -> Void
  private let cancellation: Cancellation
  private let clocks = Mutex<[Phase: (total: Int, clock: PhaseClock)]>([:])
  private let start = DispatchTime.now()

  init(cancellation: Cancellation, observe: @escaping @Sendable (RunEvent) -> Void) {
    self.cancellation = cancellation
    self.observe = observe
  }

  var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9 }

  func advance(_ phase: Phase, _ done: Int, of total: Int) {
    let unit = phase == .warmUp ? "steps" : phase == .weigh ? "products" : "samples"
    let clock = clocks.withLock { clocks in
      // Gradients are taken of the target and then of the pool: another total is another clock, so that rates hold.
      if let known = clocks[phase], known.total == total { return known.clock }
      let clock = PhaseClock(phase, unit: unit, cancellation: cancellation, observe: observe)
      clocks[phase] = (total, clock)
      return clock
    }
    clock.advance(done, of: total)
  }
}

extension RunEngine {
  /// The gradients that a specification names, seen to fit the files; nil where a model is to compute them.
  func importedGradients(_ specification: RunSpecification, inputs: RunInputs) throws -> ImportedGradients? {
    guard specification.method == .influence, let settings = specification.influence,
      let pool = settings.gradients, let target = settings.targetGradients
    else { return nil }
    let gradients = try ImportedGradients(pool: pool, target: target)
    if let file = inputs.pool, file.count != gradients.pool.rows {
      throw WorkbenchError.shape(
        path: pool, rows: gradients.pool.rows, columns: gradients.pool.columns,
        expected: "a row for each of the \(file.count) samples of the pool")
    }
    return gradients
  }

  /// Embeddings from a file, of the samples that have a gradient.
  private func importedEmbeddings(_ path: String, pool: InfluenceSamples, candidates: Int) throws -> Matrix {
    let file = try VectorFile(path: path)
    guard file.rows == candidates else {
      throw WorkbenchError.shape(
        path: path, rows: file.rows, columns: file.columns, expected: "a row for each of the \(candidates) samples")
    }
    let all = try file.matrix()
    let some = all.rows(at: pool.places)
    for row in 0..<some.rows {
      let start = some.start(ofRow: row)
      guard Reduction.dot(start, start, count: some.columns).isFinite else {
        throw InfluenceError.malformed(path: path, reason: "row \(pool.places[row]) is not finite")
      }
    }
    return some
  }
}

extension RunSpecification {
  /// The folder of the model that the run computes with; empty where there is none.
  var modelDirectory: String {
    if case .model(let directory)? = source { directory } else { "" }
  }
}
