import Glibc
import Screen
import Terminal

/// A program that does nothing but drive a terminal, for the tests of the driver. It writes what happens to the file named
/// by its first argument, a line each, and obeys single keys.
@main
struct Probe {
  static func main() {
    let log = open(
      CommandLine.arguments.dropFirst().first ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    func note(_ line: String) { _ = "\(line)\n".withCString { write(log, $0, strlen($0)) } }
    let terminal: TerminalDriver
    do {
      terminal = try TerminalDriver(
        mouse: getenv("PROBE_NO_MOUSE") == nil, descriptions: getenv("PROBE_DESCRIPTIONS").map { String(cString: $0) })
    } catch {
      note("refused: \(error)")
      exit(64)
    }
    note("depth \(terminal.colorDepth.rawValue) size \(terminal.size.width)x\(terminal.size.height)")
    var marker: Character = "0"
    var cursor: Point?
    while true {
      terminal.show(grid(terminal, marker: marker, cursor: cursor))
      if let signal = terminal.endRequest {
        note("end \(signal)")
        terminal.end(by: signal)
      }
      for event in terminal.wait(until: nil) {
        note("\(event)")
        switch event {
        case .key(.character("q")):
          terminal.stop()
          exit(7)
        case .key(.character("m")): marker = marker == "0" ? "1" : "0"
        case .key(.character("c")): cursor = cursor == nil ? Point(x: 2, y: 1) : nil
        case .key(.character("w")):
          wakeFromElsewhere()
          note("woken \(terminal.wait(until: nil).count)")
        case .key(.character("d")):
          let events = terminal.wait(until: .now + .milliseconds(30))
          note("deadline \(events.count)")
        case .key(.character("y")): terminal.copyToClipboard("yes, 漢")
        case .key(.control("z")): terminal.suspend()
        case .key(.character("S")): UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
        case .key(.character("T")): _ = [Int]()[CommandLine.arguments.count]
        case .key(.character("A")): abort()
        case .key(.character("R")): _ = overflow(Int.random(in: 0..<1))
        default: break
        }
      }
    }
  }

  /// A wake-up from another thread, with nothing else to tell.
  nonisolated static func wakeFromElsewhere() {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        TerminalDriver.wakeUp()
        return nil
      }, nil)
    pthread_join(thread, nil)
  }

  /// Uses up the stack.
  @inline(never) static func overflow(_ depth: Int) -> Int {
    var room: (Int, Int, Int, Int, Int, Int, Int, Int) = (depth, 1, 2, 3, 4, 5, 6, 7)
    return withUnsafeMutableBytes(of: &room) { $0.count } + overflow(depth &+ 1) &+ room.0
  }

  /// Rows with graphemes of every kind, each between bars whose columns a test can look at.
  static func grid(_ terminal: TerminalDriver, marker: Character, cursor: Point?) -> Grid {
    var grid = Grid(width: terminal.size.width, height: terminal.size.height)
    let red = Style(foreground: .rgb(200, 30, 30), attributes: .bold)
    let graphemes: [(String, Int)] = [
      ("a", 1), ("é", 1), ("e\u{301}", 1), ("漢", 2), ("😀", 2), ("👩‍💻", 2), ("👍🏽", 2), ("🇩🇪", 2), ("❤️", 2), ("ﷺ", 1),
      ("\u{1FAE8}", 2), ("x\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}", 1),
    ]
    for (row, (glyph, width)) in graphemes.enumerated() {
      grid.put(Cell(glyph: "|", width: 1, style: .plain), x: 0, y: row)
      grid.put(Cell(glyph: glyph, width: width, style: red), x: 1, y: row)
      grid.put(Cell(glyph: "|", width: 1, style: .plain), x: 1 + width, y: row)
    }
    grid.put(Cell(glyph: String(marker), width: 1, style: .plain), x: 10, y: 0)
    grid.put(Cell(glyph: "#", width: 1, style: .plain), x: grid.width - 1, y: grid.height - 1)
    grid.cursor = cursor
    return grid
  }
}
