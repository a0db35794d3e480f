import Datasets
import Domain
import Foundation
import Testing

/// Files as other programs write them: not quite JSON, not quite CSV, not UTF-8.
@Suite struct WrittenByOthersTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private func open(_ bytes: some Sequence<UInt8>, as name: String = "rows.jsonl", _ reading: DatasetReading = .init())
    throws -> DatasetFile
  {
    try DatasetFile.open(path: folder.write(bytes, as: name), role: .pool, reading: reading)
      .validated(skippingBadRows: false)
  }

  private func open(_ text: String, as name: String = "rows.jsonl", _ reading: DatasetReading = .init()) throws
    -> DatasetFile
  {
    try open(text.utf8, as: name, reading)
  }

  private func row(_ question: String, _ answer: String = "a") -> String {
    #"{"question": "\#(question)", "answer": "\#(answer)"}"#
  }

  @Test func whatIsNoNumberDoesNoHarmInFieldsThatAreNotUsed() throws {
    for value in ["NaN", "Infinity", "-Infinity", "[1, NaN]", "{\"x\": -Infinity}"] {
      let file = try open(#"{"score": \#(value), "question": "NaN, or: Infinity", "answer": "a"}"#)
      #expect(try file.sample(at: 0).query == .instruction("NaN, or: Infinity", input: ""), "\(value)")
      #expect(String(decoding: try file.bytes(of: 0), as: UTF8.self).contains("\(value), \"question\""))
    }
    #expect(throws: DatasetError.self) { _ = try open(#"{"question": "q", "answer": NaN}"#) }
    for bad in ["nan", "inf", "+Infinity", "Nan"] {
      #expect(throws: DatasetError.self) { _ = try open(#"{"score": \#(bad), "question": "q", "answer": "a"}"#) }
    }
  }

  @Test func halfOfASurrogatePairIsAReplacementCharacterAndCounted() throws {
    let file = try open(
      [#"a\ud83dz"#, #"\udc00"#, #"\ud83d\ud83d\ude00"#, #"\\ud800"#, #"\ud83d\ude00"#].map { row($0) }
        .joined(separator: "\n"))
    let texts = try file.all().map { $0.query.instructionAndInput.instruction }
    #expect(texts == ["a\u{FFFD}z", "\u{FFFD}", "\u{FFFD}\u{1F600}", "\\ud800", "\u{1F600}"])
    #expect(file.summary.notes.contains { $0.hasPrefix("3 rows have an escape for half of a character") })
  }

  @Test func objectsOneAfterAnotherAreRowsWhateverIsBetweenThem() throws {
    let pretty = "{\n  \"question\": \"q 1\",\n  \"answer\": \"a\"\n}"
    for (text, lines) in [
      (row("q 1") + row("q 2") + row("q 3"), [1, 1, 1]),
      (row("q 1") + " " + row("q 2") + "\n" + row("q 3"), [1, 1, 2]),
      (pretty + "\n" + pretty.replacing("1", with: "2") + "\n" + pretty.replacing("1", with: "3"), [1, 5, 9]),
      (pretty + row("q 2") + "\n\n" + row("q 3") + "\n", [1, 4, 6]),
      ([row("q 1"), row("q 2"), row("q 3")].joined(separator: "\r"), [1, 2, 3]),
      (pretty.replacing("\n", with: "\r") + "\r" + row("q 2") + "\r" + row("q 3") + "\r", [1, 5, 6]),
      (pretty.replacing("\n", with: "\r\n") + "\r\n" + row("q 2") + row("q 3"), [1, 5, 5]),
    ] {
      let file = try open(text)
      #expect(try file.all().map(\.query) == (1...3).map { .instruction("q \($0)", input: "") }, "\(text)")
      #expect((0..<3).map { file.line(of: RowIndex($0)) } == lines, "\(text)")
    }
    let pieces = try open(row("}{ \\\" , [") + row("q"))
    #expect(try pieces.sample(at: 0).query == .instruction("}{ \" , [", input: ""))
    for (bad, line) in [(row("q") + "{\"question\": \"q\",\n", 1), (pretty + "\nx", 5)] {
      let error = datasetError { _ = try open(bad) }
      #expect(error?.report.location?.hasSuffix(":\(line)") == true, "\(String(describing: error))")
    }
  }

  @Test func oneObjectOverSeveralLinesIsARow() throws {
    let file = try open("{\n  \"question\": \"q\",\n  \"answer\": \"a\"\n}\n")
    #expect(file.count == 1 && file.summary.format == .json)
  }

  @Test func commasTooManyAreWarnedAbout() throws {
    let list = try open("[\(row("1")), \(row("2")),\n]", as: "rows.json")
    #expect(list.count == 2 && list.summary.notes.contains { $0.contains("comma stands behind the last row") })
    let lines = try open([row("1"), row("2"), ""].joined(separator: ",\n"))
    #expect(lines.count == 2 && lines.summary.notes.contains { $0.contains("Commas stand behind 2 rows") })
    #expect(throws: DatasetError.self) { _ = try open(#"{"question": "q", "answer": "a",}"#) }
    #expect(try open("[\(row("1"))]", as: "rows.json").summary.notes.count == 1)
  }

  /// UTF-16 with a byte-order mark.
  private static func utf16(_ text: String, isLittle: Bool) -> [UInt8] {
    var bytes: [UInt8] = isLittle ? [0xFF, 0xFE] : [0xFE, 0xFF]
    for unit in text.utf16 {
      let (low, high) = (UInt8(unit & 255), UInt8(unit >> 8))
      bytes += isLittle ? [low, high] : [high, low]
    }
    return bytes
  }

  @Test func utf16WithAMarkIsRead() throws {
    let text = row("caf\u{E9} \u{1F600}") + "\n" + row("two") + "\n"
    let little = Self.utf16(text, isLittle: true)
    let big = Self.utf16(text, isLittle: false)
    for bytes in [little, big] {
      let file = try open(bytes)
      #expect(file.count == 2)
      #expect(try file.sample(at: 0).query == .instruction("caf\u{E9} \u{1F600}", input: ""))
      #expect(file.summary.notes.contains { $0.contains("utf-16") })
    }
    let table = try open(Self.utf16("question\tanswer\nq\ta\n", isLittle: true), as: "t.txt")
    #expect(table.count == 1 && table.summary.format == .tsv)
    // Half of a pair, and half of a unit.
    #expect(throws: DatasetError.self) { _ = try open(big + [0xD8, 0x3D, 0x00]) }
  }

  @Test func windows1252IsOfferedWhereTextIsNotUTF8() throws {
    let bytes = Array("question,answer\ncaf".utf8) + [0xE9, 0x20, 0x80] + Array(",a\n".utf8)
    let error = datasetError { _ = try open(bytes, as: "rows.csv") }
    #expect(error?.report.remedy?.contains("--encoding windows-1252") == true)
    let file = try open(bytes, as: "rows.csv", DatasetReading(encoding: .windows1252))
    #expect(try file.sample(at: 0).query == .instruction("caf\u{E9} \u{20AC}", input: ""))
    let lines = Array(#"{"question": "q", "answer": ""#.utf8) + [0x93, 0x94] + Array("\"}\n".utf8)
    #expect(datasetError { _ = try open(lines) }?.report.remedy?.contains("windows-1252") == true)
    #expect(try open(lines, DatasetReading(encoding: .windows1252)).sample(at: 0).response == "\u{201C}\u{201D}")
  }

  @Test func semicolonsSeparateWhereTheHeaderHasThemAndNoComma() throws {
    for name in ["rows.csv", "rows.txt"] {
      let file = try open("question;answer\n\"one; two\";1,5\n", as: name)
      let sample = try file.sample(at: 0)
      #expect(sample.query == .instruction("one; two", input: "") && sample.response == "1,5")
      #expect(file.summary.notes.contains("Fields are separated by semicolons."))
    }
    #expect(try open("question,answer\na;b,c\n", as: "rows.csv").sample(at: 0).response == "c")
  }

  @Test func aTableWithoutAHeaderAsksForNames() throws {
    let table = "What is 2+2?,4\nWhat is 3+3?,6\n"
    let error = datasetError { _ = try open(table, as: "rows.csv") }
    #expect(error?.report.remedy?.contains("--columns prompt,response") == true)
    let file = try open(table, as: "rows.csv", DatasetReading(columns: ["question", "answer"]))
    #expect(try file.all().map(\.response) == ["4", "6"] && file.line(of: 0) == 1)
    let longer = DatasetReading(columns: ["question", "answer", "more"])
    #expect(throws: DatasetError.self) { _ = try open(table, as: "rows.csv", longer) }
  }
}
