import Foundation
import TestSupport
import Testing

/// A probe in a terminal, and the file in which it writes what happens to it.
private final class Probed {
  static let program = Places.program.deletingLastPathComponent().appendingPathComponent("terminal-probe").path

  let terminal: PseudoTerminal
  private let folder: URL
  private var logFile: URL { folder.appendingPathComponent("log") }

  init(_ program: String? = nil, environment: [String: String?] = [:], width: Int = 80, height: Int = 24) throws {
    folder = try Places.makeTemporaryFolder()
    var variables = environment
    variables["SWIFT_BACKTRACE"] = "enable=no"
    let log = folder.appendingPathComponent("log").path
    terminal = try PseudoTerminal(
      program ?? Self.program, program == nil ? [log] : ["--norc", "--noprofile", "--noediting", "-i"],
      environment: variables,
      width: width, height: height)
    if program == nil {
      try terminal.wait("the start") { !self.log.isEmpty }
      try terminal.settle()
    }
  }

  deinit {
    terminal.send(SIGKILL)
    try? FileManager.default.removeItem(at: folder)
  }

  var logPath: String { logFile.path }
  var log: [String] {
    ((try? String(contentsOf: logFile, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
  }

  /// Types, and waits for the line that this leads to.
  func type(_ text: String, until line: String) throws {
    terminal.type(text)
    try terminal.wait("the line \(line)") { log.contains(line) }
  }

  /// Checks that the terminal is as a shell wants it.
  func expectClean(modesBefore: termios, _ place: SourceLocation = #_sourceLocation) throws {
    try terminal.settle()
    let modes = terminal.privateModes
    #expect(modes.isDisjoint(with: [1049, 1000, 1002, 1003, 1006, 2004, 1]), "\(modes)", sourceLocation: place)
    #expect(modes.contains(25) || !terminal.text.contains("\u{1B}[?25l"), sourceLocation: place)
    #expect(terminal.modes.c_lflag == modesBefore.c_lflag, sourceLocation: place)
    #expect(terminal.modes.c_iflag == modesBefore.c_iflag, sourceLocation: place)
    #expect(terminal.modes.c_oflag == modesBefore.c_oflag, sourceLocation: place)
  }
}

/// The modes of a terminal that nothing has touched.
private func freshModes() throws -> termios {
  let idle = try PseudoTerminal("/bin/sleep", ["30"])
  defer { idle.send(SIGKILL) }
  return idle.modes
}

@Suite(.serialized) struct TerminalTests {
  @Test func theScreenIsTakenAndGivenBackOnStop() throws {
    let probe = try Probed()
    #expect(probe.log == ["depth 256 size 80x24"])
    #expect(probe.terminal.privateModes.isSuperset(of: [1049, 1000, 1006, 2004]))
    #expect(probe.terminal.modes.c_lflag & UInt32(ICANON | ECHO | ISIG) == 0)
    probe.terminal.type("q")
    #expect(try probe.terminal.waitForEnd() == .exited(7))
    try probe.expectClean(modesBefore: freshModes())
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
  func aSignalThatAsksForTheEndGivesTheTerminalBackAndIsTheCauseOfDeath(signal: Int32) throws {
    let probe = try Probed()
    probe.terminal.send(signal)
    #expect(try probe.terminal.waitForEnd() == .signalled(signal))
    #expect(probe.log.last == "end \(signal)")
    try probe.expectClean(modesBefore: freshModes())
  }

  @Test(arguments: [("S", SIGSEGV), ("T", SIGILL), ("A", SIGABRT), ("R", SIGSEGV)])
  func aCrashGivesTheTerminalBack(key: String, signal: Int32) throws {
    let probe = try Probed()
    probe.terminal.type(key)
    #expect(try probe.terminal.waitForEnd() == .signalled(signal))
    #expect(probe.terminal.privateModes.contains(25))
    try probe.expectClean(modesBefore: freshModes())
    // The alternate screen goes last, so that nothing of the clean-up shows on the shell's screen.
    #expect(probe.terminal.text.contains("\u{1B}[?1049l"))
  }

  @Test(arguments: [SIGQUIT, SIGSEGV, SIGTRAP, SIGBUS, SIGFPE, SIGILL, SIGABRT])
  func aCrashSignalThatIsSentGivesTheTerminalBack(signal: Int32) throws {
    let probe = try Probed()
    probe.terminal.send(signal)
    #expect(try probe.terminal.waitForEnd() == .signalled(signal))
    try probe.expectClean(modesBefore: freshModes())
  }

  @Test func controlZStopsTheProgramUnderAShellAndFgBringsItBack() throws {
    let shell = try Probed("/bin/bash", environment: ["PS1": "ready> "])
    try shell.terminal.waitForText("ready> ")
    let before = shell.terminal.modes
    shell.terminal.type("\(Probed.program) \(shell.logPath)\n")
    try shell.terminal.wait("the start") { shell.log.count == 1 }
    try shell.terminal.settle()
    #expect(shell.terminal.privateModes.contains(1049))
    shell.terminal.type("\u{1A}")
    try shell.terminal.waitForText("Stopped")
    try shell.expectClean(modesBefore: before)
    let stopped = shell.terminal.bytes.count
    shell.terminal.type("fg\n")
    try shell.terminal.wait("the return") { shell.log.contains("resumed") }
    try shell.terminal.settle()
    #expect(shell.terminal.privateModes.isSuperset(of: [1049, 1000, 1006, 2004]))
    #expect(String(decoding: shell.terminal.bytes.dropFirst(stopped), as: UTF8.self).contains("漢"))
    #expect(shell.log.filter { $0 == "resumed" }.count == 1)
    // Keys work again, and a second time too.
    try shell.type("k", until: "key(Screen.Key.character(\"k\"))")
    shell.terminal.type("\u{1A}")
    try shell.terminal.waitForText("Stopped", after: stopped)
    shell.terminal.type("fg\n")
    try shell.terminal.wait("the second return") { shell.log.filter { $0 == "resumed" }.count == 2 }
    shell.terminal.type("q")
    try shell.terminal.wait("the prompt") { shell.terminal.text.hasSuffix("ready> ") }
    try shell.expectClean(modesBefore: before)
    let exited = shell.terminal.bytes.count
    shell.terminal.type("echo status $?\n")
    try shell.terminal.waitForText("status 7", after: exited)
  }

  @Test func aStopAndContinueFromOutsideRepaintsTheScreen() throws {
    let probe = try Probed()
    probe.terminal.send(SIGSTOP)
    usleep(50_000)
    let before = probe.terminal.bytes.count
    probe.terminal.send(SIGCONT)
    try probe.terminal.wait("the return") { probe.log.contains("resumed") }
    try probe.terminal.settle()
    #expect(String(decoding: probe.terminal.bytes.dropFirst(before), as: UTF8.self).contains("漢"))
    #expect(probe.terminal.privateModes.isSuperset(of: [1049, 1000, 2004]))
    #expect(probe.terminal.modes.c_lflag & UInt32(ICANON | ECHO) == 0)
  }

  @Test func aGridThatDoesNotDifferSendsNothingAndOneThatDoesLittle() throws {
    let probe = try Probed()
    let before = probe.terminal.bytes.count
    try probe.type("k", until: "key(Screen.Key.character(\"k\"))")
    try probe.type("w", until: "woken 0")
    try probe.type("d", until: "deadline 0")
    try probe.terminal.settle()
    #expect(probe.terminal.bytes.count == before)
    try probe.type("m", until: "key(Screen.Key.character(\"m\"))")
    try probe.terminal.settle()
    let sent = probe.terminal.bytes.count - before
    #expect(sent > 0 && sent < 24, "\(sent)")
  }

  @Test func theCursorIsShownWhereTheGridHasItAndHiddenOtherwise() throws {
    let probe = try Probed()
    #expect(!probe.terminal.privateModes.contains(25))
    try probe.type("c", until: "key(Screen.Key.character(\"c\"))")
    try probe.terminal.settle()
    #expect(probe.terminal.privateModes.contains(25))
    #expect(probe.terminal.text.contains("\u{1B}[2;3H"))
    probe.terminal.type("c")
    try probe.terminal.settle()
    #expect(!probe.terminal.privateModes.contains(25))
  }

  @Test func keysArriveAsTheUserMeansThem() throws {
    let probe = try Probed()
    let keys: [(String, String)] = [
      ("k", "character(\"k\")"), ("é", "character(\"é\")"), ("漢", "character(\"漢\")"),
      ("\u{1F469}\u{200D}\u{1F4BB}", "character(\"\u{1F469}\u{200D}\u{1F4BB}\")"), ("\u{03}", "control(\"c\")"),
      ("\u{1B}x", "alt(\"x\")"), ("\u{1B}", "escape"), ("\r", "enter"), ("\t", "tab"), ("\u{1B}[Z", "backTab"),
      ("\u{7F}", "backspace"), ("\u{1B}[3~", "delete"), ("\u{1B}OA", "up"), ("\u{1B}OB", "down"), ("\u{1B}OD", "left"),
      ("\u{1B}OC", "right"), ("\u{1B}OH", "home"), ("\u{1B}OF", "end"), ("\u{1B}[5~", "pageUp"),
      ("\u{1B}[6~", "pageDown"), ("\u{1B}OP", "function(1)"), ("\u{1B}[24~", "function(12)"),
      ("\u{11}", "control(\"q\")"),
      ("\u{00}", "control(\" \")"),
    ]
    for (bytes, key) in keys {
      let before = probe.log.count
      probe.terminal.type(bytes)
      try probe.terminal.wait("the key \(key)") { probe.log.count > before }
      let line = probe.log[before]
      #expect(line.replacing("Screen.Key.", with: "") == "key(\(key))")
    }
    #expect(probe.log.count == keys.count + 1)
  }

  @Test func theMouseTellsPressesReleasesWheelAndDoublePresses() throws {
    let probe = try Probed()
    let before = probe.log.count
    // Button 0 at column 5, row 3: twice, then a wheel turn each way, one of them with Control. The last one comes in parts.
    let click = "\u{1B}[<0;5;3M\u{1B}[<0;5;3m"
    probe.terminal.type(click + click + "\u{1B}[<64;80;24M\u{1B}[<81;1")
    usleep(50_000)
    probe.terminal.type(";1M")
    try probe.terminal.wait("the mouse") { probe.log.count >= before + 6 }
    let lines = probe.log.dropFirst(before).map {
      $0.replacing("Screen.", with: "").replacing("MouseEvent.Action.", with: "")
    }
    let actions = [
      ("press", 4, 2), ("release", 4, 2), ("doublePress", 4, 2), ("release", 4, 2), ("wheelUp", 79, 23),
      ("wheelDown", 0, 0),
    ]
    #expect(lines == actions.map { "mouse(MouseEvent(action: \($0.0), point: Point(x: \($0.1), y: \($0.2))))" })
  }

  @Test func theMouseCanBeLeftAlone() throws {
    let probe = try Probed(environment: ["PROBE_NO_MOUSE": "1"])
    #expect(probe.terminal.privateModes.isDisjoint(with: [1000, 1002, 1003, 1006]))
  }

  @Test func aPasteIsTextAndNeverKeys() throws {
    let probe = try Probed()
    try probe.type("\u{1B}[200~q\rtab\tand 漢\u{03}\u{1B}[201~", until: "paste(\"q\\ntab\\tand 漢\")")
    // One that comes in two parts is one.
    probe.terminal.type("\u{1B}[200~first ")
    usleep(100_000)
    try probe.type("second\u{1B}[201~", until: "paste(\"first second\")")
    try probe.type("k", until: "key(Screen.Key.character(\"k\"))")
  }

  @Test func aChangeOfSizeIsAnEventAndTheScreenIsPaintedAnew() throws {
    let probe = try Probed()
    for (width, height) in [(120, 40), (20, 5), (300, 100), (1, 1), (80, 24)] {
      probe.terminal.resize(width: width, height: height)
      try probe.terminal.wait("the size \(width)x\(height)") {
        probe.log.last == "resize(width: \(width), height: \(height))"
      }
    }
    try probe.terminal.settle()
    try probe.type("k", until: "key(Screen.Key.character(\"k\"))")
  }

  @Test func escapeActsWithinFiftyMilliseconds() throws {
    // Measured on the program's own clock, between the two lines of its log; a loaded machine gets a second chance.
    let probe = try Probed()
    var best = Double.infinity
    for _ in 0..<10 {
      let before = probe.log.count
      let start = ContinuousClock.now
      probe.terminal.type("\u{1B}")
      try probe.terminal.wait("Escape") { probe.log.count > before }
      best = min(best, (ContinuousClock.now - start) / .seconds(1))
    }
    #expect(best < 0.05)
  }

  @Test func aTerminalThatCannotShowAScreenIsRefused() throws {
    func refusal(_ term: String?) throws -> String? {
      let probe = try Probed(environment: ["TERM": term])
      #expect(try probe.terminal.waitForEnd() == .exited(64))
      #expect(probe.terminal.privateModes.isEmpty)
      return probe.log.last
    }
    #expect(try refusal("dumb") == "refused: simpleTerminal(name: \"dumb\")")
    #expect(try refusal("no-such-thing") == "refused: unknownTerminal(name: Optional(\"no-such-thing\"))")
    #expect(try refusal(nil) == "refused: unknownTerminal(name: nil)")
    let piped = Process()
    piped.executableURL = URL(fileURLWithPath: Probed.program)
    piped.standardInput = FileHandle.nullDevice
    piped.standardOutput = Pipe()
    try piped.run()
    piped.waitUntilExit()
    #expect(piped.terminationStatus == 64)
  }

  @Test(arguments: [
    ("xterm-256color", nil, 256), ("xterm", nil, 16), ("vt100", nil, 0), ("xterm-256color", "1", 0),
    ("xterm-256color", "", 256),
  ])
  func theColourDepthFollowsTheTerminalAndNoColor(term: String, noColor: String?, depth: Int) throws {
    let probe = try Probed(environment: ["TERM": term, "NO_COLOR": noColor])
    #expect(probe.log == ["depth \(depth) size 80x24"])
    // Red is 38;5;… in 256 colours and 31 in 8.
    #expect(probe.terminal.text.contains(/\u{1B}\[[0-9;]*3(8;5;|1m)/) == (depth > 0))
    #expect(probe.terminal.text.contains("漢"))
  }

  /// The usual terminal of today: its description has 256 colours, COLORTERM says that there are more.
  @Test func allColoursAreUsedWhereTheTerminalSaysThatItHasThem() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    for _ in 0..<2 {  // made anew, and found again
      let probe = try Probed(
        environment: ["COLORTERM": "truecolor", "PROBE_DESCRIPTIONS": folder.path + "/made here"])
      #expect(probe.log == ["depth 16777216 size 80x24"])
      #expect(probe.terminal.text.contains("38;2;200;30;30m"))
      #expect(probe.terminal.text.contains("漢"))
      try probe.type("c", until: "key(Screen.Key.character(\"c\"))")
    }
    for environment in [
      ["COLORTERM": "truecolor", "NO_COLOR": "1"], ["COLORTERM": "yes"],
      ["COLORTERM": "truecolor", "PATH": "/nowhere"],
    ] {
      var variables: [String: String?] = environment
      variables["PROBE_DESCRIPTIONS"] = folder.path + "/other"
      let probe = try Probed(environment: variables)
      let depth = environment["NO_COLOR"] == nil ? 256 : 0
      #expect(probe.log == ["depth \(depth) size 80x24"], "\(environment)")
    }
  }

  @Test func copyingAsksTheTerminalAndInsideTmuxTheOneAroundItToo() throws {
    let request = "\u{1B}]52;c;eWVzLCDmvKI=\u{07}"
    for (tmux, wanted) in [
      (nil, request), ("/tmp/tmux-0/default,1,0", request + "\u{1B}Ptmux;\u{1B}\(request)\u{1B}\\"),
    ] {
      let probe = try Probed(environment: ["TMUX": tmux])
      let before = probe.terminal.bytes.count
      try probe.type("y", until: "key(Screen.Key.character(\"y\"))")
      try probe.terminal.settle()
      #expect(String(decoding: probe.terminal.bytes.dropFirst(before), as: UTF8.self) == wanted)
    }
  }

  @Test func anIdleProgramDoesNotWakeUp() throws {
    let probe = try Probed()
    let before = try #require(probe.terminal.voluntarySwitches)
    usleep(3_000_000)
    #expect(probe.terminal.voluntarySwitches == before)
  }

  @Test func aTerminalThatIsClosedEndsTheProgram() throws {
    // A process in a session of its own keeps the program's parent side alive; dropping the terminal closes it.
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let log = folder.appendingPathComponent("log").path
    let tmux = ["-L", "winnow-test-\(getpid())", "-f", "/dev/null"]
    let start = try PseudoTerminal(
      "/usr/bin/tmux", tmux + ["new-session", "-d", "-x", "80", "-y", "24", "\(Probed.program) \(log)"])
    #expect(try start.waitForEnd() == .exited(0))
    func lines() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
    try start.wait("the start") { lines().hasPrefix("depth") }
    _ = try PseudoTerminal("/usr/bin/tmux", tmux + ["kill-server"]).waitForEnd()
    try start.wait("the end: \(lines())") { lines().contains("end \(SIGHUP)") }
  }

  @Test func graphemesOfEveryKindTakeTheirColumnsInARealTerminal() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let log = folder.appendingPathComponent("log").path
    let screen = folder.appendingPathComponent("screen").path
    let tmux = ["-u", "-L", "winnow-test-\(getpid())", "-f", "/dev/null"]
    let start = try PseudoTerminal(
      "/usr/bin/tmux", tmux + ["new-session", "-d", "-x", "60", "-y", "20", "\(Probed.program) \(log)"])
    _ = try start.waitForEnd()
    defer { _ = try? PseudoTerminal("/usr/bin/tmux", tmux + ["kill-server"]).waitForEnd() }
    try start.wait("the screen") {
      _ = try PseudoTerminal("/bin/sh", ["-c", "tmux \(tmux.joined(separator: " ")) capture-pane -p > \(screen)"])
        .waitForEnd()
      return (try? String(contentsOfFile: screen, encoding: .utf8))?.contains("#") == true
    }
    let rows = try String(contentsOfFile: screen, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(
      rows.prefix(12).map(String.init) == [
        "|a|       0", "|é|", "|é|", "|漢|", "|😀|", "|👩|", "|👍|", "|🇩 |", "|❤ |", "|ﷺ|", "|? |",
        "|x\u{301}\u{302}\u{303}\u{304}|",
      ])
    #expect(rows[19] == String(repeating: " ", count: 59) + "#")
  }
}
