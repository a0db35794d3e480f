/// What the terminal's font and locale can show; each level is the fallback of the one before it.
package enum GlyphLevel: String, Sendable, Hashable, Codable, CaseIterable {
  case braille, block, ascii
}

/// The glyphs that views draw with besides text: lines, marks and pointers, all one column wide.
package struct Symbols: Sendable, Hashable {
  package var level: GlyphLevel
  package var horizontal = "─"
  package var vertical = "│"
  package var topLeft = "╭"
  package var topRight = "╮"
  package var bottomLeft = "╰"
  package var bottomRight = "╯"
  package var ellipsis = "…"
  package var pointer = "▸"
  package var dot = "·"
  package var good = "✓"
  package var bad = "✗"
  package var warning = "!"
  package var running = "▶"
  package var paused = "‖"
  package var waiting = "○"
  package var full = "●"
  package var cross = "╋"
  package var pinned = "◆"
  package var banned = "⊘"
  package var previous = "‹"
  package var next = "›"
  package var arrow = "→"
  package var dash = "–"
  package var about = "≈"
  package var thumb = "┃"
  package var gaugeFull = "━"
  package var gaugeRest = "─"
  /// Bars that share a row: one above, one below, both.
  package var gaugeUpper = "▀"
  package var gaugeLower = "▄"
  package var gaugeBoth = "█"
  /// Bars from one eighth to full, drawn from the bottom.
  package var bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  package var spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

  package init(level: GlyphLevel) {
    self.level = level
    switch level {
    case .braille: break
    case .block: spinner = ["◐", "◓", "◑", "◒"]
    case .ascii:
      (horizontal, vertical) = ("-", "|")
      (topLeft, topRight, bottomLeft, bottomRight) = ("+", "+", "+", "+")
      (ellipsis, pointer, dot, good, bad) = ("~", ">", "-", "+", "x")
      (running, paused, waiting, full, cross) = (">", "=", "o", "*", "X")
      (pinned, banned, previous, next, arrow, dash) = ("^", "x", "<", ">", ">", "-")
      about = "~"
      (thumb, gaugeFull, gaugeRest) = ("#", "#", ".")
      (gaugeUpper, gaugeLower, gaugeBoth) = ("A", "B", "#")
      bars = [".", ".", ":", ":", "|", "|", "#", "#"]
      spinner = ["|", "/", "-", "\\"]
    }
  }
}
