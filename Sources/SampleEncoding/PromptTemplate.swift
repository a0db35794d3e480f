import Domain
import LanguageModel
import Tokenizers

/// How samples become text. A template is data; the run's specification names the one that was used.
package enum PromptTemplate: Sendable {
  case words(WordTemplate)
  /// The model's own way of writing a chat.
  case chat(ChatTemplate)

  package static let delift = PromptTemplate.words(.delift)
  package static let plain = PromptTemplate.words(.plain)

  /// Their names on the command line.
  package static let names = ["delift", "chat", "plain"]

  /// A template by its name; the model's own is read from its directory.
  /// Errors: `EncodingError.unknownTemplate`; `LanguageModelError` for a model that has none, or one that cannot be read.
  package static func named(_ name: String, model directory: String) throws -> PromptTemplate {
    switch name {
    case "delift": .delift
    case "plain": .plain
    case "chat": .chat(try ChatTemplate(directory: directory))
    default: throw EncodingError.unknownTemplate(name)
    }
  }

  /// A sample as tokens, without an example before it. Errors: those of a chat template; `EncodingError`.
  package func alone(_ sample: Sample, tokenizer: Tokenizer, endOfSequence: Int32) throws -> EncodedSample {
    switch self {
    case .words(let words):
      WordEncoder(template: words, tokenizer: tokenizer, endOfSequence: endOfSequence)
        .encoded(words.aloneOpening, sample)
    case .chat(let chat):
      try ChatEncoder(template: chat, tokenizer: tokenizer, endOfSequence: endOfSequence).alone(sample)
    }
  }

  /// Names all that the template's words depend on, for cache keys and manifests.
  package var contentHash: ContentHash {
    switch self {
    case .words(let template): template.contentHash
    case .chat(let template): ContentHash(combining: [ContentHash(of: "chat 1"), template.contentHash])
    }
  }

  /// Names what of a sample goes into its texts.
  package func contentHash(of sample: Sample) -> ContentHash {
    switch self {
    case .words(let template):
      let texts = [template.queryText(of: sample), template.responseText(of: sample)]
      let loss = sample.hasLossOnAllTurns ? ["all turns"] + sample.untrainedTurns : []
      return ContentHash(combining: (texts + loss).map { ContentHash(of: $0) })
    case .chat:
      var texts = sample.turns.flatMap { [$0.role, $0.content] } + ["\(sample.hasLossOnAllTurns)"]
      // What most samples do not have comes last, each with its name.
      if sample.hasLossOnAllTurns { texts += sample.untrainedTurns }
      for (number, turn) in sample.turns.enumerated() {
        if let message = turn.message { texts.append("message \(number): \(message)") }
      }
      if let tools = sample.tools { texts.append("tools: \(tools)") }
      return ContentHash(combining: texts.map { ContentHash(of: $0) })
    }
  }
}

extension Sample {
  /// The sample as a chat, its response the last turn. An instruction is a user's turn, its input a paragraph below.
  package var turns: [Turn] {
    let answer = Turn(role: "assistant", content: response, message: message)
    switch query {
    case .instruction(let instruction, let input):
      let parts = [instruction, input].filter { !$0.isEmpty }
      return [Turn(role: "user", content: parts.joined(separator: "\n\n")), answer]
    case .conversation(let turns): return turns + [answer]
    }
  }
  /// The assistant's turns that carry no loss whatever is asked, for a cache key.
  fileprivate var untrainedTurns: [String] {
    turns.enumerated().filter { !$0.element.isTrained && $0.element.role == "assistant" }.map {
      "untrained \($0.offset)"
    }
  }
}
