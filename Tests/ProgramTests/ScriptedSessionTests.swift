import Foundation
import TestSupport
import Testing

/// A person's whole session in a real terminal, each step's screen looked at.
@Suite struct ScriptedSessionTests {
  private func start(_ program: Program, pid: URL, ended: URL? = nil, width: Int = 100, height: Int = 30) throws
    -> TmuxSession
  {
    var environment = program.environment
    environment["TERM"] = "xterm-256color"
    let after = ended.map { "; echo $? > '\($0.path)'" } ?? ""
    return try TmuxSession(
      "cd '\(program.home.path)'; sh -c 'echo $$ > \(pid.path); exec \(Places.program.path)'\(after); sleep 60",
      width: width, height: height, environment: environment)
  }

  /// The number that the screen shows after a text.
  private func row(_ session: TmuxSession) -> Int? {
    session.screen.firstMatch(of: /Row (\d[\d ]*) ·/).flatMap { Int($0.1.filter { $0 != " " }) }
  }

  /// The method that the form shows.
  private func method(_ session: TmuxSession) -> String? {
    session.screen.firstMatch(of: /Method +‹ (.+?) ›/).map { String($0.1) }
  }

  /// What is kept of a session, once it is of a run that is going on.
  private func keepsARun(_ program: Program, _ name: String = "default") -> Bool {
    let kept = program.home.appendingPathComponent("state/winnow/sessions/\(name).json")
    return (try? String(contentsOf: kept, encoding: .utf8))?.contains("\"running\"") == true
  }

  /// Steps the method in the form until it shows a title.
  private func choose(_ method: String, _ session: TmuxSession) throws {
    try session.press("2")
    try session.wait(for: "▸2 Setup")
    try session.press("g", "Down")
    for _ in 0..<24 {
      let shown = self.method(session)
      // Titles of DELIFT's methods are cut where the form is narrow.
      if shown == method || method.contains("·") && shown?.hasPrefix(method) == true { return }
      try session.press("Right")
      try session.wait("the next method") { self.method(session) != shown }
    }
    try session.wait(for: "‹ \(method)")
  }

  private func setRows(_ rows: String, _ session: TmuxSession) throws {
    try session.press("2")
    try session.wait(for: "▸2 Setup")
    try session.press("G", "Enter")
    try session.wait(for: "╭▸ Rows")
    try session.press("C-u")
    if !rows.isEmpty { try session.type(rows) }
    try session.press("Enter")
    try session.wait("the form") { !session.screen.contains("╭▸ Rows ") }
  }

  @Test func fromTheFirstStartToQuitAndAgainAfterAKillInMidRun() throws {
    try Program.inFreshHome { program in
      let (pid, ended) = (
        program.home.appendingPathComponent("pid"), program.home.appendingPathComponent("ended")
      )
      var session = try start(program, pid: pid, ended: ended)
      // First start, on the sample data.
      try session.wait(for: "300 rows")
      try session.wait(for: "Rows of the pool")
      try session.wait(for: "opposites")  // the labels, once the file is read through

      // Task-specific, on the first 60 rows.
      try choose("DELIFT · task-specific", session)
      try setRows("60", session)
      try session.wait(for: "first 60")
      try session.wait(for: "tokens/s")  // measured before anything starts
      #expect(session.screen.contains("passes") && session.screen.contains("memory"))
      #expect(session.screen.contains("6 of 60 rows"))

      // Run, and read why.
      try session.press("r")
      try session.wait(for: "▸3 Run")
      try session.wait(for: "Chose 6 rows")
      try session.wait(for: "Coverage of the pool")
      try session.press("4")
      try session.wait(for: "stands for")
      try session.press("v", "v")
      try session.wait(for: "nearest targets")

      // Pin the last pick, and run again: it comes first.
      try session.press("G")
      try session.wait(for: "▸    6")
      let pinned = try #require(row(session))
      try session.press("p")
      try session.wait(for: "1 pinned")
      try session.press("r")
      try session.wait(for: "▸3 Run")
      try session.wait(for: "✓ 6 rows in")
      try session.press("4")
      try session.wait(for: "Run 2 of 2")
      try session.wait("the pinned row") { row(session) == pinned && session.screen.contains("▸◆   1") }

      // Compare with a random draw.
      try choose("Random", session)
      try session.press("r")
      try session.wait(for: "▸3 Run")
      try session.wait(for: "✓ 6 rows in")
      try session.press("5")
      try session.wait(for: "Jaccard")
      #expect(session.screen.contains("B  run 3"))
      // All three of them, and two again.
      try session.press("+")
      try session.wait(for: "C  run 1")
      try session.press("-")
      try session.wait("two runs") { !session.screen.contains("C  run 1") }
      try session.press("v")
      try session.wait(for: "Labels")
      try session.press("e")
      try session.wait(for: "Write the comparison to")
      try session.press("Enter")
      try session.wait(for: "Wrote")
      let table = try String(
        contentsOf: program.home.appendingPathComponent("comparison.md"), encoding: .utf8)
      #expect(table.contains("| method | delift-task | random |"))

      // The map, and the rows to a file.
      try session.press("6")
      try session.wait(for: "of variance")
      try session.press("m")
      try session.wait(for: "Map by embeddings")
      try session.press("m")
      try session.wait(for: "Map by gradients")
      try session.press("4")
      try session.wait(for: "e export")
      try session.press("[", "e")
      try session.wait(for: "Export the chosen rows")
      try session.press("C-u")
      try session.type("chosen.jsonl")
      try session.press("Enter")
      let out = program.home.appendingPathComponent("chosen.jsonl")
      try session.wait("the export") { FileManager.default.fileExists(atPath: out.path) }
      #expect(try String(contentsOf: out, encoding: .utf8).split(separator: "\n").count == 6)
      try session.press("q")
      try session.wait("the end") { FileManager.default.fileExists(atPath: ended.path) }
      #expect(try String(contentsOf: ended, encoding: .utf8) == "0\n")

      // Started again: the same screen, the same runs.
      session = try start(program, pid: pid)
      try session.wait(for: "▸4 Inspect")
      try session.wait(for: "of 3")
      try session.wait(for: "no. 2")

      // More rows; killed in the middle.
      try choose("DELIFT · task-specific", session)
      try setRows("150", session)
      try session.wait(for: "first 150")
      try session.press("r")
      try session.wait(for: "▸3 Run")
      try session.wait("some scores") {
        session.screen.firstMatch(of: /(\d+)\.?\d*% *│/).flatMap { Int($0.1) }.map { $0 >= 5 } ?? false
      }
      // What is kept of the session is written a moment after it changes.
      try session.wait("the session's file") { keepsARun(program) }
      let number = try #require(
        pid_t(try String(contentsOf: pid, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
      kill(number, SIGKILL)

      session = try start(program, pid: pid)
      try session.wait(for: "▸3 Run")
      try session.wait(for: "was interrupted")
      try session.wait(for: "300 rows")
      try session.press("r")
      try session.wait("what was scored before") { session.screen.contains("from before") }
      try session.wait(for: "Chose 15 rows")
      try session.press("4")
      try session.wait("the pinned row, still first") { row(session) == pinned && session.screen.contains("▸◆   1") }
      try session.press("q")
    }
  }

  @Test func aRunMadeByACommandIsOnTheScreensAndSessionsAreToldApart() throws {
    try Program.inFreshHome { program in
      let lines = try String(contentsOf: Places.sampleData.appendingPathComponent("pool.jsonl"), encoding: .utf8)
        .split(separator: "\n").prefix(30)
      let pool = program.home.appendingPathComponent("small.jsonl")
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: pool)
      let model = Places.sampleData.appendingPathComponent("model").path
      let made = try program.run("select", "--pool", pool.path, "--model", model, "--budget", "3", "--json")
      #expect(made.status == 0, "\(made.errors)")
      let drawn = try program.run("select", "--pool", pool.path, "--method", "random", "--budget", "3", "--json")
      #expect(drawn.status == 0, "\(drawn.errors)")

      var environment = program.environment
      environment["TERM"] = "xterm-256color"
      let command = "'\(Places.program.path)' --pool '\(pool.path)' --session mine; sleep 60"
      let session = try TmuxSession(command, width: 100, height: 30, environment: environment)
      try session.wait(for: "30 rows")
      try session.press("4")
      try session.wait(for: "no. 2")
      try session.press("[")
      try session.wait(for: "no. 1")
      try session.wait(for: "stands for")  // its scores come from the cache
      try session.press("5")
      try session.wait(for: "Jaccard")
      try session.press("q")
      let kept = program.home.appendingPathComponent("state/winnow/sessions/mine.json")
      try session.wait("the session's file") { FileManager.default.fileExists(atPath: kept.path) }

      let compared = try program.run("compare", "1", "2", "--json")
      #expect(compared.status == 0, "\(compared.errors)")
      struct Answer: Decodable {
        struct Run: Decodable {
          var objective: Double
          var valueOfRows: [Double?]
        }
        struct Pair: Decodable {
          var common: Int
          var jaccard: Double
        }
        var runs: [Run]
        var pairs: [Pair]
      }
      let answer = try JSONDecoder().decode(Answer.self, from: Data(compared.output.utf8))
      let own = try #require(answer.runs[0].valueOfRows[0])
      let other = try #require(answer.runs[0].valueOfRows[1])
      #expect(abs(own - answer.runs[0].objective) < 1e-6 && other <= own)
      #expect(answer.pairs[0].jaccard == Double(answer.pairs[0].common) / Double(6 - answer.pairs[0].common))
      #expect(try program.run("compare", "1").status == 64)
      #expect(try program.run("keys").output.contains("| `q` `Ctrl-C` | `quit` |"))
      #expect(try program.run("themes").output.contains("paper"))
      #expect(try program.run("--session", "../x").status == 64)
    }
  }
}
