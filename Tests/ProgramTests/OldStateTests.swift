import Foundation
import TestSupport
import Testing

/// State and cache that version 0.1.0 wrote (see Tests/Fixtures/README.md), with today's program.
@Suite struct OldStateTests {
  private struct Answer: Decodable {
    struct Row: Decodable {
      var index: Int
      var gain: Double
    }
    var selected: [Row]
  }
  private struct Listed: Decodable {
    var run: Int
    var method: String
    var status: String
    var picks: Int
  }

  private static let kept = Places.fixtures.appendingPathComponent("State-0.1.0")

  /// A home that version 0.1.0 left.
  private func inOldHome(_ body: (Program) throws -> Void) throws {
    try Program.inFreshHome { program in
      for name in ["state", "cache", "pool.jsonl", "target.jsonl"] {
        try FileManager.default.copyItem(
          at: Self.kept.appendingPathComponent(name), to: program.home.appendingPathComponent(name))
      }
      try FileManager.default.copyItem(
        at: Places.fixtures.appendingPathComponent("Scoring/model"), to: program.home.appendingPathComponent("model"))
      try body(program)
    }
  }

  private func answer(_ text: String) throws -> Answer { try JSONDecoder().decode(Answer.self, from: Data(text.utf8)) }
  private func answer(kept name: String) throws -> Answer {
    try answer(String(contentsOf: Self.kept.appendingPathComponent(name), encoding: .utf8))
  }

  @Test func itsRunsAreListed() throws {
    try inOldHome { program in
      let listed = try program.run("runs", "--json")
      #expect(listed.status == 0, "\(listed.errors)")
      let runs = try JSONDecoder().decode([Listed].self, from: Data(listed.output.utf8))
      #expect(runs.map(\.method) == ["random", "influence", "delift-task", "delift-instruction"])
      #expect(runs.allSatisfy { $0.status == "finished" && $0.picks == 3 })
    }
  }

  @Test(arguments: [("a.json", ["--pin", "5"]), ("b.json", ["--method", "delift-task", "--target", "target.jsonl"])])
  func itsScoresAreTakenFromTheCache(name: String, more: [String]) throws {
    try inOldHome { program in
      let arguments =
        ["select", "--pool", "pool.jsonl", "--model", "model", "--budget", "3", "--json", "--rescale", "min-max"] + more
      let found = try program.run(arguments)
      #expect(found.status == 0, "\(found.errors)")
      let counts = try #require(found.errors.firstMatch(of: /(\d+)\/(\d+) pairs +100% +(\d+) from the cache/))
      #expect(counts.1 == counts.2 && counts.2 == counts.3)
      let (now, before) = (try answer(found.output), try answer(kept: name))
      #expect(now.selected.map(\.index) == before.selected.map(\.index))
      #expect(now.selected.map(\.gain) == before.selected.map(\.gain))
      let check = try program.run("cache", "verify")
      #expect(check.output.contains(" 0 damaged") && check.status == 0, "\(check.output)\(check.errors)")
    }
  }

  @Test func itsInfluenceIsTheSame() throws {
    try inOldHome { program in
      let found = try program.run(
        "select", "--method", "influence", "--pool", "pool.jsonl", "--target", "target.jsonl", "--model", "model",
        "--budget", "3", "--landmarks", "6", "--json")
      #expect(found.status == 0, "\(found.errors)")
      #expect(try answer(found.output).selected.map(\.index) == answer(kept: "c.json").selected.map(\.index))
    }
  }

  @Test func itsManifestIsReproduced() throws {
    try inOldHome { program in
      let manifest = Self.kept.appendingPathComponent("a.jsonl.manifest.json").path
      let again = try program.run("reproduce", manifest, "--in", program.home.path)
      #expect(again.status == 0, "\(again.output)\(again.errors)")
    }
  }

  @Test func itsSessionIsTakenUp() throws {
    try inOldHome { program in
      var environment = program.environment
      environment["TERM"] = "xterm-256color"
      let session = try TmuxSession(
        "cd '\(program.home.path)'; '\(Places.program.path)' --pool pool.jsonl --target target.jsonl --session kept; sleep 60",
        width: 100, height: 30, environment: environment)
      try session.wait(for: "▸4 Inspect")
      try session.wait(for: "Run 4 of 4 · no. 4")
      try session.press("2")
      try session.wait(for: "‹ DELIFT · task-specific")
      try session.wait(for: "1 pinned")
      try session.press("q")
    }
  }
}
