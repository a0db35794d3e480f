import ArgumentParser
import Datasets
import Domain
import Foundation
import Influence
import LanguageModel
import Numerics
import SampleEncoding
import Transformer

/// `winnow-bench influence`: correlation against cost.
struct InfluenceBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "influence",
    abstract: "How true and how dear the ways to propagate influence from landmarks are.",
    discussion: """
      All gradients are taken first, so that each way can be held against them: rank correlation over the samples that are no \
      landmarks, and how many times faster the way is, end to end.
      """)

  @Option(help: ArgumentHelp("File of samples to choose from.", valueName: "file")) var pool: String
  @Option(help: ArgumentHelp("Samples of the task.", valueName: "file")) var target: String
  @Option(help: ArgumentHelp("Hugging Face checkpoint directory.", valueName: "dir")) var model: String
  @Option(help: ArgumentHelp("A count, or a share.", valueName: "n")) var landmarks = "10%"
  @Option(help: "Blocks of embeddings of the first blocks, separated by commas.") var blocks = "4"
  @Option(help: "Random directions of jvp embeddings, separated by commas.") var tangents = "2"
  @Option(help: "Kinds of embedding, separated by commas.") var embeddings = "jvp,cut-gradient,output,tables"
  @Option(help: "Kinds of propagation, separated by commas.") var propagations = "krr,linear,tuned,corrected"
  @Option(help: "Kinds of landmark choice, separated by commas.") var choices = "uniform"
  @Option(help: "Draws of landmarks that the correlation is a mean of.") var draws = 5
  @Option(help: "Take only the first so many rows of the pool.") var limit: Int?
  @Option(help: "Seed of every random choice.") var seed: UInt64 = 0
  @Flag(help: "Print one JSON object.") var json = false
  @OptionGroup var threads: Threads

  /// One way, measured.
  private struct Row: Codable {
    var embedding: String
    var propagation: String
    var landmarkChoice: String
    /// Rank correlation with exact influence over all samples that are no landmarks: mean over targets, then over draws of landmarks.
    var correlation: Double
    /// Seconds a sample of the embedding.
    var embeddingSeconds: Double
    /// How many times faster than all gradients, end to end: embeddings, landmark and target gradients, propagation.
    var gain: Double
  }

  private struct Result: Codable {
    var samples: Int
    var landmarks: Int
    /// Seconds a sample of the gradient, products with the targets included.
    var gradientSeconds: Double
    var rows: [Row]
  }

  func run() throws {
    let found = try measure()
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      tell(String(decoding: try encoder.encode(found), as: UTF8.self))
      return
    }
    tell(
      "\(found.samples) samples, \(found.landmarks) landmarks, \(String(format: "%.4f", found.gradientSeconds)) s a gradient"
    )
    tell("embedding\tpropagation\tlandmarks\tcorrelation\ts a sample\ttimes faster")
    for row in found.rows {
      tell(
        "\(row.embedding)\t\(row.propagation)\t\(row.landmarkChoice)\t"
          + String(format: "%.3f\t%.4f\t%.2f", row.correlation, row.embeddingSeconds, row.gain))
    }
  }

  private func list<Value>(_ text: String, _ option: String, _ make: (String) -> Value?) throws -> [Value] {
    try text.split(separator: ",").map { part in
      guard let value = make(String(part)) else { throw ValidationError("\(option) does not know \"\(part)\".") }
      return value
    }
  }

  /// The embeddings to try, each with a name.
  private func ways() throws -> [(name: String, settings: InfluenceSettings)] {
    let kinds = try list(embeddings, "--embeddings") { InfluenceSettings.Embedding(rawValue: $0) }
    let depths = try list(blocks, "--blocks") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
    let directions = try list(tangents, "--tangents") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
    return kinds.flatMap { kind -> [(name: String, settings: InfluenceSettings)] in
      if !kind.hasBlocks { return [(kind.rawValue, InfluenceSettings(embedding: kind))] }
      return depths.flatMap { depth in
        (kind == .tangents ? directions : [1]).map { count in
          (
            "\(kind.rawValue), \(depth) blocks" + (kind == .tangents ? ", \(count) tangents" : ""),
            InfluenceSettings(embedding: kind, blocks: depth, tangents: count)
          )
        }
      }
    }
  }

  /// The samples of a file that have a gradient.
  private func samples(_ path: String, _ role: DatasetRole, limit: Int?, model: Model) throws -> [LossSample] {
    let file = try DatasetFile.open(path: path, role: role, limit: limit).validated(skippingBadRows: false)
    let rows = try file.samples(at: 0..<file.count)
    let training = TrainingSamples(rows, template: try .named("delift", model: self.model), model: model)
    return try rows.indices.compactMap { index in
      guard !rows[index].response.isEmpty, let sample = try training.sample(index), !sample.targets.isEmpty else {
        return nil
      }
      return sample
    }
  }

  private func measure() throws -> Result {
    let (ways, workers) = (try ways(), threads.workers)
    let propagations = try list(propagations, "--propagations") { InfluenceSettings.Propagation(rawValue: $0) }
    let choices = try list(choices, "--choices") { LandmarkChoice(rawValue: $0) }
    let draws = max(1, draws)
    let cancellation = Cancellation()
    let model = try Model(directory: self.model)
    let settings = InfluenceSettings(landmarks: try Budget(parsing: landmarks))
    let pool = try samples(self.pool, .pool, limit: limit, model: model)
    let target = try samples(self.target, .target, limit: nil, model: model)
    let count = settings.landmarkCount(of: pool.count)
    let differentiator = Differentiator(model.network)
    let gradients = GradientRows(differentiator, space: try GradientSpace(differentiator, filter: settings.parameters))
    // First calls touch memory that later ones find warm.
    _ = try gradients.matrix(of: Array(pool.prefix(workers.count)), workers: workers)
    let (targets, targetSeconds) = try Stopwatch.seconds {
      try gradients.matrix(of: target, workers: workers)
    }
    say("measuring all gradients of \(pool.count) samples")
    let (products, exactSeconds) = try Stopwatch.seconds {
      try gradients.products(of: pool, with: targets, workers: workers) { _ in }
    }
    let exact = products.cosines
    let gradientSeconds = exactSeconds / Double(pool.count)
    var rows: [InfluenceBench.Row] = []
    for way in ways {
      say("measuring \(way.name)")
      let embedding = try EmbeddingChoice(way.settings, seed: seed).make(
        model.network, differentiator, scaling: nil)
      _ = try embedding.embeddings(
        of: Array(pool.prefix(workers.count)), workers: workers, cancellation: cancellation, advance: { _ in })
      let (vectors, embeddingSeconds) = try Stopwatch.seconds {
        Embeddings(
          try embedding.embeddings(of: pool, workers: workers, cancellation: cancellation, advance: { _ in }))
      }
      let similarity = PropagatedInfluence.similarity(
        vectors.matrix,
        targets: try embedding.embeddings(
          of: target, workers: workers, cancellation: cancellation, advance: { _ in }))
      for propagation in propagations {
        for choice in choices {
          var correlation = 0.0
          var spreadSeconds = 0.0
          for draw in 0..<draws {
            let landmarks = choice.choose(count, of: vectors.matrix, seed: seed &+ UInt64(draw) &* 7919)
            let known = DoubleMatrix(
              rows: landmarks.count, columns: exact.columns, elements: landmarks.flatMap { Array(exact.row($0.value)) })
            let (spread, seconds) = try Stopwatch.seconds {
              try PropagatedInfluence.propagate(
                known, propagation, vectors.matrix, landmarks: landmarks, similarity: similarity, workers: workers
              ).0
            }
            spreadSeconds += seconds / Double(draws)
            let taken = Set(landmarks)
            let others = (0..<pool.count).filter { !taken.contains(SampleNumber($0)) }
            let mean =
              (0..<exact.columns).reduce(0.0) { sum, column in
                sum + rankCorrelation(others.map { spread[$0, column] }, others.map { exact[$0, column] })
              } / Double(exact.columns)
            correlation += mean / Double(draws)
          }
          let through =
            embeddingSeconds + Double(count) * gradientSeconds + targetSeconds + spreadSeconds
          rows.append(
            Row(
              embedding: way.name, propagation: propagation.rawValue, landmarkChoice: choice.rawValue,
              correlation: correlation, embeddingSeconds: embeddingSeconds / Double(pool.count),
              gain: (exactSeconds + targetSeconds) / through))
        }
      }
    }
    return Result(samples: pool.count, landmarks: count, gradientSeconds: gradientSeconds, rows: rows)
  }
}

/// A matrix that can be handed around.
private final class Embeddings: Sendable {
  let matrix: Matrix
  init(_ matrix: consuming Matrix) { self.matrix = matrix }
}
