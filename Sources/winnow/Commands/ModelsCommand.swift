import ArgumentParser
import Domain
import Foundation
import LanguageModel

/// `winnow models`: models that are on this machine.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List models on this machine that --model takes.",
    discussion: """
      Looks in the Hugging Face cache (HF_HOME, HF_HUB_CACHE), in Ollama's models (OLLAMA_MODELS) and in LM Studio's. Memory is that of \
      the weights as they are stored; tokens a second are reckoned from this machine's speed at a product of matrices.
      """)

  @Flag(help: "Print a JSON array.") var json = false
  @OptionGroup var threads: ThreadOptions

  func run() throws {
    let (found, refused) = ModelCatalog().models(speed: ModelCatalog.speed(workers: threads.workers))
    if json { return try Output.json(found) }
    for (path, reason) in refused { WorkLine.say("note: \(path) can't be used: \(reason)") }
    if found.isEmpty {
      return WorkLine.say(
        "No models found in the Hugging Face cache, Ollama's or LM Studio's folders; --model takes any checkpoint folder or .gguf file."
      )
    }
    func size(_ number: Int, _ unit: String) -> String {
      let value = Double(number)
      return value >= 1e9
        ? String(format: "%.1f G", value / 1e9) + unit
        : value >= 1e6 ? String(format: "%.0f M", value / 1e6) + unit : String(format: "%.0f k", value / 1e3) + unit
    }
    let lines = found.map { model in
      [
        Console.plain(model.model), model.family, size(model.parameters, ""), size(model.bytes, "B"),
        "\(model.context)", size(model.memory, "B") + (model.fits ? "" : " (not free now)"),
        "\(Int(model.tokensPerSecond.rounded()))", model.source,
      ]
    }
    guard Console.isTerminal else {
      return Output.text(lines.map { $0.joined(separator: "\t") + "\n" }.joined())
    }
    Output.text(
      Console.table(["--model", "family", "parameters", "on disk", "context", "memory", "tokens/s", "from"], lines))
  }
}
