import Domain
import JSONBytes

/// Which fields of a row hold what: found by looking at the first rows, then applied to all.
struct RowLayout: Sendable, Hashable {
  var schema: RowSchema
  var shape: RowShape
  var id: String?
  var label: String?
  /// Of data that is not a chat with turns of its own: what the model is told first, and exchanges before the prompt.
  var system: String?
  var history: String?
  /// A list of tools beside a chat.
  var tools: String?
  /// True where the answer is wanted, false where it is not.
  var wanted: String?
  /// How the user has files read.
  var reading = DatasetReading()

  /// Of a chat, all assistant turns carry the loss.
  var allTurns: Bool { reading.allTurns }

  /// Fields that are taken for a label when no one says, the first that the data has.
  static let labelNames = ["family", "task", "category", "source", "dataset"]
  static let systemNames = ["system", "system_prompt", "system_message"]
  static let historyNames = ["history"]
  static let toolNames = ["tools", "functions"]
  /// Fields that say by true or false whether an answer is wanted.
  static let wantedNames = [
    "label", "is_safe", "is_response_safe", "safe", "is_correct", "correct", "is_good", "desirable", "accepted",
    "wanted",
  ]
}

extension FieldNames {
  /// The shape that is named, if one is.
  var shape: RowShape? {
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
  private let reading: DatasetReading
  private var rows = 0
  private var fits = [Int](repeating: 0, count: Schema.all.count)
  /// Field names in the order they came, and how many rows have a scalar there.
  private var names: [String] = []
  private var scalars: [String: Int] = [:]
  /// Fields that hold texts, and lists of turns.
  private var texts: Set<String> = []
  private var chats: Set<String> = []
  /// Fields that hold true or false (or a text that says so), and those that hold anything else but null.
  private var truths: Set<String> = []
  private var untruths: Set<String> = []
  private var lists: Set<String> = []
  /// Of forms of multiple choice, answers by number: the smallest, and whether one was the number of choices itself.
  private var smallestAnswer: [Int: Int] = [:]
  private var answersBeyond: Set<Int> = []

  init(_ reading: DatasetReading) {
    self.reading = reading
    named = reading.fields
  }

  /// Takes note of a row that cannot be read.
  func refuse(line: Int, _ reason: String) { firstProblem = firstProblem ?? BadRow(line: line, reason: reason) }

  /// Takes a row into account.
  func look(at row: JSONValue, line: Int) {
    guard row.isObject else {
      refuse(line: line, "the row is \(row.kindName), not an object with fields")
      return
    }
    sawObject = true
    var present = RowKinds()
    row.forEachChild { name, value in
      guard let name else { return }
      if scalars[name] == nil {
        names.append(name)
        scalars[name] = 0
      }
      let elements = value.elements
      let text = value.text
      if value.scalarText != nil { scalars[name, default: 0] += 1 }
      if text != nil { texts.insert(name) }
      if value.kind == .array { lists.insert(name) }
      let isTurns = elements.first?.isTurn == true
      if isTurns { chats.insert(name) }
      if value.truth != nil { truths.insert(name) } else if value.kind != .null { untruths.insert(name) }
      present.fields[name] = RowKinds.Kind(
        kind: value.kind, first: elements.first?.kind, isTurns: isTurns,
        isMarked: Schema.markedFields.contains(name) && text.map { Transcript($0) != nil } ?? false,
        isJSON: text.map { $0.utf8.first == 0x5B || $0.utf8.first == 0x7B } ?? false)
    }
    rows += 1
    for (number, schema) in Schema.all.enumerated() where schema.shape.fits(present) {
      fits[number] += 1
      guard case .choices(let choices) = schema.shape, let answer = row.find(choices.answer)?.value.scalarText,
        let index = Int(answer), let count = row.numberOfChoices(choices)
      else { continue }
      smallestAnswer[number] = min(index, smallestAnswer[number] ?? index)
      if index == count { answersBeyond.insert(number) }
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

  /// Whether rows have a field, or the first field of a way into lists and objects.
  private func has(_ name: String) -> Bool {
    names.contains(name) || FieldPath(name).map { names.contains($0.first) } ?? false
  }

  /// Leaves out what the user names and this file does not have, so that one option can be meant for one of several files.
  /// Fields that belong together are left out together: prompt without response would be another reading.
  func forgetMissingNames() {
    let shape = [named.prompt, named.input, named.response, named.messages].compactMap(\.self)
    if !shape.contains(where: has) {
      (named.prompt, named.input, named.response, named.messages) = (nil, nil, nil, nil)
    }
    if let label = named.label, !has(label) { named.label = nil }
    if let id = named.id, !has(id) { named.id = nil }
    if let system = named.system, !has(system) { named.system = nil }
  }

  /// The named fields that no row has.
  var missingNames: [String] { named.all.filter { !has($0) } }

  /// The layout that fits most rows, or that the user names; nil if none fits any.
  var layout: RowLayout? {
    let schema: RowSchema
    var shape: RowShape
    if let known = named.shape {
      (schema, shape) = (.named, known)
    } else {
      guard let most = fits.max(), most > 0, let number = fits.firstIndex(of: most) else { return nil }
      (schema, shape) = (Schema.all[number].name, Schema.all[number].shape)
      if case .choices(var choices) = shape, let smallest = smallestAnswer[number], smallest > 0,
        answersBeyond.contains(number)
      {
        choices.isFromOne = true
        shape = .choices(choices)
      }
    }
    let used = shape.all
    // A label or id that only some odd rows have is none.
    func common(_ name: String) -> Bool { !used.contains(name) && scalars[name, default: 0] * 2 > rows }
    func unused(_ names: [String], in present: Set<String>) -> String? {
      names.first { present.contains($0) && !used.contains($0) }
    }
    var layout = RowLayout(
      schema: schema, shape: shape, id: named.id ?? (common("id") ? "id" : nil),
      label: named.label ?? RowLayout.labelNames.first(where: common))
    layout.reading = reading
    layout.system = named.system ?? unused(RowLayout.systemNames, in: texts)
    layout.history = unused(RowLayout.historyNames, in: lists)
    layout.tools = unused(RowLayout.toolNames, in: lists.union(texts))
    layout.wanted = unused(RowLayout.wantedNames, in: truths.subtracting(untruths))
    if layout.wanted == layout.label { layout.wanted = nil }
    return layout
  }
}

extension JSONValue {
  /// Whether it could be a turn of a chat.
  fileprivate var isTurn: Bool { isObject && (find("role") != nil || find("from") != nil) }

  /// True or false, also as a text that says so; nil for anything else.
  var truth: Bool? {
    if kind == .bool { return bool }
    guard kind == .string else { return nil }
    return switch text?.lowercased() {
    case "true": true
    case "false": false
    default: nil
    }
  }
}
