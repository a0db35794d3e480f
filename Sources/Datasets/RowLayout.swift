import Domain
import JSONBytes

/// Which fields of a row hold what: found by looking at the first rows, then applied to all.
struct RowLayout: Sendable, Hashable {
  /// Where question and answer stand.
  enum Shape: Sendable, Hashable {
    case fields(instruction: String, input: String?, response: String)
    /// A list of turns, each with role and content (or from and value); the last assistant turn is the response.
    case chat(turns: String)
    /// An instruction with a list of one instance, which has input and output (Self-Instruct seed tasks).
    case instances
    /// A question on a text, with a list of right answers of which the first counts (SQuAD).
    case reading
  }

  var schema: RowSchema
  var shape: Shape
  var id: String?
  var label: String?
  /// Of a chat, all assistant turns carry the loss.
  var allTurns = false

  /// The shape of a schema, the more telling ones first: of two that fit the same rows, the earlier is meant.
  static let known: [(schema: RowSchema, shape: Shape)] = [
    (.messages, .chat(turns: "messages")),
    (.conversations, .chat(turns: "conversations")),
    (.instances, .instances),
    (.reading, .reading),
    (.alpaca, .fields(instruction: "instruction", input: "input", response: "output")),
    (.promptCompletion, .fields(instruction: "prompt", input: nil, response: "completion")),
    (.promptResponse, .fields(instruction: "prompt", input: nil, response: "response")),
    (.questionAnswer, .fields(instruction: "question", input: nil, response: "answer")),
    (.inputOutput, .fields(instruction: "input", input: nil, response: "output")),
    (.inputTarget, .fields(instruction: "input", input: nil, response: "target")),
    (.pretokenized, .fields(instruction: "inputs_pretokenized", input: nil, response: "targets_pretokenized")),
    (.inputsTargets, .fields(instruction: "inputs", input: nil, response: "targets")),
  ]

  /// Fields that are taken for a label when no one says, the first that the data has.
  static let labelNames = ["family", "task", "category", "source", "dataset"]
}

extension RowLayout.Shape {
  /// Whether a row with these fields, and no more, could have this shape.
  func fits(fields: Set<String>) -> Bool { required.allSatisfy(fields.contains) }

  /// Fields without which a row does not have this shape.
  fileprivate var required: [String] {
    switch self {
    case .fields(let instruction, _, let response): [instruction, response]
    case .chat(let turns): [turns]
    case .instances: ["instruction", "instances"]
    case .reading: ["context", "question", "answers"]
    }
  }

  fileprivate var all: Set<String> {
    switch self {
    case .fields(let instruction, let input, let response): Set([instruction, input, response].compactMap(\.self))
    case .chat, .instances, .reading: Set(required)
    }
  }
}

extension FieldNames {
  /// The shape that is named, if one is.
  var shape: RowLayout.Shape? {
    if let messages { return .chat(turns: messages) }
    guard let prompt, let response else { return nil }
    return .fields(instruction: prompt, input: input, response: response)
  }
}

/// Counts the fields of the first rows, and says which layout fits most of them.
final class LayoutSurvey {
  /// The first row that is no object, and whether there was one that is.
  private(set) var firstProblem: BadRow?
  private(set) var sawObject = false
  private var named: FieldNames
  private var rows = 0
  private var fits = [Int](repeating: 0, count: RowLayout.known.count)
  /// Field names in the order they came, and how many rows have a scalar there.
  private var names: [String] = []
  private var scalars: [String: Int] = [:]
  /// Fields that hold texts, and lists of turns.
  private var texts: Set<String> = []
  private var chats: Set<String> = []

  init(_ named: FieldNames) { self.named = named }

  /// Takes note of a row that cannot be read.
  func refuse(line: Int, _ reason: String) { firstProblem = firstProblem ?? BadRow(line: line, reason: reason) }

  /// Takes a row into account.
  func look(at row: JSONValue, line: Int) {
    guard row.isObject else {
      refuse(line: line, "the row is \(row.kindName), not an object with fields")
      return
    }
    sawObject = true
    var present: Set<String> = []
    row.forEachChild { name, value in
      guard let name else { return }
      present.insert(name)
      if scalars[name] == nil {
        names.append(name)
        scalars[name] = 0
      }
      if value.scalarText != nil { scalars[name, default: 0] += 1 }
      if value.text != nil { texts.insert(name) }
      if let first = value.elements.first, first.isTurn { chats.insert(name) }
    }
    rows += 1
    for (number, known) in RowLayout.known.enumerated() where known.shape.fits(fields: present) {
      fits[number] += 1
    }
  }

  /// The names of all fields seen.
  var fields: [String] { names }

  /// Whether a field holds a text or a number in any row.
  func hasScalars(_ name: String) -> Bool { scalars[name, default: 0] > 0 }

  /// What fields of other names seem to be, by words that data sets use for them.
  var suggestion: FieldNames? {
    func first(_ words: [String], but used: [String?] = []) -> String? {
      words.lazy.compactMap { word in
        self.names.first { name in
          let plain = name.lowercased().filter { $0.isLetter }
          return plain == word && self.texts.contains(name) && !used.contains(name)
        }
      }.first
    }
    var found = FieldNames()
    found.response = first([
      "response", "completion", "output", "chosen", "solution", "answer", "target", "targets", "reply", "bestanswer",
      "correctanswer", "referenceanswer", "generation", "summary", "translation",
    ])
    let answer = found.response
    let asked = first(
      [
        "instruction", "prompt", "question", "query", "problem", "task", "request", "input", "inputs", "article",
        "document",
      ],
      but: [answer])
    if let asked, answer != nil {
      found.prompt = asked
      if let system = first(["system", "systemprompt"], but: [answer, asked]) {
        // Nothing of what the model is told is lost.
        (found.prompt, found.input) = (system, asked)
      } else {
        found.input = first(["input", "context", "passage"], but: [answer, asked])
      }
      return found
    }
    guard let turns = names.first(where: chats.contains) else { return nil }
    var chat = FieldNames()
    chat.messages = turns
    return chat
  }

  /// Leaves out what the user names and this file does not have, so that one option can be meant for one of several files.
  /// Fields that belong together are left out together: prompt without response would be another reading.
  func forgetMissingNames() {
    let shape = [named.prompt, named.input, named.response, named.messages].compactMap(\.self)
    if !shape.contains(where: names.contains) {
      (named.prompt, named.input, named.response, named.messages) = (nil, nil, nil, nil)
    }
    if let label = named.label, !names.contains(label) { named.label = nil }
    if let id = named.id, !names.contains(id) { named.id = nil }
  }

  /// The named fields that no row has.
  var missingNames: [String] { named.all.filter { !names.contains($0) } }

  /// The layout that fits most rows, or that the user names; nil if none fits any.
  var layout: RowLayout? {
    let schema: RowSchema
    let shape: RowLayout.Shape
    if let known = named.shape {
      (schema, shape) = (.named, known)
    } else {
      guard let most = fits.max(), most > 0, let number = fits.firstIndex(of: most) else { return nil }
      (schema, shape) = RowLayout.known[number]
    }
    let used = shape.all
    // A label or id that only some odd rows have is none.
    func common(_ name: String) -> Bool { !used.contains(name) && scalars[name, default: 0] * 2 > rows }
    return RowLayout(
      schema: schema, shape: shape, id: named.id ?? (common("id") ? "id" : nil),
      label: named.label ?? RowLayout.labelNames.first(where: common))
  }
}

extension JSONValue {
  /// Whether it could be a turn of a chat.
  fileprivate var isTurn: Bool { isObject && (find("role") != nil || find("from") != nil) }
}
