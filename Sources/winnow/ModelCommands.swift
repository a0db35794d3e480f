import ArgumentParser
import Domain
import Foundation
import LanguageModel
import Tokenizers
import Transformer

/// `winnow model …`: what the language-model engine does with a checkpoint.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Check a checkpoint's numbers and tokens against another program's.",
    subcommands: [ModelVerify.self, ModelTokenize.self, ModelChat.self, ModelGenerate.self])
}

/// `winnow model verify DIR --reference FILE.safetensors`.
struct ModelVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare logits, loss and gradients with a reference made in PyTorch.",
    discussion: """
      The reference is a .safetensors file with input_ids (int64, [T]) and any of logits ([T, V]) and labels ([T], -100 = \
      ignored) with loss and grad.<parameter name>. Prints a line for each with the largest absolute and relative error; exit 1 beyond the tolerance.
      """)

  @Argument(help: "A Hugging Face checkpoint directory.") var directory: String
  @Option(help: "The reference's .safetensors file.") var reference: String
  @Option(help: "Largest relative error that passes.") var tolerance = 1e-3
  @OptionGroup var precision: PrecisionOptions

  func run() throws {
    let verification = try Verification(
      of: Model(directory: directory, precision: precision.precision).network, against: reference)
    for line in verification.lines {
      Output.text(
        "\(line.name) absolute \(String(format: "%.3g", line.absoluteError)) "
          + "relative \(String(format: "%.3g", line.relativeError))\n")
    }
    if !verification.isWithin(tolerance) { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}

/// `winnow model tokenize DIR`: JSON strings in, arrays of ids out.
struct ModelTokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Read lines of JSON strings on standard input, write a JSON array of token ids for each.")

  @Argument(help: "A checkpoint directory, or any directory with a tokenizer.json.") var directory: String
  @Flag(help: "Add the special tokens of the tokenizer's template.") var specialTokens = false

  func run() throws {
    let tokenizer = try Tokenizer(directory: directory)
    var line = 0
    while let text = readLine() {
      line += 1
      guard let string = Tokenizer.jsonString(text) else {
        throw ErrorReport(
          "not a JSON string", at: "standard input:\(line)", remedy: "Each line is one string in double quotes.",
          status: .badData)
      }
      let ids = tokenizer.encode(string, addingSpecialTokens: specialTokens)
      print("[" + ids.map(String.init).joined(separator: ", ") + "]")
    }
  }
}

/// `winnow model chat DIR`: chats in, texts and ids out, as the model's template writes them.
struct ModelChat: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat",
    abstract:
      "Read lines of JSON lists of messages on standard input, write what the model's chat template makes of each.",
    discussion: "A message is an object with role and content. The answer is an object with text and ids, one a line.")

  @Argument(help: "A checkpoint directory with a chat template.") var directory: String
  @Flag(help: "Open the assistant's next turn.") var generationPrompt = false

  private struct Message: Decodable {
    var role: String
    var content: String
  }

  private struct Answer: Encodable {
    var text: String
    var ids: [Int32]
  }

  func run() throws {
    let template = try ChatTemplate(directory: directory)
    let tokenizer = try Tokenizer(directory: directory)
    var line = 0
    while let text = readLine() {
      line += 1
      guard let messages = try? JSONDecoder().decode([Message].self, from: Data(text.utf8)) else {
        throw ErrorReport(
          "not a list of messages", at: "standard input:\(line)",
          remedy: "Each line is a list of objects with role and content, both texts.", status: .badData)
      }
      let chat = try template.render(
        messages.map { Turn(role: $0.role, content: $0.content) }, addingGenerationPrompt: generationPrompt)
      try Output.json(Answer(text: chat, ids: tokenizer.encode(chat)))
    }
  }
}

/// `winnow model generate DIR`: prompts in, what the model says likeliest out.
struct ModelGenerate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Read lines of JSON strings on standard input, go on with each by greedy decoding.",
    discussion: "The answer is an object with text and ids, one a line, without the prompt and the token that ends it.")

  @Argument(help: "A checkpoint directory or GGUF file.") var directory: String
  @Option(help: ArgumentHelp("Tokens of an answer, at most.", valueName: "n")) var maxNewTokens = 64
  @Flag(help: "Add the special tokens of the tokenizer's template to prompts.") var specialTokens = false
  @OptionGroup var precision: PrecisionOptions

  private struct Answer: Encodable {
    var text: String
    var ids: [Int32]
  }

  func validate() throws {
    guard maxNewTokens >= 1 else {
      throw ErrorReport(
        "\(maxNewTokens) can't be taken", at: "--max-new-tokens", remedy: "Give a whole number from 1 up.",
        status: .unusableArguments)
    }
  }

  func run() throws {
    let model = try Model(directory: directory, precision: precision.precision)
    let workspace = model.network.makeWorkspace()
    let interrupt = InterruptHandler()
    var line = 0
    while let text = readLine() {
      line += 1
      guard let string = Tokenizer.jsonString(text) else {
        throw ErrorReport(
          "not a JSON string", at: "standard input:\(line)", remedy: "Each line is one string in double quotes.",
          status: .badData)
      }
      let prompt = model.tokenizer.encode(string, addingSpecialTokens: specialTokens)
      guard !prompt.isEmpty, prompt.count < model.configuration.contextLength else {
        throw ErrorReport(
          "a prompt of \(prompt.count) tokens, and the context holds \(model.configuration.contextLength)",
          at: "standard input:\(line)", remedy: "Give at least one token, and leave room for an answer.",
          status: .badData)
      }
      let ids = try model.network.greedy(
        after: prompt, limit: maxNewTokens, ends: [model.configuration.endOfSequence], in: workspace,
        cancellation: interrupt.cancellation)
      try Output.json(Answer(text: model.tokenizer.decode(ids), ids: ids))
    }
  }
}
