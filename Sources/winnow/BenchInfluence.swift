import ArgumentParser
import Domain
import Foundation
import Store
import Workbench

/// `winnow bench influence`: correlation against cost.
struct BenchInfluence: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "influence",
    abstract: "How true and how dear the ways to spread influence from landmarks are.",
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
  @OptionGroup var threads: ThreadOptions

  func run() throws {
    func list<Value>(_ text: String, _ option: String, _ make: (String) -> Value?) throws -> [Value] {
      try text.split(separator: ",").map { part in
        guard let value = make(String(part)) else {
          throw WorkbenchError.outsideRange(option: option, value: "\"\(part)\"", bounds: "what --help names")
        }
        return value
      }
    }
    let kinds = try list(embeddings, "--embeddings") { InfluenceSettings.Embedding(rawValue: $0) }
    let depths = try list(blocks, "--blocks") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
    let directions = try list(tangents, "--tangents") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
    var ways: [(name: String, settings: InfluenceSettings)] = []
    for kind in kinds {
      if !kind.hasBlocks { ways.append((kind.rawValue, InfluenceSettings(embedding: kind))) }
      for depth in kind.hasBlocks ? depths : [] {
        for count in kind == .tangents ? directions : [1] {
          ways.append(
            (
              "\(kind.rawValue), \(depth) blocks" + (kind == .tangents ? ", \(count) tangents" : ""),
              InfluenceSettings(embedding: kind, blocks: depth, tangents: count)
            ))
        }
      }
    }
    let interrupt = InterruptHandler()
    let reporter = ConsoleReporter(quiet: json)
    let found = try RunEngine(paths: StorePaths(), workers: threads.workers).benchInfluence(
      RunSpecification(
        method: .influence, pool: pool, target: target, source: .model(directory: model), budget: .fraction(1),
        limit: limit, seed: seed, influence: InfluenceSettings(landmarks: try Budget(parsing: landmarks))),
      ways: ways, propagations: try list(propagations, "--propagations") { .init(rawValue: $0) },
      choices: try list(choices, "--choices") { .init(rawValue: $0) }, draws: max(1, draws),
      cancellation: interrupt.cancellation, observe: { reporter.observe($0) })
    reporter.finish()
    if json { return try Output.json(found) }
    Output.text(
      "\(found.samples) samples, \(found.landmarks) landmarks, \(String(format: "%.4f", found.gradientSeconds)) s a gradient\n"
    )
    Output.text("embedding\tpropagation\tlandmarks\tcorrelation\ts a sample\ttimes faster\n")
    for row in found.rows {
      Output.text(
        "\(row.embedding)\t\(row.propagation)\t\(row.landmarkChoice)\t"
          + String(format: "%.3f\t%.4f\t%.2f\n", row.correlation, row.embeddingSeconds, row.gain))
    }
  }
}
