/// One supervised sample: what the model is asked, and the answer it is trained on.
package struct Sample: Sendable, Hashable, Codable {
  /// The row's place in its file, counted from 0. Stays the same under `--limit`, filters and sorting.
  package var index: Int
  /// The data's own identifier, if it has one.
  package var id: String?
  /// The family, task or source the row belongs to, if the data says.
  package var label: String?
  package var query: Query
  /// The text whose tokens carry the loss.
  package var response: String
  /// The assistant's earlier turns in the query carry the loss too.
  package var hasLossOnAllTurns: Bool

  package init(
    index: Int, id: String? = nil, label: String? = nil, query: Query, response: String,
    hasLossOnAllTurns: Bool = false
  ) {
    self.index = index
    self.id = id
    self.label = label
    self.query = query
    self.response = response
    self.hasLossOnAllTurns = hasLossOnAllTurns
  }
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
  package var content: String

  package init(role: String, content: String) {
    self.role = role
    self.content = content
  }
}
