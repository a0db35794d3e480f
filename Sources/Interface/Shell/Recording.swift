import Foundation

/// What happened in a session, in order: since `update` is pure, it happens again when it is replayed. A file has JSON lines,
/// the opening first; it holds the rows that were looked at.
package struct Recording: Sendable, Hashable {
  package var opening: Opening
  package var messages: [Message]

  package init(opening: Opening, messages: [Message] = []) {
    self.opening = opening
    self.messages = messages
  }

  /// Reads a file of JSON lines; its last line may be cut short, as that of a program that was killed is.
  package init(parsing text: Data) throws {
    let lines = text.split(separator: UInt8(ascii: "\n"))
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    opening = try decoder.decode(Opening.self, from: lines.first.map { Data($0) } ?? Data())
    messages = []
    for (index, line) in lines.enumerated().dropFirst() {
      do {
        messages.append(try decoder.decode(Message.self, from: Data(line)))
      } catch {
        if index + 1 < lines.count { throw error }
      }
    }
  }

  /// The line of a file for the opening or for a message.
  package static func line(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value) + [UInt8(ascii: "\n")]
  }

  package func data() throws -> Data {
    try messages.reduce(into: try Self.line(opening)) { $0 += try Self.line($1) }
  }

  /// How things stand after all of it, and what was wanted of the world outside on the way.
  package func replay() -> (model: Model, effects: [Effect]) {
    var model = Model(startingWith: opening)
    var effects = model.openingEffects
    for message in messages { effects += update(&model, message) }
    return (model, effects)
  }
}
