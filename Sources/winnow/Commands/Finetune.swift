import ArgumentParser
import Domain
import Foundation
import LanguageModel
import Scoring
import Transformer
import Workbench

extension TrainingSchedule.Decay: ExpressibleByArgument {}

/// Training of a low-rank adapter instead of all parameters.
struct AdapterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Train a low-rank adapter (LoRA) of this rank, not all parameters.", valueName: "r"))
  var loraRank: Int?

  @Option(help: "The adapter's change of a weight is alpha / rank · B A (default: twice the rank).")
  var loraAlpha: Float?

  @Option(
    help: ArgumentHelp(
      "Products that are adapted, say q_proj,v_proj (the default; GPT-2: c_attn).", valueName: "names"))
  var loraTargets: String?

  @Flag(help: "Write a checkpoint with the adapter put into its weights, not the adapter alone.")
  var merge = false

  func validate() throws {
    if let loraRank, !(1...65536).contains(loraRank) {
      throw WorkbenchError.outsideRange(option: "--lora-rank", value: "\(loraRank)", bounds: "1 to 65536")
    }
    if let loraAlpha, !(loraAlpha > 0 && loraAlpha.isFinite) {
      throw WorkbenchError.outsideRange(option: "--lora-alpha", value: "\(loraAlpha)", bounds: "above 0")
    }
    if loraRank == nil, loraAlpha != nil || loraTargets != nil || merge {
      throw ErrorReport(
        "--lora-alpha, --lora-targets and --merge say how an adapter is trained", at: "--lora-rank",
        remedy: "Give --lora-rank too.", status: .unusableArguments)
    }
  }

  func adapter(of model: Model, seed: UInt64) throws -> Adapter? {
    guard let loraRank else { return nil }
    let targets = loraTargets?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    return try Adapter(
      AdapterSettings(rank: loraRank, alpha: loraAlpha ?? 2 * Float(loraRank), targets: targets, seed: seed),
      of: model.network)
  }
}

/// `winnow finetune`: trains a checkpoint, or an adapter on it.
struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune", abstract: "Train a checkpoint, or a low-rank adapter, on a file of samples.",
    discussion: """
      AdamW on the mean loss of each response. The state is saved on the way; the same command with --resume goes on from it \
      and ends with the same weights as a run that was never stopped.
      """)

  @OptionGroup var data: TrainingDataOptions
  @Option(help: ArgumentHelp("Folder for the trained checkpoint or adapter.", valueName: "dir")) var out: String
  @Option(help: "Steps to take.") var steps = 200
  @Option(help: "Samples of a batch.") var batchSize = 8
  @Option(help: "Batches whose gradients are added up for a step.") var accumulation = 1
  @Option(help: "Peak learning rate.") var rate: Float = 1e-3
  @Option(help: "Steps over which the rate rises.") var warmUp = 20
  @Option(help: "How the rate falls.") var decay: TrainingSchedule.Decay = .cosine
  @Option(help: "Weight decay.") var weightDecay: Float = 0.01
  @Option(help: ArgumentHelp("Field that holds the weight of each row's loss.", valueName: "field"))
  var weightField: String?
  @Option(help: "Share of prompts with another sample of the same label as an example.") var fewShot = 0.0
  @Option(help: "Seed of the order, of the examples and of an adapter.") var seed: UInt64 = 0
  @OptionGroup var adapter: AdapterOptions
  @Option(help: "Steps from one saved state to the next.") var saveEvery = 200
  @Option(
    help: ArgumentHelp("Steps from one checkpoint in --out to the next (default: only the last).", valueName: "n"))
  var checkpointEvery: Int?
  @Flag(help: "Go on from the state in --out.") var resume = false
  @Flag(help: "Keep the optimiser's state beside the checkpoint.") var keepState = false
  @OptionGroup var threads: ThreadOptions

  private var statePath: String { out + "/optimizer.safetensors" }

  func validate() throws {
    for (option, value) in [
      ("--steps", steps), ("--batch-size", batchSize), ("--accumulation", accumulation), ("--save-every", saveEvery),
      ("--checkpoint-every", checkpointEvery ?? 1),
    ] where !(1...1_000_000_000).contains(value) {
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
    let weights = try weightField.map { try data.weights($0, of: samples.samples, interrupt.cancellation) }
    let trainer = Trainer(
      model.network, settings: AdamWSettings(weightDecay: weightDecay),
      adapter: try adapter.adapter(of: model, seed: seed))
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    if resume { try trainer.loadState(from: statePath) }
    let schedule = TrainingSchedule(
      peakRate: rate, warmUpSteps: warmUp, decay: decay, steps: steps, batchSize: batchSize * accumulation, seed: seed)
    let line = WorkLine(total: steps, from: trainer.steps, unit: "steps")
    let begun = Date()
    var tokens = 0
    while trainer.steps < steps {
      let step = trainer.steps
      if interrupt.cancellation.isCancelled {
        line.finish()
        try trainer.saveState(to: statePath)
        WorkLine.say("note: stopped behind step \(step); --resume goes on from there")
        throw CancellationError()
      }
      let batch = try schedule.batch(at: step, of: samples.samples.count).enumerated().compactMap { number, index in
        try samples.draw(
          index, fewShotShare: fewShot,
          seed: seed &+ UInt64(step * schedule.batchSize + number) &* 0xD1B5_4A32_D192_ED03
        ).map { (sample: $0, weight: weights?[samples.samples[index].index] ?? 1) }
      }
      guard !batch.isEmpty else {
        throw ErrorReport(
          "no response of step \(step + 1) fits the model's context", at: data.data,
          remedy: "Use a model with a longer context, or shorter samples.", status: .badData)
      }
      let loss = trainer.step(
        on: batch.map(\.sample), weights: weights == nil ? nil : batch.map(\.weight), rate: schedule.rate(at: step),
        workers: threads.workers)
      guard loss.isFinite else {
        line.finish()
        throw ErrorReport(
          "the loss of step \(step + 1) is not a number", at: data.data, remedy: "Use a lower --rate.", status: .failed)
      }
      tokens += batch.reduce(0) { $0 + $1.sample.tokens.count }
      if (step + 1) % saveEvery == 0 || step + 1 == steps { try trainer.saveState(to: statePath) }
      if let checkpointEvery, (step + 1) % checkpointEvery == 0, step + 1 < steps {
        try save(trainer, to: out + "/checkpoint-\(step + 1)")
      }
      let speed = Double(tokens) / Date().timeIntervalSince(begun)
      line.show(step + 1, "loss \(String(format: "%.4f", loss))  \(Int(speed)) tokens/s")
    }
    line.finish()
    try save(trainer, to: out)
    if !keepState { try? FileManager.default.removeItem(atPath: statePath) }
  }

  private func save(_ trainer: Trainer, to directory: String) throws {
    if trainer.adapter != nil, !adapter.merge {
      try trainer.saveAdapter(to: directory, base: data.model)
    } else {
      try trainer.saveCheckpoint(to: directory, from: data.model)
    }
  }
}
