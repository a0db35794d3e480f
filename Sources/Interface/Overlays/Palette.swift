/// All actions, found by typing parts of their names.
package struct Palette: Sendable, Hashable {
  package var input = TextInput()
  package var list = ListState()

  package init() {}

  /// The bindings that can be asked for here, best match first; among equals the table's order.
  package func matches(in keyMap: KeyMap = .standard) -> [Binding] {
    let offered = keyMap.bindings.filter { binding in
      !Set(binding.contexts).isDisjoint(with: Context.ofScreens)
        && binding.action != .palette
    }
    let wanted = Array(input.text.lowercased().filter { !$0.isWhitespace })
    return offered.enumerated()
      .compactMap { place, binding in
        Self.score(wanted, in: "\(binding.title) \(binding.meaning)".lowercased()).map { ($0, place, binding) }
      }
      .sorted { ($1.0, $0.1) < ($0.0, $1.1) }
      .map(\.2)
  }

  /// How well the letters are found in order: more for those in a row, at the beginning of a word, and early on; nil
  /// where one is missing.
  static func score(_ wanted: [Character], in text: String) -> Int? {
    let letters = Array(text)
    var best: Int?
    // Each place of the first letter is tried: the leftmost is not always the one that begins a word.
    for start in letters.indices where wanted.isEmpty || letters[start] == wanted[0] {
      var score = max(0, 8 - start / 4)
      var place = start
      var before = -2
      var isWhole = true
      for letter in wanted {
        guard let found = letters[place...].firstIndex(of: letter) else {
          isWhole = false
          break
        }
        if found == before + 1 { score += 6 }
        if found == 0 || letters[found - 1] == " " { score += 4 }
        before = found
        place = found + 1
      }
      if isWhole { best = max(best ?? 0, score) }
      if wanted.isEmpty { break }
    }
    return best
  }
}
