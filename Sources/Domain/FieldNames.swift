/// Fields that the user names where the data's own names say too little: `prompt=question,response=answer,label=topic`. A name that no field
/// has may be a way into lists and objects: `response=answers.text[0]`.
package struct FieldNames: Sendable, Hashable, Codable {
  package var prompt: String?
  package var input: String?
  package var response: String?
  /// What the model is told before the prompt.
  package var system: String?
  /// A list of turns, instead of prompt and response.
  package var messages: String?
  package var label: String?
  package var id: String?

  /// Nothing named: all is found from the data.
  package init() {}

  /// Reads a list of `what=field`, separated by commas; `what` is prompt, input, response, system, messages, label or id.
  package init(parsing text: String) throws(ErrorReport) {
    func refuse(_ reason: String) -> ErrorReport {
      ErrorReport(
        "cannot read the fields \"\(text)\": \(reason)", at: "--fields",
        remedy: "Give, for example, prompt=question,response=answer.", status: .unusableArguments)
    }
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, !pair[1].isEmpty else { throw refuse("\"\(part)\" is not of the form what=field") }
      let field: WritableKeyPath<FieldNames, String?>
      switch pair[0] {
      case "prompt", "instruction", "question": field = \.prompt
      case "input": field = \.input
      case "response", "output", "answer": field = \.response
      case "system": field = \.system
      case "messages": field = \.messages
      case "label": field = \.label
      case "id": field = \.id
      default: throw refuse("\"\(pair[0])\" is none of prompt, input, response, system, messages, label, id")
      }
      if self[keyPath: field] != nil { throw refuse("\"\(pair[0])\" is named twice") }
      self[keyPath: field] = String(pair[1])
    }
    if messages != nil && (prompt != nil || input != nil || response != nil) {
      throw refuse("messages stands for prompt, input and response")
    }
    if (prompt == nil) != (response == nil) { throw refuse("prompt and response go together") }
    if input != nil && prompt == nil { throw refuse("input needs prompt and response") }
    if system != nil && prompt == nil && messages == nil {
      throw refuse("system needs prompt and response, or messages")
    }
  }

  /// The option that names them, to be pasted; nil where a name cannot be written in it.
  package var option: String? {
    if all.contains(where: { $0.contains(",") || $0.unicodeScalars.contains { $0.value < 0x20 } }) { return nil }
    let parts = [
      ("prompt", prompt), ("input", input), ("response", response), ("system", system), ("messages", messages),
      ("label", label), ("id", id),
    ].compactMap { what, name in name.map { "\(what)=\($0)" } }
    let list = parts.joined(separator: ",")
    let isPlain = list.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
        || "_-.,=/".utf8.contains(byte)
    }
    return "--fields " + (isPlain ? list : "'" + list.replacing("'", with: "'\\''") + "'")
  }

  /// All fields that are named.
  package var all: [String] { [prompt, input, response, system, messages, label, id].compactMap(\.self) }
}

/// How a file's text is encoded.
package enum TextEncoding: String, Sendable, Hashable, Codable, CaseIterable {
  case utf8 = "utf-8"
  case windows1252 = "windows-1252"
  case utf16 = "utf-16"
}

/// What becomes of answers that the data marks as not wanted (KTO's `label: false`, `is_safe: false`).
package enum UnwantedAnswers: String, Sendable, Hashable, Codable, CaseIterable { case keep, drop }

/// How a choice among several answers is written: lettered, or by its text alone.
package enum ChoiceWriting: String, Sendable, Hashable, Codable, CaseIterable { case letters, texts }

/// What becomes of the reasoning that stands beside an answer: it is written before the answer in `<think>` marks, left out, or given to the
/// chat template, which decides.
package enum ReasoningUse: String, Sendable, Hashable, Codable, CaseIterable { case keep, drop, template }

/// How files of samples are read, as far as the data is not left to say it: part of what decides a run's answer.
package struct DatasetReading: Sendable, Hashable, Codable {
  /// Nil to find it.
  package var format: DatasetFormat?
  package var fields: FieldNames
  /// Of a chat, all assistant turns carry the loss and not only the last.
  package var allTurns: Bool
  package var unwanted: UnwantedAnswers
  package var choices: ChoiceWriting
  package var reasoning: ReasoningUse
  /// Nil for UTF-8, or what a byte-order mark says.
  package var encoding: TextEncoding?
  /// Names of a table's columns, where it has no header.
  package var columns: [String]?

  package init(
    format: DatasetFormat? = nil, fields: FieldNames = FieldNames(), allTurns: Bool = false,
    unwanted: UnwantedAnswers = .drop, choices: ChoiceWriting = .letters, reasoning: ReasoningUse = .template,
    encoding: TextEncoding? = nil, columns: [String]? = nil
  ) {
    self.format = format
    self.fields = fields
    self.allTurns = allTurns
    self.unwanted = unwanted
    self.choices = choices
    self.reasoning = reasoning
    self.encoding = encoding
    self.columns = columns
  }

  /// Reads what an older version may have written: what it does not say has its default.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      format: try container.decodeIfPresent(DatasetFormat.self, forKey: .format),
      fields: try container.decodeIfPresent(FieldNames.self, forKey: .fields) ?? FieldNames(),
      allTurns: try container.decodeIfPresent(Bool.self, forKey: .allTurns) ?? false,
      unwanted: try container.decodeIfPresent(UnwantedAnswers.self, forKey: .unwanted) ?? .drop,
      choices: try container.decodeIfPresent(ChoiceWriting.self, forKey: .choices) ?? .letters,
      reasoning: try container.decodeIfPresent(ReasoningUse.self, forKey: .reasoning) ?? .template,
      encoding: try container.decodeIfPresent(TextEncoding.self, forKey: .encoding),
      columns: try container.decodeIfPresent([String].self, forKey: .columns))
  }
}
