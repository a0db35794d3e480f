import Foundation
import Screen

/// Text for a person at a terminal.
enum Console {
  /// Whether standard output goes to a terminal.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Columns of the terminal that standard output goes to; nil where it goes elsewhere.
  static var width: Int? {
    var size = winsize()
    guard isTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// A text with nothing in it that a terminal would act on but line ends and tabs: all text of people's files and of servers goes through
  /// here before it is printed. Control bytes become their pictures.
  static func safe(_ text: String) -> String {
    let isHarmless = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A || $0 == 0x09 }
    if isHarmless { return text }
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A: safe.append(scalar)
      case 0..<0x20: safe.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
      case 0x7F: safe.append("\u{2421}")
      case 0x80..<0xA0: safe.append("\u{FFFD}")
      default: safe.append(scalar)
      }
    }
    return String(safe)
  }

  /// A text in one line, with nothing in it that a terminal would act on.
  static func plain(_ text: String) -> String {
    var plain = ""
    var isBlank = false
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format, .surrogate:
        if scalar == "\n" || scalar == "\t" || scalar == "\r" {
          if !isBlank { plain += " " }
          isBlank = true
        } else {
          plain.unicodeScalars.append("\u{FFFD}")
          isBlank = false
        }
      default:
        plain.unicodeScalars.append(scalar)
        isBlank = scalar == " "
      }
    }
    return plain
  }

  /// A text cut to so many columns of the terminal, with a sign where it goes on.
  static func cut(_ text: String, to width: Int, pad: Bool = false) -> String {
    // Of a long text only the beginning is measured.
    let short = text.utf8.count > 8 * width ? String(text.prefix(width + 1)) : text
    let cut = short.truncated(to: width, ellipsis: "…")
    return pad ? cut + String(repeating: " ", count: max(0, width - cut.displayWidth)) : cut
  }
}

extension Console {
  /// Cells in columns as wide as their content, the last cut where the terminal ends.
  static func table(_ heads: [String], _ lines: [[String]]) -> String {
    let widths = heads.indices.map { column in ([heads] + lines).map { $0[column].displayWidth }.max() ?? 0 }
    return ([heads] + lines).map { cells in
      let line = zip(cells, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.displayWidth)) }
        .joined(separator: "  ")
      let end = line.lastIndex { $0 != " " }.map { line.index(after: $0) } ?? line.startIndex
      return (width.map { cut(String(line[..<end]), to: $0) } ?? String(line[..<end])) + "\n"
    }.joined()
  }

  /// A name before its text, which goes on below it, within the terminal.
  static func section(_ name: String, _ text: String, indent: Int = 12) -> String {
    let room = max(20, (width ?? 100) - indent)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .flatMap { plain(String($0)).wrapped(to: room, limit: 200) }
    return (lines.isEmpty ? [""] : lines).enumerated().map { number, line in
      let head = number == 0 ? name : ""
      return head + String(repeating: " ", count: max(1, indent - head.displayWidth)) + line + "\n"
    }.joined()
  }

  /// A number with four digits that count.
  static func number(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.4g", value) }
}
