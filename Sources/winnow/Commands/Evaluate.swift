import ArgumentParser
import Domain
import Foundation
import Workbench

/// `winnow evaluate`: how well a checkpoint answers.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Mean response loss and perplexity of a checkpoint, in all and by label.")

  @OptionGroup var data: TrainingDataOptions
  @Option(help: ArgumentHelp("Add this low-rank adapter, in PEFT's form, to the model.", valueName: "dir"))
  var adapter: String?
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
    let (model, samples) = try data.load(adapter: adapter, interrupt.cancellation)
    let sequences = try samples.samples.indices.map { try samples.sample($0) }
    let measured = sequences.compactMap { $0 }
    let line = WorkLine(total: measured.count, unit: "samples")
    var losses: [Double] = []
    // A piece is a whole number of the engine's batches, so that pieces change no bit.
    for start in stride(from: 0, to: measured.count, by: 64) {
      try interrupt.cancellation.check()
      losses += model.network.losses(
        of: Array(measured[start..<min(start + 64, measured.count)]), workers: threads.workers)
      line.show(losses.count)
    }
    line.finish()
    var groups: [String: [Double]] = [:]
    var next = losses.makeIterator()
    for (number, sequence) in sequences.enumerated() where sequence != nil {
      guard let loss = next.next() else { continue }
      guard loss.isFinite else {
        throw ErrorReport(
          "the loss of row \(samples.samples[number].index) is not a number", at: data.data,
          remedy: "The checkpoint's weights are damaged.", status: .failed)
      }
      groups[samples.samples[number].label ?? "", default: []].append(loss)
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
      Output.text(String(decoding: try encoder.encode(answer), as: UTF8.self) + "\n")
    } else {
      for summary in [answer.all] + answer.labels {
        let name = summary.label ?? "all"
        Output.text(
          "\(name)\t\(summary.samples)\t\(String(format: "%.5f", summary.loss))\t"
            + String(format: "%.4f", summary.perplexity) + "\n")
      }
    }
    if answer.withoutRoom > 0 {
      WorkLine.say("note: \(answer.withoutRoom) samples have no room for a response in the model's context")
    }
  }

  private static func summary(_ label: String?, _ losses: [Double]) -> Summary {
    let mean = losses.isEmpty ? .nan : losses.reduce(0, +) / Double(losses.count)
    return Summary(label: label, samples: losses.count, loss: mean, perplexity: exp(mean))
  }
}
