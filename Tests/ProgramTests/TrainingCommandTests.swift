import Foundation
import TestSupport
import Testing

private let pool = Places.sampleData.appendingPathComponent("pool.jsonl").path
private let model = Places.sampleData.appendingPathComponent("model").path

private struct Evaluation: Decodable {
  struct Group: Decodable {
    var label: String?
    var samples: Int
    var loss: Double
    var perplexity: Double
  }
  var all: Group
  var labels: [Group]
}

@Suite struct TrainingCommandTests {
  /// A file of the first rows of the sample pool, each with what `change` adds to its fields.
  private func data(_ count: Int, in program: Program, change: (Int, inout [String: Any]) -> Void = { _, _ in }) throws
    -> String
  {
    let lines = try String(contentsOfFile: pool, encoding: .utf8).split(separator: "\n").prefix(count)
    let rows = try lines.enumerated().map { number, line in
      var row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      change(number, &row)
      return String(decoding: try JSONSerialization.data(withJSONObject: row, options: .sortedKeys), as: UTF8.self)
    }
    let file = program.home.appendingPathComponent(UUID().uuidString + ".jsonl")
    try rows.map { $0 + "\n" }.joined().write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  private func evaluate(_ program: Program, _ arguments: String...) throws -> Evaluation {
    let result = try program.run(["evaluate", "--json"] + arguments)
    try #require(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode(Evaluation.self, from: Data(result.output.utf8))
  }

  @Test func trainingLowersTheLossAndAStoppedRunEndsWithTheSameBytes() throws {
    try Program.inFreshHome { program in
      let data = try data(16, in: program)
      let (whole, parts) = (program.home.path + "/whole", program.home.path + "/parts")
      func train(_ out: String, steps: Int, _ more: String...) throws -> Program.Result {
        try program.run(
          [
            "finetune", "--data", data, "--model", model, "--out", out, "--steps", "\(steps)", "--batch-size", "2",
            "--accumulation", "2", "--warm-up", "2", "--decay", "constant",
          ] + more)
      }
      let trained = try train(whole, steps: 8, "--checkpoint-every", "4", "--threads", "1")
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(trained.output.isEmpty && trained.errors.contains("8/8 steps  loss "))
      let before = try evaluate(program, "--data", data, "--model", model)
      let after = try evaluate(program, "--data", data, "--model", whole)
      #expect(before.all.samples == 16 && before.labels.reduce(0) { $0 + $1.samples } == 16)
      #expect(after.all.loss < before.all.loss && abs(exp(after.all.loss) - after.all.perplexity) < 1e-9)
      #expect(FileManager.default.fileExists(atPath: whole + "/checkpoint-4/model.safetensors"))
      #expect(!FileManager.default.fileExists(atPath: whole + "/optimizer.safetensors"))

      #expect(try train(parts, steps: 3, "--keep-state").status == 0)
      #expect(try train(parts, steps: 8, "--resume", "--threads", "2").status == 0)
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: parts + "/model.safetensors"))
          == Data(contentsOf: URL(fileURLWithPath: whole + "/model.safetensors")))
    }
  }

  @Test func anInterruptedTrainingKeepsItsState() throws {
    try Program.inFreshHome { program in
      let out = program.home.appendingPathComponent("out")
      let errors = program.home.appendingPathComponent("errors")
      let process = try program.start(
        ["finetune", "--data", pool, "--model", model, "--out", out.path, "--steps", "100000"], errors: errors)
      while try String(contentsOf: errors, encoding: .utf8).isEmpty, process.isRunning { usleep(20_000) }
      process.interrupt()
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      #expect(try String(contentsOf: errors, encoding: .utf8).contains("--resume goes on from there"))
      #expect(FileManager.default.fileExists(atPath: out.appendingPathComponent("optimizer.safetensors").path))
      #expect(!FileManager.default.fileExists(atPath: out.appendingPathComponent("model.safetensors").path))
    }
  }

  @Test func anAdapterIsTrainedApartOrMergedWithTheSameLoss() throws {
    try Program.inFreshHome { program in
      let data = try data(12, in: program)
      let (apart, merged) = (program.home.path + "/apart", program.home.path + "/merged")
      let options = [
        "finetune", "--data", data, "--model", model, "--steps", "6", "--rate", "0.01", "--lora-rank", "4",
        "--lora-targets", "q_proj, down_proj",
      ]
      #expect(try program.run(options + ["--out", apart]).status == 0)
      #expect(try program.run(options + ["--out", merged, "--merge"]).status == 0)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: apart).sorted() == [
          "adapter_config.json", "adapter_model.safetensors",
        ])
      let losses = [
        try evaluate(program, "--data", data, "--model", model).all.loss,
        try evaluate(program, "--data", data, "--model", model, "--adapter", apart).all.loss,
        try evaluate(program, "--data", data, "--model", merged).all.loss,
      ]
      #expect(losses[1] < losses[0] - 0.01 && abs(losses[1] - losses[2]) < 1e-6, "\(losses)")
      let wrong = try program.run(options + ["--out", apart, "--lora-targets", "c_attn"])
      #expect(wrong.status == 64 && wrong.errors.contains("q_proj"))
      #expect(try program.run(options.dropLast(4) + ["--out", apart, "--merge"]).errors.contains("--lora-rank"))
    }
  }

  @Test func aWeightOfOneForEveryRowChangesNothingAndOtherWeightsDo() throws {
    try Program.inFreshHome { program in
      let plain = try data(8, in: program)
      let ones = try data(8, in: program) { $1["weight"] = 1 }
      let uneven = try data(8, in: program) { $1["weight"] = $0 % 2 == 0 ? 0.0 : 2.0 }
      let broken = try data(8, in: program) { $1["weight"] = $0 == 5 ? "much" : 1 as Any }
      func train(_ data: String, _ name: String, _ more: String...) throws -> Program.Result {
        try program.run(
          ["finetune", "--data", data, "--model", model, "--out", program.home.path + "/" + name, "--steps", "2"] + more
        )
      }
      #expect(try train(plain, "plain").status == 0)
      #expect(try train(ones, "ones", "--weight-field", "weight").status == 0)
      #expect(try train(uneven, "uneven", "--weight-field", "weight").status == 0)
      func weights(_ name: String) throws -> Data {
        try Data(contentsOf: program.home.appendingPathComponent(name + "/model.safetensors"))
      }
      let (onesAreSame, unevenAreSame) = (
        try weights("ones") == weights("plain"), try weights("uneven") == weights("plain")
      )
      #expect(onesAreSame && !unevenAreSame)
      let refused = try train(broken, "broken", "--weight-field", "weight")
      #expect(refused.status == 65 && refused.errors.contains("row 5"))
    }
  }

  @Test func aModelOfRandomWeightsIsMadeAndMeasured() throws {
    try Program.inFreshHome { program in
      let (out, tokenizer) = (program.home.path + "/made", Places.sampleData.appendingPathComponent("model").path)
      let made = try program.run(
        [
          "sample-model", "--hidden", "32", "--layers", "2", "--ffn", "64", "--vocab", "1024", "--tokenizer", tokenizer,
          "--out", out,
        ], executable: Places.bench)
      #expect(made.status == 0, "\(made.errors)")
      let data = try data(4, in: program)
      // With random weights all tokens are about as likely.
      #expect(abs(try evaluate(program, "--data", data, "--model", out).all.loss - log(1024)) < 0.5)
      // Each measurement is named before it begins, and all of them end.
      let measured = try program.run(["model", "--model", out, "--seconds", "0.01"], executable: Places.bench)
      #expect(measured.status == 0, "\(measured.errors)")
      #expect(measured.output.split(separator: "\n").count == 6 && measured.errors.contains("measuring training"))
    }
  }

  @Test func aStudyIsPrintedByNameAndReproduced() throws {
    try Program.inFreshHome { program in
      let folder = program.home.path
      for (name, count) in [("pool", 20), ("test", 6), ("target", 6)] {
        let text = try String(
          contentsOf: Places.sampleData.appendingPathComponent("\(name).jsonl"), encoding: .utf8)
        try text.split(separator: "\n").prefix(count).map { $0 + "\n" }.joined()
          .write(toFile: "\(folder)/\(name).jsonl", atomically: true, encoding: .utf8)
      }
      let command = [
        "study", "--pool", "\(folder)/pool.jsonl", "--target", "\(folder)/target.jsonl", "--test",
        "\(folder)/test.jsonl", "--model", Places.sampleData.appendingPathComponent("model").path, "--budgets", "3,20%",
        "--seeds", "2", "--steps", "2", "--rate", "1e-3", "--out", "\(folder)/study", "--quiet",
      ]
      let made = try program.run(command + ["--methods", "length", "--json"])
      #expect(made.status == 0, "\(made.errors)")
      let answer = try #require(try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any])
      #expect(answer["visible_difference"] is Double)
      let arms = try #require(answer["arms"] as? [[String: Any]])
      #expect(
        arms.compactMap { $0["method"] as? String } == ["untrained", "full", "random", "random", "length", "length"])
      #expect(arms.compactMap { $0["budget"] as? Double } == [0, 1, 3, 0.2, 3, 0.2])
      for arm in arms {
        #expect(
          Set(arm.keys) == [
            "method", "budget", "difference", "low", "high", "adjusted_p", "verdict", "loss", "metrics", "seconds",
            "choosing_seconds",
          ])
        #expect(["better", "worse", "can't tell"].contains(arm["verdict"] as? String))
      }
      #expect(try program.run("runs").output.isEmpty)
      let again = try program.run("reproduce", "\(folder)/study/manifest.json", "--quiet")
      #expect(again.status == 0 && again.output == "the same\n", "\(again.output)\(again.errors)")
      let wrong = try program.run(command + ["--methods", "lenght"])
      #expect(wrong.status == 64 && wrong.errors.contains("no method") && wrong.errors.contains("length"))
    }
  }
}
