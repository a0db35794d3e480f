import Domain
import Screen

/// A line of a text panel: parts, each in a style.
typealias TextLine = [(String, StyleName)]

extension Model {
  /// Lines that each part of a row is given at most: a key is answered at once whatever is in the data, and a row of a
  /// megabyte is read in another program.
  private static let mostLines = 1000

  /// A row's texts, wrapped, each with its name.
  func lines(of content: RowContent?, width: Int) -> [TextLine] {
    switch content {
    case nil: return [[("Reading \(symbols.ellipsis)", .muted)]]
    case .unreadable(let report): return wrap(report.description, .bad, width)
    case .sample(let sample):
      var lines: [TextLine] = []
      switch sample.query {
      case .instruction(let instruction, let input):
        lines += section("instruction", instruction, width: width)
        if !input.isEmpty { lines += section("input", input, width: width) }
      case .conversation(let turns):
        for turn in turns { lines += section(turn.role, turn.content, width: width) }
      }
      return lines + section("response", sample.response, width: width)
    }
  }

  /// A text with its name to the left of it, or above it where that would leave too little.
  func section(_ name: String, _ text: String, width: Int) -> [TextLine] {
    let margin = 13
    if width < 32 { return [[(name, .heading)]] + wrap(text, .text, width) }
    let wrapped = text.wrapped(to: width - margin, limit: Self.mostLines)
    let lines: [TextLine] = wrapped.enumerated().map { row, line in
      [((row == 0 ? name : "").padded(to: margin), .heading), (line, .text)]
    }
    return wrapped.count < Self.mostLines ? lines : lines + [cutLine]
  }

  /// What stands at the end of a text that goes on.
  private var cutLine: TextLine {
    [("\(symbols.ellipsis) the text goes on; \(key(.copyRow)) copies all of it", .muted)]
  }

  func wrap(_ text: String, _ style: StyleName, _ width: Int) -> [TextLine] {
    let wrapped = text.wrapped(to: width, limit: Self.mostLines)
    return wrapped.map { [($0, style)] } + (wrapped.count < Self.mostLines ? [] : [cutLine])
  }
}

extension String {
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
