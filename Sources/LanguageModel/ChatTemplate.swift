import Checkpoints
import Domain
import JSONBytes
import Jinja

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

  /// The template of the model that `directory` names (see ``ModelFiles``): `chat_template.jinja`, or `chat_template` in `tokenizer_config.json` (of several
  /// the one named "default"). Errors: `noTemplate`, `badTemplate`, and those of reading a file.
  package init(directory: String) throws {
    let files = try ModelFiles(directory)
    var tokens: [String: String] = [:]
    var found: String?
    var file = directory
    if let document = try files.document("tokenizer_config.json") {
      file = document.path
      let configuration = try document.json()
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
    if let own = try files.document("chat_template.jinja") { (found, file) = (own.text, own.path) }
    guard let found else { throw LanguageModelError.noTemplate(directory: directory) }
    try self.init(found, file: file, specialTokens: tokens)
  }

  /// Names the template's words and its special tokens, for cache keys.
  package var contentHash: ContentHash {
    ContentHash(
      combining: [ContentHash(of: source)]
        + specialTokens.keys.sorted().map { ContentHash(of: "\($0)=\(specialTokens[$0] ?? "")") })
  }

  /// The text of a chat. `tools`: a JSON list of what the assistant may call. Errors: `badTemplate`, for what only shows when it is rendered: a
  /// turn that the template refuses, a value that is missing.
  package func render(
    _ turns: [Turn], tools: String? = nil, addingGenerationPrompt: Bool = false, day: JinjaDay = .standard
  ) throws(LanguageModelError) -> String {
    var variables: [String: JinjaValue] = specialTokens.mapValues { .string($0) }
    variables["messages"] = .list(turns.map(message))
    variables["add_generation_prompt"] = .bool(addingGenerationPrompt)
    variables["tools"] = tools.flatMap(JinjaValue.init(json:)) ?? JinjaValue.none
    variables["documents"] = JinjaValue.none
    do {
      return try template.render(variables, day: day)
    } catch {
      throw .badTemplate(error.problem, line: error.line, file: file)
    }
  }

  /// Whether it shows the tools that the assistant may call.
  package var readsTools: Bool { source.contains("tools") }

  /// Whether it reads an assistant's reasoning from a field of its own.
  package var readsReasoning: Bool { Self.reasoningNames.contains(where: reads) }

  /// What data and templates call the reasoning before an answer.
  private static let reasoningNames = ["reasoning_content", "reasoning", "thinking"]

  private func reads(_ name: String) -> Bool {
    ["message.\(name)", "'\(name)'", "\"\(name)\"", "m.\(name)"].contains(where: source.contains)
  }

  /// A turn as the template reads it: what the data has of it, its reasoning by the name that the template knows.
  private func message(_ turn: Turn) -> JinjaValue {
    var message = JinjaMapping()
    message["role"] = .string(turn.role)
    guard let json = turn.message, case .mapping(let whole)? = JinjaValue(json: json) else {
      message["content"] = .string(turn.content)
      return .mapping(message)
    }
    message["content"] = whole["content"] ?? JinjaValue.none
    for (key, value) in whole.members {
      guard case .string(let name) = key, name != "role", name != "content" else { continue }
      if !Self.reasoningNames.contains(name) { message[name] = value }
    }
    if let reasoning = Self.reasoningNames.lazy.compactMap({ whole[$0] }).first {
      for name in Self.reasoningNames where reads(name) || whole[name] != nil { message[name] = reasoning }
    }
    return .mapping(message)
  }
}

extension JinjaValue {
  /// What a JSON document holds; nil for a text that is none.
  fileprivate init?(json text: String) {
    let padded = Array(text.utf8) + [UInt8](repeating: 0, count: JSONReader.padding)
    let value = padded.withUnsafeBytes { bytes in
      guard let reader = try? JSONReader(),
        let root = try? reader.read(UnsafeRawBufferPointer(rebasing: bytes.dropLast(JSONReader.padding)))
      else { return JinjaValue?.none }
      return JinjaValue(root)
    }
    guard let value else { return nil }
    self = value
  }

  private init(_ value: JSONValue) {
    switch value.kind {
    case .null: self = .none
    case .bool: self = .bool(value.bool)
    case .integer, .unsigned: self = value.scalarText.flatMap { Int($0) }.map { .int($0) } ?? .double(value.number)
    case .double: self = .double(value.number)
    case .string: self = .string(value.text ?? "")
    case .array: self = .list(value.elements.map { JinjaValue($0) })
    case .object:
      var mapping = JinjaMapping()
      value.forEachChild { name, child in
        if let name { mapping[name] = JinjaValue(child) }
      }
      self = .mapping(mapping)
    }
  }
}
