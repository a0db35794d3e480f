import Datasets
import Dispatch
import Domain
import Foundation
import Influence
import Numerics
import Scoring
import Synchronization

extension RunEngine {
  /// Seconds that the measurement goes on for once it has begun.
  private static let measured = 0.5
  private static let sampledRows = 256

  /// What a run will take. With a model, some rows are scored for half a second on all workers, as the run would do it, and
  /// the rest is told from that; what the score cache holds already is not taken off.
  ///
  /// - Throws: as a run does for files and a model that can't be read; `CancellationError`.
  package func estimate(
    _ specification: RunSpecification, pool: DatasetFile, target: DatasetFile?, existing: DatasetFile?,
    cancellation: Cancellation
  ) throws -> RunEstimate {
    let rows = Double(min(specification.limit ?? pool.count, pool.count))
    let picks = Double((try? specification.budget.picks(of: Int(rows))) ?? 0)
    if let settings = specification.influence, let pool = settings.gradients, let target = settings.targetGradients {
      let (pool, target) = (try VectorFile(path: pool), try VectorFile(path: target))
      let products = Double(pool.rows) * Double(target.rows) * Double(pool.columns)
      return RunEstimate(
        passes: 0, tokens: 0,
        memory: (Double(pool.rows) + Double(target.rows)) * Double(pool.columns) * 4
          + Double(pool.rows) * Double(target.rows) * 8,
        seconds: products * 2 / (5e9 * Double(workers.count)))
    }
    if specification.method == .influence, let target {
      return try influenceEstimate(specification, pool: pool, target: target, rows: Int(rows), cancellation)
    }
    guard specification.method.needsUtilities else {
      return RunEstimate(passes: 0, tokens: 0, memory: rows * 16, seconds: rows * 1e-7)
    }
    switch specification.source {
    case .matrices(let pool, let target, let existing)?:
      var elements = 0.0
      for path in [pool, target, existing].compactMap({ $0 }) {
        let file = try NumpyMatrix(path: path)
        elements += Double(file.rows) * Double(file.columns)
      }
      return Self.withoutModel(elements: elements, picks: picks)
    case .embeddings(let path, let neighbours)?:
      let file = try NumpyMatrix(path: path)
      let products = Double(file.rows) * Double(file.rows) * Double(file.columns)
      var estimate = Self.withoutModel(elements: Double(file.rows) * Double(neighbours), picks: picks)
      estimate.memory += Double(file.rows) * Double(file.columns) * 4
      estimate.seconds += products * 2 / (5e10 * Double(workers.count))
      return estimate
    case .model?, .endpoint?:
      let queries: Double
      let examples: Double
      switch specification.method {
      case .deliftTask where specification.objective == .flqmi: (queries, examples) = (Double(target?.count ?? 0), rows)
      case .deliftTask: (queries, examples) = (rows, rows + Double(target?.count ?? 0))
      case .deliftContinual: (queries, examples) = (rows, rows + Double(existing?.count ?? 0))
      default: (queries, examples) = (rows, rows)
      }
      let speed = try speed(of: specification.resolved(access, cancellation: cancellation), pool, cancellation)
      let pairs = queries * (examples + 1)
      let tokens = pairs * speed.tokensPerQuery + examples * speed.tokensPerExample
      var estimate = Self.withoutModel(elements: queries * examples, picks: picks)
      estimate.memory += pairs * 4 + speed.modelBytes
      estimate.seconds += tokens / speed.tokensPerSecond
      estimate.passes = Int(min(pairs + examples, 1e18))
      estimate.tokens = tokens
      estimate.tokensPerSecond = speed.tokensPerSecond
      return estimate
    case nil: throw WorkbenchError.missingSource(specification.method)
    }
  }

  /// Greedy selection reads its kernel some ten times (the README's measurements), at some GB/s.
  private static func withoutModel(elements: Double, picks: Double) -> RunEstimate {
    RunEstimate(passes: 0, tokens: 0, memory: elements * 4, seconds: elements * 4 * 10 / 8e9 + picks * 1e-5)
  }

  private struct Speed {
    var tokensPerSecond: Double
    /// Tokens that run for one query behind an example, and for an example itself.
    var tokensPerQuery: Double
    var tokensPerExample: Double
    var modelBytes: Double
  }

  private func speed(
    of specification: RunSpecification, _ pool: DatasetFile, _ cancellation: Cancellation
  ) throws -> Speed {
    guard let judge = try judge(of: specification),
      let template = try specification.source?.template(specification.template)
    else { throw WorkbenchError.missingSource(specification.method) }
    let step = max(1, pool.count / Self.sampledRows)
    let samples = try stride(from: 0, to: pool.count, by: step).prefix(Self.sampledRows).map { position in
      try pool.sample(at: position)
    }
    let scorer = try judge.scorer(
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
      var size = specification.modelDirectory.isEmpty ? 32 : 4
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
      modelBytes: specification.modelDirectory.isEmpty ? 0 : Self.bytes(ofCheckpoint: specification.modelDirectory))
  }

  private static func bytes(ofCheckpoint directory: String) -> Double {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasSuffix(".safetensors") }.reduce(0) { sum, name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: directory + "/" + name)
      return sum + ((attributes?[.size] as? NSNumber)?.doubleValue ?? 0)
    }
  }
}
