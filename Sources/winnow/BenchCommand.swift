import ArgumentParser
import Dispatch
import Domain
import Foundation
import LanguageModel
import Numerics

/// `winnow bench …`: how fast this machine does the work.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure how fast this machine does the work.",
    subcommands: [ModelBench.self, BenchSelect.self])
}

/// `winnow bench model --model DIR`.
struct ModelBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Tokens a second, and the share of the sgemm rate of the same run.",
    discussion: "Floating-point operations are counted by formula: products, attention and output head; nothing else.")

  @Option(help: "A Hugging Face checkpoint directory.") var model: String
  @Option(help: "Worker threads (default: one a core).") var threads: Int?
  @Option(help: "Tokens of each example.") var prefix = 100
  @Option(help: "Tokens of each query, response included.") var query = 80
  @Option(help: "Response tokens of each query.") var response = 30
  @Option(help: "Queries packed into one batch.") var queries = 32
  @Option(help: "Examples.") var examples = 16

  func run() throws {
    let model = try Model(directory: self.model)
    let workers = Workers(count: threads)
    let scoring = ScoringBench(
      model: model, workers: workers, prefix: prefix, query: query, response: min(response, query - 1),
      queries: queries, examples: examples)
    let rate = SgemmBench.rate(workers: workers)
    print("sgemm: \(Self.giga(rate)) GFLOP/s on \(workers.count) threads")
    for (name, result) in [("shared prefix", scoring.withPrefix()), ("whole pairs", scoring.withoutPrefix())] {
      let tokens = Double(result.tokens) / result.seconds
      let speed = Double(result.operations) / result.seconds
      print(
        "scoring, \(name): \(Int(tokens)) tokens/s, \(Self.giga(speed)) GFLOP/s, "
          + "\(String(format: "%.0f", 100 * speed / rate)) % of sgemm")
    }
  }

  private static func giga(_ rate: Double) -> String { String(format: "%.1f", rate / 1e9) }
}

/// The rate of square products large enough to fill the machine, each worker its own.
private enum SgemmBench {
  static func rate(workers: Workers) -> Double {
    let size = 768
    let rounds = 8
    var best = 0.0
    for _ in 0..<4 {
      let seconds = elapsed {
        workers.forEach(workers.count) { _, _ in
          let a = Matrix(zerosOfRows: size, columns: size)
          let b = Matrix(zerosOfRows: size, columns: size)
          let c = Matrix(zerosOfRows: size, columns: size)
          for _ in 0..<rounds {
            Product.multiply(m: size, n: size, k: size, a.base, lda: size, b.base, ldb: size, into: c.base, ldc: size)
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
  struct Result {
    /// Query tokens that were answered for, the same in both forms.
    var tokens: Int
    var operations: Int
    var seconds: Double
  }

  let model: Model
  let workers: Workers
  let prefix: Int
  let query: Int
  let response: Int
  let queries: Int
  let examples: Int

  private func tokens(_ count: Int, seed: Int) -> [Int32] {
    var chance = SeededGenerator(seed: UInt64(seed))
    return (0..<count).map { _ in Int32(chance.below(model.configuration.vocabularySize)) }
  }

  private func batch(opening: [Int32] = []) -> TokenBatch {
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

  func withPrefix() -> Result {
    let batch = batch()
    let model = model
    return measure(keysBefore: prefix, rows: query) { example, workspace in
      let cache = model.keysAndValues(of: tokens(prefix, seed: example), in: workspace)
      return model.logProbabilities(batch, after: cache, in: workspace)
    } + prefixOperations
  }

  func withoutPrefix() -> Result {
    let model = model
    return measure(keysBefore: 0, rows: prefix + query) { example, workspace in
      model.logProbabilities(batch(opening: tokens(prefix, seed: example)), in: workspace)
    }
  }

  private var prefixOperations: Int {
    examples * model.configuration.operations(rows: prefix, keysBefore: 0, targets: 0)
  }

  private func measure(
    keysBefore: Int, rows: Int, _ body: @escaping @Sendable (Int, Workspace) -> [Float]
  ) -> Result {
    let slots = (0..<workers.count).map { _ in WorkspaceSlot(model.makeWorkspace()) }
    workers.forEach(workers.count) { piece, worker in _ = body(piece, slots[worker].workspace) }
    let seconds = elapsed {
      workers.forEach(examples) { example, worker in _ = body(example, slots[worker].workspace) }
    }
    return Result(
      tokens: examples * queries * query,
      operations: examples * queries
        * model.configuration.operations(rows: rows, keysBefore: keysBefore, targets: response),
      seconds: seconds)
  }
}

extension ScoringBench.Result {
  fileprivate static func + (result: Self, operations: Int) -> Self {
    Self(tokens: result.tokens, operations: result.operations + operations, seconds: result.seconds)
  }
}

/// A workspace that one worker alone uses.
private final class WorkspaceSlot: @unchecked Sendable {
  // Sound: `Workers.forEach` never runs two calls of one worker at the same time.
  let workspace: Workspace
  init(_ workspace: Workspace) { self.workspace = workspace }
}

private func elapsed(_ body: () -> Void) -> Double {
  let start = DispatchTime.now().uptimeNanoseconds
  body()
  return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
}
