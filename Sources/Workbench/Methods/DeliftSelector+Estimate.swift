import Checkpoints
import Datasets
import Dispatch
import Domain
import Foundation
import Influence
import Numerics
import Scoring
import Synchronization

extension DeliftSelector {
  /// Seconds that the measurement goes on for once it has begun.
  private static let measured = 0.5
  private static let sampledRows = 256

  /// With a model, some rows are scored for half a second on all workers, as the run would do it, and the rest is told from that;
  /// what the score cache holds already is taken off, about: of all pairs as many as of a sample, of sparse ones as many as
  /// are there.
  ///
  /// - Throws: as a run does for files and a model that can't be read; `CancellationError`.
  func estimate(_ inputs: RunInputs, rows: Int, picks: Double, in context: RunContext) throws -> RunEstimate {
    switch source {
    case .matrices(let pool, let target, let existing):
      var elements = 0.0
      for path in [pool, target, existing].compactMap({ $0 }) {
        let file = try NumpyMatrix(path: path)
        elements += Double(file.rows) * Double(file.columns)
      }
      return Self.withoutModel(elements: elements, picks: picks)
    case .embeddings(let path, let neighbours):
      let file = try NumpyMatrix(path: path)
      let products = Double(file.rows) * Double(file.rows) * Double(file.columns)
      var estimate = Self.withoutModel(elements: Double(file.rows) * Double(neighbours), picks: picks)
      estimate.memory += Double(file.rows) * Double(file.columns) * 4
      estimate.seconds += products * 2 / (5e10 * Double(context.workers.count))
      return estimate
    case .model, .endpoint:
      let others = specification.method.needs.reduce(0.0) { $0 + Double(inputs[$1]?.count ?? 0) }
      let queries = servesTarget ? others : Double(rows)
      let examples = servesTarget ? Double(rows) : Double(rows) + others
      let speed = try speed(inputs, in: context)
      // Of each list of examples a row has its neighbours and some drawn ones, itself, and it is scored alone.
      let lists = servesTarget ? [examples] : [Double(rows), others]
      let perQuery = specification.sparse.map { sparse in
        lists.reduce(2) { $0 + min($1, Double(sparse.neighbours + sparse.explore)) }
      }
      var pairs = queries * min(examples + 1, perQuery ?? .infinity)
      if let sparse = specification.sparse {
        let near = min(Double(rows), Double(sparse.neighbours + sparse.explore + (servesTarget ? 0 : 1)))
        let block = SparseBlock.size(
          rows: Int(queries), columns: rows, sparse: Int(queries * near), share: sparse.audit)
        pairs += Double(block.rows) * Double(block.columns) * (1 - near / Double(max(1, rows)))
      }
      var kept = speed.kept
      if specification.sparse != nil {
        kept = pairs > 0 ? min(1, Double(try keptPairs(inputs, in: context)) / pairs) : 0
      }
      let left = 1 - kept
      let tokens = left * (pairs * speed.tokensPerQuery + examples * speed.tokensPerExample)
      var estimate = Self.withoutModel(elements: pairs, picks: picks)
      estimate.kept = kept > 0 ? kept : nil
      estimate.memory += pairs * 4 + speed.modelBytes
      estimate.seconds += tokens / speed.tokensPerSecond
      estimate.passes = Int(min(left * (pairs + examples), 1e18))
      estimate.tokens = tokens
      estimate.tokensPerSecond = speed.tokensPerSecond
      let few = SparsePairs(neighbours: 32)
      let share = Int(examples / Double(few.neighbours + few.explore + 1))
      if specification.sparse == nil, estimate.seconds > 3600, share > 1 {
        estimate.advice =
          "--neighbours \(few.neighbours) scores each row behind its nearest examples only: one pair of \(share)."
      }
      return estimate
    }
  }

  /// Greedy selection reads its kernel some ten times (the page on speed), at some GB/s.
  private static func withoutModel(elements: Double, picks: Double) -> RunEstimate {
    RunEstimate(passes: 0, tokens: 0, memory: elements * 4, seconds: elements * 4 * 10 / 8e9 + picks * 1e-5)
  }

  private struct Speed {
    var tokensPerSecond: Double
    /// Tokens that run for one query behind an example, and for an example itself.
    var tokensPerQuery: Double
    var tokensPerExample: Double
    var modelBytes: Double
    /// Share of sampled pairs that the score cache has.
    var kept: Double
  }

  private func speed(_ inputs: RunInputs, in context: RunContext) throws -> Speed {
    let source = try source.resolved(context.access, cancellation: context.cancellation)
    guard let backend = try context.engine.backend(of: source),
      let template = try source.template(specification.template), let pool = inputs.pool
    else { throw WorkbenchError.missingSource(specification.method) }
    let (workers, cancellation) = (context.workers, context.cancellation)
    var directory: String?
    if case .model(let folder) = source { directory = folder }
    let isRemote = directory == nil
    let step = max(1, pool.count / Self.sampledRows)
    let samples = try stride(from: 0, to: pool.count, by: step).prefix(Self.sampledRows).map { position in
      try pool.sample(at: position)
    }
    let scorer = try backend.scorer(
      template: template, queries: samples, examples: samples, queryPath: pool.summary.path, workers: workers.count)
    try cancellation.check()
    // Blocks grow until one takes long enough to be told from the clock's own noise; each worker takes its own examples.
    let order = scorer.queryOrder
    let tokens = Atomic<Int>(0)
    let queries = Atomic<Int>(0)
    let examples = Atomic<Int>(0)
    let start = DispatchTime.now().uptimeNanoseconds
    @Sendable func elapsed() -> Double { Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }
    let width = workers.count
    try workers.forEach(width) { worker, lane in
      var example = worker
      // A server has many requests under way at once.
      var size = isRemote ? 32 : 4
      repeat {
        let first = (example * 31) % max(1, samples.count - size + 1)
        let block = ScoreBlock(
          example: example % samples.count, queries: Array(order[first..<min(order.count, first + size)]))
        _ = try scorer.distances(of: block, worker: lane, cancellation: cancellation) { count in
          tokens.wrappingAdd(count, ordering: .relaxed)
        }
        queries.wrappingAdd(block.queries.count, ordering: .relaxed)
        examples.wrappingAdd(1, ordering: .relaxed)
        example += width
        size = min(samples.count, 256, size * 2)
      } while elapsed() < Self.measured && !cancellation.isCancelled
    }
    try cancellation.check()
    let seconds = max(1e-6, elapsed())
    let perExample =
      (0..<min(64, samples.count)).reduce(0) { $0 + scorer.tokens(in: ScoreBlock(example: $1, queries: [])) }
    let exampleMean = Double(perExample) / Double(max(1, min(64, samples.count)))
    let run = Double(max(1, tokens.load(ordering: .relaxed)))
    let behind = max(0, run - exampleMean * Double(examples.load(ordering: .relaxed)))
    return Speed(
      tokensPerSecond: run / seconds,
      tokensPerQuery: max(1, behind / Double(max(1, queries.load(ordering: .relaxed)))), tokensPerExample: exampleMean,
      modelBytes: directory.map(Self.bytes(ofCheckpoint:)) ?? 0, kept: Self.kept(scorer, in: context))
  }

  /// Share of the pairs of a sample that the cache has, told from a few of its examples.
  private static func kept(_ scorer: any UtilityScorer, in context: RunContext) -> Double {
    guard let cache = context.engine.openCache(observe: { _ in }) else { return 0 }
    let examples = scorer.exampleHashes.prefix(12)
    var found = 0
    for example in examples {
      try? cache.load(fingerprint: scorer.fingerprint, examples: [example], queries: scorer.queryHashes) { _, _, _ in
        found += 1
      }
    }
    return min(1, Double(found) / Double(max(1, examples.count * Set(scorer.queryHashes).count)))
  }

  /// Pairs of the run's rows that the cache has.
  private func keptPairs(_ inputs: RunInputs, in context: RunContext) throws -> Int {
    let source = try source.resolved(context.access, cancellation: context.cancellation)
    guard let backend = try context.engine.backend(of: source),
      let template = try source.template(specification.template), let pool = inputs.pool,
      let cache = context.engine.openCache(observe: { _ in })
    else { return 0 }
    let rows = try pool.samples(at: 0..<min(pool.count, specification.limit ?? pool.count))
    let others = try [inputs.target, inputs.existing].compactMap(\.self).flatMap { try $0.samples(at: 0..<$0.count) }
    let scorer = try backend.scorer(
      template: template, queries: servesTarget ? others : rows, examples: servesTarget ? rows : rows + others,
      queryPath: pool.summary.path, workers: 1)
    var found = 0
    try cache.load(
      fingerprint: scorer.fingerprint, examples: [nil] + scorer.exampleHashes, queries: scorer.queryHashes
    ) { _, _, _ in found += 1 }
    return found
  }

  static func bytes(ofCheckpoint directory: String) -> Double {
    let place = ModelFiles.place(directory)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
    let files = names.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".gguf") }.map { place + "/" + $0 }
    return (names.isEmpty ? [place] : files).reduce(0) { sum, path in
      // Files of the Hub's cache are links.
      let file = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      let attributes = try? FileManager.default.attributesOfItem(atPath: file)
      return sum + ((attributes?[.size] as? NSNumber)?.doubleValue ?? 0)
    }
  }
}
