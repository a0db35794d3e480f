import Domain
import JSONBytes

extension JSONValue {
  /// How many answers there are to choose from; nil where they cannot be read.
  func numberOfChoices(_ choices: RowShape.Choices) -> Int? {
    (try? options(choices)).map(\.count)
  }

  /// A question with its choices, lettered, and the right one.
  func choice(_ choices: RowShape.Choices, _ writing: ChoiceWriting) throws(RowProblem) -> (Query, String) {
    guard let question = try textField(choices.question), !question.isBlank else {
      throw RowProblem(reason: "the row asks nothing: there is no \"\(choices.question)\"")
    }
    let options = try options(choices)
    guard options.count > 1 else {
      throw RowProblem(reason: "the row has \(options.count) choices in \"\(choices.options[0])\"")
    }
    let right = options[try index(of: choices, among: options)]
    let lines = options.enumerated().map { number, option in
      writing == .letters ? "\(Self.letter(number)). \(option.text)" : "- \(option.text)"
    }
    let context = try choices.context.flatMap { name throws(RowProblem) in try textField(name) } ?? ""
    let asked = ([question] + lines).joined(separator: "\n")
    return (
      .instruction(asked, input: context),
      writing == .letters ? "\(Self.letter(right.number)). \(right.text)" : right.text
    )
  }

  private struct Option {
    var number: Int
    /// What the data calls it, if it does.
    var label: String?
    var text: String
  }

  /// A, B, … Z, AA, AB, ….
  private static func letter(_ number: Int) -> String {
    let last = String(UnicodeScalar(UInt8(65 + number % 26)))
    return number < 26 ? last : letter(number / 26 - 1) + last
  }

  private func options(_ choices: RowShape.Choices) throws(RowProblem) -> [Option] {
    var found: [(label: String?, text: String)] = []
    if choices.options.count > 1 {
      for name in choices.options {
        // Some questions have fewer choices than columns.
        if let text = try textField(name), !text.isBlank { found.append((name.count == 1 ? name : nil, text)) }
      }
    } else if let field = try field(choices.options[0]) {
      if let text = field.text, let nested = NestedJSON(text) {
        found = nested.read(\.listedOptions)
      } else {
        found = field.listedOptions
      }
    }
    // Some data has the letters in the texts already.
    let own = found.enumerated().map { number, option in Self.withoutLetter(option.text, number) }
    let isLettered = !own.isEmpty && own.allSatisfy { $0 != nil }
    return found.enumerated().map { number, option in
      Option(number: number, label: option.label, text: isLettered ? own[number] ?? option.text : option.text)
    }
  }

  /// Labels and texts of a list of texts or of objects, or of an object that has them.
  private var listedOptions: [(label: String?, text: String)] {
    if kind == .array {
      return elements.compactMap { element in
        if let text = element.scalarText { return (nil, text) }
        guard let text = (element.find("text") ?? element.find("value") ?? element.find("content"))?.value.scalarText
        else {
          return nil
        }
        return ((element.find("label") ?? element.find("key") ?? element.find("letter"))?.value.scalarText, text)
      }
    }
    guard isObject else { return [] }
    if let texts = (find("text") ?? find("choices"))?.value, texts.kind == .array {
      let labels = (find("label") ?? find("labels"))?.value.elements ?? []
      return texts.elements.enumerated().map { number, text in
        (number < labels.count ? labels[number].text : nil, text.scalarText ?? "")
      }
    }
    var options: [(label: String?, text: String)] = []
    forEachChild { name, value in
      if let text = value.scalarText { options.append((name, text)) }
    }
    return options
  }

  /// The text behind a choice's own letter (`B) 4`); nil where it does not begin with it.
  private static func withoutLetter(_ text: String, _ number: Int) -> String? {
    guard number < 26 else { return nil }
    var rest = text.trimmed[...]
    if rest.first == "(" { rest.removeFirst() }
    guard rest.hasPrefix(letter(number)) else { return nil }
    rest.removeFirst()
    guard let mark = rest.first, ").:".contains(mark) else { return nil }
    return String(rest.dropFirst()).trimmed
  }

  /// Which choice the answer names: by its number, its label or letter, or its text.
  private func index(of choices: RowShape.Choices, among options: [Option]) throws(RowProblem) -> Int {
    var answer = try field(choices.answer)
    if answer?.kind == .array { answer = answer?.elements.first }
    guard let answer, let said = answer.scalarText?.trimmed, !said.isEmpty, answer.kind != .bool else {
      throw RowProblem(reason: "the row has no response: \"\(choices.answer)\" names no choice")
    }
    func numbered(_ number: Int) -> Int? {
      let index = choices.isFromOne ? number - 1 : number
      return options.indices.contains(index) ? index : nil
    }
    if answer.kind != .string {
      if let found = Int(said).flatMap(numbered) { return found }
      if let found = options.firstIndex(where: { $0.text == said }) { return found }
      throw RowProblem(
        reason:
          "the row has no response: \"\(choices.answer)\" is \(said), and the \(options.count) choices count from "
          + (choices.isFromOne ? "1" : "0"))
    }
    if let found = options.firstIndex(where: { $0.label == said }) { return found }
    let isNumber = Int(said) != nil
    // A number is the text of a choice before it is its place, but where the field is a label.
    if isNumber, choices.answer == "label", let found = Int(said).flatMap(numbered) { return found }
    if let found = options.firstIndex(where: { $0.text.trimmed == said }) { return found }
    if isNumber, let found = Int(said).flatMap(numbered) { return found }
    var letter = said[...]
    if letter.first == "(" { letter.removeFirst() }
    if let first = letter.first, letter.count == 1 || ").: ".contains(letter.dropFirst().first ?? "x"),
      let found = options.indices.first(where: { Self.letter($0) == first.uppercased() })
    {
      return found
    }
    throw RowProblem(
      reason: "the row has no response: \"\(choices.answer)\" is \"\(said)\", which is none of the choices")
  }
}
