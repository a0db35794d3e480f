import Datasets
import Domain
import Foundation
import Influence
import LanguageModel
import Numerics
import Scoring
import Store

/// A method at work: from opened files to a selection. One implementation a method; DELIFT's three share one.
protocol Selector: Sendable {
  /// Reads what a specification says of the method. What is missing, or does not go together, is an error here and not later.
  init(_ specification: RunSpecification) throws

  /// Reads what was computed elsewhere, and tells how many candidates there are.
  func open(_ inputs: RunInputs, in context: RunContext) throws -> any OpenedRun

  /// What a run will take, from `rows` of the pool.
  func estimate(_ inputs: RunInputs, rows: Int, picks: Double, in context: RunContext) throws -> RunEstimate

  /// What a run of the library can be asked, from what is kept. Nothing is computed anew.
  func evidence(_ inputs: RunInputs, in context: RunContext) throws -> RunEvidence

  /// What the objective gives to another choice of candidates; nil for a method without one.
  func value(of candidates: [Candidate], by evidence: RunEvidence, workers: Workers) throws -> Double?
}

extension Selector {
  func evidence(_ inputs: RunInputs, in context: RunContext) throws -> RunEvidence { .nothing }
  func value(of candidates: [Candidate], by evidence: RunEvidence, workers: Workers) throws -> Double? { nil }
}

/// A run whose files are read, before it is put on record.
protocol OpenedRun {
  /// Rows that can be chosen.
  var candidates: Int { get }

  /// Loads the model, or asks the server who it is; gives the specification as it goes on record.
  mutating func load(in context: RunContext) throws -> RunSpecification

  /// Computes what is missing and chooses. Cancelled after the first pick, it gives what was chosen, marked partial.
  func select(budget: Int, seconds: inout PhaseSeconds, in context: RunContext) throws -> Chosen
}

/// What a run came to.
struct Chosen {
  var selection: Selection
  var evidence: RunEvidence
  /// What the score cache calls all that it was chosen from.
  var spaces: [ContentHash] = []
}

/// What a selection can be explained by.
enum RunEvidence: Sendable {
  case nothing
  case kernels(KernelSet)
  case influence(InfluenceOutcome)
  case ranking(RankingOutcome)
}

/// What a run is carried out with.
struct RunContext: Sendable {
  let engine: RunEngine
  let cancellation: Cancellation
  let observe: @Sendable (RunEvent) -> Void

  var workers: Workers { engine.workers }
  var access: ServerAccess { engine.access }

  func clock(_ phase: Phase, unit: String) -> PhaseClock {
    PhaseClock(phase, unit: unit, cancellation: cancellation, observe: observe)
  }

  func say(_ notice: String) { observe(.notice(notice)) }

  /// The score cache; nil where it can't be opened, which is said.
  var cache: ScoreCache? { engine.openCache(observe: observe) }
}

extension RunContext {
  /// Where vectors of a model are kept; nil where they can't be.
  func vectorCache(of model: Model, in directory: String) -> VectorCache? {
    guard let cache else { return nil }
    let space = ContentHash(combining: [ContentHash(of: "influence 1"), model.contentHash])
    do {
      try cache.use(space, name: "influence, " + (directory as NSString).lastPathComponent)
      return VectorCache(store: cache, space: space)
    } catch {
      say("embeddings and gradients will not be kept: \(ErrorReport(describing: error).description)")
      return nil
    }
  }
}

/// A specification that can be run: it has a selector, or it is none.
struct RunPlan: Sendable {
  let specification: RunSpecification
  let selector: any Selector

  /// Every method with what carries it out.
  private static let selectors: [Method: any Selector.Type] = [
    .deliftInstruction: DeliftSelector.self,
    .deliftTask: DeliftSelector.self,
    .deliftContinual: DeliftSelector.self,
    .influence: InfluenceSelector.self,
    .rds: RankingSelector<StateRanking>.self,
    .inContext: RankingSelector<InContextRanking>.self,
    .bm25: RankingSelector<WordRanking>.self,
    .middlePerplexity: RankingSelector<PerplexityRanking>.self,
    .ifd: RankingSelector<PerplexityRanking>.self,
    .kCentre: RankingSelector<KCentreRanking>.self,
    .length: RankingSelector<LengthRanking>.self,
    .dedupRandom: RankingSelector<DistinctDraw>.self,
    .randomBalanced: RankingSelector<BalancedDraw>.self,
    .randomLength: RankingSelector<LengthDraw>.self,
    .random: RandomSelector.self,
  ]

  /// Errors: `ParameterError`, `WorkbenchError` and `InfluenceError` for what can't be run.
  init(_ specification: RunSpecification) throws {
    try specification.checkValues()
    try specification.checkPrefilter()
    guard let type = Self.selectors[specification.method] else {
      throw WorkbenchError.cannotExport(reason: "nothing carries out \(specification.method.rawValue)")
    }
    self.specification = specification
    selector = try type.init(specification)
  }
}
