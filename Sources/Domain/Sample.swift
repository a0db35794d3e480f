/// One supervised sample: what the model is asked, and the answer it is trained on.
package struct Sample: Sendable, Hashable, Codable {
  /// The row it was read from. Stays the same under `--limit`, filters and sorting.
  package var index: RowIndex
  /// The data's own identifier, if it has one.
  package var id: String?
  /// The family, task or source the row belongs to, if the data says.
  package var label: String?
  package var query: Query
  /// The text whose tokens carry the loss.
  package var response: String
  /// The assistant's earlier turns in the query carry the loss too, those that are trained.
  package var hasLossOnAllTurns: Bool
  /// The answer's message as the data has it, as ``Turn/message``.
  package var message: String?
  /// Tools that the assistant may call, a JSON list, for chat templates that show them; nil for none.
  package var tools: String?

  package init(
    index: RowIndex, id: String? = nil, label: String? = nil, query: Query, response: String,
    hasLossOnAllTurns: Bool = false, message: String? = nil, tools: String? = nil
  ) {
    self.index = index
    self.id = id
    self.label = label
    self.query = query
    self.response = response
    self.hasLossOnAllTurns = hasLossOnAllTurns
    self.message = message
    self.tools = tools
  }

  /// Instruction and input as ``Query/instructionAndInput`` has them, with the tools that may be called at their head.
  package var instructionAndInput: (instruction: String, input: String) {
    var asked = query.instructionAndInput
    if let tools { asked.instruction = Self.plain(tools: tools) + "\n" + asked.instruction }
    return asked
  }

  /// Tools in plain words.
  package static func plain(tools: String) -> String { "tools: \(tools)" }
}

/// What the model is asked, as the file's schema gives it; a prompt template turns it into text.
package enum Query: Sendable, Hashable, Codable {
  /// An instruction and the input it works on (Alpaca); prompt/completion and question/answer rows have no input.
  case instruction(String, input: String)
  /// The turns of a chat before the last answer, the system prompt among them.
  case conversation([Turn])

  /// The instruction and input that an instruction template names. A chat of one user turn gives that turn; a longer
  /// one its turns, each headed by its role.
  package var instructionAndInput: (instruction: String, input: String) {
    switch self {
    case .instruction(let instruction, let input):
      return (instruction, input)
    case .conversation(let turns):
      if turns.count == 1 { return (turns[0].content, "") }
      return (turns.map { "\($0.role): \($0.content)" }.joined(separator: "\n"), "")
    }
  }
}

/// One turn of a chat.
package struct Turn: Sendable, Hashable, Codable {
  package var role: String
  /// What is said, with calls of tools in plain words.
  package var content: String
  /// Whether the turn may carry the loss: data can say that an assistant's turn is context and no more (`weight: 0`, `train: false`).
  package var isTrained: Bool
  /// The whole message as a JSON object, for chat templates, where it has more than role and words: calls of tools, reasoning, a name.
  package var message: String?

  package init(role: String, content: String, isTrained: Bool = true, message: String? = nil) {
    self.role = role
    self.content = content
    self.isTrained = isTrained
    self.message = message
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    role = try container.decode(String.self, forKey: .role)
    content = try container.decode(String.self, forKey: .content)
    isTrained = try container.decodeIfPresent(Bool.self, forKey: .isTrained) ?? true
    message = try container.decodeIfPresent(String.self, forKey: .message)
  }
}
