import Datasets
import Domain
import Foundation
import Testing

@Suite struct PoolFilesTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private func open(
    _ paths: [String], limit: Int? = nil, role: DatasetRole = .pool, fields: String? = nil, allTurns: Bool = false
  ) throws -> DatasetFile {
    let names = try fields.map { try FieldNames(parsing: $0) } ?? FieldNames()
    return try DatasetFile.open(
      paths: paths, role: role, limit: limit, reading: DatasetReading(fields: names, allTurns: allTurns))
  }

  private func files() throws -> [String] {
    [
      try folder.write(
        "{\"question\": \"q0\", \"answer\": \"a0\"}\n\n{\"question\": \"q1\", \"answer\": \"a1\", \"id\": \"x\"}\n",
        as: "a.jsonl"),
      try folder.write("prompt,completion\nq2,a2\n\"q\n3\",a3\n", as: "b.csv"),
      try folder.write("[{\"Frage\": \"q4\", \"Antwort\": \"a4\", \"Thema\": \"t\"}]", as: "c.json"),
    ]
  }

  @Test func severalFilesMakeOnePoolAndEachRowKnowsItsFileAndLine() throws {
    let paths = try files()
    let file = try open(paths, fields: "prompt=Frage,response=Antwort,label=Thema").validated(skippingBadRows: false)
    let samples = try file.all()
    #expect(samples.map(\.index) == [0, 1, 2, 3, 4])
    #expect(samples.map(\.response) == ["a0", "a1", "a2", "a3", "a4"])
    #expect(samples.map(\.label) == [nil, nil, nil, nil, "t"])
    #expect(
      (0..<5).map(file.location(of:)) == [
        RowLocation(file: paths[0], line: 1), RowLocation(file: paths[0], line: 3),
        RowLocation(file: paths[1], line: 2),
        RowLocation(file: paths[1], line: 3), RowLocation(file: paths[2], line: 1),
      ])
    #expect(file.summary.parts.map(\.schema) == [.questionAnswer, .promptCompletion, .named])
    #expect(file.summary.parts.map(\.format) == [.jsonLines, .csv, .json])
    #expect(file.summary.parts.map(\.rows) == [2, 2, 1])
    #expect(file.summary.rows == 5 && file.summary.path == paths[0])
    // Rows of any of them are exported as they stand there.
    try file.export(rows: [4, 1], to: folder.path("out"), overwrite: false)
    #expect(
      try String(contentsOfFile: folder.path("out"), encoding: .utf8)
        == "{\"Frage\": \"q4\", \"Antwort\": \"a4\", \"Thema\": \"t\"}\n{\"question\": \"q1\", \"answer\": \"a1\", \"id\": \"x\"}\n"
    )
  }

  @Test func aLimitCountsOverAllFilesAndTheHashDoesNotDependOnIt() throws {
    let paths = try Array(files().dropLast())
    let whole = try open(paths)
    for limit in 1...5 {
      let cut = try open(paths, limit: limit)
      #expect(cut.count == min(limit, 4))
      #expect(try cut.all() == Array(whole.all().prefix(limit)))
      #expect(cut.summary.contentHash == whole.summary.contentHash)
    }
    #expect(try open(paths.reversed()).summary.contentHash != whole.summary.contentHash)
    #expect(try open([paths[0]]).summary.contentHash == DatasetFile.open(paths[0]).summary.contentHash)
  }

  @Test func badRowsAreNamedWithTheirFile() throws {
    let good = try files()[0]
    let bad = try folder.write("{\"question\": \"q\", \"answer\": \"a\"}\n{\"question\": \"q\"}\n", as: "bad.jsonl")
    let error = datasetError { _ = try open([good, bad]).validated(skippingBadRows: false) }
    #expect(error?.report.location == "\(bad):2")
    let skipped = try open([good, bad, good]).validated(skippingBadRows: true)
    #expect(
      skipped.summary.badRows == [BadRow(file: bad, line: 2, reason: "the row has no response: there is no \"answer\"")]
    )
    #expect(try skipped.all().map(\.index) == [0, 1, 2, 4, 5])
    #expect(skipped.position(of: 4) == 3 && skipped.position(of: 3) == nil)
  }

  @Test func aNamedFieldMustBeInOneOfThePoolsFiles() throws {
    let paths = try files()
    #expect(
      datasetError { _ = try open(Array(paths.prefix(2)), fields: "prompt=Frage,response=Antwort") }?.report.status
        == .unusableArguments)
    // Half of what belongs together is a mistake and no other reading.
    #expect(
      datasetError { _ = try open(paths, fields: "prompt=Frage,response=Antwert") }?.report.status == .unusableArguments
    )
    // A target set is read by what it has.
    let target = try open([paths[0]], role: .target, fields: "prompt=Frage,response=Antwort,label=Thema")
    #expect(target.summary.schema == .questionAnswer && target.summary.labelField == nil)
  }

  @Test func allTurnsAreMarkedOnlyWhereThereAreSeveralAnswers() throws {
    func row(_ turns: String...) -> String {
      let turns = turns.enumerated().map { place, text in
        "{\"role\": \"\(place % 2 == 0 ? "user" : "assistant")\", \"content\": \"\(text)\"}"
      }
      return "{\"messages\": [\(turns.joined(separator: ", "))]}\n"
    }
    let path = try folder.write(row("q", "a") + row("q", "a", "r", "b"), as: "chat.jsonl")
    #expect(try open([path]).all().map(\.hasLossOnAllTurns) == [false, false])
    let all = try open([path], allTurns: true).all()
    #expect(all.map(\.hasLossOnAllTurns) == [false, true])
    #expect(all.map(\.response) == ["a", "b"])
  }

  @Test func tasksWithSeveralInstancesAreARowEach() throws {
    let path = try folder.write(
      """
      {"id": "t0", "name": "n", "instruction": "Do.", "instances": [{"input": "", "output": "Done."}], "is_classification": false}
      {"id": "t1", "n": 1.5, "instruction": "Say \\"é\\".", "instances": [{"input": "a", "output": "b"}, {"input": "c\\n", "output": "d"}]}
      {"id": "t2", "instruction": "Do.", "instances": []}
      """)
    let file = try DatasetFile.open(path).validated(skippingBadRows: true)
    #expect(file.summary.schema == .instances)
    let samples = try file.all()
    #expect(samples.map(\.id) == ["t0", "t1#1", "t1#2"])
    #expect(samples.map(\.response) == ["Done.", "b", "d"])
    #expect(samples.map(\.query)[2] == .instruction("Say \"é\".", input: "c\n"))
    #expect((0..<4).map(file.line(of:)) == [1, 2, 2, 3])
    #expect(file.summary.badRows.map(\.line) == [3])
    #expect(
      String(decoding: try file.bytes(of: 2), as: UTF8.self)
        == #"{"id": "t1#2", "n": 1.5, "instruction": "Say \"é\".", "instances": [{"input": "c\n", "output": "d"}]}"#)
    // One of a task each: rows stay as they are.
    let plain = try folder.write(
      "{\"id\":\"t0\",\"instruction\":\"Do.\",\"instances\":[{\"input\":\"\",\"output\":\"Done.\"}]}\n", as: "plain")
    #expect(try DatasetFile.open(plain).bytes(of: 0).count == 75)
    #expect(try DatasetFile.open(plain).summary.notes.isEmpty)
  }
}
