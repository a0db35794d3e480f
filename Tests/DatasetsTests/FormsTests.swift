import Datasets
import Domain
import Foundation
import Testing

/// Rows in the forms of public data sets: what each is taken for, and what prompt and response are.
@Suite struct FormsTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  struct Form: Sendable, CustomTestStringConvertible {
    var rows: String
    var schema: String
    var query: Query
    var response: String
    var tools: String?
    var message: String?
    var note: String?
    var testDescription: String { schema }
  }

  private static func asked(_ text: String, _ input: String = "") -> Query { .instruction(text, input: input) }
  private static func chat(_ turns: (String, String)...) -> Query {
    .conversation(turns.map { Turn(role: $0.0, content: $0.1) })
  }

  private func open(_ rows: String, _ reading: DatasetReading = DatasetReading(), as name: String = "rows.jsonl") throws
    -> DatasetFile
  {
    try DatasetFile.open(path: folder.write(rows, as: name), role: .pool, reading: reading)
      .validated(skippingBadRows: false)
  }

  private func check(_ form: Form, _ reading: DatasetReading = DatasetReading()) throws {
    let file = try open(form.rows, reading)
    let sample = try file.sample(at: 0)
    #expect(file.summary.schema.rawValue == form.schema)
    #expect(sample.query == form.query, "\(form.rows)")
    #expect(sample.response == form.response, "\(form.rows)")
    #expect(sample.tools == form.tools && sample.message == form.message)
    if let note = form.note {
      #expect(file.summary.notes.contains { $0.contains(note) }, "\(file.summary.notes)")
    } else {
      #expect(file.summary.notes == [])
    }
  }

  // MARK: Texts

  static let texts: [Form] = [
    Form(
      rows: #"{"instruction": "i", "context": "c", "response": "r", "category": "qa"}"#,
      schema: "instruction/context/response", query: asked("i", "c"), response: "r"),
    Form(
      rows: #"{"instruction": "i", "context": "", "response": "r"}"#, schema: "instruction/context/response",
      query: asked("i"), response: "r"),
    Form(
      rows: #"{"instruction": "i", "response": "r"}"#, schema: "instruction/response", query: asked("i"), response: "r"
    ),
    Form(
      rows: #"{"query": "q", "response": "r", "type": "GSM_Rephrased", "original_question": "o"}"#,
      schema: "query/response", query: asked("q"), response: "r"),
    Form(
      rows: #"{"lang": "c", "raw_index": 1, "index": 2, "seed": "s", "problem": "p", "solution": "s"}"#,
      schema: "problem/solution", query: asked("p"), response: "s"),
    Form(
      rows: #"{"id": "niv.1", "system_prompt": "s", "question": "q", "response": "r"}"#, schema: "question/response",
      query: chat(("system", "s"), ("user", "q")), response: "r"),
    Form(
      rows: #"{"system": "", "question": "q", "answer": "a"}"#, schema: "question/answer", query: asked("q"),
      response: "a"),
    Form(
      rows: #"{"instruction": "i", "input": "", "output": "o", "history": [["a", "b"]]}"#,
      schema: "instruction/input/output", query: chat(("user", "a"), ("assistant", "b"), ("user", "i")), response: "o"),
    Form(
      rows: #"{"question": "is it?", "passage": "p", "answer": true}"#, schema: "question/passage/answer",
      query: asked("is it?", "p"), response: "true", note: "true or false for an answer"),
    Form(
      rows: #"{"definition": "d", "inputs": "i", "targets": "t"}"#, schema: "definition/inputs/targets",
      query: asked("d", "i"), response: "t"),
    Form(
      rows: #"{"id": "1", "question": "q", "context": "c", "answers": {"text": ["a", "b"], "answer_start": [1, 2]}}"#,
      schema: "context/question/answers", query: asked("q", "c"), response: "a"),
    Form(
      rows: ####"{"text": "### Human: Hi### Assistant: Hello.### Human: More?### Assistant: No."}"####,
      schema: "text with marks",
      query: chat(("user", "Hi"), ("assistant", "Hello."), ("user", "More?")), response: "No."),
  ]

  @Test(arguments: texts) func textsAreTakenByTheirNames(form: Form) throws { try check(form) }

  // MARK: Texts with marks

  static let marked: [Form] = [
    Form(
      rows: ####"{"text": "### Human: Hi\n### Assistant: Hello.\n### Human: More\n### Assistant: Enough."}"####,
      schema: "text with marks", query: chat(("user", "Hi"), ("assistant", "Hello."), ("user", "More")),
      response: "Enough."),
    Form(
      rows:
        #"{"text": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>\n"}"#,
      schema: "text with marks", query: chat(("system", "Be brief."), ("user", "Hi")), response: "Hello."),
    Form(
      rows: #"{"text": "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello. </s>"}"#, schema: "text with marks",
      query: chat(("system", "Be brief."), ("user", "Hi")), response: "Hello."),
    Form(
      rows:
        ####"{"text": "Below is an instruction.\n\n### Instruction:\nAdd\n\n### Input:\n1 2\n\n### Response:\n3", "family": "sums"}"####,
      schema: "text with marks", query: asked("Add", "1 2"), response: "3", note: "words of a template"),
    Form(
      rows:
        #"{"text": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>"}"#,
      schema: "text with marks", query: chat(("user", "Hi")), response: "Hello."),
    Form(
      rows: #"{"chosen": "\n\nHuman: Hi\n\nAssistant: Hello.", "rejected": "\n\nHuman: Hi\n\nAssistant: No."}"#,
      schema: "chosen/rejected", query: chat(("user", "Hi")), response: "Hello.", note: "unwanted answer beside"),
    Form(
      rows:
        #"{"prompt": "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: More\n\nAssistant:", "chosen": " Yes.", "rejected": " No."}"#,
      schema: "prompt/chosen/rejected",
      query: .conversation([
        Turn(role: "user", content: "Hi"), Turn(role: "assistant", content: "Hello.", isTrained: false),
        Turn(role: "user", content: "More"),
      ]),
      response: " Yes.", note: "unwanted answer beside"),
  ]

  @Test(arguments: marked) func textsAreTakenApartAtTheirMarks(form: Form) throws { try check(form) }

  // MARK: Chats

  static let chats: [Form] = [
    Form(
      rows: #"{"source": "x", "conversation": [{"input": "a", "output": "b"}, {"input": "c", "output": "d"}]}"#,
      schema: "conversation of input/output", query: chat(("user", "a"), ("assistant", "b"), ("user", "c")),
      response: "d"),
    Form(
      rows: #"{"conversations": ["a", "b"], "source": "s"}"#, schema: "conversations of texts",
      query: chat(("user", "a")), response: "b"),
    Form(
      rows:
        #"{"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "#
        + #"{"role": "assistant", "content": [{"type": "text", "text": "c"}]}]}"#,
      schema: "messages", query: chat(("user", "ab")), response: "c"),
    Form(
      rows:
        #"{"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "a"}]}"#,
      schema: "prompt/completion", query: chat(("system", "s"), ("user", "q")), response: "a"),
    Form(
      rows: #"{"prompt": [{"role": "user", "content": "q"}], "chosen": [{"role": "assistant", "content": "a"}], "#
        + #""rejected": [{"role": "assistant", "content": "b"}]}"#,
      schema: "prompt/chosen/rejected", query: chat(("user", "q")), response: "a", note: "unwanted answer beside"),
    Form(
      rows: #"{"prompt": "q", "chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "#
        + #""rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]}"#,
      schema: "prompt/chosen/rejected", query: chat(("user", "q")), response: "a", note: "unwanted answer beside"),
    Form(
      rows: #"{"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "rejected": []}"#,
      schema: "chosen/rejected", query: chat(("user", "q")), response: "a", note: "unwanted answer beside"),
    Form(
      rows: #"{"prompt": "q", "chosen": "a", "rejected": "b"}"#, schema: "prompt/chosen/rejected", query: asked("q"),
      response: "a", note: "unwanted answer beside"),
    Form(
      rows:
        #"{"message_tree_id": "t", "prompt": {"text": "q", "role": "prompter", "replies": [{"text": "bad", "role": "assistant", "rank": 1, "replies": []}, {"text": "good", "role": "assistant", "rank": 0, "replies": [{"text": "thanks", "role": "prompter", "replies": []}]}]}}"#,
      schema: "prompt with replies", query: chat(("user", "q")), response: "good"),
    Form(
      rows: """
        {"message_id": "1", "parent_id": null, "role": "prompter", "text": "q", "rank": null, "lang": "en"}
        {"message_id": "2", "parent_id": "1", "role": "assistant", "text": "bad", "rank": 1.0}
        {"message_id": "3", "parent_id": "1", "role": "assistant", "text": "good", "rank": 0.0}
        {"message_id": "4", "parent_id": "3", "role": "prompter", "text": "more", "rank": null}
        {"message_id": "5", "parent_id": "4", "role": "assistant", "text": "end", "rank": null}
        {"message_id": "6", "parent_id": "1", "role": "assistant", "text": "gone", "rank": -1, "deleted": true}
        """, schema: "messages", query: chat(("user", "q"), ("assistant", "good"), ("user", "more")), response: "end",
      note: "6 messages of 1 trees"),
  ]

  @Test(arguments: chats) func chatsAreTakenTurnByTurn(form: Form) throws { try check(form) }

  // MARK: Multiple choice

  static let choices: [Form] = [
    Form(
      rows: #"{"question": "2+2?", "subject": "sums", "choices": ["3", "4"], "answer": 1}"#,
      schema: "question/choices/answer", query: asked("2+2?\nA. 3\nB. 4"), response: "B. 4"),
    Form(
      rows: #"{"id": "x", "question": "q", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "B"}"#,
      schema: "question/choices/answerKey", query: asked("q\nA. a\nB. b"), response: "B. b"),
    Form(
      rows: #"{"question": "q", "choices": {"text": ["a", "b", "c"], "label": ["1", "2", "3"]}, "answerKey": "2"}"#,
      schema: "question/choices/answerKey", query: asked("q\nA. a\nB. b\nC. c"), response: "B. b"),
    Form(
      rows: #"{"ind": 4, "ctx_a": "x", "ctx": "A man", "endings": ["sits", "runs"], "label": "0"}"#,
      schema: "ctx/endings/label", query: asked("A man\nA. sits\nB. runs"), response: "A. sits"),
    Form(
      rows: #"{"question": "q", "options": ["A)21", "B)22"], "rationale": "r", "correct": "B"}"#,
      schema: "question/options/correct", query: asked("q\nA. 21\nB. 22"), response: "B. 22"),
    Form(
      rows: #"{"article": "t", "question": "q", "options": ["x", "y"], "answer": "B", "example_id": "e"}"#,
      schema: "article/question/options/answer", query: asked("q\nA. x\nB. y", "t"), response: "B. y"),
    Form(
      rows: #"{"question": "q", "options": {"A": "x", "B": "y"}, "answer": "y", "answer_idx": "B"}"#,
      schema: "question/options/answer_idx", query: asked("q\nA. x\nB. y"), response: "B. y"),
    Form(
      rows: #"{"question": "q", "opa": "x", "opb": "y", "opc": "z", "opd": "w", "cop": 2}"#,
      schema: "question/opa…opd/cop", query: asked("q\nA. x\nB. y\nC. z\nD. w"), response: "C. z"),
    Form(
      rows: #"{"goal": "g", "sol1": "x", "sol2": "y", "label": 0}"#, schema: "goal/sol1/sol2/label",
      query: asked("g\nA. x\nB. y"), response: "A. x"),
    Form(
      rows: #"{"sentence": "s _", "option1": "x", "option2": "y", "answer": "2"}"#,
      schema: "sentence/option1/option2/answer", query: asked("s _\nA. x\nB. y"), response: "B. y"),
    Form(
      rows: #"{"context": "c", "question": "q", "answerA": "x", "answerB": "y", "answerC": "z", "label": "3"}"#,
      schema: "context/question/answerA…C/label", query: asked("q\nA. x\nB. y\nC. z", "c"), response: "C. z"),
    Form(
      rows: #"{"question": "q", "choices": "[\"x\", \"y\"]", "answer": 0}"#, schema: "question/choices/answer",
      query: asked("q\nA. x\nB. y"), response: "A. x"),
  ]

  @Test(arguments: choices) func theRightChoiceIsTheResponseWithItsLetter(form: Form) throws { try check(form) }

  @Test func choicesCanBeWrittenWithoutLetters() throws {
    var form = Self.choices[0]
    form.query = Self.asked("2+2?\n- 3\n- 4")
    form.response = "4"
    try check(form, DatasetReading(choices: .texts))
  }

  @Test func answersThatCountFromOneAreToldByTheOnesThatAreTheirNumber() throws {
    let rows = (1...3).map { #"{"question": "q", "choices": ["x", "y", "z"], "answer": \#($0)}"# }.joined(
      separator: "\n")
    #expect(try open(rows).all().map(\.response) == ["A. x", "B. y", "C. z"])
    #expect(throws: DatasetError.self) {
      _ = try open(rows.replacing("\"answer\": 1", with: "\"answer\": 0"))
    }
  }

  // MARK: What the data says of its answers

  @Test func turnsThatAreNotToBeTrainedAreContext() throws {
    for off in [#""weight": 0"#, #""weight": 0.0"#, #""train": false"#, #""loss": false"#] {
      let row =
        #"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, "#
        + #"{"role": "user", "content": "r"}, {"role": "assistant", "content": "b", \#(off)}]}"#
      let file = try open(row)
      #expect(try file.sample(at: 0).response == "a" && file.summary.notes.count == 1)
      let middle = row.replacing(", \(off)", with: "").replacing("\"a\"}", with: "\"a\", \(off)}")
      let all = try open(middle, DatasetReading(allTurns: true)).sample(at: 0)
      #expect(all.response == "b" && !all.hasLossOnAllTurns)
      let none = row.replacing("\"a\"}", with: "\"a\", \(off)}")
      #expect(datasetError { _ = try open(none) }?.report.problem.contains("to be trained") == true)
    }
  }

  @Test func answersThatAreNotWantedAreLeftOutAndCounted() throws {
    for name in ["label", "is_safe", "is_response_safe", "correct"] {
      let rows = (0..<4).map { #"{"prompt": "p\#($0)", "completion": "c", "\#(name)": \#($0 % 2 == 0)}"# }
      let file = try open(rows.joined(separator: "\n"))
      #expect(file.count == 2 && file.summary.leftOut == 2 && file.summary.badRows == [])
      #expect(try file.all().map(\.query) == [Self.asked("p0"), Self.asked("p2")])
      #expect(file.summary.notes.first?.hasPrefix("2 rows were left out: not wanted, as \"\(name)\" says") == true)
      #expect(try open(rows.joined(separator: "\n"), DatasetReading(unwanted: .keep)).count == 4)
    }
    // A label that is a word, and an answer that is true or false, say nothing of the kind.
    #expect(try open(#"{"prompt": "p", "completion": "c", "label": "no"}"#).summary.leftOut == 0)
    #expect(try open(#"{"question": "p", "answer": false}"#).sample(at: 0).response == "false")
    guard
      case .allLeftOut(_, 1, _)? = datasetError({ _ = try open(#"{"prompt": "p", "completion": "c", "label": false}"#) }
      )
    else {
      Issue.record("a file without a wanted answer was opened")
      return
    }
  }

  @Test func questionsWithoutAnAnswerAreLeftOutInFlatFormToo() throws {
    let answered = #"{"question": "q", "context": "c", "answers": {"text": ["a"], "answer_start": [0]}}"#
    for row in [
      #"{"question": "q", "context": "c", "answers": {"text": [], "answer_start": []}}"#,
      #"{"question": "q", "context": "c", "answers": []}"#,
      #"{"question": "q", "context": "c", "answers": [{"text": "a"}], "is_impossible": true}"#,
    ] {
      let file = try open(row + "\n" + answered)
      #expect(file.count == 1 && file.summary.leftOut == 1 && file.index(at: 0) == 1)
    }
  }

  @Test func superNaturalInstructionsAreARowEachInstance() throws {
    let task = """
      {"Contributors": ["n"], "Source": ["s"], "Categories": ["Sums"], "Definition": ["Add the numbers."],
       "Positive Examples": [{"input": "1 1", "output": "2", "explanation": ""}],
       "Negative Examples": [],
       "Instances": [{"id": "task1-a", "input": "1 2", "output": ["3", "three"]},
                     {"id": "task1-b", "input": "2 2", "output": ["4"]}]}
      """
    let file = try open(task, as: "task1.json")
    #expect(file.count == 2)
    #expect(
      try file.all().map(\.query) == [Self.asked("Add the numbers.", "1 2"), Self.asked("Add the numbers.", "2 2")])
    #expect(try file.all().map(\.response) == ["3", "4"])
    #expect(file.summary.notes.contains { $0.contains("several answers") })
  }

  // MARK: Reasoning

  @Test(arguments: ["thinking", "reasoning_content", "reasoning"])
  func reasoningIsGivenToTheTemplateKeptOrLeftOutAsAsked(name: String) throws {
    let row =
      #"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "\#(name)": "hm", "content": "a"}]}"#
    let file = try open(row)
    let sample = try file.sample(at: 0)
    #expect(sample.response == "a" && sample.message == #"{"role": "assistant", "content": "a", "\#(name)": "hm"}"#)
    #expect(file.summary.notes.first?.hasPrefix("1 row has reasoning beside the answer") == true)
    let kept = try open(row, DatasetReading(reasoning: .keep)).sample(at: 0)
    #expect(kept.response == "<think>\nhm\n</think>\n\na" && kept.message == nil)
    let dropped = try open(row, DatasetReading(reasoning: .drop)).sample(at: 0)
    #expect(dropped.response == "a" && dropped.message == nil)
  }

  // MARK: Tools

  private static let tool = #"{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}"#

  @Test func toolsBesideTheTurnsAreKeptAsAListOrAsText() throws {
    let turns = #""messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]"#
    let list = try open("{\"tools\": [\(Self.tool)], \(turns)}").sample(at: 0)
    #expect(list.tools == "[\(Self.tool)]")
    let text = Self.tool.replacing("\"", with: "\\\"")
    #expect(try open("{\"tools\": \"[\(text)]\", \(turns)}").sample(at: 0).tools == "[\(Self.tool)]")
    for none in ["[]", "null", "\"\""] {
      #expect(try open("{\"tools\": \(none), \(turns)}").sample(at: 0).tools == nil)
    }
  }

  @Test func callsOfToolsAreTakenInEveryForm() throws {
    let call = #"{"name": "f", "arguments": {"x": 1}}"#
    let plain = "<tool_call>\n\(call)\n</tool_call>"
    let message =
      #"{"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": \#(call)}]}"#
    let asked = #"{"role": "user", "content": "q"}"#
    let rows = [
      #"{"messages": [\#(asked), {"role": "assistant", "content": null, "tool_calls": [{"type": "function", "function": \#(call)}]}]}"#,
      #"{"messages": [\#(asked), {"role": "assistant", "tool_calls": [\#(call)]}]}"#,
      #"{"messages": [\#(asked), {"role": "assistant", "content": null, "function_call": \#(call)}]}"#,
      #"{"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": "{\"name\": \"f\", \"arguments\": {\"x\": 1}}"}]}"#,
      #"{"query": "q", "tools": [\#(Self.tool)], "answers": [\#(call)]}"#,
      #"{"id": 1, "query": "q", "tools": "[]", "answers": "[{\"name\": \"f\", \"arguments\": {\"x\": 1}}]"}"#,
    ]
    for row in rows {
      let sample = try open(row).sample(at: 0)
      #expect(sample.query == .conversation([Turn(role: "user", content: "q")]), "\(row)")
      #expect(sample.response == plain, "\(row)")
      #expect(sample.message == message, "\(row)")
    }
  }

  @Test func whatToolsGiveBackIsContextWithItsOwnRole() throws {
    let call = #"{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}}"#
    let rows = [
      #"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": null, "tool_calls": [\#(call)]}, "#
        + #"{"role": "tool", "name": "f", "tool_call_id": "c1", "content": "7"}, {"role": "assistant", "content": "It is 7."}]}"#,
      #"{"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": "{\"name\": \"f\", \"arguments\": {\"x\": 1}}"}, "#
        + #"{"from": "observation", "value": "7"}, {"from": "gpt", "value": "It is 7."}], "tools": "[]"}"#,
    ]
    for row in rows {
      let sample = try open(row).sample(at: 0)
      guard case .conversation(let turns) = sample.query else {
        Issue.record("no chat: \(row)")
        continue
      }
      #expect(turns.map(\.role) == ["user", "assistant", "tool"] && turns[2].content == "7")
      #expect(turns[1].content == "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>")
      #expect(sample.response == "It is 7." && sample.message == nil)
    }
    let answered = try open(rows[0]).sample(at: 0)
    guard case .conversation(let turns) = answered.query else { return }
    #expect(turns[2].message == #"{"role": "tool", "content": "7", "name": "f", "tool_call_id": "c1"}"#)
    // Arguments stay the text that the data has.
    #expect(turns[1].message?.contains(#""arguments": "{\"x\": 1}""#) == true)
  }

  // MARK: Fields by name

  @Test func fieldsAreNamedByTheirWayIntoListsAndObjects() throws {
    let row =
      #"{"data": {"q": "ask"}, "answers": [{"text": "no"}, {"text": "say"}], "meta": {"sys": "s", "kind": "k"}}"#
    let names = try FieldNames(
      parsing: "prompt=data.q,response=answers[1].text,system=meta.sys,label=meta.kind")
    let sample = try open(row, DatasetReading(fields: names)).sample(at: 0)
    #expect(sample.query == Self.chat(("system", "s"), ("user", "ask")) && sample.response == "say")
    #expect(sample.label == "k")
    let last = try FieldNames(parsing: "prompt=data.q,response=answers[-1].text")
    #expect(try open(row, DatasetReading(fields: last)).sample(at: 0).response == "say")
    let none = try FieldNames(parsing: "prompt=data.q,response=answers[2].text")
    #expect(throws: DatasetError.self) { _ = try open(row, DatasetReading(fields: none)) }
  }

  @Test func everyFormHasANameOfItsOwnAndSaysWhyItIsTaken() {
    #expect(Set(Schema.all.map(\.name)).count == Schema.all.count)
    for schema in Schema.all {
      #expect(schema.reason.hasSuffix(".") && !schema.roles.isEmpty)
      #expect(Schema.named(schema.name) == schema)
    }
  }
}
