import Foundation
import TestSupport
import Testing

private let pool = Places.sampleData.appendingPathComponent("pool.jsonl").path
private let model = Places.sampleData.appendingPathComponent("model").path

/// Reading, exporting, comparing and keeping, as another program sees them.
@Suite struct DataCommandTests {
  private func object(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  private func rows(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { try object(String($0)) }
  }

  @Test func poolsOfSeveralFilesWithNamedFieldsAreChosenFrom() throws {
    try Program.inFreshHome { program in
      let one = program.home.appendingPathComponent("one.jsonl")
      let two = program.home.appendingPathComponent("two.csv")
      try "{\"frage\": \"a\", \"antwort\": \"b\", \"art\": \"x\"}\n\n{\"frage\": \"c\", \"antwort\": \"d\"}\n"
        .write(to: one, atomically: true, encoding: .utf8)
      try "frage,antwort,art\ne,f,y\n\"g\nh\",i,y\n".write(to: two, atomically: true, encoding: .utf8)
      let out = program.home.appendingPathComponent("out.jsonl").path
      let arguments = [
        "select", "--method", "random", "--pool", one.path, "--pool", two.path, "--budget", "4", "--seed", "3",
        "--json",
        "--out", out,
      ]
      #expect(try program.run(arguments).status == 65)
      let result = try program.run(arguments + ["--fields", "prompt=frage,response=antwort", "--label", "art"])
      #expect(result.status == 0, "\(result.errors)")
      let answer = try object(result.output)
      let selected = try #require(answer["selected"] as? [[String: Any]])
      var places: [Int: String] = [:]
      for pick in selected {
        let file = URL(fileURLWithPath: try #require(pick["file"] as? String)).lastPathComponent
        places[try #require(pick["index"] as? Int)] = "\(file):\(try #require(pick["line"] as? Int))"
      }
      #expect(places == [0: "one.jsonl:1", 1: "one.jsonl:3", 2: "two.csv:2", 3: "two.csv:3"])
      let manifest = try object(String(contentsOfFile: out + ".manifest.json", encoding: .utf8))
      let inputs = try #require(manifest["inputs"] as? [[String: Any]])
      #expect(inputs.map { $0["format"] as? String } == ["jsonl", "csv"])
      #expect(inputs.map { $0["rows"] as? Int } == [2, 2])
      // The run is written down with what it needs to be read again.
      let inspected = try object(program.run("inspect", "1", "3").output)
      let pick = try #require(inspected["pick"] as? [String: Any])
      #expect(pick["line"] as? Int == 3 && (pick["file"] as? String)?.hasSuffix("two.csv") == true)
      let again = try program.run("reproduce", out + ".manifest.json")
      #expect(again.status == 0 && again.output == "the same\n", "\(again.errors)\(again.output)")
      #expect(try program.run(arguments + ["--force", "--fields", "prompt=frag"]).status == 64)
      #expect(try program.run(arguments + ["--force", "--fields", "prompt=x,response=antwort"]).status == 64)
    }
  }

  @Test func dataSaysWhatAFileHolds() throws {
    try Program.inFreshHome { program in
      let result = try program.run("data", pool, "--model", model, "--test", pool, "--json")
      #expect(result.status == 0, "\(result.errors)")
      let report = try object(result.output)
      #expect(report["usable"] as? Int == 300)
      let overlaps = try #require(report["overlaps"] as? [[String: Any]])
      #expect(overlaps[0]["exact"] as? Int == 300 && overlaps[0]["role"] as? String == "test")
      let first = try #require(report["first"] as? [String: Any])
      #expect((first["loss"] as? [Int])?.isEmpty == false)
      let words = try program.run("data", pool)
      #expect(words.status == 0 && words.output.contains("300 usable rows") && words.output.contains("Alpaca"))
    }
  }

  @Test func rowsThatComeOnStandardInputAreChosenFromAndKept() throws {
    try Program.inFreshHome { program in
      let out = program.home.appendingPathComponent("out.jsonl").path
      let chosen = try program.run(
        ["select", "--method", "random", "--pool", "-", "--budget", "5", "--out", out],
        input: String(contentsOfFile: pool, encoding: .utf8))
      #expect(chosen.status == 0, "\(chosen.errors)")
      let again = program.home.appendingPathComponent("again.jsonl").path
      #expect(try program.run("export", "1", "--out", again).status == 0)
      #expect(try String(contentsOfFile: again, encoding: .utf8) == String(contentsOfFile: out, encoding: .utf8))
      let twice = try program.run(
        ["select", "--method", "delift-task", "--pool", "-", "--target", "-", "--budget", "5", "--model", model],
        input: "{}")
      #expect(twice.status == 64)
    }
  }

  @Test func nothingOfDataIsACommandToTheTerminal() throws {
    try Program.inFreshHome { program in
      let title = "\u{1B}]0;owned\u{7}"
      let path = program.home.appendingPathComponent("a\(title)\u{9B}31m.jsonl").path
      try #"{"id": "i\u001b]0;x\u0007\u009b2J\u007f", "question": "q", "answer": "a"}"#
        .write(toFile: path, atomically: true, encoding: .utf8)
      for arguments in [
        ["select", "--method", "random", "--pool", path, "--budget", "1", "--json"], ["rows", path, "--json"],
        ["data", path], ["data", path, "--json"], ["rows", path + "x"], ["select", "--method", title, "--pool", path],
        ["rows", path, "--format", title], ["rows", path, "--\(title)"],
      ] {
        let result = try program.run(arguments)
        let printed = result.output + result.errors
        #expect(
          !printed.unicodeScalars.contains {
            $0.value < 0x20 && $0 != "\n" && $0 != "\t" || (0x7F..<0xA0).contains($0.value)
          }, "\(arguments)")
      }
      // What is escaped is still the same text.
      let rows = try JSONSerialization.jsonObject(with: Data(program.run("rows", path, "--json").output.utf8))
      let id = (rows as? [[String: Any]])?.first?["id"] as? String
      #expect(id == "i\u{1B}]0;x\u{7}\u{9B}2J\u{7F}")
    }
  }

  @Test func exportsComeInEveryFormatAndOrder() throws {
    try Program.inFreshHome { program in
      func path(_ name: String) -> String { program.home.appendingPathComponent(name).path }
      func read(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }
      let run = try program.run(
        "select", "--method", "random", "--pool", pool, "--budget", "5", "--seed", "2", "--out", path("a.jsonl"))
      #expect(run.status == 0, "\(run.errors)")
      let ranked = try rows(read("a.jsonl")).map { $0["id"] as? String }
      #expect(ranked.count == 5)
      #expect(
        try program.run("export", "1", "--out", path("b.jsonl"), "--order", "file", "--ranked", "--weighted").status
          == 0)
      let ordered = try rows(read("b.jsonl"))
      #expect(ordered.map { $0["id"] as? String } != ranked)
      #expect(
        ordered.sorted { ($0["rank"] as? Int ?? 0) < ($1["rank"] as? Int ?? 0) }.map { $0["id"] as? String } == ranked)
      #expect(ordered.allSatisfy { $0["weight"] as? Double == 1 })
      #expect(try program.run("export", "1", "--out", path("c.csv")).status == 0)
      #expect(try read("c.csv").hasPrefix("id,family,instruction,input,output\n"))
      #expect(try program.run("export", "1", "--out", path("d.txt")).status == 0)
      #expect(try read("d.txt").split(separator: "\n").count == 5)
      // Another run chooses from what was exported, whatever the form.
      for name in ["a.jsonl", "b.jsonl", "c.csv"] {
        #expect(try program.run("select", "--method", "random", "--pool", path(name), "--budget", "5").status == 0)
      }
      for (tool, file, word) in [
        ("trl", "t.trl.yaml", "completion_only_loss: true"), ("axolotl", "t.axolotl.yaml", "type: alpaca"),
        ("llama-factory", "dataset_info.json", "\"file_name\": \"t.jsonl\""),
      ] {
        let result = try program.run("export", "1", "--out", path("t.jsonl"), "--for", tool, "--force")
        #expect(result.status == 0 && result.errors.contains(file), "\(result.errors)")
        #expect(try read(file).contains(word))
        let first = try rows(read("t.jsonl"))[0]
        #expect(first[tool == "trl" ? "completion" : "output"] is String)
      }
      let information = try object(read("dataset_info.json"))
      #expect((information["t"] as? [String: Any])?["columns"] is [String: Any])
    }
  }

  @Test func whatIsReadIsNeverWrittenOver() throws {
    try Program.inFreshHome { program in
      let folder = program.home.appendingPathComponent("d é\n")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let own = folder.appendingPathComponent("pool.jsonl").path
      try FileManager.default.copyItem(atPath: pool, toPath: own)
      let link = program.home.appendingPathComponent("link.jsonl").path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: own)
      let before = FileManager.default.contents(atPath: own)
      for out in [own, link] {
        let result = try program.run(
          "select", "--method", "random", "--pool", own, "--budget", "3", "--out", out, "--force")
        #expect(result.status == 64 && result.errors.contains("the output is a file that is read"), "\(result.errors)")
      }
      #expect(try program.run("select", "--method", "random", "--pool", own, "--budget", "3").status == 0)
      #expect(try program.run("export", "1", "--out", own, "--force").status == 64)
      #expect(try program.run("score", "--pool", own, "--model", model, "--out", own, "--force").status == 64)
      #expect(try program.run("gradients", "--data", own, "--model", model, "--out", own, "--force").status == 64)
      #expect(FileManager.default.contents(atPath: own) == before)
    }
  }

  @Test func whatAFileWasFoundToHoldIsSaid() throws {
    try Program.inFreshHome { program in
      let squad = program.home.appendingPathComponent("squad.json").path
      let questions =
        #"{"id": "1", "question": "q", "answers": [{"text": "a"}]}, {"id": "2", "question": "r", "answers": []}"#
      try "{\"data\": [{\"paragraphs\": [{\"context\": \"c\", \"qas\": [\(questions)]}]}]}"
        .write(toFile: squad, atomically: true, encoding: .utf8)
      let out = program.home.appendingPathComponent("out.jsonl").path
      let result = try program.run("select", "--method", "random", "--pool", squad, "--budget", "1", "--out", out)
      #expect(result.errors.contains("pool  \(squad)  1 rows  json  context/question/answers"), "\(result.errors)")
      #expect(result.errors.contains("note: \(squad): 1 questions without an answer were left out."))
      let notes = try #require(
        object(String(contentsOfFile: out + ".manifest.json", encoding: .utf8))["notes"] as? [String])
      #expect(notes.contains { $0.contains("1 questions without an answer") })
    }
  }

  @Test func aRunSaysWhyItChoseARowAndOneOnMatricesHasIndicesToGive() throws {
    try Program.inFreshHome { program in
      func path(_ name: String) -> String { program.home.appendingPathComponent(name).path }
      let common = ["--pool", pool, "--limit", "12", "--model", model, "--quiet"]
      let first = try program.run(["select", "--budget", "2"] + common)
      #expect(first.status == 0, "\(first.errors)")
      let row = String(try #require(first.output.split(separator: "\n").first))
      let why = try object(program.run("inspect", "1", row).output)
      #expect((why["line"] as? String)?.hasPrefix("{") == true && (why["partners"] as? [Any])?.isEmpty == false)
      #expect(((why["represents"] as? [[String: Any]])?.first?["utility"] as? Double ?? 0) > 0)
      #expect(why["chosen"] as? Bool == true)
      // A row that was not chosen: what it would add, whose place it would take.
      let chosen = Set(first.output.split(separator: "\n").map(String.init))
      let other = try #require((0..<12).map(String.init).first { !chosen.contains($0) })
      let whyNot = try object(program.run("inspect", "1", other).output)
      #expect(whyNot["chosen"] as? Bool == false && whyNot["pick"] == nil && whyNot["gain"] is Double)
      #expect((whyNot["gainRank"] as? Int).map { (0..<10).contains($0) } == true && whyNot["notChosen"] as? Int == 10)
      #expect((whyNot["swap"] as? [String: Any])?["value"] is Double)
      let words = try program.run("inspect", "1", other, "--text").output
      #expect(words.hasPrefix("Row \(other) in run 1 (delift-instruction, 2 of 12 rows)\n"))
      #expect(words.contains("not chosen") && words.contains("would add") && words.contains("swap"))
      // Without the scores the pick is still an answer.
      #expect(try program.run("cache", "rm", "--all").status == 0)
      let less = try program.run("inspect", "1", row)
      #expect(less.status == 0 && less.errors.contains("not known any more"), "\(less.errors)")
      #expect(try object(less.output)["represents"] == nil)
      #expect(try program.run("inspect", "1", "999").status == 64)

      #expect(try program.run(["score", "--raw", "--out", path("u.npy")] + common).status == 0)
      #expect(
        try program.run("select", "--utilities", path("u.npy"), "--budget", "2", "--out", path("a.txt")).status == 0)
      let indices = try String(contentsOfFile: path("a.txt"), encoding: .utf8)
      #expect(indices == first.output)
      #expect(try program.run("export", "2", "--out", path("b.txt")).status == 0)
      #expect(try String(contentsOfFile: path("b.txt"), encoding: .utf8) == indices)
      #expect(try program.run("export", "2", "--out", path("b.jsonl")).status == 64)
      let bare = try object(program.run("inspect", "2", row).output)
      #expect(bare["line"] == nil && bare["pick"] != nil)
      #expect(try program.run("reproduce", path("b.txt.manifest.json")).output == "the same\n")
    }
  }

  @Test func aManifestIsReproducedWhereverItsFilesAreNow() throws {
    try Program.inFreshHome { program in
      let (one, two) = (program.home.appendingPathComponent("one"), program.home.appendingPathComponent("two"))
      for folder in [one, two] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      }
      let own = one.appendingPathComponent("pool.jsonl").path
      try FileManager.default.copyItem(atPath: pool, toPath: own)
      let moved = two.appendingPathComponent("pool.jsonl").path
      let out = program.home.appendingPathComponent("out.jsonl").path
      let manifest = out + ".manifest.json"
      #expect(
        try program.run("select", "--method", "random", "--pool", own, "--budget", "9", "--out", out).status == 0)
      try FileManager.default.moveItem(atPath: own, toPath: moved)
      let lost = try program.run("reproduce", manifest)
      #expect(lost.status == 66 && lost.errors.contains(own) && lost.errors.contains("--in"), "\(lost.errors)")
      let found = try program.run("reproduce", manifest, "--in", two.path)
      #expect(found.status == 0 && found.output == "the same\n", "\(found.errors)")
      let text = try String(contentsOfFile: moved, encoding: .utf8)
      try text.split(separator: "\n").dropFirst().joined(separator: "\n").write(
        toFile: moved, atomically: true, encoding: .utf8)
      let changed = try program.run("reproduce", manifest, "--in", two.path)
      #expect(
        changed.status == 1 && changed.output.contains("\(moved) (299 rows, and 300 before)"), "\(changed.output)")
    }
  }

  @Test func otherDataSetsOfLLaMAFactoryStayInItsList() throws {
    try Program.inFreshHome { program in
      let list = program.home.appendingPathComponent("dataset_info.json")
      try "{\"mine\": {\"file_name\": \"m.json\"}}".write(to: list, atomically: true, encoding: .utf8)
      func select(_ name: String, _ more: String...) throws -> Program.Result {
        try program.run(
          [
            "select", "--method", "random", "--pool", pool, "--budget", "3", "--for", "llama-factory", "--out",
            program.home.appendingPathComponent(name).path,
          ] + more)
      }
      #expect(try select("a.jsonl").status == 0)
      let entries = try object(String(contentsOf: list, encoding: .utf8))
      #expect(Set(entries.keys) == ["mine", "a"])
      #expect((entries["mine"] as? [String: Any])?["file_name"] as? String == "m.json")
      // An entry of the same name is replaced only when that is asked for.
      try FileManager.default.removeItem(atPath: program.home.appendingPathComponent("a.jsonl").path)
      #expect(try select("a.jsonl").status == 64)
      #expect(try select("a.jsonl", "--force").status == 0)
      try "not JSON".write(to: list, atomically: true, encoding: .utf8)
      #expect(try select("b.jsonl").status == 64)
    }
  }

  @Test func chatsAreExportedWithTheLossOnTheLastAnswerOrOnAll() throws {
    try Program.inFreshHome { program in
      let chats = program.home.appendingPathComponent("chats.jsonl")
      let turns = ["user", "assistant", "user", "assistant"].enumerated().map {
        "{\"role\": \"\($1)\", \"content\": \"t\($0)\"}"
      }
      try "{\"messages\": [\(turns.joined(separator: ", "))]}\n".write(to: chats, atomically: true, encoding: .utf8)
      let out = program.home.appendingPathComponent("out.jsonl").path
      let arguments = ["select", "--method", "random", "--pool", chats.path, "--budget", "1", "--out", out, "--force"]
      for (extra, trained) in [([], [false, false, false, true]), (["--all-turns"], [false, true, false, true])] {
        #expect(try program.run(arguments + ["--for", "axolotl"] + extra).status == 0)
        let messages = try #require(
          rows(String(contentsOfFile: out, encoding: .utf8))[0]["messages"] as? [[String: Any]])
        #expect(messages.map { $0["train"] as? Bool } == trained)
      }
      #expect(try program.run(arguments + ["--for", "trl"]).status == 0)
      let row = try rows(String(contentsOfFile: out, encoding: .utf8))[0]
      #expect((row["prompt"] as? [Any])?.count == 3 && (row["completion"] as? [Any])?.count == 1)
      // A mask of the assistant's tokens needs a template with marks for it; a prompt and a completion do not.
      let configuration = program.home.appendingPathComponent("out.trl.yaml").path
      #expect(try String(contentsOfFile: configuration, encoding: .utf8).contains("completion_only_loss: true"))
    }
  }

  @Test func callsOfToolsAndReasoningGoToTrainersAsTheDataHasThem() throws {
    try Program.inFreshHome { program in
      let chats = program.home.appendingPathComponent("chats.jsonl")
      let row = """
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}], "messages": [\
        {"role": "user", "content": "2 and 2?"}, \
        {"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": {"a": 2, "b": 2}}}]}, \
        {"role": "tool", "name": "add", "content": "4"}, \
        {"role": "assistant", "reasoning_content": "It says 4.", "content": "Four."}]}

        """
      try row.write(to: chats, atomically: true, encoding: .utf8)
      let out = program.home.appendingPathComponent("out.jsonl").path
      func exported(_ trainer: String) throws -> ([String: Any], String) {
        let result = try program.run(
          "select", "--method", "random", "--pool", chats.path, "--budget", "1", "--out", out, "--force", "--for",
          trainer)
        #expect(result.status == 0, "\(result.errors)")
        return (try rows(String(contentsOfFile: out, encoding: .utf8))[0], result.errors)
      }
      let (trl, _) = try exported("trl")
      let prompt = try #require(trl["prompt"] as? [[String: Any]])
      #expect(
        ((prompt[1]["tool_calls"] as? [[String: Any]])?[0]["function"] as? [String: Any])?["name"] as? String == "add")
      #expect(prompt[2]["name"] as? String == "add")
      let answer = try #require((trl["completion"] as? [[String: Any]])?.first)
      #expect(answer["reasoning_content"] as? String == "It says 4." && answer["content"] as? String == "Four.")
      let tools = try #require(trl["tools"] as? String)
      #expect((try JSONSerialization.jsonObject(with: Data(tools.utf8)) as? [Any])?.count == 1)
      let (axolotl, _) = try exported("axolotl")
      let messages = try #require(axolotl["messages"] as? [[String: Any]])
      #expect(messages.map { $0["train"] as? Bool } == [false, false, false, true])
      #expect(messages[1]["tool_calls"] is [Any] && axolotl["tools"] is String)
      let (factory, notes) = try exported("llama-factory")
      let words = try #require(factory["messages"] as? [[String: Any]])
      #expect(words.contains { ($0["content"] as? String)?.contains("add") == true } && notes.contains("plain words"))
    }
  }

  @Test func runsAreComparedAndReproducedAndTheCacheIsKept() throws {
    try Program.inFreshHome { program in
      let out = program.home.appendingPathComponent("a.jsonl").path
      let common = ["--pool", pool, "--limit", "40", "--budget", "6"]
      let first = try program.run(["select", "--model", model, "--out", out] + common)
      #expect(first.status == 0, "\(first.errors)")
      #expect(try program.run(["select", "--method", "random", "--seed", "5"] + common).status == 0)
      #expect(
        try program.run(
          ["select", "--model", model, "--template", "plain", "--utility-kernel", "exponential"] + common
        ).status == 0)
      let compared = try program.run("compare", "1", "2", "3", "--json")
      #expect(compared.status == 0, "\(compared.errors)")
      let answer = try object(compared.output)
      #expect((answer["pairs"] as? [Any])?.count == 3)
      let objectives = try #require(answer["runs"] as? [[String: Any]]).map { $0["valueOfRows"] as? [Any] ?? [] }
      let own = try #require(objectives[0][0] as? Double)
      let random = try #require(objectives[0][1] as? Double)
      let entry = try #require((answer["runs"] as? [[String: Any]])?.first)
      #expect(abs(own - (entry["objective"] as? Double ?? 0)) < 1e-9 && random < own)
      #expect((entry["labels"] as? [String: Int])?.values.reduce(0, +) == 6)
      #expect(objectives[1].allSatisfy { $0 is NSNull })
      let table = program.home.appendingPathComponent("t.md").path
      #expect(try program.run("compare", "1", "3", "--out", table).status == 0)
      #expect(try String(contentsOfFile: table, encoding: .utf8).contains("| rows | 6 | 6 |"))
      #expect(try program.run("compare", "1").status == 64)
      #expect(try program.run("compare", "1", "99").status == 64)

      let again = try program.run("reproduce", out + ".manifest.json", "--threads", "1")
      #expect(again.status == 0 && again.output == "the same\n", "\(again.errors)\(again.output)")
      var manifest = try String(contentsOfFile: out + ".manifest.json", encoding: .utf8)
      manifest = manifest.replacing("\"seed\" : 0", with: "\"seed\" : 1").replacing(
        "\"isPartial\" : false", with: "\"isPartial\" : true")
      try manifest.write(toFile: out + ".other.json", atomically: true, encoding: .utf8)
      #expect(try program.run("reproduce", out + ".other.json").status == 1)

      let listed = try #require(
        JSONSerialization.jsonObject(with: Data(program.run("cache", "ls", "--json").output.utf8)) as? [[String: Any]])
      #expect(listed.count == 2 && (listed[0]["name"] as? String)?.hasSuffix("model, delift") == true)
      #expect(try program.run("cache", "verify").status == 0)
      #expect(try program.run("cache", "rm").status == 64)
      #expect(try program.run("cache", "rm", "nothing").status == 64)
      #expect(try program.run("cache", "rm", "--limit", "1").status == 0)
      #expect(try program.run("cache", "ls").output == "")
      #expect(try program.run("cache", "verify").output.hasPrefix("0 blocks"))
      // What was thrown away is computed again.
      #expect(try program.run("reproduce", out + ".manifest.json").status == 0)
    }
  }

  @Test func twoProcessesOnOneCacheComputeEachBlockOnce() throws {
    try Program.inFreshHome { program in
      let arguments = [
        "select", "--pool", pool, "--limit", "60", "--model", model, "--budget", "6", "--json", "--threads", "1",
      ]
      let outputs = (0..<2).map { program.home.appendingPathComponent("\($0).json") }
      let both = try outputs.map { try program.start(arguments, output: $0) }
      for process in both { process.waitUntilExit() }
      #expect(both.map(\.terminationStatus) == [0, 0])
      let answers = try outputs.map { try object(String(contentsOf: $0, encoding: .utf8))["selected"] as? NSArray }
      #expect(answers[0] != nil && answers[0] == answers[1])
      let check = try object(program.run("cache", "verify", "--json").output)
      #expect(check["duplicates"] as? Int == 0 && check["damaged"] as? Int == 0)
      #expect(check["blocks"] as? Int == 61)
    }
  }

  @Test func aCacheThatCannotBeWrittenIsSaidAndTheRunGoesOn() throws {
    try Program.inFreshHome { program in
      // A file stands where the cache's folder should be.
      try Data().write(to: program.home.appendingPathComponent("cache"))
      let result = try program.run(
        "select", "--pool", pool, "--limit", "10", "--model", model, "--budget", "2")
      #expect(result.status == 0 && result.output.split(separator: "\n").count == 2)
      #expect(result.errors.contains("scores will not be kept"))
      #expect(try program.run("cache", "verify").status == 1)
    }
  }

  @Test func rowsThatAFilterTakesAreListed() throws {
    try Program.inFreshHome { program in
      let file = program.home.appendingPathComponent("f.jsonl").path
      try [
        #"{"id": "a", "label": "noise", "prompt": "Say one", "completion": "one", "meta": {"score": 0.9}}"#,
        #"{"id": "b", "label": "sums", "prompt": "Add 1 and 2", "completion": "3", "meta": {"score": 0.2}}"#,
        #"{"id": "c", "label": "noise", "prompt": "say  ONE", "completion": "one", "meta": {"score": 0.4}}"#,
        #"{"id": "d", "label": "sums", "prompt": "esc \u001b[31m", "completion": "x\ny"}"#,
      ].joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
      func indices(_ filter: String, _ more: String...) throws -> [Int] {
        let result = try program.run(["rows", file, "--filter", filter, "--json"] + more)
        #expect(result.status == 0, "\(filter): \(result.errors)")
        let rows = try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
        return rows.compactMap { $0["index"] as? Int }
      }
      #expect(try indices("label:noise") == [0, 2])
      #expect(try indices("!label:noise and chars<40") == [1, 3])
      #expect(try indices("meta.score>0.3") == [0, 2])
      #expect(try indices("dup") == [2])
      #expect(try indices("copies>1 or id:d") == [0, 2, 3])
      #expect(try indices("nothing of this") == [])
      let text = try program.run("rows", file, "--filter", "id:d")
      #expect(text.status == 0 && text.output.hasPrefix("  3  ") && !text.output.contains("\u{1B}"), "\(text.output)")
      for wrong in ["label:(", "len>x", "chosen", "run:1", "(pin"] {
        #expect(try program.run("rows", file, "--filter", wrong).status == 64, "\(wrong)")
      }
      #expect(try program.run("rows", file, "--filter", "pin").status == 0)
      #expect(try program.run("rows", file + "x", "--filter", "pin").status == 66)

      for seed in ["1", "2"] {
        let run = try program.run(
          "select", "--method", "random", "--pool", file, "--budget", "2", "--seed", seed, "--json")
        #expect(run.status == 0, "\(run.errors)")
      }
      func picks(_ run: String) throws -> Set<Int> {
        let rows = try indices("chosen", "--run", run)
        #expect(rows.count == 2)
        return Set(rows)
      }
      let (one, two) = (try picks("1"), try picks("2"))
      #expect(try Set(indices("in:A&!B")) == one.subtracting(two))
      #expect(try Set(indices("in:none")) == Set(0..<4).subtracting(one).subtracting(two))
      #expect(try Set(indices("run:2 or run:1")) == one.union(two))
      #expect(try Set(indices("in:A", "--run", "2")) == two)
      #expect(try Set(indices("rank>0", "--run", "1")).isSubset(of: one))
      #expect(try program.run("rows", file, "--filter", "chosen", "--run", "7").status != 0)
    }
  }

  @Test func aFolderOfShardsIsOnePoolAndAMistypedCommandIsTold() throws {
    try Program.inFreshHome { program in
      let folder = program.home.appendingPathComponent("set/data")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (name, text) in [("train-00000-of-00002", "a"), ("train-00001-of-00002", "b"), ("test-00000-of-00001", "c")] {
        try "{\"prompt\": \"\(text)\", \"completion\": \"x\"}\n".write(
          to: folder.appendingPathComponent(name + ".jsonl"), atomically: true, encoding: .utf8)
      }
      let result = try program.run("rows", program.home.appendingPathComponent("set").path, "--json")
      let rows = try #require(JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
      #expect(rows.map { $0["prompt"] as? String } == ["a", "b"])
      #expect(try program.run("rows", program.home.path + "/state").status != 0)
      let mistyped = try program.run("slect")
      #expect(mistyped.status == 66 && mistyped.errors.contains("Did you mean winnow select?"), "\(mistyped.errors)")
      #expect(try program.run("no-such-file.jsonl").status == 66)
      #expect(try program.run("a.jsonl", "--pool", "b.jsonl").status == 64)
    }
  }
}
