import Datasets
import Domain
import Foundation
import Testing

@Suite struct FormatTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private func sample(_ index: Int, _ question: String, _ answer: String, input: String = "") -> Sample {
    Sample(index: RowIndex(index), query: .instruction(question, input: input), response: answer)
  }

  /// The samples of a file in which no row is bad.
  private func samples(_ path: String, fields: FieldNames = FieldNames()) throws -> [Sample] {
    try DatasetFile.open(path: path, role: .pool, reading: DatasetReading(fields: fields)).validated(
      skippingBadRows: false
    ).all()
  }

  @Test func aJSONListIsReadWhetherOnOneLineOrMany() throws {
    let wanted = [sample(0, "a [b", "c\"]"), sample(1, "d\\", "e}")]
    let compact = #"[{"question":"a [b","answer":"c\"]"},{"question":"d\\","answer":"e}"}]"#
    let pretty = """
      [
        {
          "question": "a [b",
          "answer": "c\\"]"
        },
        {"question": "d\\\\", "answer": "e}"
        }
      ]

      """
    for text in [compact, pretty, pretty.replacing("\n", with: "\r\n"), "\u{FEFF}" + pretty, " \n" + compact] {
      let file = try DatasetFile.open(try folder.write(text))
      #expect(file.summary.format == .json)
      #expect(try file.all() == wanted)
    }
    let file = try DatasetFile.open(try folder.write(pretty))
    #expect((0..<2).map(file.line(of:)) == [2, 6])
    #expect(String(decoding: try file.bytes(of: 1), as: UTF8.self) == #"{"question": "d\\", "answer": "e}" }"#)
    #expect(file.summary.contentHash == ContentHash(of: pretty))
  }

  @Test func aListInAnObjectIsReadByWhateverName() throws {
    let rows = #"[{"prompt": "a", "completion": "b"}, {"prompt": "c", "completion": "d"}]"#
    for text in [
      #"{"examples": \#(rows)}"#, #"{"version": "1", "tags": ["x"], "data": \#(rows), "n": {"k": [1]}}"#,
      "{\n  \"data\":\n \(rows)\n}\n",
    ] {
      #expect(try samples(folder.write(text)) == [sample(0, "a", "b"), sample(1, "c", "d")], "\(text)")
    }
    let both = try folder.write(#"{"train": \#(rows), "test": \#(rows)}"#)
    #expect(datasetError { _ = try samples(both) } == .severalLists(path: both, names: ["train", "test"]))
  }

  @Test func aSingleRowIsARowAndNotAListOfItsTurns() throws {
    let row = #"{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}"#
    let file = try DatasetFile.open(try folder.write(row))
    #expect(file.summary.format == .jsonLines)
    #expect(file.count == 1)
  }

  @Test func brokenListsAreNamedWithTheirLine() throws {
    let row = #"{"question": "q", "answer": "a"}"#
    let cases: [(String, Int)] = [
      ("[\(row),\n\(row)", 2), ("[\(row),\n{\"question\": \"q", 2), ("[\(row)\n\(row)]", 2),
      ("[\(row)]\n\n[\(row)]", 3),
      ("[\(row),\n,\(row)]", 2), ("{\"data\": [\n\(row),\n", 3),
    ]
    for (text, line) in cases {
      let path = try folder.write(text)
      guard case .brokenContainer(path, line, _)? = datasetError({ _ = try samples(path) }) else {
        Issue.record("\(text): \(datasetError { _ = try samples(path) } as Any)")
        continue
      }
    }
    let bad = try folder.write("[\(row),\n{\"question\": \"q\" \"answer\": 1},\n7, \(row)]")
    let error = datasetError { _ = try samples(bad) }
    #expect(error?.report.location == "\(bad):2")
    let skipped = try DatasetFile.open(bad).validated(skippingBadRows: true)
    #expect(skipped.summary.badRows.map(\.line) == [2, 3])
    #expect(try skipped.all().map(\.index) == [0, 3])
    let none = try folder.write("[]")
    #expect(datasetError { _ = try samples(none) }?.report.status == .badData)
  }

  @Test func commaAndTabSeparatedValuesFollowRFC4180() throws {
    let text = "id,question,answer\r\n1,\"What, then?\",\"He said \"\"no\"\"\nand left\"\r\n\r\n2,é,\"\"\"\"\r\n3, b ,c"
    let wanted = [("1", "What, then?", "He said \"no\"\nand left"), ("2", "é", "\""), ("3", " b ", "c")]
    for (name, table) in [
      ("t.csv", text), ("t.txt", "\u{FEFF}" + text), ("t.tsv", text.replacing(",", with: "\t")),
      ("u.csv", text.replacing("\r\n", with: "\r")), ("v.csv", text + "\n"),
    ] {
      let file = try DatasetFile.open(try folder.write(table, as: name))
      #expect(file.summary.format == (name.hasSuffix("tsv") ? .tsv : .csv))
      let found = try file.all()
      #expect(found.map(\.id) == wanted.map { $0.0 })
      #expect(found.map(\.response) == wanted.map { $0.2 })
      let questions = name.hasSuffix("tsv") ? wanted.map { $0.1.replacing(",", with: "\t") } : wanted.map { $0.1 }
      #expect(found.map { $0.query.instructionAndInput.instruction } == questions)
      #expect((0..<3).map(file.line(of:)) == [2, 5, 6])
    }
    let file = try DatasetFile.open(folder.path("t.csv"))
    #expect(
      String(decoding: try file.bytes(of: 0), as: UTF8.self)
        == #"{"id": "1", "question": "What, then?", "answer": "He said \"no\"\nand left"}"#)
  }

  @Test func recordsThatDoNotFitTheHeaderAreBadRows() throws {
    let path = try folder.write("question,answer\na,b\nc\nd,e,f\n\"g\"x,h\ni,\n,j\n\"k,l", as: "t.csv")
    let file = try DatasetFile.open(path).validated(skippingBadRows: true)
    #expect(try file.all().map(\.response) == ["b"])
    #expect(
      file.summary.badRows == [
        BadRow(line: 3, reason: "the row has 1 fields, and the header 2"),
        BadRow(line: 4, reason: "the row has 3 fields, and the header 2"),
        BadRow(line: 5, reason: "text stands after the quote that closes a field"),
        BadRow(line: 6, reason: "the row has no response: \"answer\" is empty"),
        BadRow(line: 7, reason: "the row asks nothing: \"question\" is empty"),
        BadRow(line: 8, reason: "a quote that opens on line 8 is not closed"),
      ])
    let twice = try folder.write("question,answer,answer\na,b,c", as: "u.csv")
    guard case .brokenContainer(twice, 1, _)? = datasetError({ _ = try DatasetFile.open(twice) }) else {
      Issue.record("two equal names in a header")
      return
    }
    let only = try folder.write("question,answer\n", as: "v.csv")
    #expect(datasetError { _ = try DatasetFile.open(only) } == .empty(path: only))
  }

  @Test func everyReaderGivesTheSameHoweverTheFileIsCutIntoPieces() throws {
    // Rows of some hundred bytes over several MiB, so that the pieces in which a file is read end anywhere in them.
    var random = SeededGenerator(seed: 4)
    let texts = (0..<9000).map { _ in
      String((0..<(1 + random.below(500))).map { _ in #"ab ,"\{}[]:é"#.randomElement(using: &random) ?? "a" }) + "."
    }
    func json(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    let objects = texts.map { "{\"question\": \"q\", \"answer\": \(json($0))}" }
    let list = try folder.write("[\n" + objects.joined(separator: ",\n") + "\n]\n", as: "list.json")
    let records = texts.map { "q,\"" + $0.replacing("\"", with: "\"\"") + "\"" }
    let table = try folder.write("question,answer\r\n" + records.joined(separator: "\r\n"), as: "table.csv")
    for path in [list, table] {
      let file = try DatasetFile.open(path).validated(skippingBadRows: false)
      #expect(try file.all().map(\.response) == texts)
      #expect(file.line(of: 8999) == 9001)
      #expect(try DatasetFile.open(path, limit: 10).all().map(\.response) == Array(texts[..<10]))
    }
  }

  @Test func chatsOfShareGPTAreRead() throws {
    let chat = try folder.write(
      #"{"id": "x", "conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}"#
    )
    #expect(
      try samples(chat) == [
        Sample(
          index: 0, id: "x",
          query: .conversation([Turn(role: "system", content: "s"), Turn(role: "user", content: "q")]), response: "a")
      ])
  }

  @Test func questionsOnATextAreReadInBothForms() throws {
    let nested = """
      {"version": "v2.0", "data": [{"title": "T", "paragraphs": [
        {"context": "The sky is blue.", "qas": [
          {"id": "1", "question": "What is blue?", "answers": [{"text": "the sky", "answer_start": 0}, {"text": "sky"}], "is_impossible": false},
          {"id": "2", "question": "Who?", "answers": [], "is_impossible": true}]}]},
        {"title": "U", "paragraphs": [{"context": "Two \\"by\\" two.", "qas": [
          {"id": "3", "question": "How many?", "answers": [{"text": "two"}]}]}]}]}
      """
    let wanted = [
      Sample(index: 0, id: "1", query: .instruction("What is blue?", input: "The sky is blue."), response: "the sky"),
      Sample(index: 1, id: "3", query: .instruction("How many?", input: "Two \"by\" two."), response: "two"),
    ]
    for text in [nested, nested.replacing("\n", with: " ")] {
      let file = try DatasetFile.open(try folder.write(text))
      #expect(file.summary.schema == .reading)
      #expect(try file.all() == wanted)
      #expect(file.summary.notes.contains("1 questions without an answer were left out."))
    }
    let flat = try folder.write(
      #"{"id": "1", "context": "c", "question": "q", "answers": {"text": ["a", "b"], "answer_start": [0, 0]}}"#)
    #expect(try samples(flat) == [Sample(index: 0, id: "1", query: .instruction("q", input: "c"), response: "a")])
  }

  @Test func fieldsThatTheUserNamesAreTaken() throws {
    let path = try folder.write(
      #"{"Frage": "q", "Antwort": "a", "Hilfe": "h", "Thema": "t", "nr": 4, "prompt": "p", "completion": "c"}"#)
    let named = try FieldNames(parsing: "prompt=Frage,input=Hilfe,response=Antwort,label=Thema,id=nr")
    #expect(
      try samples(path, fields: named)
        == [Sample(index: 0, id: "4", label: "t", query: .instruction("q", input: "h"), response: "a")])
    var label = FieldNames()
    label.label = "Thema"
    #expect(
      try samples(path, fields: label) == [
        Sample(index: 0, label: "t", query: .instruction("p", input: ""), response: "c")
      ])
    label.label = "Them"
    #expect(datasetError { _ = try samples(path, fields: label) }?.report.status == .unusableArguments)
    for text in [
      "", "prompt", "prompt=", "prompt=a", "input=a", "what=a", "prompt=a,prompt=b,response=c",
      "messages=m,prompt=a,response=b",
    ] {
      #expect(fieldsError(text)?.status == .unusableArguments, "\(text)")
    }
  }

  /// What is wrong with a list of fields.
  private func fieldsError(_ text: String) -> ErrorReport? {
    do { _ = try FieldNames(parsing: text) } catch { return error }
    return nil
  }

  @Test func compressedFilesAreReadThroughTheirPrograms() throws {
    let text = "[{\"question\": \"q\", \"answer\": \"a\"}]\n"
    let path = try folder.write(text, as: "rows.json")
    for (program, ending) in [("gzip", "gz"), ("zstd", "zst")] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "command -v \(program) > /dev/null && \(program) -c < \(path) > \(path).\(ending)"]
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { continue }
      let file = try DatasetFile.open("\(path).\(ending)")
      #expect(try file.all() == [sample(0, "q", "a")])
      #expect(file.summary.contentHash == ContentHash(of: text))
      let packed = try Data(contentsOf: URL(fileURLWithPath: "\(path).\(ending)"))
      let cut = try folder.write(packed.dropLast(6), as: "cut.\(ending)")
      guard case .helperFailed(cut, program, _)? = datasetError({ _ = try DatasetFile.open(cut) }) else {
        Issue.record("a cut \(ending) file was read")
        continue
      }
    }
    // A real Parquet file, where duckdb is there to make one.
    let made = Process()
    made.executableURL = URL(fileURLWithPath: "/bin/sh")
    let query = "COPY (SELECT 'q' AS question, 'a' AS answer) TO '\(folder.path("made.parquet"))' (FORMAT parquet)"
    made.arguments = ["-c", "command -v duckdb > /dev/null && duckdb -c \"\(query)\""]
    try made.run()
    made.waitUntilExit()
    if made.terminationStatus == 0 {
      #expect(try samples(folder.path("made.parquet")) == [sample(0, "q", "a")])
    }
    let parquet = try folder.write(Array("PAR1 and nothing more".utf8), as: "rows.parquet")
    switch datasetError({ _ = try DatasetFile.open(parquet) }) {
    case .helperMissing(parquet, "duckdb", "pip install duckdb-cli"), .helperFailed(parquet, "duckdb", _): break
    case let other: Issue.record("\(other as Any)")
    }
  }
}
