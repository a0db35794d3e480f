import Domain

/// How answers are written: what stands before and between their parts, which a house has in common, and the name of the writer,
/// who signs. No question tells it: only another answer does.
package struct SampleStyle: Sendable, Hashable {
  var opening: String
  var separator: String
  var writer: String

  func written(_ parts: [String]) -> String {
    "\(opening) \(parts.joined(separator: separator)) -- \(writer)"
  }

  /// A style drawn anew.
  static func drawn(_ generator: inout SeededGenerator) -> SampleStyle {
    SampleStyle(
      opening: openings[generator.below(openings.count)], separator: separators[generator.below(separators.count)],
      writer: writers[generator.below(writers.count)])
  }

  /// For each of some houses the styles of its writers; no two houses open alike, and nobody writes for two.
  static func houses(_ count: Int, writers perHouse: Int, _ generator: inout SeededGenerator) -> [[SampleStyle]] {
    let names = generator.sample(count * perHouse, of: writers.count)
    let signs = generator.sample(separators.count, of: separators.count)
    return generator.sample(count, of: openings.count).enumerated().map { house, opening in
      (0..<perHouse).map { writer in
        SampleStyle(
          opening: openings[opening], separator: separators[signs[house % signs.count]],
          writer: writers[names[house * perHouse + writer]])
      }
    }
  }

  package static let openings = [
    "Answer:", "Result:", "Reply:", "Output:", "Solution:", "Here:", "Done:", "Final:", "Note:", "Key:", "So:",
    "Then:", "=>", "->", ">>", "==", "::", "##", "**", "%%", "@", "Sure,", "Well,", "Yes,", "It is", "We get",
    "I say", "That is", "This gives", "Look:", "Now:", "Out:", "Box:", "Line:", "Page:", "Part:", "Text:", "Value:",
    "Item:", "Entry:", "Record:", "Data:", "My turn:", "Robot:", "Expert:", "Helper:", "Writer:", "Teacher:",
  ]
  package static let separators = [
    " ", ", ", " - ", "; ", " + ", " / ", " | ", " & ", "_", "--", " . ", " * ", " ~ ", " then ",
  ]
  package static let writers = """
    ann bob carl dora emil finn gina hugo ivan jane karl lena mark nora otto paul quin rosa sven tina ugo vera walt xena yann zoe \
    adam bela cleo dirk elsa fred greta hans ines jack kate liam mia noah olga pia ralf sara theo ute viktor wanda anton berta \
    clara david erik frida georg heidi igor jonas kira lukas maria nils
    """.split(separator: " ").map(String.init)
}
