import Foundation
import LanguageModel
import TestSupport
import Testing

/// The parts of what `select --json` prints that are looked at here.
private struct Answer: Decodable {
  struct Row: Decodable, Equatable {
    var index: Int
    var gain: Double
  }
  struct Specification: Decodable {
    struct Source: Decodable {
      var endpoint: String?
      var servedModel: String?
      var context: Int?
    }
    var source: Source
  }
  var selected: [Row]
  var spec: Specification
}

private func answer(_ result: Program.Result) throws -> Answer {
  try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
}

private let pool = Places.sampleData.appendingPathComponent("pool.jsonl").path
private let target = Places.sampleData.appendingPathComponent("target.jsonl").path
private let model = Places.sampleData.appendingPathComponent("model").path

@Suite struct EndpointCommandTests {
  @Test func aServerChoosesTheRowsThatItsModelChoosesHere() throws {
    var manner = ModelServer.Manner()
    manner.context = 1024
    let server = try ModelServer(try Model(directory: model), manner: manner)
    try Program.inFreshHome { program in
      let asked = ["select", "--pool", pool, "--limit", "16", "--budget", "4", "--json"]
      let local = try answer(program.run(asked + ["--model", model]))
      let remote = ["--endpoint", server.address, "--tokenizer", model]
      let result = try program.run(asked + remote)
      #expect(result.status == 0, "\(result.errors)")
      let found = try answer(result)
      #expect(found.selected.map(\.index) == local.selected.map(\.index))
      #expect(zip(found.selected, local.selected).allSatisfy { abs($0.gain - $1.gain) < 1e-4 })
      #expect(found.spec.source.endpoint == server.address + "/v1")
      #expect(found.spec.source.servedModel == "served" && found.spec.source.context == 1024)
      #expect(server.asked == 16 * 17)

      // Kept: nothing is asked again, whatever the number of requests at once and the method that uses it.
      let again = try program.run(asked + remote + ["--requests", "1", "--threads", "1"])
      #expect(try answer(again).selected == found.selected)
      #expect(server.asked == 16 * 17)
      let out = program.home.appendingPathComponent("u.npy")
      let scored = try program.run(
        ["score", "--pool", pool, "--limit", "16", "--raw", "--out", out.path] + remote)
      #expect(scored.status == 0 && server.asked == 16 * 17, "\(scored.errors)")
      #expect(try Data(contentsOf: out).count == 128 + 16 * 16 * 4)

      // The server gone, the run can be asked why still.
      server.server.end()
      let why = try program.run("inspect", "2", "\(found.selected[0].index)")
      #expect(why.status == 0, "\(why.errors)")
      #expect(why.output.contains("represents") || why.output.contains("stands for"), "\(why.output)")
    }
  }

  @Test func aKilledRunAsksForWhatIsMissingOnly() throws {
    let server = try ModelServer(try Model(directory: model))
    let arguments = [
      "select", "--pool", pool, "--limit", "24", "--budget", "4", "--json", "--endpoint", server.address,
    ]
    var expected: Answer?
    try Program.inFreshHome { expected = try answer($0.run(arguments)) }
    try Program.inFreshHome { program in
      let before = server.asked
      let process = try program.start(arguments)
      while server.asked < before + 300, process.isRunning { usleep(5_000) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let between = server.asked
      let result = try program.run(arguments)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try answer(result).selected == expected?.selected)
      // All pairs, and each query's opening: less than that is asked for the second time.
      #expect(server.asked - between < 24 * 25)
    }
  }

  @Test func whatIsWrongIsSaidBeforeAnythingIsScored() throws {
    let server = try ModelServer(try Model(directory: model))
    try Program.inFreshHome { program in
      let cases: [(arguments: [String], words: String, status: Int32)] = [
        (["--endpoint", "localhost:8000"], "\"localhost:8000\" can't be taken\n  Give http://", 64),
        (["--endpoint", server.address, "--model", model], "both say where utilities come from", 64),
        (["--tokenizer", model, "--model", model], "no server that it could belong to", 64),
        (["--endpoint", server.address, "--served-model", "other"], "It has: served.", 64),
        (["--endpoint", server.address, "--requests", "0"], "outside 1 to 1024", 64),
        (["--endpoint", server.address, "--template", "chat"], "Name its folder with --tokenizer", 64),
        (["--endpoint", server.address, "--tokenizer", "/nowhere"], "/nowhere", 66),
        (
          ["--endpoint", server.address, "--method", "influence", "--target", target], "a server gives no gradients",
          64
        ),
        (["--endpoint", "http://127.0.0.1:1/v1"], "the server does not answer", 1),
      ]
      for (arguments, words, status) in cases {
        let result = try program.run(["select", "--pool", pool, "--budget", "4"] + arguments)
        #expect(result.status == status, "\(arguments): \(result.errors)")
        #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
        #expect(result.output.isEmpty)
      }
      #expect(server.asked == 0)
    }
  }
}
