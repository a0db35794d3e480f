import Domain
import JSONBytes

/// Why a row is no sample: a clause for ``BadRow/reason``.
struct RowProblem: Error {
  var reason: String
}

extension RowLayout {
  /// Reads a sample from a row's fields. Throws the reason why there is none.
  func sample(from row: JSONValue, index: RowIndex) throws(RowProblem) -> Sample {
    guard row.kind == .object else {
      throw RowProblem(reason: "the row is \(row.kindName), not an object with fields")
    }
    var sample = Sample(index: index, query: .conversation([]), response: "")
    sample.id = try id.flatMap { name throws(RowProblem) in try row.field(name)?.scalarText }
    sample.label = try label.flatMap { name throws(RowProblem) in try row.field(name)?.scalarText }
    switch shape {
    case .fields(let instruction, let input, let response):
      (sample.query, sample.response) = try row.pair(instruction, input, response)
    case .instances:
      guard let list = try row.field("instances"), list.kind == .array else {
        throw RowProblem(reason: "the row has no list of \"instances\"")
      }
      let instances = list.elements
      guard instances.count == 1 else {
        throw RowProblem(reason: "the row has \(instances.count) instances, and one a row can be read")
      }
      let asked = try row.textField("instruction") ?? ""
      let (query, answer) = try instances[0].pair(nil, "input", "output", asked: asked)
      (sample.query, sample.response) = (query, answer)
    case .reading:
      guard let question = try row.textField("question"), let text = try row.textField("context") else {
        throw RowProblem(reason: "the row has no \"question\" or no \"context\"")
      }
      // A list of answers each with a text (as SQuAD's files have it), or an object with a list of texts (as its rows in
      // Parquet have it).
      var answer = try row.field("answers")
      if answer?.kind == .object { answer = try answer?.field("text") }
      answer = answer?.elements.first
      if answer?.kind == .object { answer = try answer?.field("text") }
      guard let answer = answer?.text, !answer.isBlank else {
        throw RowProblem(reason: "the row has no response: the question has no answer")
      }
      sample.query = .instruction(question, input: text)
      sample.response = answer
    case .chat(let name):
      var turns = try row.turns(name)
      // Some ShareGPT data has the system prompt beside the turns.
      if turns.first?.role != "system", let system = try? row.textField("system"), !system.isBlank {
        turns.insert(Turn(role: "system", content: system), at: 0)
      }
      guard let last = turns.lastIndex(where: { $0.role == "assistant" }) else {
        throw RowProblem(reason: "the row has no response: no turn in \"\(name)\" has the role \"assistant\"")
      }
      if turns[last].content.isBlank {
        throw RowProblem(reason: "the row has no response: the last assistant turn is empty")
      }
      if last == 0 { throw RowProblem(reason: "the row asks nothing: no turn comes before the assistant's") }
      sample.hasLossOnAllTurns = allTurns && turns[..<last].contains { $0.role == "assistant" }
      sample.response = turns[last].content
      turns.removeSubrange(last...)
      sample.query = .conversation(turns)
    }
    return sample
  }
}

extension JSONValue {
  /// The field of this name; nil if there is none. Two of them are a fault: readers disagree which one counts.
  fileprivate func field(_ name: String) throws(RowProblem) -> JSONValue? {
    guard let found = find(name) else { return nil }
    if found.count > 1 { throw RowProblem(reason: "the field \"\(name)\" stands there \(found.count) times") }
    return found.value
  }

  /// The text of a field, a number as text; nil if it is missing or null. True and false are written differently by those
  /// who read them, and are a fault.
  fileprivate func textField(_ name: String) throws(RowProblem) -> String? {
    guard let value = try field(name), value.kind != .null else { return nil }
    guard value.kind != .bool, let text = value.scalarText else {
      throw RowProblem(reason: "the field \"\(name)\" is \(value.kindName), not text")
    }
    return text
  }

  /// Question and answer from three fields. `asked` stands for the instruction where it is not among these fields.
  fileprivate func pair(
    _ instruction: String?, _ input: String?, _ response: String, asked: String = ""
  ) throws(RowProblem) -> (Query, String) {
    guard kind == .object else { throw RowProblem(reason: "an instance is \(kindName), not an object") }
    var asked = asked
    if let instruction {
      guard let text = try textField(instruction) else { throw RowProblem(reason: "the row has no \"\(instruction)\"") }
      asked = text
    }
    let given = try input.flatMap { name throws(RowProblem) in try textField(name) } ?? ""
    if asked.isBlank && given.isBlank {
      throw RowProblem(reason: "the row asks nothing: \"\(instruction ?? "instruction")\" is empty")
    }
    guard let answer = try textField(response) else {
      throw RowProblem(reason: "the row has no response: there is no \"\(response)\"")
    }
    if answer.isBlank { throw RowProblem(reason: "the row has no response: \"\(response)\" is empty") }
    return (.instruction(asked, input: given), answer)
  }

  /// Speakers as chat data names them, where that is not their role.
  private static let roles = [
    "human": "user", "gpt": "assistant", "chatgpt": "assistant", "bot": "assistant", "model": "assistant",
  ]

  /// What is said in a turn: a text, or a list of parts that are texts, a line each. What a turn does beside saying something would be
  /// lost, and is a fault.
  private func content() throws(RowProblem) -> String {
    for name in ["tool_calls", "function_call"] {
      if let calls = try field(name), calls.kind != .null, calls.kind != .array || !calls.elements.isEmpty {
        throw RowProblem(reason: "it has \"\(name)\", which cannot be read")
      }
    }
    guard let value = try field("content"), value.kind == .array else { return try textField("content") ?? "" }
    var texts: [String] = []
    for part in value.elements {
      if let text = part.text ?? part.find("text")?.value.text {
        texts.append(text)
      } else {
        let kind = part.find("type")?.value.text.map { "of the type \"\($0)\"" } ?? part.kindName
        throw RowProblem(reason: "part \(texts.count + 1) of its \"content\" is \(kind), not text")
      }
    }
    return texts.joined(separator: "\n")
  }

  /// The turns of a chat: a list of objects with a role and a content, or with from and value (ShareGPT).
  fileprivate func turns(_ name: String) throws(RowProblem) -> [Turn] {
    guard let list = try field(name) else { throw RowProblem(reason: "the row has no \"\(name)\"") }
    guard list.kind == .array else {
      throw RowProblem(reason: "the field \"\(name)\" is \(list.kindName), not a list of turns")
    }
    var turns: [Turn] = []
    try list.forEachChild { _, turn throws(RowProblem) in
      let position = "turn \(turns.count + 1) of \"\(name)\""
      guard turn.kind == .object else { throw RowProblem(reason: "\(position) is \(turn.kindName), not an object") }
      do throws(RowProblem) {
        if let role = try turn.textField("role") {
          turns.append(Turn(role: Self.roles[role] ?? role, content: try turn.content()))
        } else if let speaker = try turn.textField("from") {
          turns.append(Turn(role: Self.roles[speaker] ?? speaker, content: try turn.textField("value") ?? ""))
        } else {
          throw RowProblem(reason: "it has no \"role\"")
        }
      } catch {
        throw RowProblem(reason: "\(position): \(error.reason)")
      }
    }
    return turns
  }
}

extension String {
  /// Whether there is nothing in it but white space.
  fileprivate var isBlank: Bool {
    utf8.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) } || allSatisfy(\.isWhitespace)
  }
}
