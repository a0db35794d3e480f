/// One line of text being typed, with a cursor.
package struct TextInput: Sendable, Hashable {
  private var characters: [Character]
  /// Characters before the cursor.
  package private(set) var cursor: Int

  package init(_ text: String = "") {
    characters = Array(text)
    cursor = characters.count
  }

  package var text: String { String(characters) }
  var beforeCursor: String { String(characters[..<cursor]) }

  mutating func replace(with text: String) { self = TextInput(text) }

  /// Types text; line breaks in it, as a paste may have, become blanks, and there is an end to what is taken.
  package mutating func insert(_ text: String) {
    let taken = text.prefix(max(0, 4096 - characters.count)).map { $0.isNewline ? " " : $0 }
    characters.insert(contentsOf: taken, at: cursor)
    cursor += taken.count
  }

  mutating func deleteBackwards() {
    guard cursor > 0 else { return }
    cursor -= 1
    characters.remove(at: cursor)
  }

  mutating func deleteForwards() {
    guard cursor < characters.count else { return }
    characters.remove(at: cursor)
  }

  /// Deletes back to the beginning of the word, or of the path's last part.
  mutating func deleteWord() {
    while cursor > 0, Self.isBoundary(characters[cursor - 1]) { deleteBackwards() }
    while cursor > 0, !Self.isBoundary(characters[cursor - 1]) { deleteBackwards() }
  }

  mutating func deleteToStart() {
    characters.removeSubrange(..<cursor)
    cursor = 0
  }

  mutating func moveLeft() { cursor = max(0, cursor - 1) }
  mutating func moveRight() { cursor = min(characters.count, cursor + 1) }
  mutating func moveToStart() { cursor = 0 }
  mutating func moveToEnd() { cursor = characters.count }

  private static func isBoundary(_ character: Character) -> Bool { character == "/" || character.isWhitespace }
}
