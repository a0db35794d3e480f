import Domain
import JSONBytes

/// A form in which rows of samples are written: what its fields are for, and how it is told apart. ``all`` is the table of those that are
/// read; a form is one entry.
package struct Schema: Sendable, Hashable {
  package var name: RowSchema
  /// Data sets and trainers that write rows so.
  package var users: String
  var shape: RowShape
}

/// Where question and answer stand in a row.
enum RowShape: Sendable, Hashable {
  /// Texts; question and answer may also be lists of turns (TRL's conversational form).
  case fields(instruction: String, input: String?, response: String, needsInput: Bool = false)
  /// A list of turns, each with role and content (or from and value); the last assistant turn is the response.
  case chat(turns: String)
  /// A list of texts, user and assistant in turn (LIMA).
  case alternating(texts: String)
  /// A list of exchanges, each with input and output (Capybara).
  case exchanges(list: String)
  /// One text with marks where each speaker begins.
  case marked(text: String)
  /// An instruction with a list of one instance, which has input and output (Self-Instruct seed tasks, Super-NaturalInstructions).
  case instances(instruction: String, list: String)
  /// A first message with replies to it, each with replies (OpenAssistant); the best-ranked one is followed.
  case replies(root: String)
  /// A message of a tree, a row each, which has its parent's id (OpenAssistant); rows are made of the trees.
  case messageOfTree
  /// A question on a text, with a list of right answers of which the first counts (SQuAD).
  case reading
  /// A question with answers of which one is right.
  case choices(Choices)
  /// A prompt with a wanted and an unwanted answer, of which the wanted one is the response. Without a prompt the answers hold the whole chat.
  case preference(prompt: String?, chosen: String)
  /// What is asked, the tools at hand, and the calls that answer it, as JSON or text of JSON (xLAM).
  case calls(query: String, tools: String, answers: String)

  /// Where a multiple choice has what.
  struct Choices: Sendable, Hashable {
    var question: String
    /// A text that the question is about.
    var context: String?
    /// One field with a list of answers (or an object with a text for each letter, or with lists of labels and texts), or a field for each.
    var options: [String]
    var answer: String
    /// An answer that is a number counts from 1.
    var isFromOne = false
  }
}

extension Schema {
  /// The forms that are read, the more telling ones first: of two that fit the same rows, the earlier is meant.
  package static let all: [Schema] = [
    chat("messages", "OpenAI, TRL, most chat data"),
    Schema(
      name: RowSchema("conversations of texts"), users: "LIMA", shape: .alternating(texts: "conversations")),
    chat("conversations", "ShareGPT, SlimOrca"),
    Schema(
      name: RowSchema("conversation of input/output"), users: "Capybara", shape: .exchanges(list: "conversation")),
    chat("conversation", "WildChat, LMSYS-Chat"), chat("dialogue", "chat data"), chat("dialog", "chat data"),
    chat("turns", "chat data"), chat("chat", "chat data"),
    Schema(
      name: .instances, users: "Self-Instruct", shape: .instances(instruction: "instruction", list: "instances")),
    Schema(
      name: RowSchema("Definition/Instances"), users: "Super-NaturalInstructions",
      shape: .instances(instruction: "Definition", list: "Instances")),
    Schema(name: RowSchema("prompt with replies"), users: "OpenAssistant's trees", shape: .replies(root: "prompt")),
    Schema(
      name: RowSchema("message_id/parent_id/role/text"), users: "OpenAssistant's messages", shape: .messageOfTree),
    Schema(name: .reading, users: "SQuAD", shape: .reading),
    calls("query", "xLAM function calling"), calls("question", "function calling"),
    calls("instruction", "function calling"),

    choices("MMLU, ARC", "question", "choices", "answer"),
    choices("ARC, CommonsenseQA", "question", "choices", "answerKey"),
    choices("OpenBookQA", "question_stem", "choices", "answerKey"),
    choices("HellaSwag", "ctx", "endings", "label"),
    choices("RACE, QuALITY", "question", "options", "answer", context: "article"),
    choices("LogiQA", "question", "options", "correct_option", context: "context"),
    choices("MedQA", "question", "options", "answer_idx"), choices("MMLU-Pro", "question", "options", "answer_index"),
    choices("ReClor", "question", "answers", "label", context: "context"),
    choices("RACE", "question", "options", "answer"), choices("AQuA", "question", "options", "correct"),
    choices("multiple choice", "question", "options", "label"),
    choices("multiple choice", "question", "choices", "label"),
    choices("multiple choice", "question", "choices", "target"),
    choices("multiple choice", "question", "choices", "correct_answer"),
    choices("multiple choice", "question", "options", "correct_answer"),
    choices("AGIEval", "query", "choices", "gold"),
    choices("multiple choice", "prompt", "choices", "answer"),
    choices("multiple choice", "prompt", "options", "answer"),
    Schema(
      name: RowSchema("question/opa…opd/cop"), users: "MedMCQA",
      shape: .choices(.init(question: "question", options: ["opa", "opb", "opc", "opd"], answer: "cop"))),
    Schema(
      name: RowSchema("goal/sol1/sol2/label"), users: "PIQA",
      shape: .choices(.init(question: "goal", options: ["sol1", "sol2"], answer: "label"))),
    Schema(
      name: RowSchema("sentence/option1/option2/answer"), users: "WinoGrande",
      shape: .choices(.init(question: "sentence", options: ["option1", "option2"], answer: "answer", isFromOne: true))),
    Schema(
      name: RowSchema("context/question/answerA…C/label"), users: "Social IQa",
      shape: .choices(
        .init(
          question: "question", context: "context", options: ["answerA", "answerB", "answerC"], answer: "label",
          isFromOne: true))),
    Schema(
      name: RowSchema("context/question/answer0…3/label"), users: "Cosmos QA",
      shape: .choices(
        .init(
          question: "question", context: "context", options: ["answer0", "answer1", "answer2", "answer3"],
          answer: "label"))),
    Schema(
      name: RowSchema("premise/question/choice1/choice2/label"), users: "COPA",
      shape: .choices(
        .init(question: "question", context: "premise", options: ["choice1", "choice2"], answer: "label"))),
    Schema(
      name: RowSchema("question/A…D/answer"), users: "MMLU as CSV",
      shape: .choices(.init(question: "question", options: ["A", "B", "C", "D"], answer: "answer"))),

    Schema(
      name: .alpaca, users: "Alpaca", shape: .fields(instruction: "instruction", input: "input", response: "output")),
    pair("prompt", "completion", "TRL, KTO"), pair("prompt", "response", "BeaverTails and others"),
    Schema(
      name: RowSchema("question/context/answer"), users: "reading with one answer",
      shape: .fields(instruction: "question", input: "context", response: "answer", needsInput: true)),
    Schema(
      name: RowSchema("question/passage/answer"), users: "BoolQ",
      shape: .fields(instruction: "question", input: "passage", response: "answer", needsInput: true)),
    pair("question", "answer", "GSM8K and others"), pair("input", "output", "pairs"),
    pair("input", "target", "pairs"),
    Schema(
      name: RowSchema("inputs_pretokenized/targets_pretokenized"), users: "P3",
      shape: .fields(instruction: "inputs_pretokenized", input: nil, response: "targets_pretokenized")),
    Schema(
      name: RowSchema("definition/inputs/targets"), users: "Super-NaturalInstructions, a row an instance",
      shape: .fields(instruction: "definition", input: "inputs", response: "targets", needsInput: true)),
    pair("inputs", "targets", "FLAN"),

    Schema(
      name: RowSchema("instruction/context/response"), users: "Dolly",
      shape: .fields(instruction: "instruction", input: "context", response: "response", needsInput: true)),
    Schema(
      name: RowSchema("instruction/input/response"), users: "Alpaca with another name for its output",
      shape: .fields(instruction: "instruction", input: "input", response: "response", needsInput: true)),
    pair("instruction", "response", "instruction data"), pair("instruction", "completion", "instruction data"),
    pair("instruction", "answer", "instruction data"), pair("query", "response", "MetaMath"),
    pair("query", "answer", "MetaMath's kin"), pair("problem", "solution", "Magicoder, MATH"),
    pair("problem", "answer", "MATH's kin"), pair("question", "response", "OpenOrca"),
    pair("question", "solution", "MATH's kin"), pair("prompt", "output", "pairs"), pair("prompt", "answer", "pairs"),
    pair("input", "response", "pairs"), pair("user", "assistant", "pairs"),

    preference("prompt"), preference("instruction"), preference("question"), preference("input"), preference("query"),
    Schema(
      name: RowSchema("chosen/rejected"), users: "HH-RLHF, preference data with the prompt inside",
      shape: .preference(prompt: nil, chosen: "chosen")),
    Schema(name: RowSchema("text with marks"), users: "Guanaco, ChatML as text", shape: .marked(text: "text")),
  ]

  /// Fields in which marks of speakers tell a form.
  static let markedFields: Set<String> = Set(
    all.compactMap { schema in
      switch schema.shape {
      case .marked(let text): text
      case .preference(nil, let chosen): chosen
      default: nil
      }
    })

  private static func pair(_ instruction: String, _ response: String, _ users: String) -> Schema {
    Schema(
      name: RowSchema("\(instruction)/\(response)"), users: users,
      shape: .fields(instruction: instruction, input: nil, response: response))
  }

  private static func chat(_ turns: String, _ users: String) -> Schema {
    Schema(name: RowSchema(turns), users: users, shape: .chat(turns: turns))
  }

  private static func calls(_ query: String, _ users: String) -> Schema {
    Schema(
      name: RowSchema("\(query)/tools/answers"), users: users,
      shape: .calls(query: query, tools: "tools", answers: "answers"))
  }

  private static func choices(
    _ users: String, _ question: String, _ options: String, _ answer: String, context: String? = nil
  ) -> Schema {
    Schema(
      name: RowSchema([context, question, options, answer].compactMap(\.self).joined(separator: "/")), users: users,
      shape: .choices(.init(question: question, context: context, options: [options], answer: answer)))
  }

  private static func preference(_ prompt: String) -> Schema {
    Schema(
      name: RowSchema("\(prompt)/chosen/rejected"), users: "preference data (DPO)",
      shape: .preference(prompt: prompt, chosen: "chosen"))
  }

  /// The entry of a name; nil for fields that the user named.
  package static func named(_ name: RowSchema) -> Schema? { all.first { $0.name == name } }

  /// What each field of the form is for, in the order in which they are read.
  package var roles: [(field: String, role: String)] {
    switch shape {
    case .fields(let instruction, let input, let response, _):
      [(instruction, "prompt")] + (input.map { [($0, "input")] } ?? []) + [(response, "response")]
    case .chat(let turns), .alternating(let turns), .exchanges(let turns):
      [(turns, "turns, of which the assistant's last is the response")]
    case .marked(let text): [(text, "turns, told apart by marks in the text")]
    case .instances(let instruction, let list): [(instruction, "prompt"), (list, "input and response")]
    case .replies(let root): [(root, "a tree of messages, of which the best-ranked path is taken")]
    case .messageOfTree:
      [
        ("parent_id", "what a message answers"), ("role", "who speaks"), ("text", "what is said"),
        ("rank", "which answer is the best"),
      ]
    case .reading:
      [("question", "prompt"), ("context", "input"), ("answers", "answers, of which the first is the response")]
    case .choices(let choices):
      [(choices.question, "prompt")] + (choices.context.map { [($0, "input")] } ?? [])
        + choices.options.map { ($0, choices.options.count > 1 ? "choice" : "choices") }
        + [(choices.answer, "the right choice, the response")]
    case .preference(let prompt, let chosen):
      (prompt.map { [($0, "prompt")] } ?? [])
        + [(chosen, prompt == nil ? "turns, of which the last is the response" : "response"), ("rejected", "left out")]
    case .calls(let query, let tools, let answers):
      [(query, "prompt"), (tools, "tools that may be called"), (answers, "calls, the response")]
    }
  }

  /// Why rows are taken for this form, in a sentence.
  package var reason: String {
    let fields = roles.filter { $0.role != "left out" }.map { "\"\($0.field)\" as \($0.role)" }
    return "Rows are read as \(users) write\(users.contains(" ") || users.contains(",") ? "" : "s") them: "
      + fields.joined(separator: ", ") + "."
  }
}

/// The kinds of a row's fields, as far as telling forms apart needs them.
struct RowKinds {
  /// What a field holds.
  struct Kind {
    var kind: JSONKind
    /// Of a list, its first element.
    var first: JSONKind?
    /// Of a list, its first element is an object with role or from.
    var isTurns: Bool
    /// Of a text, it has marks of speakers.
    var isMarked: Bool
    /// Of a text, it is long enough to hold JSON and begins like it.
    var isJSON: Bool
  }

  var fields: [String: Kind] = [:]

  func holds(_ name: String) -> Bool { fields[name] != nil }
  func isText(_ name: String) -> Bool { fields[name]?.kind == .string }
}

extension RowShape {
  /// Whether a row with these fields could have this shape.
  func fits(_ row: RowKinds) -> Bool {
    guard required.allSatisfy(row.holds) else { return false }
    switch self {
    // Those that were read before kinds were looked at are told by their names.
    case .chat("messages"), .instances, .reading, .messageOfTree: return true
    case .replies(let root): return row.fields[root]?.kind == .object
    case .chat("conversations"): return row.fields["conversations"]?.first != .string
    case .chat(let turns): return row.fields[turns]?.isTurns == true
    case .alternating(let texts): return row.fields[texts]?.first == .string
    case .exchanges(let list): return row.fields[list]?.first == .object && row.fields[list]?.isTurns == false
    case .marked(let text): return row.fields[text]?.isMarked == true
    // What is to be answered from is a text, where the form depends on it.
    case .fields(_, let input?, _, true): return row.isText(input)
    case .fields: return true
    case .choices(let choices):
      if choices.options.count > 1 { return true }
      let options = row.fields[choices.options[0]]
      return options?.kind == .array && options?.isTurns == false || options?.kind == .object || options?.isJSON == true
    case .preference(let prompt, let chosen):
      if prompt == nil { return row.fields[chosen]?.kind == .array || row.fields[chosen]?.isMarked == true }
      return [.string, .array, .object].contains(row.fields[chosen]?.kind)
    case .calls(_, let tools, let answers):
      return [tools, answers].allSatisfy { row.fields[$0]?.kind == .array || row.fields[$0]?.isJSON == true }
    }
  }

  /// Whether a table with these columns, whose cells are texts, could have this shape.
  func fits(columns: Set<String>) -> Bool { required.allSatisfy(columns.contains) }

  /// Fields without which a row does not have this shape.
  private var required: [String] {
    switch self {
    case .fields(let instruction, let input?, let response, true): [instruction, input, response]
    case .fields(let instruction, _, let response, _): [instruction, response]
    case .chat(let turns): [turns]
    case .alternating(let list), .exchanges(let list), .marked(let list): [list]
    case .instances(let instruction, let list): [instruction, list]
    case .replies(let root): ["message_tree_id", root]
    case .messageOfTree: ["message_id", "parent_id", "role", "text"]
    case .reading: ["context", "question", "answers"]
    case .choices(let choices):
      [choices.question, choices.context].compactMap(\.self) + choices.options + [choices.answer]
    case .preference(let prompt, let chosen): [prompt].compactMap(\.self) + [chosen, "rejected"]
    case .calls(let query, let tools, let answers): [query, tools, answers]
    }
  }

  /// Fields that are read.
  var all: Set<String> {
    switch self {
    case .fields(let instruction, let input, let response, _): Set([instruction, input, response].compactMap(\.self))
    default: Set(required)
    }
  }
}
