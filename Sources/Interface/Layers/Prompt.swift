import Domain
import Screen

extension Context {
  package static let typing = Context(name: "typing", title: "While typing")
  package static let pathTyping = Context(name: "pathTyping", title: "While typing a path")
  package static let opening = Context(name: "opening", title: "While opening a file")
}

/// A line of text that is asked for.
package struct Prompt: Layer {
  package enum Purpose: Sendable, Hashable {
    case open(DatasetRole)
    case addFile
    case field(Parameter.ID)
    case export(RunID)
    case exportTable
    case search
    case filter
    case tag
  }

  package var purpose: Purpose
  package var input: TextInput
  /// Completions of what is typed, and the one that is chosen among them.
  package private(set) var completions: [String] = []
  private(set) var chosen: Int?
  /// The text that the completions belong to.
  private var completedText: String?
  /// Whether Tab has been pressed, so that the completions that come are to be filled in.
  private var fillsIn = false

  /// Whether the text is the old value, untouched: what is typed then takes its place.
  private(set) var isFresh: Bool

  package init(_ purpose: Purpose, text: String = "") {
    self.purpose = purpose
    input = TextInput(text)
    isFresh = false
    isFresh = !takesPath && !text.isEmpty
  }

  var overlay: Overlay { .prompt(self) }
  var takesPath: Bool { purpose.part.takesPath }

  var contexts: [Context] {
    if case .open = purpose { return [.pathTyping, .opening] }
    return [takesPath ? .pathTyping : .typing]
  }

  mutating func move(_ step: Step, _ model: inout Model) {
    self.step(step == .up ? -1 : 1)
  }

  mutating func choose(_ row: Int, _ model: inout Model) {
    guard completions.indices.contains(row) else { return }
    chosen = row
    input.replace(with: completions[row])
  }

  mutating func edit(_ change: (inout TextInput) -> Void) -> [Effect] {
    let before = input.text
    isFresh = false
    change(&input)
    guard input.text != before else { return [] }
    chosen = nil
    fillsIn = false
    return takesPath ? [.completePath(input.text)] : []
  }

  /// Types text; in place of an old value that has not been touched.
  mutating func type(_ text: String) -> [Effect] {
    let replaces = isFresh
    return edit { input in
      if replaces { input.replace(with: "") }
      input.insert(text)
    }
  }

  func accept(_ model: inout Model) -> [Effect] {
    guard let effects = purpose.part.accept(&model, input.text) else {
      model.overlay = overlay
      return []
    }
    return effects
  }

  /// Completes the path as far as it is clear.
  mutating func complete() -> [Effect] {
    if chosen != nil {
      // A completion that was moved to is taken; what follows it is looked up.
      chosen = nil
      return [.completePath(input.text)]
    }
    guard completedText == input.text else {
      fillsIn = true
      return [.completePath(input.text)]
    }
    let before = input.text
    fillIn()
    return input.text == before || chosen != nil ? [] : [.completePath(input.text)]
  }

  /// Takes in completions that have come, if they belong to what is typed.
  mutating func receive(_ found: [String], of text: String) {
    guard text == input.text else { return }
    completions = found
    completedText = text
    chosen = nil
    if fillsIn { fillIn() }
  }

  /// Types what all completions have in common.
  mutating func fillIn() {
    fillsIn = false
    guard let first = completions.first else { return }
    var common = Substring(first)
    for other in completions.dropFirst() { common = commonPrefix(common, other) }
    if common.count > input.text.count, common.hasPrefix(input.text) || completions.count == 1 {
      input.replace(with: String(common))
    } else if completions.count > 1 {
      step(1)
    }
  }

  /// Moves among the completions, and types the one that is reached.
  mutating func step(_ steps: Int) {
    guard !completions.isEmpty else { return }
    let indices = Array(completions.indices)
    let next = chosen == nil && steps < 0 ? indices.count - 1 : indices.next(after: chosen, by: steps) ?? 0
    chosen = next
    input.replace(with: completions[next])
  }

  private func commonPrefix(_ a: Substring, _ b: String) -> Substring {
    var end = a.startIndex
    for (x, y) in zip(a, b) {
      guard x == y else { break }
      end = a.index(after: end)
    }
    return a[..<end]
  }
}
