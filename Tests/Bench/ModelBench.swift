import ArgumentParser
import Dispatch
import Domain
import Foundation
import LanguageModel
import Numerics
import Synchronization
import Transformer

/// `winnow-bench model --model DIR`.
struct ModelBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Tokens a second, and the share of the sgemm rate of the same run.",
    discussion: """
      Floating-point operations are counted by formula: products, attention and output head, and what \
      their derivatives need; nothing else. Each measurement goes on for about --seconds, whatever the size of the model: \
      batches are made small enough for that by the sgemm rate and the count of operations.
      """)

  @Option(help: "A Hugging Face checkpoint directory.") var model: String
  @OptionGroup var threads: Threads
  @Option(help: ArgumentHelp("Weights in memory: auto, stored or float32.", valueName: "how"))
  var precision: WeightPrecision = .auto
  @Option(help: "Seconds that each measurement goes on for, about.") var seconds = 5.0
  @Option(help: "Tokens of each example.") var prefix = 100
  @Option(help: "Tokens of each query, response included.") var query = 80
  @Option(help: "Response tokens of each query.") var response = 30
  @Option(help: "Queries packed into one batch, at most.") var queries = 32

  func validate() throws {
    let counts = [("--prefix", prefix), ("--query", query - 1), ("--response", response), ("--queries", queries)]
    for (option, value) in counts where !(1...100_000).contains(value) {
      throw ValidationError("\(option) must be 1 to 100000, and --query at least 2.")
    }
    guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds must be above 0, at most 3600.") }
  }

  func run() throws {
    say("opening \(self.model)")
    let model = try Model(directory: self.model, precision: precision)
    guard prefix + query <= model.configuration.contextLength else {
      throw ValidationError(
        "\(prefix + query) tokens are more than the model's context of \(model.configuration.contextLength): "
          + "give a smaller --prefix or --query.")
    }
    let workers = threads.workers
    say("measuring sgemm")
    let rate = SgemmBench.rate(workers: workers)
    tell("sgemm: \(Self.giga(rate)) GFLOP/s on \(workers.count) threads")
    let bound = WorkBound(workers: workers, rate: rate, seconds: seconds)
    let response = min(response, query - 1)
    let scoring = ScoringBench(
      model: model, bound: bound, prefix: prefix, query: query, response: response, queries: queries)
    let derivatives = DerivativeBench(model: model, bound: bound, length: prefix + query, response: response)
    for (name, measure) in [
      ("scoring, shared prefix", scoring.withPrefix), ("scoring, whole pairs", scoring.withoutPrefix),
      ("per-sample gradients", derivatives.gradients), ("tangents, 4 blocks, 2 directions", derivatives.tangents),
      ("training, batches of 8", derivatives.training),
    ] {
      say("measuring \(name)")
      let result = measure()
      let tokens = Double(result.tokens) / result.seconds
      let speed = Double(result.operations) / result.seconds
      tell(
        "\(name): \(Int(tokens)) tokens/s, \(Self.giga(speed)) GFLOP/s, "
          + "\(String(format: "%.0f", 100 * speed / rate)) % of sgemm")
    }
  }

  private static func giga(_ rate: Double) -> String { String(format: "%.1f", rate / 1e9) }
}

extension WeightPrecision: ExpressibleByArgument {}
extension Domain.Method: ExpressibleByArgument {}
extension Maximizer: ExpressibleByArgument {}

/// What was done in one piece of work, by formula.
private struct Piece {
  /// Tokens that are answered for: for pairs those of the queries, however the examples are run.
  var tokens: Int
  var operations: Int
}

private struct BenchResult {
  var tokens = 0
  var operations = 0
  var seconds = 0.0
}

/// Repeats pieces of work for a given time. What a piece costs is known before, so the time is kept to by small pieces and not by
/// cutting one off.
private struct WorkBound {
  var workers: Workers
  /// Floating-point operations a second of all workers together.
  var rate: Double
  var seconds: Double

  /// As many of `most` items, of so many operations each, as one worker does in a quarter of the time; at least one.
  func items(_ most: Int, operations: Int) -> Int {
    let affordable = rate / Double(workers.count) * seconds / 4 / Double(max(1, operations))
    return max(1, min(most, Int(min(affordable, 1e9))))
  }

  /// A piece by each worker to warm up, then pieces until the time is over.
  func measure(_ piece: Piece, _ body: @Sendable (_ number: Int, _ worker: Int) -> Void) -> BenchResult {
    workers.forEach(workers.count) { _, worker in body(worker, worker) }
    let done = Atomic<Int>(0)
    let watch = Stopwatch()
    workers.forEach(workers.count) { _, worker in
      repeat {
        body(done.wrappingAdd(1, ordering: .relaxed).newValue, worker)
      } while watch.elapsed < seconds
    }
    let count = done.load(ordering: .relaxed)
    return BenchResult(tokens: count * piece.tokens, operations: count * piece.operations, seconds: watch.elapsed)
  }
}

/// The rate of square products large enough to fill the machine, each worker its own.
private enum SgemmBench {
  static func rate(workers: Workers) -> Double {
    let size = 768
    let rounds = 8
    var best = 0.0
    for _ in 0..<4 {
      let ((), seconds) = Stopwatch.seconds {
        workers.forEach(workers.count) { _, _ in
          let a = Matrix(zerosOfRows: size, columns: size)
          let b = Matrix(zerosOfRows: size, columns: size)
          var c = Matrix(zerosOfRows: size, columns: size)
          for _ in 0..<rounds {
            Product.multiply(
              m: size, n: size, k: size, a.start(), lda: size, b.start(), ldb: size, into: c.mutableStart(), ldc: size)
          }
        }
      }
      best = max(best, Double(workers.count * rounds * 2 * size * size * size) / seconds)
    }
    return best
  }
}

/// DELIFT's pairs on random tokens, with each example's keys and values kept, and with each pair run whole.
private struct ScoringBench {
  let model: Model
  let bound: WorkBound
  let prefix: Int
  let query: Int
  let response: Int
  let queries: Int

  private func tokens(_ count: Int, seed: Int) -> [Int32] {
    var chance = SeededGenerator(seed: UInt64(seed))
    return (0..<count).map { _ in Int32(chance.below(model.configuration.vocabularySize)) }
  }

  private func batch(of queries: Int, opening: [Int32] = []) -> TokenBatch {
    var batch = TokenBatch()
    for number in 0..<queries {
      let text = opening + tokens(query, seed: 1000 + number)
      let segment = batch.append(text)
      for offset in text.count - response - 1..<text.count - 1 {
        batch.target(segment: segment, offset: offset, token: text[offset + 1])
      }
    }
    return batch
  }

  func withPrefix() -> BenchResult {
    let each = model.configuration.operations(rows: query, keysBefore: prefix, targets: response)
    let count = bound.items(queries, operations: each)
    let batch = batch(of: count)
    let own = model.configuration.operations(rows: prefix, keysBefore: 0, targets: 0)
    let slots = slots
    return bound.measure(Piece(tokens: count * query, operations: count * each + own)) { example, worker in
      let workspace = slots[worker].workspace
      let cache = model.network.keysAndValues(of: tokens(prefix, seed: example), in: workspace)
      _ = model.network.logProbabilities(batch, after: cache, in: workspace)
    }
  }

  func withoutPrefix() -> BenchResult {
    let each = model.configuration.operations(rows: prefix + query, keysBefore: 0, targets: response)
    let count = bound.items(queries, operations: each)
    let slots = slots
    return bound.measure(Piece(tokens: count * query, operations: count * each)) { example, worker in
      let batch = batch(of: count, opening: tokens(prefix, seed: example))
      _ = model.network.logProbabilities(batch, in: slots[worker].workspace)
    }
  }

  private var slots: [WorkspaceSlot] {
    (0..<bound.workers.count).map { _ in WorkspaceSlot(model.network.makeWorkspace()) }
  }
}

/// Gradients, tangents and steps of training on random sequences of one length.
private struct DerivativeBench {
  let model: Model
  let bound: WorkBound
  let length: Int
  let response: Int

  private func sequences(_ count: Int) -> [LossSample] {
    var chance = SeededGenerator(seed: 1)
    return (0..<count).map { _ in
      let tokens = (0..<length).map { _ in Int32(chance.below(model.configuration.vocabularySize)) }
      return LossSample(prompt: Array(tokens.dropLast(response)), response: Array(tokens.suffix(response)))
    }
  }

  private var gradientOperations: Int {
    model.configuration.gradientOperations(rows: length, targets: response)
  }

  func gradients() -> BenchResult {
    let differentiator = Differentiator(model.network)
    let sequences = sequences(16)
    let spaces = PerWorker(bound.workers) { differentiator.makeWorkspace() }
    var sums = Matrix(zerosOfRows: bound.workers.count, columns: differentiator.count)
    return sums.withPieces(of: 1) { sums in
      bound.measure(Piece(tokens: length, operations: gradientOperations)) { number, worker in
        guard let sum = sums[worker].baseAddress else { return }
        _ = differentiator.gradient(
          of: sequences[number % sequences.count], to: .adding(to: sum), in: spaces[worker])
      }
    }
  }

  func tangents() -> BenchResult {
    var chance = SeededGenerator(seed: 2)
    let tangentModel = TangentModel(model.network, blocks: 4, directions: 2) { parameter, _ in
      parameter.range.map { _ in Float(2 * chance.unit() - 1) }
    }
    let each = model.configuration.tangentOperations(rows: length, blocks: 4, directions: 2)
    let count = bound.items(4, operations: each)
    let sequences = sequences(count).map(\.tokens)
    let spaces = PerWorker(bound.workers) { tangentModel.makeWorkspace() }
    return bound.measure(Piece(tokens: count * length, operations: count * each)) { _, worker in
      _ = tangentModel.derivatives(of: sequences, in: spaces[worker])
    }
  }

  /// A step takes all workers.
  func training() -> BenchResult {
    let trainer = Trainer(model.network)
    let count = min(8, bound.workers.count * bound.items(8, operations: gradientOperations))
    let sequences = sequences(count)
    func step() { _ = trainer.step(on: sequences, rate: 1e-5, workers: bound.workers) }
    step()
    var result = BenchResult()
    let watch = Stopwatch()
    repeat {
      step()
      result.tokens += count * length
      result.operations += count * gradientOperations
      result.seconds = watch.elapsed
    } while result.seconds < bound.seconds
    return result
  }
}

/// A workspace that one worker alone uses.
private final class WorkspaceSlot: @unchecked Sendable {
  // Sound: `Workers.forEach` never runs two calls of one worker at the same time.
  let workspace: Workspace
  init(_ workspace: Workspace) { self.workspace = workspace }
}
