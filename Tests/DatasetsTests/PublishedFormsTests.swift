import Datasets
import Domain
import Foundation
import Testing

/// Rows in the forms in which data sets are published.
@Suite struct PublishedFormsTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private func read(_ text: String, as name: String = "rows.jsonl", fields: FieldNames = FieldNames()) throws
    -> [Sample]
  {
    try DatasetFile.open(path: folder.write(text, as: name), role: .pool, reading: DatasetReading(fields: fields))
      .validated(skippingBadRows: false).all()
  }

  private func queries(_ samples: [Sample]) -> [Query] { samples.map(\.query) }

  /// Rows of data sets whose fields no schema has, and the query that the suggested option makes of them.
  private static let others: [(row: String, query: Query, response: String)] = [
    (#"{"request": "q", "reply": "r", "type": "GSM"}"#, .instruction("q", input: ""), "r"),
    (#"{"article": "a", "summary": "s", "title": "3"}"#, .instruction("a", input: ""), "s"),
    (#"{"System": "s", "Task": "t", "Solution": "r"}"#, .instruction("s", input: "t"), "r"),
    (#"{"Question": "q", " Answer's": 1, " Answer": "a"}"#, .instruction("q", input: ""), "a"),
    (
      #"{"talk": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "n": 1}"#,
      .conversation([Turn(role: "user", content: "q")]), "a"
    ),
  ]

  @Test func whatNoSchemaFitsIsRefusedWithTheOptionThatReadsIt() throws {
    for (row, query, response) in Self.others {
      let error = try #require(datasetError { _ = try read(row + "\n") }, "\(row)")
      guard case .unknownSchema(_, _, let suggestion?) = error, let option = suggestion.option else {
        Issue.record("\(error)")
        continue
      }
      #expect(error.report.remedy?.contains(option) == true)
      // As a shell takes it apart.
      let list = option.dropFirst("--fields ".count).replacing("'\\''", with: "\u{1}").replacing("'", with: "")
        .replacing("\u{1}", with: "'")
      let samples = try read(row + "\n", fields: try FieldNames(parsing: String(list)))
      #expect(queries(samples) == [query] && samples[0].response == response, "\(row)")
    }
    guard case .unknownSchema(_, _, nil)? = datasetError({ _ = try read("{\"text\": \"t\"}\n") }) else {
      Issue.record("something was suggested for a text alone")
      return
    }
  }

  @Test func answersThatAreNumbersAreReadAsText() throws {
    let answers = ["18", "145.0", "-0.25", "12345678901234567890", "1e400"]
    let text = answers.map { #"{"question": "How many?", "answer": \#($0)}"# + "\n" }.joined()
    #expect(try read(text).map(\.response) == answers)
  }

  @Test func thePoolOfPromptsIsReadByItsTextsAndNotByItsTokens() throws {
    let samples = try read(
      #"{"answer_choices": ["a"], "inputs": [1, 2], "inputs_pretokenized": "q", "targets": [3], "targets_pretokenized": "a"}"#
    )
    #expect(queries(samples) == [.instruction("q", input: "")] && samples[0].response == "a")
  }

  @Test func contentInPartsIsReadWhereThePartsAreTexts() throws {
    let samples = try read(
      #"{"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, {"role": "assistant", "content": [{"type": "text", "text": "c"}], "tool_calls": null}]}"#
    )
    #expect(queries(samples) == [.conversation([Turn(role: "user", content: "ab")])] && samples[0].response == "c")
  }

  @Test func aSystemPromptBesideTheTurnsIsTheFirstTurn() throws {
    let turns = #"[{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]"#
    let user = Turn(role: "user", content: "q")
    #expect(
      queries(try read("{\"system\": \"s\", \"conversations\": \(turns)}\n"))
        == [.conversation([Turn(role: "system", content: "s"), user])])
    for system in ["\"\"", "null", "[1]"] {
      #expect(
        queries(try read("{\"system\": \(system), \"conversations\": \(turns)}\n")) == [.conversation([user])])
    }
  }

  @Test func numbersOfAnySizeAreNoReasonToRefuseARow() throws {
    let long = "1234567890123456789012345678901234567890"
    let samples = try read(
      """
      {"id": \(long), "question": "a 1e999 \\" 2e999", "answer": "b", "x": [1e400, -2.5E+999, 3, {"y": 0.1}]}
      {"id": 7, "question": "c", "answer": "d", "x": -\(long).5}

      """)
    #expect(samples.map(\.id) == [long, "7"] && samples[0].query == .instruction("a 1e999 \" 2e999", input: ""))
    for bad in ["01", "1.", "-", "1e", "0x10", "+1", "\(long)a", "00\(long)", "1e400."] {
      #expect(
        datasetError { _ = try read("{\"question\": \"q\", \"answer\": \"a\", \"x\": \(bad)}\n") } != nil, "\(bad)")
    }
  }

  @Test func aFirstRowThatIsCutOffIsABadRowAndNoMore() throws {
    let path = try folder.write("{\"question\": \"q\", \"ans\n{\"question\": \"q\", \"answer\": \"a\"}\n")
    let file = try DatasetFile.open(path).validated(skippingBadRows: true)
    #expect(file.count == 1 && file.summary.badRows.map(\.line) == [1])
  }

  @Test func aLabelOfListsIsRefusedWhereItIsAskedFor() throws {
    let row = #"{"question": "q", "answer": "a", "topics": ["x"]}"#
    var fields = FieldNames()
    fields.label = "topics"
    guard case .labelIsNoText(_, "topics")? = datasetError({ _ = try read(row, fields: fields) }) else {
      Issue.record("a list was taken for a label")
      return
    }
  }

  @Test func aFileWithoutAnsweredQuestionsSaysSo() throws {
    let text =
      #"{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": "q", "answers": [], "is_impossible": true}]}]}]}"#
    guard case .noAnswers(_, 1)? = datasetError({ _ = try read(text, as: "squad.json") }) else {
      Issue.record("questions without an answer were read")
      return
    }
  }

  private func run(_ command: String) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = folder.url
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  private func writeOneRow() throws {
    _ = try folder.write("{\"question\": \"q\", \"answer\": \"a\"}\n", as: "one.jsonl")
  }

  @Test(.enabled(if: isInstalled("gzip"))) func gzipMembersOneAfterAnotherAreOneFile() throws {
    try writeOneRow()
    try #require(try run("gzip -c one.jsonl > two.gz && gzip -c one.jsonl >> two.gz"))
    #expect(try DatasetFile.open(folder.path("two.gz")).count == 2)
  }

  @Test(.enabled(if: isInstalled("zstd"))) func zstdFramesOneAfterAnotherAreOneFile() throws {
    try writeOneRow()
    // A frame that is to be skipped comes first.
    try #require(
      try run("printf 'P*M\\030\\004\\000\\000\\000abcd' > two.zst && zstd -qc one.jsonl one.jsonl >> two.zst"))
    #expect(try DatasetFile.open(folder.path("two.zst")).count == 2)
  }

  @Test(.enabled(if: isInstalled("duckdb"))) func duckdbReadsTheFileThatIsNamedAndNoOther() throws {
    let made = try run(
      """
      duckdb -c "COPY (SELECT 'q' AS question, 'a' AS answer) TO 'a*.parquet' (FORMAT parquet)" > /dev/null &&
      cp 'a*.parquet' 'ab.parquet' && duckdb one.db -c "CREATE TABLE \\"my rows\\" AS SELECT 'q' AS question, 'a' AS answer" &&
      cp one.db two.db && duckdb two.db -c "CREATE TABLE more AS SELECT 1 AS x"
      """)
    try #require(made)
    for name in ["a*.parquet", "one.db"] { #expect(try DatasetFile.open(folder.path(name)).count == 1, "\(name)") }
    guard
      case .helperFailed(_, "duckdb", let message)? = datasetError({ _ = try DatasetFile.open(folder.path("two.db")) })
    else {
      Issue.record("one of two tables was taken")
      return
    }
    #expect(message.contains("2 tables") && message.contains("more, my rows"))
  }
}
