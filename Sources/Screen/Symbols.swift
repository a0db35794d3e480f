/// What the terminal's font and locale can show; each level is the fallback of the one before it.
public enum GlyphLevel: String, Sendable, Hashable, CaseIterable {
  case braille, block, ascii
}

/// The glyphs that views draw with besides text: lines, marks and pointers, all one column wide.
public struct Symbols: Sendable, Hashable {
  public var level: GlyphLevel
  public var horizontal = "─"
  public var vertical = "│"
  public var topLeft = "╭"
  public var topRight = "╮"
  public var bottomLeft = "╰"
  public var bottomRight = "╯"
  public var ellipsis = "…"
  public var pointer = "▸"
  public var dot = "·"
  public var good = "✓"
  public var bad = "✗"
  public var warning = "!"
  public var running = "▶"
  public var paused = "‖"
  public var waiting = "○"
  public var full = "●"
  public var cross = "╋"
  public var pinned = "◆"
  public var banned = "⊘"
  public var previous = "‹"
  public var next = "›"
  public var arrow = "→"
  public var dash = "–"
  public var about = "≈"
  public var thumb = "┃"
  public var gaugeFull = "━"
  public var gaugeRest = "─"
  /// Bars that share a row: one above, one below, both.
  public var gaugeUpper = "▀"
  public var gaugeLower = "▄"
  public var gaugeBoth = "█"
  /// Bars from one eighth to full, drawn from the bottom.
  public var bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  public var spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

  public init(level: GlyphLevel) {
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
