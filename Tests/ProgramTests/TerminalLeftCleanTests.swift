import Foundation
import TestSupport
import Testing

/// However the workbench ends, the terminal is as it was; and while it waits, it sleeps.
@Suite(.serialized) struct TerminalLeftCleanTests {
  /// Starts the workbench on the sample pool and waits until it shows it.
  private func start(_ program: Program) throws -> PseudoTerminal {
    var environment: [String: String?] = program.environment.mapValues { $0 }
    environment["SWIFT_BACKTRACE"] = "enable=no"
    let terminal = try PseudoTerminal(
      Places.program.path, ["--pool", Places.sampleData.appendingPathComponent("pool.jsonl").path],
      environment: environment, width: 100, height: 30)
    try terminal.waitForText("300 rows")
    try terminal.settle()
    return terminal
  }

  private func expectClean(_ terminal: PseudoTerminal, _ place: SourceLocation = #_sourceLocation) throws {
    try terminal.settle()
    let modes = terminal.privateModes
    #expect(modes.isDisjoint(with: [1049, 1000, 1002, 1003, 1006, 2004, 1]), "\(modes)", sourceLocation: place)
    #expect(modes.contains(25), sourceLocation: place)
    #expect(
      terminal.modes.c_lflag & UInt32(ICANON | ECHO | ISIG) == UInt32(ICANON | ECHO | ISIG), sourceLocation: place)
  }

  @Test func afterQ() throws {
    try Program.inFreshHome { program in
      let terminal = try start(program)
      #expect(terminal.privateModes.contains(1049))
      terminal.type("q")
      #expect(try terminal.waitForEnd() == .exited(0))
      try expectClean(terminal)
    }
  }

  @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGSEGV, SIGABRT, SIGILL])
  func afterASignal(signal: Int32) throws {
    try Program.inFreshHome { program in
      let terminal = try start(program)
      terminal.send(signal)
      #expect(try terminal.waitForEnd() == .signalled(signal))
      try expectClean(terminal)
    }
  }

  @Test func anIdleWorkbenchDoesNotWakeUpAndWritesNothing() throws {
    try Program.inFreshHome { program in
      let terminal = try start(program)
      defer { terminal.send(SIGKILL) }
      // What the start has to say fades by itself.
      try terminal.settle(quiet: 2)
      let written = terminal.bytes.count
      let before = try #require(terminal.voluntarySwitches)
      usleep(3_000_000)
      #expect(terminal.voluntarySwitches == before)
      #expect(terminal.bytes.count == written)
    }
  }
}
