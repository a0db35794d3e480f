import Foundation
import TestSupport
import Testing

/// The built program in a real terminal, from start to export.
@Suite struct WorkbenchOnScreenTests {
  private func environment(_ program: Program) -> [String: String] {
    var environment = program.environment
    environment["TERM"] = "xterm-256color"
    return environment
  }

  /// The first rows of the sample pool, so that a run takes moments.
  private func smallPool(in program: Program, rows: Int) throws -> URL {
    let lines = try String(contentsOf: Places.sampleData.appendingPathComponent("pool.jsonl"), encoding: .utf8)
      .split(separator: "\n").prefix(rows)
    let url = program.home.appendingPathComponent("small.jsonl")
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
    return url
  }

  @Test func aNewcomerOpensRunsReadsExportsAndQuits() throws {
    try Program.inFreshHome { program in
      let pool = try smallPool(in: program, rows: 60)
      let ended = program.home.appendingPathComponent("ended")
      let session = try TmuxSession(
        "'\(Places.program.path)' --pool '\(pool.path)'; echo $? > '\(ended.path)'; sleep 60",
        environment: environment(program))
      try session.wait(for: "60 rows")
      #expect(session.screen.contains("Press r to choose 6 rows"))

      try session.press("?")
      try session.wait(for: "Help")
      try session.press("Escape")
      try session.wait("the help to go") { !session.screen.contains("Esc leaves") }

      try session.press("r")
      try session.wait(for: "Chose 6 rows")
      try session.press("4")
      try session.wait(for: "stands for")
      let picks = session.screen

      let out = program.home.appendingPathComponent("chosen.jsonl")
      try session.press("e")
      try session.wait(for: "Export the chosen rows")
      try session.press("C-u")
      try session.type(out.path)
      try session.press("Enter")
      try session.wait("the export") { FileManager.default.fileExists(atPath: out.path) }

      // The command with the same specification gives the same bytes.
      let headless = program.home.appendingPathComponent("headless.jsonl")
      let result = try program.run(
        "select", "--pool", pool.path, "--model", Places.sampleData.appendingPathComponent("model").path, "--budget",
        "10%", "--out", headless.path, "--json")
      #expect(result.status == 0, "\(result.errors)")
      #expect(try Data(contentsOf: out) == Data(contentsOf: headless))
      let first = try #require(String(contentsOf: out, encoding: .utf8).split(separator: "\n").first)
      let id = try #require(try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any])["id"]
      #expect(picks.contains("· \(id as? String ?? "no id") ·"))

      // Again to the same file: asked first.
      try session.press("e")
      try session.wait(for: "Export the chosen rows")
      try session.press("C-u")
      try session.type(out.path)
      try session.press("Enter")
      try session.wait(for: "exists")
      try session.press("n")

      try session.press("q")
      try session.wait("the end") { FileManager.default.fileExists(atPath: ended.path) }
      #expect(try String(contentsOf: ended, encoding: .utf8) == "0\n")
      // The alternate screen is gone.
      #expect(!session.screen.contains("winnow"))
    }
  }

  @Test func aRunCanBeCancelledAndGoesOnLater() throws {
    try Program.inFreshHome { program in
      let pool = try smallPool(in: program, rows: 100)
      let session = try TmuxSession(
        "'\(Places.program.path)' --pool '\(pool.path)'; sleep 60", environment: environment(program))
      try session.wait(for: "100 rows")
      // Held as soon as it is started, so that it is in the middle however fast the machine is.
      try session.press("r", "z")
      try session.press("3")
      try session.wait(for: "held")
      // The screen goes on answering.
      try session.press("1")
      try session.wait(for: "Rows of the pool")
      try session.press("3")
      try session.press("c")
      try session.wait("the cancelling") { session.screen.lowercased().contains("cancelled") }
      try session.press("r")
      try session.wait(for: "Chose 10 rows")
    }
  }

  @Test func everySizeLeavesTheProgramAlive() throws {
    try Program.inFreshHome { program in
      let pool = try smallPool(in: program, rows: 5)
      var variables: [String: String?] = [:]
      for (name, value) in environment(program) { variables[name] = value }
      let terminal = try PseudoTerminal(
        Places.program.path, ["--pool", pool.path], environment: variables, width: 80, height: 24)
      defer { terminal.send(SIGKILL) }
      try terminal.waitForText("5 rows")
      for (width, height) in [(20, 5), (300, 100), (1, 1), (40, 10), (79, 23), (80, 24)] {
        terminal.resize(width: width, height: height)
        for screen in ["1", "2", "3", "4", "5", "6"] {
          terminal.type(screen)
          try terminal.settle()
        }
      }
      terminal.type("q")
      #expect(try terminal.waitForEnd() == .exited(0))
    }
  }

  @Test func withoutATerminalItSaysWhatToUseInstead() throws {
    try Program.inFreshHome { program in
      let result = try program.run()
      #expect(result.status == 64)
      #expect(result.errors.contains("terminal") && result.errors.contains("winnow select"))
    }
  }
}
