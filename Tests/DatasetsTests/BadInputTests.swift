import Datasets
import Domain
import Foundation
import Testing

@Suite struct BadInputTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private static let good = "{\"question\": \"q\", \"answer\": \"a\"}"

  /// Rows that are no samples, and words of the reason.
  private static let badTexts: [(row: String, reason: String)] = [
    ("{\"question\": \"q\", \"answer\": ", "not valid JSON"),
    ("{\"question\": \"q\" \"answer\": \"a\"}", "not valid JSON"),
    ("{\"question\": \"q\", \"answer\": \"a\"} extra", "not valid JSON"),
    ("{\"question\": \"q\", \"answer\": \"\\q\"}", "not valid JSON"),
    ("{\"question\": 'q', \"answer\": \"a\"}", "not valid JSON"),
    ("NaN", "not valid JSON"),
    (String(repeating: "[", count: 100_000), "not valid JSON"),
    (String(repeating: "{\"a\":", count: 5_000) + "1" + String(repeating: "}", count: 5_000), "not valid JSON"),
    ("{\"question\": 01, \"answer\": \"a\"}", "not valid JSON"),
    ("[\"q\", \"a\"]", "the row is a list, not an object"),
    ("\"q\"", "the row is text, not an object"),
    ("12", "the row is a number, not an object"),
    ("null", "the row is null, not an object"),
    ("{}", "the row has no \"question\""),
    ("{\"answer\": \"a\"}", "the row has no \"question\""),
    ("{\"question\": \"q\"}", "the row has no response: there is no \"answer\""),
    ("{\"question\": \"q\", \"answer\": null}", "the row has no response: there is no \"answer\""),
    ("{\"question\": \"q\", \"answer\": \"\"}", "the row has no response: \"answer\" is empty"),
    ("{\"question\": \"q\", \"answer\": \" \\n\\u00a0\"}", "the row has no response: \"answer\" is empty"),
    ("{\"question\": \"\", \"answer\": \"a\"}", "the row asks nothing"),
    ("{\"question\": \"q\", \"answer\": {\"a\": 1}}", "the field \"answer\" is an object, not text"),
    ("{\"question\": [\"q\"], \"answer\": \"a\"}", "the field \"question\" is a list, not text"),
    ("{\"question\": {\"q\": 1}, \"answer\": \"a\"}", "the field \"question\" is an object, not text"),
    ("{\"question\": true, \"answer\": \"a\"}", "the field \"question\" is true or false, not text"),
    ("{\"question\": \"q\", \"answer\": \"a\", \"answer\": \"b\"}", "the field \"answer\" stands there 2 times"),
  ]

  /// Bytes that are no text, put into an answer.
  private static let badBytes: [[UInt8]] = [
    [0xC3, 0x28], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF, 0xFE], [0x00], [0x1F],
  ]

  private static func row(answer: [UInt8]) -> [UInt8] {
    let head = Array("{\"question\": \"q\", \"answer\": \"".utf8)
    return head + answer + Array("\"}".utf8)
  }

  private static var badRows: [(row: [UInt8], reason: String)] {
    var rows = badTexts.map { (row: Array($0.row.utf8), reason: $0.reason) }
    for bytes in badBytes {
      rows.append((row(answer: bytes), "not valid JSON"))
      rows.append((bytes, "not valid JSON"))
    }
    return rows
  }

  @Test func eachKindOfBadRowIsNamedWithItsLineAndReason() throws {
    // Enough good rows first that the schema is not in question and no NUL is near the file's head.
    let head = String(repeating: Self.good + "\n", count: 300)
    for bad in Self.badRows {
      let path = try folder.write(Array("\(head)\n".utf8) + bad.row + Array("\n\(Self.good)\n".utf8))
      let file = try DatasetFile.open(path)
      guard case .badRow(path, let row)? = datasetError({ _ = try file.validated(skippingBadRows: false) }) else {
        Issue.record("no bad row where \(bad.reason)")
        continue
      }
      #expect(row.line == 302)
      #expect(row.reason.contains(bad.reason), "\(row.reason)")
      #expect(datasetError { _ = try file.sample(at: 300) } == .badRow(path: path, row))
      #expect(DatasetError.badRow(path: path, row).report.status == .badData)
      #expect(DatasetError.badRow(path: path, row).report.location == "\(path):302")
    }
  }

  @Test func turnsOfAChatThatAreNotRightAreNamed() throws {
    let cases = [
      ("[]", "no turn in \"messages\" has the role \"assistant\""), ("{}", "is an object, not a list of turns"),
      ("[{\"role\":\"user\",\"content\":\"q\"}]", "has the role \"assistant\""),
      ("[{\"role\":\"assistant\",\"content\":\"a\"}]", "the row asks nothing"),
      (
        "[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"\"}]",
        "last assistant turn is empty"
      ),
      ("[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\"}]", "last assistant turn is empty"),
      (
        "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]},{\"role\":\"assistant\",\"content\":\"a\"}]",
        "turn 1 of \"messages\": part 1 of its \"content\" is of the type \"image_url\""
      ),
      (
        "[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"1\"}]}]",
        "turn 2 of \"messages\": it has \"tool_calls\""
      ),
      ("[{\"content\":\"q\"}]", "turn 1 of \"messages\": it has no \"role\""),
      ("[\"q\"]", "turn 1 of \"messages\" is text"),
    ]
    for (turns, reason) in cases {
      let path = try folder.write("{\"messages\": \(turns)}\n")
      let error = datasetError { _ = try DatasetFile.open(path).validated(skippingBadRows: false) }
      #expect(error?.report.problem.contains(reason) == true, "\(turns): \(error as Any)")
    }
  }

  @Test func skippedRowsAreListedAndTheOthersKeepTheirIndex() throws {
    let rows = (0..<10_000).map {
      $0 % 7 == 3 || $0 == 0 || $0 == 9_999 ? "{" : "{\"question\":\"q\",\"answer\":\"\($0)\"}"
    }
    let file = try DatasetFile.open(try folder.write(rows.joined(separator: "\n"))).validated(skippingBadRows: true)
    let good = rows.indices.filter { rows[$0] != "{" }.map { RowIndex($0) }
    #expect(file.count == good.count)
    #expect(file.summary.rows == good.count)
    #expect(file.rowCount == rows.count)
    #expect(file.summary.badRows.map(\.line) == rows.indices.filter { rows[$0] == "{" }.map { $0 + 1 })
    #expect((0..<file.count).map(file.index(at:)) == good)
    #expect(try file.all().map(\.index) == good)
    #expect(try file.all().map(\.response) == good.map(\.description))
    #expect(try file.sample(at: 5).index == good[5])
    #expect(try file.bytes(of: good[5]) == Array(rows[good[5].value].utf8))
  }

  @Test func theFirstBadRowOfTheFileIsTheOneReported() throws {
    // In the second and third piece that workers take.
    let path = try folder.write(
      (0..<20_000).map { $0 > 5_000 && $0 % 100 == 17 ? "{}" : Self.good }.joined(separator: "\n"))
    for _ in 0..<5 {
      let error = datasetError { _ = try DatasetFile.open(path).validated(skippingBadRows: false) }
      #expect(error == .badRow(path: path, BadRow(line: 5_018, reason: "the row has no \"question\"")))
    }
  }

  @Test func aFileWithoutAUsableRowIsAnError() throws {
    let path = try folder.write("{\"question\": \"q\", \"answer\": \"\"}\n")
    let error = datasetError { _ = try DatasetFile.open(path).validated(skippingBadRows: true) }
    #expect(error?.report.status == .badData)
    guard case .noUsableRows(path, 1, _)? = error else {
      Issue.record("\(error as Any)")
      return
    }
  }

  @Test func aRowOfAHundredMegabytesIsABadRow() throws {
    let huge = Self.row(answer: [UInt8](repeating: 0x61, count: 100_000_000))
    var text = Array("\(Self.good)\n".utf8)
    text += huge
    text += Array("\n\(Self.good)".utf8)
    let path = try folder.write(text)
    let file = try DatasetFile.open(path)
    #expect(file.count == 3)
    let wanted = DatasetError.badRow(path: path, BadRow(line: 2, reason: "the row is longer than 16 MiB"))
    #expect(datasetError { _ = try file.validated(skippingBadRows: false) } == wanted)
    #expect(datasetError { _ = try file.bytes(of: 1) } == wanted)
    #expect(try file.validated(skippingBadRows: true).count == 2)
  }

  @Test func filesThatAreNoRowsAreRefusedInClearWords() throws {
    let missing = folder.path("missing.jsonl")
    #expect(datasetError { _ = try DatasetFile.open(missing) } == .noSuchFile(path: missing))
    #expect(DatasetError.noSuchFile(path: missing).report.status == .noSuchFile)
    #expect(datasetError { _ = try DatasetFile.open(missing + "/x") } == .noSuchFile(path: missing + "/x"))
    #expect(datasetError { _ = try DatasetFile.open(folder.url.path) } == .isDirectory(path: folder.url.path))
    #expect(datasetError { _ = try DatasetFile.open("/dev/zero") } == .notRegular(path: "/dev/zero"))
    let empty = try folder.write("", as: "empty")
    #expect(datasetError { _ = try DatasetFile.open(empty) } == .empty(path: empty))
    let blank = try folder.write(" \n\r\n\n", as: "blank")
    #expect(datasetError { _ = try DatasetFile.open(blank) } == .empty(path: blank))
    let mark = try folder.write([0xEF, 0xBB, 0xBF], as: "mark")
    #expect(datasetError { _ = try DatasetFile.open(mark) } == .empty(path: mark))
    let packed = try folder.write(Array("PK\u{03}\u{04}".utf8), as: "packed")
    #expect(datasetError { _ = try DatasetFile.open(packed) }?.report.problem.contains("a zip file") == true)
    let binary = try folder.write([0x7F, 0x45, 0x4C, 0x46, 0, 0], as: "binary")
    #expect(datasetError { _ = try DatasetFile.open(binary) } == .binary(path: binary, kind: "a binary file"))
    let text = try folder.write("Dear all,\nplease find attached\n", as: "text")
    let error = datasetError { _ = try DatasetFile.open(text) }
    #expect(error?.report.location == "\(text):1")
    #expect(error?.report.problem.contains("not valid JSON") == true)
    for path in [empty, blank, packed, binary, text, folder.url.path] {
      #expect(datasetError { _ = try DatasetFile.open(path) }?.report.status == .badData)
    }
  }

  @Test func anUnknownSchemaIsNotGuessedButItsFieldsAreNamed() throws {
    let path = try folder.write("{\"Frage\": \"q\", \"Antwort\": \"a\"}\n{\"Frage\": \"q\", \"Note\": 1}\n")
    let error = datasetError { _ = try DatasetFile.open(path) }
    #expect(error == .unknownSchema(path: path, fields: ["Frage", "Antwort", "Note"], suggestion: nil))
    #expect(error?.report.problem == "no known schema fits the fields \"Frage\", \"Antwort\", \"Note\"")
  }
}
