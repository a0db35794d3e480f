import ArgumentParser
import Datasets
import Domain
import Foundation
import LanguageModel
import Numerics
import Scoring
import Workbench

extension TrainingSchedule.Decay: ExpressibleByArgument {}

/// The samples of a file as a model is trained or measured on them.
struct TrainingDataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("File of samples.", valueName: "file"))
  var data: String

  @Option(help: ArgumentHelp("Hugging Face checkpoint directory.", valueName: "dir"))
  var model: String

  @Option(help: ArgumentHelp("Prompt template.", valueName: "name"))
  var template = "delift"

  @Flag(help: "Leave out rows that can't be read instead of stopping at the first.")
  var skipBadRows = false

  @OptionGroup var reading: ReadingOptions
  @OptionGroup var precision: PrecisionOptions

  func load(_ cancellation: Cancellation) throws -> (Model, TrainingSamples) {
    let file = try DatasetFile.open(path: data, role: .pool, reading: reading.reading, cancellation: cancellation)
      .validated(skippingBadRows: skipBadRows, cancellation: cancellation)
    let model = try Model(directory: self.model, precision: precision.precision)
    let samples = try file.samples(at: 0..<file.count)
    return (model, TrainingSamples(samples, template: try .named(template), model: model))
  }
}

/// `winnow finetune`: trains all parameters of a checkpoint.
struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune", abstract: "Train a checkpoint on a file of samples.",
    discussion: """
      AdamW on the mean loss of each response. The state is saved on the way; the same command with --resume goes on from it \
      and ends with the same weights as a run that was never stopped.
      """)

  @OptionGroup var data: TrainingDataOptions
  @Option(help: ArgumentHelp("Folder for the trained checkpoint.", valueName: "dir")) var out: String
  @Option(help: "Steps to take.") var steps = 200
  @Option(help: "Samples a step.") var batchSize = 8
  @Option(help: "Peak learning rate.") var rate: Float = 1e-3
  @Option(help: "Steps over which the rate rises.") var warmUp = 20
  @Option(help: "How the rate falls.") var decay: TrainingSchedule.Decay = .cosine
  @Option(help: "Weight decay.") var weightDecay: Float = 0.01
  @Option(help: "Share of prompts with another sample of the same label as an example.") var fewShot = 0.0
  @Option(help: "Seed of the order and of the examples.") var seed: UInt64 = 0
  @Option(help: "Steps from one saved state to the next.") var saveEvery = 200
  @Flag(help: "Go on from the state in --out.") var resume = false
  @Flag(help: "Keep the optimiser's state beside the checkpoint.") var keepState = false
  @OptionGroup var threads: ThreadOptions

  private var statePath: String { out + "/optimizer.safetensors" }

  func validate() throws {
    for (option, value) in [("--steps", steps), ("--batch-size", batchSize), ("--save-every", saveEvery)]
    where value < 1 {
      throw WorkbenchError.outsideRange(option: option, value: "\(value)", bounds: "1 and above")
    }
    guard warmUp >= 0 else {
      throw WorkbenchError.outsideRange(option: "--warm-up", value: "\(warmUp)", bounds: "0 and above")
    }
    guard rate > 0, rate.isFinite else {
      throw WorkbenchError.outsideRange(option: "--rate", value: "\(rate)", bounds: "above 0")
    }
    guard (0...1).contains(fewShot) else {
      throw WorkbenchError.outsideRange(option: "--few-shot", value: "\(fewShot)", bounds: "0 to 1")
    }
  }

  func run() throws {
    let interrupt = InterruptHandler()
    let (model, samples) = try data.load(interrupt.cancellation)
    let trainer = Trainer(model, settings: AdamWSettings(weightDecay: weightDecay))
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    if resume { try trainer.loadState(from: statePath) }
    let schedule = TrainingSchedule(
      peakRate: rate, warmUpSteps: warmUp, decay: decay, steps: steps, batchSize: batchSize, seed: seed)
    let begun = Date()
    var tokens = 0
    while trainer.steps < steps {
      let step = trainer.steps
      if interrupt.cancellation.isCancelled {
        try trainer.saveState(to: statePath)
        throw CancellationError()
      }
      let batch = schedule.batch(at: step, of: samples.samples.count).enumerated().compactMap { number, place in
        samples.draw(
          place, fewShotShare: fewShot, seed: seed &+ UInt64(step * batchSize + number) &* 0xD1B5_4A32_D192_ED03)
      }
      guard !batch.isEmpty else {
        throw ErrorReport(
          "no response of step \(step + 1) fits the model's context", at: data.data,
          remedy: "Use a model with a longer context, or shorter samples.", status: .badData)
      }
      let loss = trainer.step(on: batch, rate: schedule.rate(at: step), workers: threads.workers)
      guard loss.isFinite else {
        throw ErrorReport(
          "the loss of step \(step + 1) is not a number", at: data.data, remedy: "Use a lower --rate.", status: .failed)
      }
      tokens += batch.reduce(0) { $0 + $1.tokens.count }
      if (step + 1) % saveEvery == 0 || step + 1 == steps { try trainer.saveState(to: statePath) }
      if (step + 1) % max(1, steps / 50) == 0 {
        let rate = Double(tokens) / Date().timeIntervalSince(begun)
        say("step \(step + 1)/\(steps)  loss \(String(format: "%.4f", loss))  \(Int(rate)) tokens/s")
      }
    }
    try trainer.saveCheckpoint(to: out, from: data.model)
    if !keepState { try? FileManager.default.removeItem(atPath: statePath) }
  }
}

/// `winnow evaluate`: how well a checkpoint answers.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Mean response loss and perplexity of a checkpoint, in all and by label.")

  @OptionGroup var data: TrainingDataOptions
  @Flag(help: "Write one JSON object.") var json = false
  @OptionGroup var threads: ThreadOptions

  /// What is said of a group of samples.
  private struct Summary: Encodable {
    var label: String?
    var samples: Int
    var loss: Double
    var perplexity: Double
  }

  private struct Answer: Encodable {
    var all: Summary
    var labels: [Summary]
    var withoutRoom: Int
  }

  func run() throws {
    let interrupt = InterruptHandler()
    let (model, samples) = try data.load(interrupt.cancellation)
    let sequences = samples.samples.indices.map { samples.sample($0) }
    let losses = model.losses(of: sequences.compactMap { $0 }, workers: threads.workers)
    var groups: [String: [Double]] = [:]
    var next = losses.makeIterator()
    for (place, sequence) in sequences.enumerated() where sequence != nil {
      guard let loss = next.next() else { continue }
      guard loss.isFinite else {
        throw ErrorReport(
          "the loss of row \(samples.samples[place].index) is not a number", at: data.data,
          remedy: "The checkpoint's weights are damaged.", status: .failed)
      }
      groups[samples.samples[place].label ?? "", default: []].append(loss)
    }
    let labels = groups.keys.sorted().filter { !$0.isEmpty }
    let answer = Answer(
      all: Self.summary(nil, losses), labels: labels.map { Self.summary($0, groups[$0] ?? []) },
      withoutRoom: sequences.count - losses.count)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      print(String(decoding: try encoder.encode(answer), as: UTF8.self))
    } else {
      for summary in [answer.all] + answer.labels {
        let name = summary.label ?? "all"
        print(
          "\(name)\t\(summary.samples)\t\(String(format: "%.5f", summary.loss))\t"
            + String(format: "%.4f", summary.perplexity))
      }
    }
    if answer.withoutRoom > 0 {
      say("note: \(answer.withoutRoom) samples have no room for a response in the model's context")
    }
  }

  private static func summary(_ label: String?, _ losses: [Double]) -> Summary {
    let mean = losses.isEmpty ? .nan : losses.reduce(0, +) / Double(losses.count)
    return Summary(label: label, samples: losses.count, loss: mean, perplexity: exp(mean))
  }
}

/// `winnow sample-model`: random weights to train or to measure with.
struct SampleModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample-model", abstract: "Write a Llama of chosen size with random weights.")

  @Option(help: "Elements of the residual stream.") var hidden = 64
  @Option(help: "Blocks.") var layers = 4
  @Option(help: "Attention heads.") var heads = 4
  @Option(help: "Heads of keys and values.") var keyValueHeads = 2
  @Option(help: "Inner elements of the feed-forward network.") var ffn = 128
  @Option(help: "Vocabulary (default: the tokenizer's).") var vocabulary: Int?
  @Option(help: "Longest sequence.") var context = 2048
  @Option(help: ArgumentHelp("Directory whose tokenizer it gets.", valueName: "dir")) var tokenizer: String
  @Option(help: "Seed of the weights.") var seed: UInt64 = 0
  @Option(help: ArgumentHelp("Where to write it.", valueName: "dir")) var out: String

  func validate() throws {
    let sizes = [
      ("--hidden", hidden), ("--layers", layers), ("--heads", heads), ("--key-value-heads", keyValueHeads),
      ("--ffn", ffn),
      ("--vocabulary", vocabulary ?? 1), ("--context", context),
    ]
    for (option, value) in sizes where !(1...1_000_000).contains(value) {
      throw WorkbenchError.outsideRange(option: option, value: "\(value)", bounds: "1 to 1000000")
    }
    guard hidden % heads == 0, hidden / heads % 2 == 0, heads % keyValueHeads == 0 else {
      throw WorkbenchError.outsideRange(
        option: "--heads", value: "\(heads) over \(keyValueHeads)",
        bounds: "a divisor of --hidden with even quotient, and a multiple of --key-value-heads")
    }
  }

  func run() throws {
    let bound = try Tokenizer(directory: tokenizer).idBound
    try RandomCheckpoint(
      hiddenSize: hidden, layers: layers, heads: heads, keyValueHeads: keyValueHeads, intermediateSize: ffn,
      vocabularySize: vocabulary ?? bound, contextLength: context, seed: seed
    ).write(to: out, tokenizerFrom: tokenizer)
  }
}

/// A line on standard error.
private func say(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
