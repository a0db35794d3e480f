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
    subcommands: [ModelVerify.self, ModelTokenize.self, ModelChat.self])
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
