import Domain
import JSONBytes

/// Why a row is no sample: a clause for ``BadRow/reason``.
struct RowProblem: Error {
  var reason: String
  /// The row is as it should be and is left out all the same, counted by this reason and no fault of the data.
  var isLeftOut = false

  init(reason: String) { self.reason = reason }

  init(leftOut reason: String) {
    self.reason = reason
    isLeftOut = true
  }
}

/// What a user should know of how a row was read, counted over all rows.
enum RowRemark: Int, CaseIterable, Sendable {
  case reasoning, unwantedKept, booleanAnswer, firstOfSeveral, preambleLeftOut, untrainedTurns, unwantedBeside,
    halfSurrogate

  /// A sentence for so many rows.
  func note(_ rows: Int, _ reading: DatasetReading) -> String {
    let have = rows == 1 ? "1 row has" : "\(rows) rows have"
    return switch self {
    case .reasoning:
      switch reading.reasoning {
      case .template:
        "\(have) reasoning beside the answer: a chat template that knows of it decides, others leave it out (--reasoning keep|drop)."
      case .keep: "\(have) reasoning beside the answer; it is written before it, in <think> marks."
      case .drop: "\(have) reasoning beside the answer; it is left out."
      }
    case .unwantedKept: "\(have) an answer that the data marks as not wanted, and kept as asked."
    case .booleanAnswer: "\(have) true or false for an answer, read as these words."
    case .firstOfSeveral: "\(have) several answers, of which the first was taken."
    case .preambleLeftOut: "\(have) words of a template before the instruction, which are left out."
    case .unwantedBeside: "\(have) an unwanted answer beside the one that is the response; it is left out."
    case .halfSurrogate:
      "\(have) an escape for half of a character (a lone surrogate), read as U+FFFD."
    case .untrainedTurns:
      "\(have) assistant turns that the data keeps from training: they are context and never the response."
    }
  }
}

/// Remarks on one row.
struct RowRemarks: OptionSet, Sendable {
  var rawValue: UInt32
  static func of(_ remark: RowRemark) -> RowRemarks { RowRemarks(rawValue: 1 << UInt32(remark.rawValue)) }
  mutating func note(_ remark: RowRemark) { insert(.of(remark)) }
}

extension RowLayout {
  /// Reads a sample from a row's fields. Throws the reason why there is none.
  func sample(from row: JSONValue, index: RowIndex, remarks: inout RowRemarks) throws(RowProblem) -> Sample {
    guard row.kind == .object else {
      throw RowProblem(reason: "the row is \(row.kindName), not an object with fields")
    }
    var sample = Sample(index: index, query: .conversation([]), response: "")
    sample.id = try id.flatMap { name throws(RowProblem) in try row.field(name)?.scalarText }
    sample.label = try label.flatMap { name throws(RowProblem) in try row.field(name)?.scalarText }
    if let wanted, try row.field(wanted)?.truth == false {
      if reading.unwanted == .drop { throw RowProblem(leftOut: "not wanted, as \"\(wanted)\" says") }
      remarks.note(.unwantedKept)
    }
    switch shape {
    case .fields(let instruction, let input, let response, _):
      let (asked, answer) = try (row.field(instruction), row.field(response))
      if asked?.isListOfTurns == true || answer?.isListOfTurns == true {
        try readChat(row, prompt: instruction, answer: response, into: &sample, &remarks)
      } else {
        (sample.query, sample.response) = try row.pair(instruction, input, response, remarks: &remarks)
        try addTurnsBefore(row, to: &sample)
      }
    case .instances(let instruction, let name):
      guard let list = try row.field(name), list.kind == .array else {
        throw RowProblem(reason: "the row has no list of \"\(name)\"")
      }
      let instances = list.elements
      guard instances.count == 1 else {
        throw RowProblem(reason: "the row has \(instances.count) instances, and one a row can be read")
      }
      let asked = try row.instructionField(instruction)
      let (query, answer) = try instances[0].pair(nil, "input", "output", asked: asked, remarks: &remarks)
      (sample.query, sample.response) = (query, answer)
    case .replies(let name):
      guard let root = try row.field(name), root.isObject else {
        throw RowProblem(reason: "the row has no first message \"\(name)\"")
      }
      try take(MessageTree.bestPath(from: root), of: row, name, into: &sample, &remarks)
    case .messageOfTree:
      throw RowProblem(reason: "the message is part of a tree that is not read")
    case .reading:
      guard let question = try row.textField("question"), let text = try row.textField("context") else {
        throw RowProblem(reason: "the row has no \"question\" or no \"context\"")
      }
      // A list of answers each with a text (as SQuAD's files have it), or an object with a list of texts (as its rows in
      // Parquet have it).
      var answer = try row.field("answers")
      let isMarked = (try row.field("is_impossible"))?.truth == true
      if answer?.kind == .object { answer = try answer?.field("text") }
      if isMarked || answer?.kind == .array && answer?.elements.isEmpty == true {
        throw RowProblem(leftOut: "a question without an answer")
      }
      answer = answer?.elements.first
      if answer?.kind == .object { answer = try answer?.field("text") }
      guard let answer = answer?.text, !answer.isBlank else {
        throw RowProblem(reason: "the row has no response: the question has no answer")
      }
      sample.query = .instruction(question, input: text)
      sample.response = answer
    case .choices(let choices):
      (sample.query, sample.response) = try row.choice(choices, reading.choices)
    case .chat(let name):
      try take(row.turns(name, reading.reasoning, &remarks), of: row, name, into: &sample, &remarks)
    case .alternating(let name):
      try take(row.alternatingTurns(name), of: row, name, into: &sample, &remarks)
    case .exchanges(let name):
      try take(row.exchangedTurns(name), of: row, name, into: &sample, &remarks)
    case .marked(let name):
      guard let text = try row.textField(name) else { throw RowProblem(reason: "the row has no \"\(name)\"") }
      guard let transcript = Transcript(text) else {
        throw RowProblem(reason: "\"\(name)\" has no marks that tell who speaks")
      }
      if transcript.hasTemplateWords { remarks.note(.preambleLeftOut) }
      if let instruction = transcript.instruction {
        guard !instruction.response.isBlank else {
          throw RowProblem(reason: "the row has no response: \"\(name)\" ends without")
        }
        sample.query = .instruction(instruction.instruction, input: instruction.input)
        sample.response = instruction.response
      } else {
        try take(transcript.turns, of: row, name, into: &sample, &remarks)
      }
    case .preference(let prompt, let chosen):
      try readPreference(row, prompt, chosen, into: &sample, &remarks)
    case .calls(let query, let tools, let answers):
      guard let asked = try row.textField(query), !asked.isBlank else {
        throw RowProblem(reason: "the row asks nothing: there is no \"\(query)\"")
      }
      sample.tools = try row.field(tools)?.jsonList
      sample.query = .conversation([Turn(role: "user", content: asked)])
      guard let calls = try row.field(answers).flatMap(ToolCalls.init), !calls.isEmpty else {
        throw RowProblem(reason: "the row has no response: \"\(answers)\" has no calls")
      }
      sample.response = calls.plain
      sample.message = calls.message(content: "null", beside: "")
      try addTurnsBefore(row, to: &sample)
    }
    return sample
  }

  /// A chat as a sample: the last assistant turn that is trained is the response, those before it the query.
  private func take(
    _ turns: [Turn], of row: JSONValue, _ name: String, into sample: inout Sample, _ remarks: inout RowRemarks
  ) throws(RowProblem) {
    var turns = turns
    // Some ShareGPT data has the system prompt beside the turns.
    if turns.first?.role != "system", let text = try? row.textField(system ?? "system"), !text.isBlank {
      turns.insert(Turn(role: "system", content: text), at: 0)
    }
    let answers = turns.indices.filter { turns[$0].role == "assistant" }
    guard let last = answers.last(where: { turns[$0].isTrained }) else {
      throw RowProblem(
        reason: answers.isEmpty
          ? "the row has no response: no turn in \"\(name)\" has the role \"assistant\""
          : "the row has no response: no assistant turn in \"\(name)\" is to be trained")
    }
    if answers.contains(where: { !turns[$0].isTrained }) { remarks.note(.untrainedTurns) }
    if turns[last].content.isBlank {
      throw RowProblem(reason: "the row has no response: the last assistant turn is empty")
    }
    if last == 0 { throw RowProblem(reason: "the row asks nothing: no turn comes before the assistant's") }
    sample.hasLossOnAllTurns = allTurns && turns[..<last].contains { $0.role == "assistant" && $0.isTrained }
    sample.response = turns[last].content
    sample.message = turns[last].message
    if let tools { sample.tools = try row.field(tools)?.jsonList }
    turns.removeSubrange(last...)
    sample.query = .conversation(turns)
  }

  /// Prompt and answer of which one or both are lists of turns. Turns of the prompt carry no loss.
  private func readChat(
    _ row: JSONValue, prompt: String, answer: String, into sample: inout Sample, _ remarks: inout RowRemarks
  ) throws(RowProblem) {
    var turns = try row.spokenPrompt(prompt, reading.reasoning, &remarks)
    if try row.field(answer)?.kind == .array {
      let answers = try row.turns(answer, reading.reasoning, &remarks)
      // An answer that begins with a question is the whole chat.
      turns = answers.first.map { $0.role == "assistant" || $0.role == "tool" } == true ? turns + answers : answers
    } else {
      guard let text = try row.textField(answer) else {
        throw RowProblem(reason: "the row has no response: there is no \"\(answer)\"")
      }
      turns.append(Turn(role: "assistant", content: text))
    }
    try take(turns, of: row, answer, into: &sample, &remarks)
  }

  private func readPreference(
    _ row: JSONValue, _ prompt: String?, _ chosen: String, into sample: inout Sample, _ remarks: inout RowRemarks
  ) throws(RowProblem) {
    guard let answer = try row.field(chosen), answer.kind != .null else {
      throw RowProblem(reason: "the row has no response: there is no \"\(chosen)\"")
    }
    remarks.note(.unwantedBeside)
    guard let prompt else {
      if answer.kind == .array {
        return try take(row.turns(chosen, reading.reasoning, &remarks), of: row, chosen, into: &sample, &remarks)
      }
      guard let transcript = answer.text.flatMap({ Transcript($0) }) else {
        throw RowProblem(reason: "the row asks nothing: \"\(chosen)\" is no chat, and there is no prompt")
      }
      return try take(transcript.turns, of: row, chosen, into: &sample, &remarks)
    }
    if answer.kind == .object {
      // One message, or an answer with its text.
      guard let text = try answer.textField(among: ["content", "value", "text"]) else {
        throw RowProblem(reason: "the row has no response: \"\(chosen)\" has no \"content\"")
      }
      let turns = try row.spokenPrompt(prompt, reading.reasoning, &remarks) + [Turn(role: "assistant", content: text)]
      return try take(turns, of: row, chosen, into: &sample, &remarks)
    }
    let asked = try row.field(prompt)
    let transcript = asked?.text.flatMap { Transcript($0, isPrompt: true) }
    if asked?.kind == .array || answer.kind == .array || transcript != nil {
      if let asked = asked?.text, let whole = answer.text, transcript != nil, whole.utf8.starts(with: asked.utf8),
        let chat = Transcript(whole)
      {
        return try take(chat.turns, of: row, chosen, into: &sample, &remarks)
      }
      return try readChat(row, prompt: prompt, answer: chosen, into: &sample, &remarks)
    }
    (sample.query, sample.response) = try row.pair(prompt, nil, chosen, remarks: &remarks)
    try addTurnsBefore(row, to: &sample)
  }

  /// Puts a system prompt and earlier exchanges that stand in fields of their own before the prompt.
  private func addTurnsBefore(_ row: JSONValue, to sample: inout Sample) throws(RowProblem) {
    if system == nil && history == nil { return }
    var before: [Turn] = []
    if let system, let text = try? row.textField(system), !text.isBlank {
      before.append(Turn(role: "system", content: text))
    }
    if let history, let list = try row.field(history), list.kind == .array {
      for exchange in list.elements {
        let texts = exchange.elements.compactMap(\.text)
        guard texts.count == 2 else { continue }
        before += [Turn(role: "user", content: texts[0]), Turn(role: "assistant", content: texts[1])]
      }
    }
    if before.isEmpty { return }
    sample.query = .conversation(before + sample.asked)
    sample.hasLossOnAllTurns = allTurns && before.contains { $0.role == "assistant" }
  }
}

extension Sample {
  /// The query as turns.
  fileprivate var asked: [Turn] {
    switch query {
    case .conversation(let turns): turns
    case .instruction(let instruction, let input):
      [Turn(role: "user", content: [instruction, input].filter { !$0.isEmpty }.joined(separator: "\n\n"))]
    }
  }
}

extension JSONValue {
  /// The field of this name; nil if there is none. Two of them are a fault: readers disagree which one counts. A name that no field has may
  /// be a way into lists and objects.
  func field(_ name: String) throws(RowProblem) -> JSONValue? {
    guard let found = find(name) else { return FieldPath(name)?.value(in: self) }
    if found.count > 1 { throw RowProblem(reason: "the field \"\(name)\" stands there \(found.count) times") }
    return found.value
  }

  /// The text of a field, a number as text; nil if it is missing or null. True and false are written differently by those
  /// who read them, and are a fault.
  func textField(_ name: String) throws(RowProblem) -> String? {
    guard let value = try field(name), value.kind != .null else { return nil }
    guard value.kind != .bool, let text = value.scalarText else {
      throw RowProblem(reason: "the field \"\(name)\" is \(value.kindName), not text")
    }
    return text
  }

  /// An instruction that may be a list of texts, which are its paragraphs.
  fileprivate func instructionField(_ name: String) throws(RowProblem) -> String {
    guard let list = try field(name), list.kind == .array else { return try textField(name) ?? "" }
    return list.elements.compactMap(\.text).joined(separator: "\n")
  }

  /// The text of the first of these fields that there is.
  func textField(among names: [String]) throws(RowProblem) -> String? {
    for name in names { if let text = try textField(name) { return text } }
    return nil
  }

  /// The text of an answer: true and false as JSON has them; of several texts the first.
  private func answerField(_ name: String, _ remarks: inout RowRemarks) throws(RowProblem) -> String? {
    guard let value = try field(name), value.kind != .null else { return nil }
    if let text = value.text { return text }
    if value.kind == .bool {
      remarks.note(.booleanAnswer)
      return value.scalarText
    }
    if value.kind == .array {
      let elements = value.elements
      if elements.count > 1 { remarks.note(.firstOfSeveral) }
      if let text = elements.first?.text { return text }
      if elements.isEmpty { return "" }
    }
    return try textField(name)
  }

  /// Question and answer from three fields. `asked` stands for the instruction where it is not among these fields.
  fileprivate func pair(
    _ instruction: String?, _ input: String?, _ response: String, asked: String = "", remarks: inout RowRemarks
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
    guard let answer = try answerField(response, &remarks) else {
      throw RowProblem(reason: "the row has no response: there is no \"\(response)\"")
    }
    if answer.isBlank { throw RowProblem(reason: "the row has no response: \"\(response)\" is empty") }
    return (.instruction(asked, input: given), answer)
  }
}

extension String {
  /// Whether there is nothing in it but white space.
  var isBlank: Bool {
    utf8.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) } || allSatisfy(\.isWhitespace)
  }
}
