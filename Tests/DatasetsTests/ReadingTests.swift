import Datasets
import Domain
import Foundation
import Testing

@Suite struct ReadingTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  @Test func alpacaRowsHaveInstructionInputOutputIdAndLabel() throws {
    let path = try folder.write(
      """
      {"id": "a1", "family": "sort", "instruction": "Sort.", "input": "b a", "output": "a b"}
      {"id": 7, "family": "say", "instruction": "Say \\u201chi\\u201d.", "output": "hi\\nthere"}
      {"instruction": "Add.", "input": null, "output": "2", "family": null}
      """)
    let file = try DatasetFile.open(path)
    #expect(file.summary.schema == .alpaca)
    #expect(file.summary.labelField == "family")
    #expect(file.summary.idField == "id")
    #expect(
      try file.all() == [
        Sample(index: 0, id: "a1", label: "sort", query: .instruction("Sort.", input: "b a"), response: "a b"),
        Sample(index: 1, id: "7", label: "say", query: .instruction("Say “hi”.", input: ""), response: "hi\nthere"),
        Sample(index: 2, query: .instruction("Add.", input: ""), response: "2"),
      ])
  }

  @Test(arguments: [
    (RowSchema.promptCompletion, "prompt", "completion"), (.promptResponse, "prompt", "response"),
    (.questionAnswer, "question", "answer"), (.inputOutput, "input", "output"), (.inputTarget, "input", "target"),
    (.inputsTargets, "inputs", "targets"),
  ])
  func aSchemaOfTwoFieldsIsFound(schema: RowSchema, question: String, answer: String) throws {
    let file = try DatasetFile.open(try folder.write("{\"\(answer)\": \"four\", \"\(question)\": \"2+2?\"}\n"))
    #expect(file.summary.schema == schema)
    #expect(try file.all() == [Sample(index: 0, query: .instruction("2+2?", input: ""), response: "four")])
  }

  @Test func theLastAssistantTurnOfAChatIsTheResponse() throws {
    let path = try folder.write(
      """
      {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, \
      {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Bye"}, \
      {"role": "assistant", "content": "See you"}, {"role": "user", "content": "Wait"}], "source": "oasst"}
      """)
    let file = try DatasetFile.open(path)
    #expect(file.summary.schema == .messages)
    #expect(
      try file.sample(at: 0)
        == Sample(
          index: 0, label: "oasst",
          query: .conversation([
            Turn(role: "system", content: "Be brief."), Turn(role: "user", content: "Hi"),
            Turn(role: "assistant", content: "Hello"), Turn(role: "user", content: "Bye"),
          ]), response: "See you"))
  }

  @Test func theSchemaThatFitsMostOfTheFirstRowsIsTaken() throws {
    let path = try folder.write(
      """
      {"prompt": "p", "completion": "c"}
      {"question": "q", "answer": "a"}
      {"question": "q", "answer": "a"}
      """)
    let file = try DatasetFile.open(path)
    #expect(file.summary.schema == .questionAnswer)
    let report = datasetError { _ = try file.validated(skippingBadRows: false) }?.report
    #expect(report?.location == "\(path):1")
    #expect(report?.problem == "the row has no \"question\"")
  }

  @Test func blankLinesCarriageReturnsAndAByteOrderMarkAreNoPartOfRows() throws {
    let rows = (0..<4).map { "{\"question\": \"q\($0)\", \"answer\": \"a\($0)\"}" }
    let path = try folder.write("\u{FEFF}\n \t\r\n\(rows[0])\r\n\n\(rows[1])\n\(rows[2])\n  \n\n\(rows[3])")
    let file = try DatasetFile.open(path)
    #expect(file.count == 4)
    #expect((0..<4).map(file.line(of:)) == [3, 5, 6, 9])
    #expect(try file.all().map(\.response) == ["a0", "a1", "a2", "a3"])
    for row in 0..<RowIndex(4) { #expect(try file.bytes(of: row) == Array(rows[row.value].utf8)) }
  }

  @Test func aMarkBeforeTheFirstRowIsCutOff() throws {
    let file = try DatasetFile.open(try folder.write("\u{FEFF}{\"question\": \"q\", \"answer\": \"a\"}"))
    #expect(try file.bytes(of: 0).first == UInt8(ascii: "{"))
    #expect(try file.all().count == 1)
  }

  @Test func aFileOfManyPiecesIsIndexedAsSplittingItsLinesWould() throws {
    // Long enough to cross the pieces in which a file is read, with lines from 0 bytes to more than a piece.
    var random = SeededGenerator(seed: 11)
    var text: [UInt8] = []
    var expected: [(line: Int, bytes: [UInt8])] = []
    for line in 1...3000 {
      switch random.below(8) {
      case 0: text += Array(repeating: 0x20, count: random.below(4))
      default:
        let length = line % 1000 == 0 ? 1_300_000 : random.below(1200)
        let filler = String(decoding: (0..<length).map { _ in UInt8(97 + random.below(26)) }, as: UTF8.self)
        let row = Array("{\"question\":\"\(filler)?\",\"answer\":\"\(line)\"}".utf8)
        expected.append((line, row))
        text += row
      }
      if random.below(2) == 0 { text.append(0x0D) }
      text.append(0x0A)
    }
    #expect(text.count > 3 << 20)
    let file = try DatasetFile.open(try folder.write(text)).validated(skippingBadRows: false)
    #expect(file.count == expected.count)
    for (row, wanted) in expected.enumerated() {
      #expect(file.line(of: RowIndex(row)) == wanted.line)
      #expect(try file.bytes(of: RowIndex(row)) == wanted.bytes)
    }
    #expect(try file.all().map(\.response) == expected.map { "\($0.line)" })
    #expect(text.withUnsafeBytes { ContentHash(of: $0) } == file.summary.contentHash)
    #expect(file.summary.bytes == text.count)
  }

  @Test func aLimitTakesTheFirstRowsAndLeavesTheHashAlone() throws {
    let path = try folder.write((0..<9).map { "{\"question\": \"q\", \"answer\": \"\($0)\"}\n\n" }.joined())
    let whole = try DatasetFile.open(path)
    let file = try DatasetFile.open(path, limit: 4)
    #expect(file.count == 4)
    #expect(try file.all().map(\.response) == ["0", "1", "2", "3"])
    #expect(file.summary.contentHash == whole.summary.contentHash)
    #expect(try DatasetFile.open(path, limit: 100).count == 9)
  }

  @Test func rowsOutsideAreAnErrorAndRangesAreCut() throws {
    let file = try DatasetFile.open(try folder.write("{\"question\": \"q\", \"answer\": \"a\"}\n"))
    #expect(datasetError { _ = try file.sample(at: 1) } == .noSuchRow(path: file.summary.path, row: 1, rows: 1))
    #expect(datasetError { _ = try file.sample(at: -1) } == .noSuchRow(path: file.summary.path, row: -1, rows: 1))
    #expect(datasetError { _ = try file.bytes(of: 1) } != nil)
    #expect(try file.samples(at: 0..<50).count == 1)
    #expect(try file.samples(at: 5..<50) == [])
  }

  @Test func aFileThatIsChangedWhileOpenIsAnErrorAndNotAnotherRow() throws {
    let path = try folder.write("{\"question\": \"q\", \"answer\": \"a\"}\n{\"question\": \"q\", \"answer\": \"b\"}\n")
    let file = try DatasetFile.open(path)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: 5)
    try handle.close()
    #expect(datasetError { _ = try file.sample(at: 1) } == .changed(path: path))
    #expect(datasetError { _ = try file.bytes(of: 0) } == .changed(path: path))
  }

  @Test func aRaisedCancellationEndsOpeningAndValidation() throws {
    let path = try folder.write("{\"question\": \"q\", \"answer\": \"a\"}\n")
    let file = try DatasetFile.open(path)
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: CancellationError.self) {
      try DatasetFile.open(path: path, role: .pool, cancellation: cancellation)
    }
    #expect(throws: CancellationError.self) {
      try file.validated(skippingBadRows: false, cancellation: cancellation)
    }
  }
}
