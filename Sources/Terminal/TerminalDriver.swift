import CCurses
import Foundation
import Screen

/// The terminal, through ncurses: shows grids, brings input, and is given back as it was found.
///
/// It belongs to the main thread; only ``wakeUp()`` may be called from others. There is one terminal, so there may be one
/// driver at a time. (Not `Sendable`: the compiler keeps it where it was made.)
package final class TerminalDriver {
  /// Why the program was asked to end from outside: the signal, where ``wait(until:)`` saw one, or SIGHUP where the
  /// terminal has gone. The main loop looks at it after each wait.
  package private(set) var endRequest: Int32?

  /// Colours that can be shown. None where `NO_COLOR` is set.
  package let colorDepth: ColorDepth

  /// The terminal's size in cells.
  package private(set) var size: (width: Int, height: Int)

  /// Whether the terminal's own 16 colours can be named beside all others.
  private let hasPalette: Bool
  /// ncurses' own count of them.
  private let colours: Int
  private var shown: Grid?
  private var decoder = InputDecoder()
  private var isStarted = true
  /// Signals that came while the program was suspended, and whether it was.
  private var heldSignals: UInt32 = 0
  private var hasResumed = false

  /// Takes the terminal: alternate screen, raw keys, bracketed paste, and mouse reports unless `mouse` is false. From here
  /// on signals reach ``wait(until:)``, and a crash gives the terminal back before the process ends.
  ///
  /// - Parameter descriptions: a folder for descriptions of terminals that have more colours than their own says; nil to
  ///   believe the terminal's own.
  /// Errors: no terminal that could show a screen.
  package init(mouse: Bool = true, descriptions: String? = nil) throws(TerminalError) {
    let name = Self.environment("TERM")
    var description: String?
    if let name, let descriptions, isatty(STDOUT_FILENO) == 1,
      DirectColour.isOffered(colorTerm: Self.environment("COLORTERM"), noColor: Self.environment("NO_COLOR"))
    {
      description = DirectColour.description(for: name, in: descriptions)
      if description != nil { DirectColour.announce(descriptions) }
    }
    hasPalette = description != nil
    switch cc_start(mouse, description) {
    case CC_STARTED: break
    case CC_NOT_A_TERMINAL: throw .notATerminal
    case CC_SIMPLE_TERMINAL: throw .simpleTerminal(name: name ?? "")
    default: throw .unknownTerminal(name: name)
    }
    colours = Int(cc_colours())
    colorDepth = Self.depth(colours: colours, noColor: Self.environment("NO_COLOR"))
    size = Self.systemSize()
  }

  /// Gives the terminal back. Call it before the program ends; more than once does no harm.
  package func stop() {
    guard isStarted else { return }
    isStarted = false
    cc_stop()
  }

  /// Gives the terminal back and ends the process by a signal, so that its parent sees it die of that.
  package func end(by signal: Int32) -> Never {
    stop()
    cc_die_of(signal)
  }

  /// Stops the process as Ctrl-Z does, and comes back when it is continued; `wait` will then report `resumed`.
  package func suspend() {
    cc_suspend()
    // The continuation that brought us back needs no second repaint.
    heldSignals |= cc_signals() & ~UInt32(CC_SIGNAL_CONTINUE)
    hasResumed = true
    cc_wake()
  }

  /// Ends a sleep in ``wait(until:)``, now or when it is next called. From any thread.
  package static func wakeUp() { cc_wake() }

  // MARK: Showing

  /// Brings the screen to this grid: only what differs from the grid shown before is sent, nothing if nothing does.
  package func show(_ grid: Grid) {
    guard isStarted, grid != shown else { return }
    let before = shown.flatMap { $0.width == grid.width && $0.height == grid.height ? $0 : nil }
    var last: (style: Style, attributes: UInt32, pair: Int32)?
    for y in 0..<min(grid.height, size.height) {
      for x in 0..<min(grid.width, size.width) {
        let cell = grid[x, y]
        if let before, before[x, y] == cell { continue }
        guard cell.width > 0 else { continue }
        if last?.style != cell.style {
          let look = self.look(of: cell.style)
          last = (cell.style, look.attributes, look.pair)
        }
        put(cell, x: x, y: y, attributes: last?.attributes ?? 0, pair: last?.pair ?? 0)
      }
    }
    if let cursor = grid.cursor, cursor.x < size.width, cursor.y < size.height {
      cc_cursor(Int32(cursor.x), Int32(cursor.y))
    } else {
      cc_cursor(-1, -1)
    }
    shown = grid
    cc_flush()
  }

  private func put(_ cell: Cell, x: Int, y: Int, attributes: UInt32, pair: Int32) {
    let text = CellText(cell.glyph, width: cell.width)
    cc_put(Int32(x), Int32(y), text.scalars, text.scalars.count, attributes, pair)
    for column in x + cell.width - text.padding..<x + cell.width where column < size.width {
      cc_put(Int32(column), Int32(y), [0x20], 1, attributes, pair)
    }
  }

  private func look(of style: Style) -> (attributes: UInt32, pair: Int32) {
    let style = style.quantised(to: colorDepth)
    var attributes = UInt32(style.attributes.rawValue)
    var foreground = number(of: style.foreground)
    var background = number(of: style.background)
    // With eight colours the bright ones are bold, and backgrounds have none.
    if colours < 16 {
      if foreground >= 8 {
        foreground -= 8
        attributes |= UInt32(CC_BOLD)
      }
      if background >= 8 { background -= 8 }
    }
    return (attributes, cc_pair(foreground, background))
  }

  /// ncurses' number of a colour that was brought down to the terminal's depth.
  private func number(of color: Color) -> Int32 {
    switch color {
    case .terminal: -1
    case .named(let index):
      if colorDepth == .none {
        -1
      } else if colorDepth == .truecolor, index >= (hasPalette ? 16 : 8) {
        // Direct colour knows no numbers beyond the palette. Of the bright ones the plain ones are left.
        index < 16 ? Int32(index) - 8 : number(of: color.direct)
      } else {
        Int32(index)
      }
    // Direct colour: the numbers below 8, or 16, mean the palette there.
    case .rgb(let red, let green, let blue):
      colorDepth < .truecolor
        ? -1 : max(hasPalette ? 16 : 8, Int32(red) << 16 | Int32(green) << 8 | Int32(blue))
    }
  }

  /// Asks the terminal to put text on its clipboard (OSC 52). Whether it does, or lets a program ask at all, it does not
  /// tell. Inside tmux the request is made twice: to tmux, and through it to the terminal around it.
  package func copyToClipboard(_ text: String) {
    guard isStarted else { return }
    let request = "\u{1B}]52;c;\(Data(text.utf8).base64EncodedString())\u{07}"
    var bytes = Array(request.utf8)
    if Self.environment("TMUX") != nil {
      bytes += Array("\u{1B}Ptmux;\u{1B}\(request)\u{1B}\\".utf8)
    }
    bytes.withUnsafeBytes { cc_send($0.bindMemory(to: CChar.self).baseAddress, $0.count) }
  }

  // MARK: Waiting

  /// Sleeps until there is input, another thread calls ``wakeUp()``, a signal comes, or the deadline is over; nil is none.
  /// Gives what came, in order; nothing where it was woken for another reason.
  package func wait(until deadline: ContinuousClock.Instant?) -> [InputEvent] {
    var events = takeSignals()
    var nanoseconds: Int64 = events.isEmpty && endRequest == nil ? -1 : 0
    if nanoseconds < 0, let deadline {
      let left = ContinuousClock.now.duration(to: deadline).components
      nanoseconds =
        left.seconds < 0 ? 0 : min(left.seconds, 1 << 30) * 1_000_000_000 + max(0, left.attoseconds / 1_000_000_000)
    }
    let woken = cc_wait(nanoseconds)
    events += takeSignals()
    var inputs: [cc_input] = []
    if woken & UInt32(CC_WAIT_INPUT) != 0 {
      while case let input = cc_read(), input.kind != CC_INPUT_NONE { inputs.append(input) }
      events += decoder.decode(inputs, at: Self.seconds)
    }
    // A terminal that is closed is readable for ever, and there is nothing to read.
    if woken & UInt32(CC_WAIT_GONE) != 0, inputs.isEmpty { endRequest = endRequest ?? SIGHUP }
    return events
  }

  private func takeSignals() -> [InputEvent] {
    let signals = heldSignals | cc_signals()
    heldSignals = 0
    func came(_ flag: Int) -> Bool { signals & UInt32(flag) != 0 }
    if came(CC_SIGNAL_INTERRUPT) { endRequest = endRequest ?? SIGINT }
    if came(CC_SIGNAL_TERMINATE) { endRequest = endRequest ?? SIGTERM }
    if came(CC_SIGNAL_HANG_UP) { endRequest = endRequest ?? SIGHUP }
    if came(CC_SIGNAL_STOP) {
      suspend()
    } else if came(CC_SIGNAL_CONTINUE) {
      cc_resume()
      hasResumed = true
    }
    var events: [InputEvent] = []
    if hasResumed {
      hasResumed = false
      events.append(.resumed)
    }
    let now = Self.systemSize()
    if now != size {
      size = now
      cc_resize(Int32(now.width), Int32(now.height))
      shown = nil
      events.append(.resize(width: now.width, height: now.height))
    }
    return events
  }

  // MARK: The system

  private static func systemSize() -> (width: Int, height: Int) {
    var width: Int32 = 0
    var height: Int32 = 0
    cc_size(&width, &height)
    return (Int(width), Int(height))
  }

  private static var seconds: Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// `noColor`: the variable `NO_COLOR`, which asks for none when it is set and not empty (no-color.org).
  static func depth(colours: Int, noColor: String?) -> ColorDepth {
    if noColor != nil { return .none }
    return switch colours {
    case ..<8: .none
    case ..<256: .sixteen
    case ..<16_777_216: .twoFiftySix
    default: .truecolor
    }
  }
}
