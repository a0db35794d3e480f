import Domain
import JSONBytes

extension JSONValue {
  /// Speakers as chat data names them, where that is not their role.
  private static let roles = [
    "human": "user", "prompter": "user", "gpt": "assistant", "chatgpt": "assistant", "bot": "assistant",
    "model": "assistant", "ai": "assistant", "observation": "tool", "function": "tool", "tool_response": "tool",
    "ipython": "tool", "function_call": "assistant", "tool_call": "assistant",
  ]

  /// Roles of turns whose text is a call of a tool.
  private static let callers: Set<String> = ["function_call", "tool_call"]

  static func role(_ speaker: String) -> String {
    if let role = roles[speaker] { return role }
    let plain = speaker.lowercased()
    // Where case is all that differs from a role that everyone knows.
    return roles[plain] ?? (["user", "assistant", "system", "tool"].contains(plain) ? plain : speaker)
  }

  /// Whether it is a list whose first element could be a turn.
  var isListOfTurns: Bool {
    guard kind == .array, let first = elements.first else { return false }
    return first.isObject && (first.find("role") != nil || first.find("from") != nil)
  }

  /// The turns of a chat: a list of objects with a role and a content, or with from and value (ShareGPT); also as text that holds such a
  /// list, or that has marks of speakers.
  func turns(
    _ name: String, _ reasoning: ReasoningUse, _ remarks: inout RowRemarks
  ) throws(RowProblem) -> [Turn] {
    guard let list = try field(name) else { throw RowProblem(reason: "the row has no \"\(name)\"") }
    if list.kind == .string, let text = list.text {
      if text.utf8.first == UInt8(ascii: "["), let turns = try Self.turns(json: text, name, reasoning, &remarks) {
        return turns
      }
      if let transcript = Transcript(text) { return transcript.turns }
    }
    guard list.kind == .array else {
      throw RowProblem(reason: "the field \"\(name)\" is \(list.kindName), not a list of turns")
    }
    return try Self.turns(list, name, reasoning, &remarks)
  }

  /// The turns in a text; nil where it is no JSON.
  private static func turns(
    json text: String, _ name: String, _ reasoning: ReasoningUse, _ remarks: inout RowRemarks
  ) throws(RowProblem) -> [Turn]? {
    guard let nested = NestedJSON(text) else { return nil }
    return try nested.read { root throws(RowProblem) in try turns(root, name, reasoning, &remarks) }
  }

  private static func turns(
    _ list: JSONValue, _ name: String, _ reasoning: ReasoningUse, _ remarks: inout RowRemarks
  ) throws(RowProblem) -> [Turn] {
    var turns: [Turn] = []
    try list.forEachChild { _, turn throws(RowProblem) in
      let position = "turn \(turns.count + 1) of \"\(name)\""
      guard turn.kind == .object else { throw RowProblem(reason: "\(position) is \(turn.kindName), not an object") }
      do throws(RowProblem) {
        if let role = try turn.textField("role") {
          turns.append(try turn.turn(of: role, "content", reasoning, &remarks))
        } else if let speaker = try turn.textField("from") {
          turns.append(try turn.turn(of: speaker, "value", reasoning, &remarks))
        } else {
          throw RowProblem(reason: "it has no \"role\"")
        }
      } catch {
        throw RowProblem(reason: "\(position): \(error.reason)")
      }
    }
    return turns
  }

  /// A prompt as turns, whether it is a list of them, a text with marks or a text.
  func spokenPrompt(
    _ name: String, _ reasoning: ReasoningUse, _ remarks: inout RowRemarks
  ) throws(RowProblem) -> [Turn] {
    if try field(name)?.kind == .array {
      return try turns(name, reasoning, &remarks).map { turn in
        var turn = turn
        if turn.role == "assistant" { turn.isTrained = false }
        return turn
      }
    }
    guard let text = try textField(name) else { throw RowProblem(reason: "the row has no \"\(name)\"") }
    if let transcript = Transcript(text, isPrompt: true) {
      return transcript.turns.map { Turn(role: $0.role, content: $0.content, isTrained: $0.role != "assistant") }
    }
    return [Turn(role: "user", content: text)]
  }

  /// Texts as turns of user and assistant.
  func alternatingTurns(_ name: String) throws(RowProblem) -> [Turn] {
    guard let list = try field(name), list.kind == .array else {
      throw RowProblem(reason: "the row has no list \"\(name)\"")
    }
    var turns: [Turn] = []
    for element in list.elements {
      guard let text = element.text else {
        throw RowProblem(reason: "turn \(turns.count + 1) of \"\(name)\" is \(element.kindName), not text")
      }
      turns.append(Turn(role: turns.count % 2 == 0 ? "user" : "assistant", content: text))
    }
    return turns
  }

  /// Exchanges as turns.
  func exchangedTurns(_ name: String) throws(RowProblem) -> [Turn] {
    guard let list = try field(name), list.kind == .array else {
      throw RowProblem(reason: "the row has no list \"\(name)\"")
    }
    var turns: [Turn] = []
    for exchange in list.elements {
      guard let asked = try exchange.textField("input"), let answer = try exchange.textField("output") else {
        throw RowProblem(reason: "exchange \(turns.count / 2 + 1) of \"\(name)\" has no \"input\" or no \"output\"")
      }
      if let system = try? exchange.textField("system"), !system.isBlank, turns.isEmpty {
        turns.append(Turn(role: "system", content: system))
      }
      turns += [Turn(role: "user", content: asked), Turn(role: "assistant", content: answer)]
    }
    return turns
  }

  /// One turn: what is said, what is called, and whether it is to be trained.
  private func turn(
    of speaker: String, _ contentName: String, _ use: ReasoningUse, _ remarks: inout RowRemarks
  ) throws(RowProblem) -> Turn {
    var turn = Turn(role: Self.role(speaker), content: try content(contentName))
    // Most turns have a role and words, and no more.
    var members = 0
    forEachMember { _, _ in members += 1 }
    if members <= 2 && !turn.content.isEmpty && !Self.callers.contains(speaker) { return turn }

    turn.isTrained = try !isKeptFromTraining
    var beside = ""
    for name in ["name", "tool_call_id"] {
      if let text = try field(name)?.text { beside += ", \"\(name)\": \(JSONText.quoted(text))" }
    }
    var calls: ToolCalls?
    if Self.callers.contains(speaker) {
      calls = ToolCalls(text: turn.content)
      if calls != nil { turn.content = "" }
    }
    for name in ["tool_calls", "function_call"] where calls == nil {
      if let value = try field(name), value.kind != .null, value.kind != .array || !value.elements.isEmpty {
        calls = ToolCalls(value)
        if calls == nil { throw RowProblem(reason: "it has \"\(name)\" that name no function") }
      }
    }
    let said = turn.content
    var hasReasoning = false
    if turn.role == "assistant", let (name, text) = try reasoningField(), !text.isBlank {
      remarks.note(.reasoning)
      switch use {
      case .drop: break
      case .keep: turn.content = "<think>\n\(text)\n</think>\n\n" + turn.content
      case .template:
        hasReasoning = true
        beside += ", \"\(name)\": \(JSONText.quoted(text))"
      }
    }
    if calls == nil && !hasReasoning && beside.isEmpty { return turn }
    // Templates tell a turn without words by null.
    let words = turn.content.isEmpty && said.isEmpty && calls != nil ? "null" : JSONText.quoted(turn.content)
    if let calls {
      turn.message = calls.message(content: words, beside: beside)
      turn.content += (turn.content.isEmpty ? "" : "\n") + calls.plain
    } else {
      turn.message = "{\"role\": \(JSONText.quoted(turn.role)), \"content\": \(words)\(beside)}"
    }
    return turn
  }

  /// What is said in a turn: a text, or a list of parts that are texts, joined as they stand. What it shows beside texts would be lost, and
  /// is a fault.
  private func content(_ name: String) throws(RowProblem) -> String {
    var value = try field(name)
    for other in ["content", "value", "text"] where value == nil { value = try field(other) }
    guard let value, value.kind != .null else { return "" }
    guard value.kind == .array else {
      guard value.kind != .bool, let text = value.scalarText else {
        throw RowProblem(reason: "the field \"\(name)\" is \(value.kindName), not text")
      }
      return text
    }
    var texts: [String] = []
    for part in value.elements {
      if let text = part.text ?? part.find("text")?.value.text {
        texts.append(text)
      } else {
        let kind = part.find("type")?.value.text.map { "of the type \"\($0)\"" } ?? part.kindName
        throw RowProblem(reason: "part \(texts.count + 1) of its \"\(name)\" is \(kind), not text")
      }
    }
    return texts.joined()
  }

  /// Whether the data says that the turn is context and no more: `weight: 0` (OpenAI, SlimOrca), `train: false` (axolotl).
  private var isKeptFromTraining: Bool {
    get throws(RowProblem) {
      for name in ["weight", "train", "trainable", "loss"] {
        guard let value = try field(name), value.kind != .null else { continue }
        if value.truth == false || value.number == 0 || value.text.flatMap({ Double($0) }) == 0 { return true }
      }
      return false
    }
  }

  private func reasoningField() throws(RowProblem) -> (name: String, text: String)? {
    for name in ["reasoning_content", "reasoning", "thinking"] {
      if let text = try field(name)?.text { return (name, text) }
    }
    return nil
  }
}

/// Calls of tools in one turn, however data writes them: OpenAI's `tool_calls` and `function_call`, or objects with name and arguments.
struct ToolCalls {
  private struct Call {
    var id: String?
    var name: String
    /// As JSON: an object, or the text that the data has instead.
    var arguments: String
    /// The same as an object, where the text holds one.
    var plainArguments: String
  }

  private var calls: [Call] = []

  var isEmpty: Bool { calls.isEmpty }

  /// Nil for what has no name of a function.
  init?(_ value: JSONValue) {
    guard let calls = Self.calls(in: value) else { return nil }
    self.calls = calls
  }

  /// Calls written as JSON in a text, in the marks that chat models put around them or without; nil for any other text.
  init?(text: String) {
    guard let calls = Self.calls(in: text) else { return nil }
    self.calls = calls
  }

  private static func calls(in text: String) -> [Call]? {
    var found: [Call] = []
    for piece in pieces(of: text) {
      guard
        let calls = NestedJSON(piece)?.read({ $0.kind == .object || $0.kind == .array ? Self.calls(in: $0) : nil })
          ?? nil
      else { return nil }
      found += calls
    }
    return found.isEmpty ? nil : found
  }

  /// The text, or what stands in its marks where it has some and nothing else.
  private static func pieces(of text: String) -> [String] {
    var rest = text.trimmed[...]
    guard rest.hasPrefix("<tool_call>") else { return [text] }
    var pieces: [String] = []
    while rest.hasPrefix("<tool_call>") {
      rest = rest.dropFirst("<tool_call>".count)
      let end = rest.firstRange(of: "</tool_call>")
      pieces.append(String(rest[..<(end?.lowerBound ?? rest.endIndex)]))
      rest = rest[(end?.upperBound ?? rest.endIndex)...].drop(while: \.isWhitespace)
    }
    return rest.isEmpty ? pieces : []
  }

  private static func calls(in value: JSONValue) -> [Call]? {
    if let text = value.text { return calls(in: text) }
    var calls: [Call] = []
    for value in value.kind == .array ? value.elements : [value] {
      let function = value.find("function")?.value ?? value
      guard let name = (function.find("name")?.value ?? function.find("tool_name")?.value)?.text else { return nil }
      let arguments = function.find("arguments")?.value ?? function.find("parameters")?.value
      let text = arguments?.json ?? "{}"
      let plain = arguments?.text.flatMap { NestedJSON($0)?.read(\.json) } ?? text
      calls.append(Call(id: value.find("id")?.value.scalarText, name: name, arguments: text, plainArguments: plain))
    }
    return calls
  }

  /// The message as chat templates read it. `content`: JSON; `beside`: more members, each with a comma before it.
  func message(content: String, beside: String) -> String {
    let list = calls.map { call in
      "{\"type\": \"function\", " + (call.id.map { "\"id\": \(JSONText.quoted($0)), " } ?? "")
        + "\"function\": {\"name\": \(JSONText.quoted(call.name)), \"arguments\": \(call.arguments)}}"
    }
    return
      "{\"role\": \"assistant\", \"content\": \(content), \"tool_calls\": [\(list.joined(separator: ", "))]\(beside)}"
  }

  /// The calls in words, for templates that know of none.
  var plain: String {
    calls.map { call in
      "<tool_call>\n{\"name\": \(JSONText.quoted(call.name)), \"arguments\": \(call.plainArguments)}\n</tool_call>"
    }.joined(separator: "\n")
  }
}

/// JSON that stands as a text in a row.
struct NestedJSON {
  // What a value reads lies in its reader, which is kept while the value is used.
  private let reader: JSONReader
  private let root: JSONValue

  /// Nil for a text that is no JSON.
  init?(_ text: String) {
    guard let reader = try? JSONReader() else { return nil }
    let padded = Array(text.utf8) + [UInt8](repeating: 0, count: JSONReader.padding)
    let root = padded.withUnsafeBytes { bytes in
      try? reader.read(UnsafeRawBufferPointer(rebasing: bytes.dropLast(JSONReader.padding)))
    }
    guard let root else { return nil }
    self.reader = reader
    self.root = root
  }

  /// Calls `body` with the value, which is not to be kept beyond that.
  func read<Result, Failure: Error>(_ body: (JSONValue) throws(Failure) -> Result) throws(Failure) -> Result {
    defer { withExtendedLifetime(reader) {} }
    return try body(root)
  }
}

extension JSONValue {
  /// The value as JSON on one line, written as Python's `json` does, numbers perhaps in another spelling.
  var json: String {
    var text = ""
    write(to: &text)
    return text
  }

  /// A list as JSON, also where it stands as a text; nil for anything else and for an empty list.
  var jsonList: String? {
    if let text {
      guard let nested = NestedJSON(text) else { return nil }
      return nested.read { $0.kind == .array ? $0.jsonList : nil }
    }
    return kind == .array && !elements.isEmpty ? json : nil
  }

  private func write(to text: inout String) {
    switch kind {
    case .array, .object:
      text += isObject ? "{" : "["
      var isFirst = true
      forEachChild { name, child in
        if !isFirst { text += ", " }
        isFirst = false
        if let name { text += JSONText.quoted(name) + ": " }
        child.write(to: &text)
      }
      text += isObject ? "}" : "]"
    case .string: text += JSONText.quoted(self.text ?? "")
    case .null: text += "null"
    default: text += scalarText ?? "null"
    }
  }
}
