/// A piece of text as cells show it: a glyph and the columns it takes.
struct Glyph: Equatable {
  var text: String
  /// 1 or 2.
  var width: Int
}

/// Text made safe and measurable. What terminals disagree on is brought down to what all of them do alike, so that
/// data never shifts a border: of an emoji sequence the first picture is shown, a flag as its two letters, and
/// nothing that a terminal could obey ever comes through.
enum DisplayText {
  /// Marks beyond so many on one glyph are dropped: a cell of ncurses holds five scalars.
  static let mostMarks = 4

  /// The glyphs of a text in one line, as many as more than fill `columns`: a long text costs no more than what is shown
  /// of it. A line break shows as `↵`, a tab as `→` and a blank.
  static func glyphs(_ text: String, columns: Int = .max) -> [Glyph] {
    var glyphs: [Glyph] = []
    var bytes = text.utf8.makeIterator()
    // Plain ASCII, which most text is, byte by byte; from the first other byte on, the whole is looked at again.
    while let byte = bytes.next() {
      if byte < 0x20 || byte >= 0x7F { return mixedGlyphs(text, columns: columns) }
      glyphs.append(Glyph(text: asciiGlyphs[Int(byte)], width: 1))
      if glyphs.count > columns { break }
    }
    // The scalar after the last one may be a mark that belongs to it, but that one is beyond what is shown.
    return glyphs
  }

  private static func mixedGlyphs(_ text: String, columns: Int) -> [Glyph] {
    var glyphs: [Glyph] = []
    var marks = 0
    var joined = false
    var wasCarriageReturn = false
    for scalar in text.unicodeScalars {
      if glyphs.count > columns { break }  // every glyph takes a column at least
      defer { wasCarriageReturn = scalar == "\r" }
      switch scalar {
      case "\n":
        if wasCarriageReturn { glyphs.removeLast() }
        glyphs.append(Glyph(text: "↵", width: 1))
        joined = false
        continue
      case "\t":
        glyphs.append(Glyph(text: "→", width: 1))
        glyphs.append(Glyph(text: " ", width: 1))
        joined = false
        continue
      case "\u{200D}":
        joined = true
        continue
      default: break
      }
      switch scalar.displayKind {
      case .invisible:
        continue
      case .combining:
        if glyphs.isEmpty {
          glyphs.append(Glyph(text: "◌", width: 1))
          marks = 0
        }
        marks += 1
        if marks <= mostMarks { glyphs[glyphs.count - 1].text.unicodeScalars.append(scalar) }
      case .replaced(let shown):
        glyphs.append(Glyph(text: String(shown), width: 1))
        marks = mostMarks  // a mark would sit on the stand-in; drop it
      case .printable(let width):
        marks = 0
        if scalar.isRegionalIndicator {
          let letter = Unicode.Scalar(scalar.value - 0x1F1E6 + 0x41) ?? "?"
          glyphs.append(Glyph(text: String(letter), width: 1))
        } else if (joined || scalar.isSkinTone), glyphs.last?.width == 2 {
          // The rest of an emoji sequence: its first picture stands for it.
        } else {
          glyphs.append(Glyph(text: String(scalar), width: width))
        }
      }
      joined = false
    }
    return glyphs
  }

  private static let asciiGlyphs: [String] = (0..<128).map { String(Unicode.Scalar(UInt8($0))) }
}

extension String {
  /// Columns that the text takes in one line, as `Grid` draws it.
  package var displayWidth: Int {
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return utf8.count }
    return DisplayText.glyphs(self).reduce(0) { $0 + $1.width }
  }

  /// The text in at most `width` columns, with `…` for what was cut; from the front if `keepingEnd`, as paths want it.
  package func truncated(to width: Int, keepingEnd: Bool = false, ellipsis: String = "…") -> String {
    if width <= 0 { return "" }
    let glyphs = DisplayText.glyphs(self, columns: keepingEnd ? .max : width + 1)
    if glyphs.reduce(0, { $0 + $1.width }) <= width { return glyphs.map(\.text).joined() }
    var kept: [String] = []
    var used = 1
    for glyph in keepingEnd ? glyphs.reversed() : glyphs {
      if used + glyph.width > width { break }
      kept.append(glyph.text)
      used += glyph.width
    }
    return keepingEnd ? ellipsis + kept.reversed().joined() : kept.joined() + ellipsis
  }

  /// The text in exactly `width` columns: cut, or filled with blanks on the right, or on the left if `right` aligned.
  package func padded(to width: Int, alignment: Alignment = .left) -> String {
    let cut = truncated(to: width)
    let fill = String(repeating: " ", count: max(0, width - cut.displayWidth))
    return alignment == .left ? cut + fill : fill + cut
  }

  /// The lines of the text in `width` columns, broken at blanks where there are any, line breaks kept. At most `limit`
  /// lines are made, so that a huge row costs no more than what is shown of it.
  package func wrapped(to width: Int, limit: Int = 10_000) -> [String] {
    guard width > 0, limit > 0 else { return [] }
    var lines: [String] = []
    // Cut into paragraphs by hand: `\r\n` is one Character, and a lone `\r` is shown, not obeyed.
    var paragraph = String.UnicodeScalarView()
    var length = 0
    var scalars = unicodeScalars.makeIterator()
    var next = scalars.next()
    // Columns that the lines that may still be made have; a little more, so that the last of them is broken right.
    func room(_ made: Int) -> Int { (min(limit, 100_000) - made + 1) * min(width, 10_000) }
    while lines.count < limit {
      guard let scalar = next else { break }
      next = scalars.next()
      if scalar == "\n" || (scalar == "\r" && next == "\n") {
        if scalar == "\r" { next = scalars.next() }
        lines += wrapParagraph(DisplayText.glyphs(String(paragraph), columns: room(lines.count)), to: width)
        paragraph = .init()
        length = 0
        if next == nil { return Array(lines.prefix(limit)) }
      } else {
        paragraph.append(scalar)
        length += 1
        // A paragraph longer than all the lines asked for need not be read to its end.
        if length / 8 / width > limit - lines.count + 2 { break }
      }
    }
    if lines.count < limit, !paragraph.isEmpty || lines.isEmpty {
      lines += wrapParagraph(DisplayText.glyphs(String(paragraph), columns: room(lines.count)), to: width)
    }
    return Array(lines.prefix(limit))
  }
}

/// Where text stands in a field wider than itself.
package enum Alignment: Sendable, Hashable {
  case left, right
}

private func wrapParagraph(_ glyphs: [Glyph], to width: Int) -> [String] {
  var lines: [String] = []
  var start = 0
  while start < glyphs.count {
    var used = 0
    var end = start
    var lastBlank: Int?
    while end < glyphs.count, used + glyphs[end].width <= width {
      used += glyphs[end].width
      if glyphs[end].text == " " { lastBlank = end }
      end += 1
    }
    if end == start {  // a wide glyph in a single column
      lines.append("…")
      start += 1
      continue
    }
    if end < glyphs.count, glyphs[end].text != " ", let lastBlank, lastBlank > start {
      end = lastBlank
    }
    var line = glyphs[start..<end].map(\.text).joined()
    while line.last == " ", end < glyphs.count { line.removeLast() }
    lines.append(line)
    start = end
    // One blank at the break is the break itself.
    if start < glyphs.count, glyphs[start].text == " " { start += 1 }
  }
  return lines.isEmpty ? [""] : lines
}
