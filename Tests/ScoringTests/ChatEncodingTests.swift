import Domain
import Foundation
import LanguageModel
import Numerics
import SampleEncoding
import Scoring
import TestSupport
import Testing
import Transformer

/// Where the loss stands in a chat, and what a chat behind an example is made of.
@Suite struct ChatEncodingTests {
  /// A folder with a model of the fixtures and a template of one's own.
  private static func model(_ template: String, _ body: (Model, PromptTemplate) throws -> Void) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let fixture = Places.fixtures.appendingPathComponent("LanguageModel/models/llama-tied")
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"] {
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent(name), withDestinationURL: fixture.appendingPathComponent(name))
    }
    try template.write(to: folder.appendingPathComponent("chat_template.jinja"), atomically: true, encoding: .utf8)
    try body(Model(directory: folder.path), .named("chat", model: folder.path))
  }

  private struct Fixture: Decodable {
    struct Template: Decodable {
      var name: String
      var source: String
    }
    var templates: [Template]
  }

  /// The source of one of the templates that stand in the fixtures.
  private static func source(_ name: String) throws -> String {
    let path = Places.fixtures.appendingPathComponent("LanguageModel/templates/templates.json")
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    return try #require(fixture.templates.first { $0.name == name }).source
  }

  private static let chat = Sample(
    index: 0,
    query: .conversation([
      Turn(role: "system", content: "Be brief."), Turn(role: "user", content: "One?"),
      Turn(role: "assistant", content: "First answer"), Turn(role: "user", content: "Two?"),
    ]), response: "Second answer")

  private static func all(_ sample: Sample) -> Sample {
    var sample = sample
    sample.hasLossOnAllTurns = true
    return sample
  }

  private static let question = Sample(index: 1, query: .instruction("Say", input: "this"), response: "Done now")

  private func lost(_ place: Int, of samples: TrainingSamples, _ model: Model) throws -> String {
    lost(try samples.sample(place), model)
  }

  /// The text of the tokens that carry the loss.
  private func lost(_ sample: LossSample?, _ model: Model) -> String {
    model.tokenizer.decode(sample?.targets.map(\.token) ?? [])
  }

  @Test(arguments: [
    ("llama3", "<|eot_id|>"), ("llama3.1", "<|eot_id|>"),
  ])
  func theLossStandsOnTheAssistantsWordsAndTheTokenThatEndsTheTurn(name: String, end: String) throws {
    try Self.model(Self.source(name)) { model, template in
      let samples = TrainingSamples([Self.chat, Self.all(Self.chat), Self.question], template: template, model: model)
      #expect(try lost(0, of: samples, model) == "Second answer\(end)")
      #expect(try lost(1, of: samples, model) == "First answer\(end)Second answer\(end)")
      #expect(try lost(2, of: samples, model) == "Done now\(end)")
      // The tokens are those of the whole text.
      let text = try ChatTemplate(Self.source(name), file: "", specialTokens: ["bos_token": "<|begin_of_text|>"])
        .render([
          Turn(role: "user", content: "Say\n\nthis"), Turn(role: "assistant", content: "Done now"),
        ])
      let whole = try samples.sample(2)
      #expect(whole?.tokens == model.tokenizer.encode(text))
    }
  }

  @Test func whereNoSpecialTokenEndsATurnTheEndOfSequenceDoes() throws {
    let source = "{% for m in messages %}{{ m.role }}: {{ m.content | trim }}\n{% endfor %}"
    try Self.model(source) { model, template in
      let samples = TrainingSamples([Self.question, Self.all(Self.chat)], template: template, model: model)
      let sample = try #require(try samples.sample(0))
      #expect(sample.tokens.last == model.configuration.endOfSequence)
      #expect(model.tokenizer.decode(sample.targets.dropLast().map(\.token)).hasSuffix("Done now"))
      #expect(model.tokenizer.decode(Array(sample.tokens.dropLast())) == "user: Say\n\nthis\nassistant: Done now")
      let turns = try #require(try samples.sample(1))
      let words = model.tokenizer.decode(turns.targets.dropLast().map(\.token))
      #expect(words.contains("First answer") && words.hasSuffix("Second answer"))
      #expect(!words.contains("Two?"))
    }
  }

  @Test func thinkingIsPartOfTheAnswerAsTheTemplateWritesIt() throws {
    try Self.model(Self.source("qwen3").replacing("<|im_end|>", with: "<|eot_id|>")) { model, template in
      var sample = Self.question
      sample.response = "<think>\nhm\n</think>\n\nyes"
      let samples = TrainingSamples([sample, Self.question], template: template, model: model)
      let thought = try lost(0, of: samples, model)
      let plain = try lost(1, of: samples, model)
      #expect(thought.hasSuffix("hm\n</think>\n\nyes<|eot_id|>"))
      #expect(plain == "Done now<|eot_id|>")
    }
  }

  @Test func reasoningBesideTheAnswerStandsWhereTheTemplateHasItAndBearsTheLoss() throws {
    try Self.model(Self.source("qwen3").replacing("<|im_end|>", with: "<|eot_id|>")) { model, template in
      var sample = Self.question
      for name in ["reasoning_content", "thinking", "reasoning"] {
        sample.message = #"{"role": "assistant", "content": "Done now", "\#(name)": "hm"}"#
        let samples = TrainingSamples([sample], template: template, model: model)
        let lost0 = try self.lost(0, of: samples, model)
        #expect(lost0 == "<think>\nhm\n</think>\n\nDone now<|eot_id|>", "\(name)")
      }
    }
    // A template that knows of none leaves it out.
    try Self.model(Self.source("llama3")) { model, template in
      var sample = Self.question
      sample.message = #"{"role": "assistant", "content": "Done now", "thinking": "hm"}"#
      let samples = TrainingSamples([sample], template: template, model: model)
      let lost0 = try self.lost(0, of: samples, model)
      #expect(lost0 == "Done now<|eot_id|>")
    }
  }

  @Test func callsOfToolsAreWordedByTheTemplateAndBearTheLoss() throws {
    let call = #"{"name": "add", "arguments": {"a": 1}}"#
    let tools = #"[{"type": "function", "function": {"name": "add", "parameters": {}}}]"#
    let message = Turn(
      role: "assistant", content: "<tool_call>\n\(call)\n</tool_call>",
      message: #"{"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": \#(call)}]}"#)
    try Self.model(Self.source("qwen2.5").replacing("<|im_end|>", with: "<|eot_id|>")) { model, template in
      let last = Sample(
        index: 0, query: .instruction("Add", input: ""), response: message.content, message: message.message,
        tools: tools)
      var whole = Sample(
        index: 1,
        query: .conversation([
          Turn(role: "user", content: "Add"), message, Turn(role: "tool", content: "1"),
        ]), response: "One.", tools: tools)
      let samples = TrainingSamples([last, whole, Self.all(whole)], template: template, model: model)
      let called = "<tool_call>\n\(call)\n</tool_call><|eot_id|>"
      let lost0 = try self.lost(0, of: samples, model)
      #expect(lost0 == called)
      let lost1 = try self.lost(1, of: samples, model)
      #expect(lost1 == "One.<|eot_id|>")
      let lost2 = try self.lost(2, of: samples, model)
      #expect(lost2 == called + "One.<|eot_id|>")
      let text = model.tokenizer.decode(try samples.tokens(1))
      #expect(text.contains(#"{"type": "function", "function": {"name": "add", "parameters": {}}}"#))
      #expect(text.contains("<tool_response>\n1\n</tool_response>"))
      whole.tools = nil
      let without = TrainingSamples([whole], template: template, model: model)
      let bare = model.tokenizer.decode(try without.tokens(0))
      #expect(!bare.contains("parameters"))
    }
  }

  @Test func turnsThatAreNotTrainedBearNoLossWhateverIsAsked() throws {
    var sample = Self.all(Self.chat)
    guard case .conversation(var turns) = sample.query else { return }
    turns[2].isTrained = false
    turns.insert(
      contentsOf: [Turn(role: "assistant", content: "Other answer"), Turn(role: "user", content: "And?")], at: 3)
    sample.query = .conversation(turns)
    for name in ["chat", "plain", "delift"] {
      try Self.model(Self.source("llama3")) { model, chat in
        let template = try name == "chat" ? chat : PromptTemplate.named(name, model: "")
        let samples = TrainingSamples([sample], template: template, model: model)
        let lost = try self.lost(0, of: samples, model)
        #expect(!lost.contains("First answer") && lost.contains("Other answer") && lost.contains("Second answer"))
      }
    }
  }

  @Test(arguments: [
    "llama3", "llama3.1", "qwen2.5", "qwen3", "chatml", "zephyr", "llama2", "mistral-v0.1", "mistral-v0.3",
  ])
  func behindAnExampleTheChatGoesOnAsTheTemplateWritesIt(name: String) throws {
    // The special tokens of other models become ones that this tokenizer has.
    let source = try Self.source(name).replacing("<|im_start|>", with: "<|start_header_id|>")
      .replacing("<|im_end|>", with: "<|eot_id|>")
    let tokens = ["bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"]
    try Self.model(source) { model, template in
      let example = Sample(index: 2, query: .instruction("Ask", input: ""), response: "Answer")
      let samples = TrainingSamples([Self.question, example, Self.all(Self.chat)], template: template, model: model)
      let written = try ChatTemplate(source, file: "", specialTokens: tokens)
      for (place, sample) in [(0, Self.question), (2, Self.chat)] {
        var turns = [Turn(role: "user", content: "Ask"), Turn(role: "assistant", content: "Answer")]
        if place == 0 {
          turns.append(Turn(role: "user", content: "Say\n\nthis"))
        } else {
          turns += [
            Turn(role: "user", content: "Be brief.\n\nOne?"), Turn(role: "assistant", content: "First answer"),
            Turn(role: "user", content: "Two?"),
          ]
        }
        turns.append(Turn(role: "assistant", content: sample.response))
        let whole = model.tokenizer.encode(try written.render(turns))
        let behind = try #require(try samples.sample(place, behind: 1))
        #expect(whole.starts(with: behind.tokens), "\(name)")
        let lost = self.lost(behind, model)
        #expect(lost.contains(sample.response) && (place == 0 || lost.contains("First answer")))
        #expect(!lost.contains("Answer\n") && !lost.contains("Two?") && !lost.contains("Ask"))
      }
    }
  }

  @Test func distancesAreThoseOfTheWholeChatsReadOneByOne() throws {
    try Self.model(Self.source("llama3")) { model, template in
      let rows =
        [Self.question, Self.all(Self.chat)]
        + (0..<4).map { row in
          Sample(index: RowIndex(row), query: .instruction("Upper case", input: "word \(row)"), response: "WORD \(row)")
        }
      let scorer = try LocalScorer(
        model: model, template: template, queries: rows, examples: rows, queryPath: nil, workers: 1)
      let distances = try ScoringJob(scorer: scorer, store: nil, workers: Workers(count: 1)).run(
        cancellation: Cancellation()
      ) { _, _, _, _ in }
      let samples = TrainingSamples(rows, template: template, model: model)
      for row in rows.indices {
        for column in [nil] + rows.indices.map(Optional.init) {
          let sample = try #require(try samples.sample(row, behind: column))
          let logits = model.network.logits(of: sample.tokens, in: model.network.makeWorkspace())
          var sum = 0.0
          for target in sample.targets {
            let values = (0..<logits.columns).map { Double(logits[target.row, $0]) }
            let most = values.max() ?? 0
            let p = exp(values[Int(target.token)] - most) / values.reduce(0) { $0 + exp($1 - most) }
            sum += (1 - p) * (1 - p)
          }
          let wanted = (sum / Double(sample.targets.count)).squareRoot()
          let found = column.map { distances.behind($0, query: row) } ?? distances.alone(row)
          #expect(abs(Double(found) - wanted) < 1e-4, "\(row) behind \(column ?? -1)")
        }
      }
    }
  }

  @Test func aChatThatTheTemplateRefusesIsNamedWithItsRow() throws {
    try Self.model(Self.source("mistral-v0.1")) { model, template in
      let rows = [Self.question, Sample(index: 7, query: Self.chat.query, response: "x")]
      do {
        _ = try LocalScorer(
          model: model, template: template, queries: rows, examples: rows, queryPath: "chats.jsonl", workers: 1)
        Issue.record("a system prompt that the template refuses was taken")
      } catch let error as EncodingError {
        #expect(error.report.location == "chats.jsonl row 7" && error.report.status == .badData)
        #expect(error.report.problem.contains("the template refuses this"))
      }
    }
  }

  @Test func thePlainTemplateAddsNothingAndAllTurnsWorkInTemplatesOfWords() throws {
    let model = try Model(directory: Places.fixtures.appendingPathComponent("LanguageModel/models/llama-tied").path)
    let plain = TrainingSamples([Self.question], template: .plain, model: model)
    let sample = try #require(try plain.sample(0))
    #expect(model.tokenizer.decode(sample.tokens) == "Say\nthis\nDone now<|end_of_text|>")
    #expect(lost(sample, model) == "Done now<|end_of_text|>")
    let words = TrainingSamples([Self.chat, Self.all(Self.chat)], template: .delift, model: model)
    let last = try #require(try words.sample(0))
    let all = try #require(try words.sample(1))
    #expect(lost(last, model) == " Second answer<|end_of_text|>")
    #expect(lost(all, model) == "First answer Second answer<|end_of_text|>")
    #expect(model.tokenizer.decode(all.tokens) == model.tokenizer.decode(last.tokens))
  }
}
