import Datasets
import Domain
import Foundation
import LanguageModel
import Numerics
import SampleEncoding
import Scoring
import Store
import Submodular

extension RunEngine {
  /// The utilities between two lists of samples, from the cache and a model.
  ///
  /// - Parameters:
  ///   - queryPath: the file that errors about a query name.
  ///   - name: the template's, for the cache's list.
  ///   - onlyKept: take the cache's answer or none.
  func measure(
    queries: [Sample], queryPath: String, examples: [Sample], judge: Judge, template: PromptTemplate,
    name: String, clock: PhaseClock, onlyKept: Bool = false, cancellation: Cancellation,
    observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> Distances {
    // Distances and then utilities, four bytes a pair each.
    let (pairs, overflow) = queries.count.multipliedReportingOverflow(by: examples.count + 1)
    let (bytes, beyond) = pairs.multipliedReportingOverflow(by: 8)
    let available = SystemMemory.available
    guard !overflow, !beyond, bytes < available else {
      throw WorkbenchError.tooManyPairs(queries: queries.count, examples: examples.count, available: available)
    }
    let scorer = try judge.scorer(
      template: template, queries: queries, examples: examples, queryPath: queryPath,
      workers: workers.count, observe: observe)
    let cache = openCache(observe: observe)
    // A cache that can't be written says so when the first block is saved.
    if !onlyKept { try? cache?.use(scorer.fingerprint, name: judge.cacheName(template: name)) }
    let job = ScoringJob(scorer: scorer, store: cache, workers: workers)
    let distances = try job.run(onlyKept: onlyKept, cancellation: cancellation) { done, total, resumed, tokens in
      clock.advance(done, of: total, resumed: resumed, tokens: tokens)
    }
    if distances.cuts.shortened > 0 {
      observe(
        .notice(
          "\(distances.cuts.shortened) responses were cut at their end to fit \(judge.context)"))
    }
    if distances.cuts.unmeasured > 0 {
      observe(
        .notice(
          "\(distances.cuts.unmeasured) pairs left no room for a response in \(judge.context); their utility counts as 0"
        ))
    }
    return distances
  }

  /// The model that a run's utilities are computed with; nil where the method needs none.
  func judge(of specification: RunSpecification) throws -> Judge? {
    guard specification.method != .random else { return nil }
    switch specification.source {
    case .model(let directory)?:
      return .local(try Model(directory: directory, precision: precision), directory: directory)
    case .endpoint(let endpoint)?: return .remote(endpoint, access)
    case .matrices?, .embeddings?, nil: return nil
    }
  }

  /// The kernels of a run that computes its utilities with a model.
  func modelKernels(
    _ specification: RunSpecification, inputs: RunInputs, judge: Judge, clock: PhaseClock, onlyKept: Bool = false,
    cancellation: Cancellation, observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> KernelSet {
    guard let template = try specification.source?.template(specification.template) else {
      throw WorkbenchError.missingSource(specification.method)
    }
    guard let poolFile = inputs.pool else { throw WorkbenchError.missingPool }
    let pool = try poolFile.samples(at: 0..<poolFile.count)
    var kernels = KernelSet()
    func kernel(_ distances: borrowing Distances, _ examples: Range<Int>, _ name: String) throws -> Kernel {
      let made = try Kernel(
        distances.utilities(specification.utilityKernel, examples: examples), rescaling: specification.rescaling,
        name: name, workers: workers)
      if made.isConstant {
        observe(.notice("all \(name) are equal: the model tells nothing apart here, and picks follow the file's order"))
      }
      return made
    }
    func measure(_ queries: [Sample], _ path: String, _ examples: [Sample]) throws -> Distances {
      let distances = try self.measure(
        queries: queries, queryPath: path, examples: examples, judge: judge, template: template,
        name: specification.template, clock: clock, onlyKept: onlyKept, cancellation: cancellation, observe: observe)
      if !kernels.spaces.contains(distances.fingerprint) { kernels.spaces.append(distances.fingerprint) }
      kernels.cuts.shortened += distances.cuts.shortened
      kernels.cuts.unmeasured += distances.cuts.unmeasured
      return distances
    }
    switch specification.method {
    case .deliftInstruction:
      let distances = try measure(pool, poolFile.summary.path, pool)
      kernels.pool = try kernel(distances, 0..<pool.count, "utilities of the pool")
    case .deliftTask:
      guard let file = inputs.target else { throw WorkbenchError.missing(.target, specification.method) }
      let target = try file.samples(at: 0..<file.count)
      if specification.objective == .flqmi {
        let distances = try measure(target, file.summary.path, pool)
        kernels.target = try kernel(distances, 0..<pool.count, "utilities for the target")
      } else {
        let distances = try measure(pool, poolFile.summary.path, pool + target)
        kernels.pool = try kernel(distances, 0..<pool.count, "utilities of the pool")
        kernels.target = try kernel(distances, pool.count..<pool.count + target.count, "utilities of the target")
      }
    case .deliftContinual:
      guard let file = inputs.existing else { throw WorkbenchError.missing(.existing, specification.method) }
      let existing = try file.samples(at: 0..<file.count)
      let distances = try measure(pool, poolFile.summary.path, pool + existing)
      kernels.pool = try kernel(distances, 0..<pool.count, "utilities of the pool")
      kernels.existing = try kernel(
        distances, pool.count..<pool.count + existing.count, "utilities of the existing data")
    default: break
    }
    return kernels
  }
}
