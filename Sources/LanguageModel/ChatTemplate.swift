import Checkpoints
import Domain
import Foundation
import JSONBytes
import Jinja
import Numerics

/// A model's own way of writing a chat: the `chat_template` of its tokenizer, a Jinja template, rendered by ``JinjaTemplate``.
///
/// The subset covers what the templates of Llama 2, 3 and 3.x, Qwen2, 2.5 and 3, Mistral, Zephyr, SmolLM2 and ChatML use; a
/// construct outside it is refused by name, with its line.
package struct ChatTemplate: Sendable {
  /// The template's text.
  package let source: String
  private let file: String
  private let template: JinjaTemplate
  private let specialTokens: [String: String]

  /// A template's text; `file` is what errors name. `specialTokens`: `bos_token` and the like, as the template calls them.
  /// Errors: `badTemplate`.
  package init(_ source: String, file: String, specialTokens: [String: String]) throws(LanguageModelError) {
    self.source = source
    self.file = file
    self.specialTokens = specialTokens
    do {
      template = try JinjaTemplate(source)
    } catch {
      throw .badTemplate(error.problem, line: error.line, file: file)
    }
  }

  /// The template of a checkpoint directory: `chat_template.jinja`, or `chat_template` in `tokenizer_config.json` (of several
  /// the one named "default"). Errors: `noTemplate`, `badTemplate`, and those of reading a file.
  package init(directory: String) throws {
    let path = directory + "/tokenizer_config.json"
    var tokens: [String: String] = [:]
    var found: String?
    if FileManager.default.fileExists(atPath: path) {
      let configuration = try JSON.parse(MappedFile(checkpoint: path))
      for (key, value) in configuration.members ?? [] {
        let name = String(decoding: key, as: UTF8.self)
        if name.hasSuffix("_token"), let text = value.text ?? value["content"]?.text { tokens[name] = text }
      }
      let template = configuration["chat_template"]
      found = template?.text
      if let several = template?.array {
        found = (several.first { $0["name"]?.text == "default" } ?? several.first)?["template"]?.text
      }
    }
    let own = directory + "/chat_template.jinja"
    var file = path
    if FileManager.default.fileExists(atPath: own) {
      let mapped = try MappedFile(checkpoint: own)
      found = withExtendedLifetime(mapped) { String(decoding: mapped.bytes, as: UTF8.self) }
      file = own
    }
    guard let found else { throw LanguageModelError.noTemplate(directory: directory) }
    try self.init(found, file: file, specialTokens: tokens)
  }

  /// Names the template's words and its special tokens, for cache keys.
  package var contentHash: ContentHash {
    ContentHash(
      combining: [ContentHash(of: source)]
        + specialTokens.keys.sorted().map { ContentHash(of: "\($0)=\(specialTokens[$0] ?? "")") })
  }

  /// The text of a chat. Errors: `badTemplate`, for what only shows when it is rendered: a turn that the template refuses, a
  /// value that is missing.
  package func render(
    _ turns: [Turn], addingGenerationPrompt: Bool = false, day: JinjaDay = .standard
  ) throws(LanguageModelError) -> String {
    var variables: [String: JinjaValue] = specialTokens.mapValues { .string($0) }
    variables["messages"] = .list(
      turns.map { turn in
        var message = JinjaMapping()
        message["role"] = .string(turn.role)
        message["content"] = .string(turn.content)
        return .mapping(message)
      })
    variables["add_generation_prompt"] = .bool(addingGenerationPrompt)
    variables["tools"] = JinjaValue.none
    variables["documents"] = JinjaValue.none
    do {
      return try template.render(variables, day: day)
    } catch {
      throw .badTemplate(error.problem, line: error.line, file: file)
    }
  }
}
