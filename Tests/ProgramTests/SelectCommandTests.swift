import Foundation
import TestSupport
import Testing

/// The object that `select --json` prints, as another program would read it.
private struct Answer: Decodable, Equatable {
  struct Row: Decodable, Equatable {
    var rank: Int
    var index: Int
    var gain: Double
    var weight: Double
    var id: String?
  }
  var method: String
  var n: Int
  var budget: Int
  var selected: [Row]
  var objective: Double
  var evaluations: Int
}

private func answer(_ result: Program.Result) throws -> Answer {
  try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
}

private struct Told: Decodable {
  var sparse: [String: Double?]?
}

private func costs(_ result: Program.Result) throws -> [String: Double?]? {
  try JSONDecoder().decode(Told.self, from: Data(result.output.utf8)).sparse
}

private let pool = Places.sampleData.appendingPathComponent("pool.jsonl")
private let model = Places.sampleData.appendingPathComponent("model").path

@Suite struct SelectCommandTests {
  @Test func whatASparseRunLosesIsToldByName() throws {
    try Program.inFreshHome { program in
      let command = [
        "select", "--pool", pool.path, "--limit", "12", "--model", model, "--budget", "3", "--neighbours", "3",
        "--explore", "1", "--json",
      ]
      func told(_ extra: String...) throws -> [String: Double?]? {
        let result = try program.run(command + extra)
        #expect(result.status == 0, "\(result.errors)")
        return try costs(result)
      }
      let audited = try told()
      let found = try #require(audited)
      #expect(
        Set(found.keys) == [
          "neighbours", "explore", "pairs", "pairs_dense", "recall", "gain_correlation", "objective_ratio",
        ])
      #expect(found["pairs"] == 60 && found["pairs_dense"] == 144)
      #expect(found.values.allSatisfy { $0 != nil })
      let unaudited = try told("--audit", "0")
      let without = try #require(unaudited)
      for option in ["--explore", "--audit"] {
        let alone = try program.run(
          "select", "--pool", pool.path, "--limit", "12", "--model", model, "--budget", "3", option, "2")
        #expect(alone.status == 64 && alone.errors.contains("--neighbours K"), "\(alone.errors)")
      }
      #expect(Set(without.keys) == Set(found.keys))
      #expect(without["recall"] == .some(nil) && without["pairs"] == 60)
    }
  }

  @Test func chosenRowsAreLinesOfThePoolInTheOrderOfTheirRanks() throws {
    try Program.inFreshHome { program in
      let out = program.home.appendingPathComponent("chosen.jsonl")
      let result = try program.run(
        "select", "--method", "delift-instruction", "--pool", pool.path, "--limit", "40", "--model", model,
        "--budget", "0.1", "--out", out.path, "--json")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("tokens/s"))
      let found = try answer(result)
      #expect(found.method == "delift-instruction")
      #expect(found.n == 40 && found.budget == 4)
      #expect(found.selected.map(\.rank) == [0, 1, 2, 3])
      #expect(found.selected.allSatisfy { $0.gain >= 0 && $0.weight == 1 && $0.id != nil })
      #expect(abs(found.selected.reduce(0) { $0 + $1.gain } - found.objective) < 1e-9)

      let lines = try String(contentsOf: pool, encoding: .utf8).split(separator: "\n")
      let expected = found.selected.map { lines[$0.index] + "\n" }.joined()
      #expect(try String(contentsOf: out, encoding: .utf8) == expected)
      #expect(FileManager.default.fileExists(atPath: out.path + ".manifest.json"))

      // The same run again, from the cache, on one thread and by another maximizer: the same answer.
      for extra in [[], ["--threads", "1"], ["--maximizer", "naive"]] {
        let again = try answer(
          program.run(
            ["select", "--pool", pool.path, "--limit", "40", "--model", model, "--budget", "4", "--json"] + extra))
        #expect(again.selected == found.selected)
        #expect(again.objective == found.objective)
      }
    }
  }

  @Test func aKilledRunGoesOnFromItsLastBlockWithTheSameAnswer() throws {
    let arguments = [
      "select", "--pool", pool.path, "--limit", "60", "--model", model, "--budget", "6", "--json",
    ]
    var expected: Answer?
    try Program.inFreshHome { expected = try answer($0.run(arguments)) }
    try Program.inFreshHome { program in
      let process = try program.start(arguments)
      let scores = program.home.appendingPathComponent("cache/winnow/scores")
      // Until some blocks are on disk.
      while Self.segmentBytes(in: scores) <= 4 * 60 * 4, process.isRunning { usleep(5_000) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let before = Self.segmentBytes(in: scores)
      #expect(before > 0)
      let result = try program.run(arguments)
      #expect(result.status == 0)
      #expect(try answer(result) == expected)
      // Each of the 61 × 60 distances was measured once (equal samples share theirs), but for those in flight.
      #expect(Self.segmentBytes(in: scores) <= 61 * 60 * 4 + 2 * 4 * 256)
    }
  }

  private static func segmentBytes(in folder: URL) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".f32") }.reduce(0) { sum, name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(name).path)
      return sum + (attributes?[.size] as? Int ?? 0)
    }
  }

  @Test func theTaskAndContinualStagesAndTheBaselineRun() throws {
    try Program.inFreshHome { program in
      let target = Places.sampleData.appendingPathComponent("target.jsonl").path
      let existing = Places.sampleData.appendingPathComponent("existing.jsonl").path
      for extra in [
        ["--method", "delift-task", "--target", target],
        ["--method", "delift-task", "--objective", "flqmi", "--target", target],
        ["--method", "delift-continual", "--existing", existing],
        ["--method", "random", "--seed", "3"],
      ] {
        let result = try program.run(
          ["select", "--pool", pool.path, "--limit", "20", "--model", model, "--budget", "5", "--json"] + extra)
        #expect(result.status == 0, "\(extra): \(result.errors)")
        #expect(Set(try answer(result).selected.map(\.index)).count == 5)
      }
    }
  }

  @Test func pinnedRowsComeFirstAndBannedOnesNever() throws {
    try Program.inFreshHome { program in
      let plain = try answer(
        program.run(
          "select", "--pool", pool.path, "--limit", "20", "--model", model, "--budget", "5", "--json"))
      let banned = plain.selected[0].index
      let pinned = (0..<20).first { index in !plain.selected.contains { $0.index == index } } ?? 0
      let found = try answer(
        program.run(
          "select", "--pool", pool.path, "--limit", "20", "--model", model, "--budget", "5", "--json", "--pin",
          "\(pinned)", "--ban", "\(banned)"))
      #expect(found.selected[0].index == pinned)
      #expect(!found.selected.contains { $0.index == banned })
    }
  }

  @Test func aRunCanBeListedInspectedAndExportedAgain() throws {
    try Program.inFreshHome { program in
      let out = program.home.appendingPathComponent("a.jsonl")
      let again = program.home.appendingPathComponent("b.jsonl")
      let first = try answer(
        program.run(
          "select", "--pool", pool.path, "--limit", "20", "--model", model, "--budget", "5", "--json", "--out",
          out.path))
      #expect(try program.run("runs").output.contains("delift-instruction"))
      #expect(try program.run("export", "1", "--out", again.path).status == 0)
      #expect(try Data(contentsOf: out) == Data(contentsOf: again))
      let inspected = try program.run("inspect", "1", "\(first.selected[2].index)")
      #expect(inspected.status == 0)
      #expect(inspected.output.contains("\"rank\":2"))
    }
  }
}

@Suite struct BadInputTests {
  /// Runs a selection that must fail; checks the status, that the message names what is wrong, and that nothing was
  /// written.
  private func refuse(
    _ arguments: [String], status: Int32, saying: [String], in program: Program,
    source: SourceLocation = #_sourceLocation
  ) throws {
    let out = program.home.appendingPathComponent("never.jsonl")
    let result = try program.run(["select", "--out", out.path, "--json"] + arguments)
    #expect(result.status == status, "\(result.errors)", sourceLocation: source)
    #expect(result.output.isEmpty, sourceLocation: source)
    for words in saying {
      #expect(result.errors.contains(words), "\(result.errors)", sourceLocation: source)
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: program.home.path)
    #expect(!left.contains { $0.contains("never") || $0.hasSuffix(".tmp") }, sourceLocation: source)
  }

  private func write(_ text: String, _ name: String, in program: Program) throws -> String {
    let url = program.home.appendingPathComponent(name)
    try Data(text.utf8).write(to: url)
    return url.path
  }

  @Test func everyUnusablePoolIsRefusedWithItsReason() throws {
    try Program.inFreshHome { program in
      let good = #"{"instruction": "a", "input": "b", "output": "c"}"#
      let rest = ["--model", model, "--budget", "1"]
      try refuse(
        ["--pool", "missing.jsonl"] + rest, status: 66, saying: ["missing.jsonl", "no such file"], in: program)
      try refuse(
        ["--pool", write("", "empty.jsonl", in: program)] + rest, status: 65, saying: ["empty.jsonl"], in: program)
      let broken = try write("\(good)\n\(good)\n{\"instruction\": \"a\n\(good)\n", "broken.jsonl", in: program)
      try refuse(["--pool", broken] + rest, status: 65, saying: ["broken.jsonl:3", "JSON"], in: program)
      let silent = try write("\(good)\n{\"instruction\": \"a\", \"input\": \"b\"}\n", "silent.jsonl", in: program)
      try refuse(["--pool", silent] + rest, status: 65, saying: ["silent.jsonl:2", "output"], in: program)
      let none = program.home.appendingPathComponent("none")
      try FileManager.default.createDirectory(at: none, withIntermediateDirectories: true)
      try refuse(["--pool", none.path] + rest, status: 65, saying: ["folder"], in: program)
    }
  }

  @Test func badRowsAreCountedAndListedWhenAskedFor() throws {
    try Program.inFreshHome { program in
      let rows = (0..<5).map {
        #"{"instruction": "Return the last word.", "input": "word \#($0)", "output": "\#($0)"}"#
      }
      let file = try write(
        (rows[..<2] + ["{broken", #"{"instruction": "a"}"#] + rows[2...]).joined(separator: "\n"), "p.jsonl",
        in: program)
      let result = try program.run(
        "select", "--pool", file, "--model", model, "--budget", "5", "--skip-bad-rows", "--json")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("2 bad rows left out"))
      #expect(result.errors.contains("line 3") && result.errors.contains("line 4"))
      // Rows keep their place in the file.
      #expect(Set(try answer(result).selected.map(\.index)) == [0, 1, 4, 5, 6])
    }
  }

  @Test func everyUnusableCheckpointIsRefusedWithItsReason() throws {
    try Program.inFreshHome { program in
      let manager = FileManager.default
      func checkpoint(_ name: String, _ change: (URL) throws -> Void) throws -> [String] {
        let folder = program.home.appendingPathComponent(name)
        try manager.copyItem(at: URL(fileURLWithPath: model), to: folder)
        try change(folder)
        return ["--pool", pool.path, "--limit", "3", "--budget", "1", "--model", folder.path]
      }
      try refuse(
        checkpoint("bare") { try manager.removeItem(at: $0.appendingPathComponent("config.json")) },
        status: 65, saying: ["config.json"], in: program)
      try refuse(
        checkpoint("cut") { folder in
          let weights = folder.appendingPathComponent("model.safetensors")
          try Data(contentsOf: weights).dropLast(1000).write(to: weights)
        }, status: 65, saying: ["model.safetensors"], in: program)
      try refuse(
        checkpoint("strange") { folder in
          let config = folder.appendingPathComponent("config.json")
          let text = try String(contentsOf: config, encoding: .utf8)
          try text.replacingOccurrences(of: "LlamaForCausalLM", with: "StrangeForCausalLM")
            .replacingOccurrences(of: "\"llama\"", with: "\"strange\"")
            .write(to: config, atomically: true, encoding: .utf8)
        }, status: 65, saying: ["StrangeForCausalLM"], in: program)
      try refuse(
        ["--pool", pool.path, "--budget", "1", "--model", program.home.path + "/nowhere"], status: 66,
        saying: ["nowhere"], in: program)
    }
  }

  @Test func everyUnusableBudgetIsRefusedWithItsReason() throws {
    try Program.inFreshHome { program in
      for budget in ["0", "1.5", "-3", "abc", "nan", "0.0", "", "101%", "99999"] {
        try refuse(
          ["--pool", pool.path, "--model", model, "--budget=\(budget)"], status: 64, saying: ["budget"], in: program)
      }
      try refuse(
        ["--pool", pool.path, "--model", model, "--budget", "-3"], status: 64, saying: ["budget"], in: program)
    }
  }

  @Test func aFileThatIsThereIsNotReplacedUnasked() throws {
    try Program.inFreshHome { program in
      let out = try write("precious", "there.jsonl", in: program)
      let arguments = [
        "select", "--method", "random", "--pool", pool.path, "--budget", "3", "--out", out,
      ]
      let refused = try program.run(arguments)
      #expect(refused.status == 64)
      #expect(try String(contentsOfFile: out, encoding: .utf8) == "precious")
      #expect(try program.run(arguments + ["--force"]).status == 0)
      #expect(try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n").count == 3)
    }
  }

  @Test func aDestinationThatCannotBeWrittenIsRefusedBeforeTheWork() throws {
    try Program.inFreshHome { program in
      let result = try program.run(
        "select", "--pool", pool.path, "--model", model, "--budget", "1", "--out",
        program.home.path + "/no/such/chosen.jsonl")
      #expect(result.status == 64 && result.errors.contains("no/such"), "\(result.errors)")
      #expect(!result.errors.contains("score"))
    }
  }

  @Test func whatIsMissingIsSaid() throws {
    try Program.inFreshHome { program in
      let rest = ["--pool", pool.path, "--budget", "1"]
      try refuse(rest, status: 64, saying: ["--model"], in: program)
      try refuse(rest + ["--model", model, "--method", "delift-task"], status: 64, saying: ["--target"], in: program)
      try refuse(
        rest + ["--model", model, "--method", "delift-continual"], status: 64, saying: ["--existing"], in: program)
      try refuse(["--model", model, "--budget", "1"], status: 64, saying: ["--pool"], in: program)
      try refuse(rest + ["--method", "alchemy"], status: 64, saying: ["alchemy"], in: program)
    }
  }
}
