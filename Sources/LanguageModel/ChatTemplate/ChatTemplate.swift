import Domain
import Foundation
import Numerics

/// A model's own way of writing a chat: the `chat_template` of its tokenizer, a Jinja template, rendered here.
///
/// The subset covers what the templates of Llama 2, 3 and 3.x, Qwen2, 2.5 and 3, Mistral, Zephyr, SmolLM2 and ChatML use; a
/// construct outside it is refused by name, with its line. Rendering is bounded in time and memory: see ``JinjaRenderer``.
package struct ChatTemplate: Sendable {
  /// The template's text.
  package let source: String
  private let file: String
  private let nodes: [JinjaNode]
  private let specialTokens: [String: String]

  /// A template's text; `file` is what errors name. `specialTokens`: `bos_token` and the like, as the template calls them.
  /// Errors: `badTemplate`.
  package init(_ source: String, file: String, specialTokens: [String: String]) throws(LanguageModelError) {
    self.source = source
    self.file = file
    self.specialTokens = specialTokens
    do {
      nodes = try JinjaParser.parse(source)
    } catch {
      throw .badTemplate(error.problem, line: error.line, file: file)
    }
  }

  /// The template of a checkpoint directory: `chat_template.jinja`, or `chat_template` in `tokenizer_config.json` (of several
  /// the one named "default"). Errors: `noTemplate`, `badTemplate`, and those of reading a file.
  package init(directory: String) throws(LanguageModelError) {
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
    guard let found else { throw .noTemplate(directory: directory) }
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
    _ turns: [Turn], addingGenerationPrompt: Bool = false, day: ChatTemplateDay = .standard
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
      return try JinjaRenderer.render(nodes, variables: variables, day: day)
    } catch {
      throw .badTemplate(error.problem, line: error.line, file: file)
    }
  }
}

/// The day that a template writes where it asks for today's: a fixed one, so that a run gives the same answer tomorrow and
/// its scores stay in the cache.
package struct ChatTemplateDay: Sendable, Hashable {
  package var year: Int
  package var month: Int
  package var day: Int

  /// The day that Llama 3's templates fall back on.
  package static let standard = ChatTemplateDay(year: 2024, month: 7, day: 26)

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  /// Sakamoto's rule: 0 for Sunday.
  private var weekday: Int {
    let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    let year = month < 3 ? year - 1 : year
    return (year + year / 4 - year / 100 + year / 400 + shifts[month - 1] + day) % 7
  }

  /// What Python's `strftime` makes of it, at midnight.
  func text(_ format: String, _ line: Int) throws(JinjaError) -> String {
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    var result = ""
    var scalars = format.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      var directive = scalars.next()
      // `%-d`: without the zero before it.
      let isPlain = directive == "-"
      if isPlain { directive = scalars.next() }
      func number(_ value: Int) -> String { isPlain ? "\(value)" : padded(value) }
      switch directive {
      case "d": result += number(day)
      case "m": result += number(month)
      case "y": result += number(year % 100)
      case "Y": result += "\(year)"
      case "B": result += Self.months[month - 1]
      case "b": result += Self.months[month - 1].prefix(3)
      case "A": result += Self.weekdays[weekday]
      case "a": result += Self.weekdays[weekday].prefix(3)
      case "H", "M", "S": result += number(0)
      case "F": result += "\(year)-\(padded(month))-\(padded(day))"
      case "%": result += "%"
      default:
        throw JinjaError(
          line: line, problem: "the directive \"%\(directive.map(String.init) ?? "")\" of strftime_now is not supported"
        )
      }
    }
    return result
  }
}
