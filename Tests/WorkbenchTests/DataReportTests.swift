import Datasets
import Domain
import Foundation
import Numerics
import TestSupport
import Testing
import Workbench

/// What `winnow data` finds out about files.
@Suite struct DataReportTests {
  let folder: URL
  init() throws { folder = try Places.makeTemporaryFolder() }

  private func file(_ rows: [String], as name: String) throws -> String {
    let url = folder.appendingPathComponent(name)
    try (rows.joined(separator: "\n") + "\n").write(to: url, atomically: true, encoding: .utf8)
    return url.path
  }

  private func row(_ question: String, _ answer: String, _ more: String = "") -> String {
    #"{"question": "\#(question)", "answer": "\#(answer)"\#(more)}"#
  }

  private func open(_ paths: String...) throws -> DatasetFile { try DatasetFile.open(paths: paths, role: .pool) }

  /// Words in an order of one's own for each number.
  private static func text(_ number: Int, words: Int = 24) -> [String] {
    (0..<words).map { "w\((number * 7919 + $0 * $0 * 31 + $0 * number) % 997)" }
  }

  @Test func rowsAreNearExactlyWhereTheirShinglesSay() throws {
    // Texts, and copies of them with a few words changed: every share of changed words occurs.
    var texts: [[String]] = []
    for number in 0..<40 {
      let text = Self.text(number)
      texts.append(text)
      var copy = text
      for change in 0..<(number % 8) { copy[change * 3] = "x\(change)" }
      texts.append(copy)
    }
    let path = try file(texts.map { row($0.joined(separator: " "), "answer") }, as: "near.jsonl")
    let copies = try NearCopies([open(path)], workers: Workers(count: 2), cancellation: Cancellation())

    func shingles(_ words: [String]) -> Set<[String]> {
      let words = words + ["answer"]
      return Set((2..<words.count).map { Array(words[$0 - 2...$0]) })
    }
    var near: Set<[Int]> = []
    for a in texts.indices {
      for b in texts.indices where a < b && texts[a] != texts[b] {
        let (x, y) = (shingles(texts[a]), shingles(texts[b]))
        if Double(x.intersection(y).count) / Double(x.union(y).count) >= NearCopies.threshold { near.insert([a, b]) }
      }
    }
    #expect(near.count > 3 && near.count < 40)
    #expect(Set(copies.near.map { $0.map(\.position) }) == near)
    let exact = (0..<40).filter { $0 % 8 == 0 }.map { [2 * $0, 2 * $0 + 1] }
    #expect(copies.exact.map { $0.map(\.position) } == exact)
    let one = try NearCopies([open(path)], workers: Workers(count: 1), cancellation: Cancellation())
    #expect(one.near == copies.near && one.exact == copies.exact)
  }

  @Test func copiesAreFoundWithinFilesBetweenThemAndInOtherSets() throws {
    let long = Self.text(1).joined(separator: " ")
    let one = try file(
      [row("a b", "c"), row("A  b", "c"), row(long, "d"), row("a b", "other")], as: "one.jsonl")
    let two = try file([row("new", "n"), row(long + " more", "d"), row("a b", "c")], as: "two.jsonl")
    let test = try file(
      [row("a b", "c"), row("a b", "third"), row("more " + long, "d"), row("z", "z")], as: "test.jsonl")
    let report = try DataReporting.report(
      on: open(one, two), beside: [("test", open(test))], workers: Workers(count: 2), cancellation: Cancellation())
    let copies = report.duplicates
    #expect(copies.exact.rows == 2 && copies.exact.groups == 1)
    #expect(
      copies.exact.examples[0].map { "\(URL(fileURLWithPath: $0.file).lastPathComponent):\($0.line)" }
        == ["one.jsonl:1", "one.jsonl:2", "two.jsonl:3"])
    #expect(copies.near.rows == 1 && copies.near.examples[0].map(\.index) == [2, 5])
    #expect(copies.samePrompt.rows == 3)
    #expect(copies.across.map { [$0.exact, $0.near] } == [[1, 1]])
    let overlap = try #require(report.overlaps.first)
    let counts: [Int] = [overlap.rows, overlap.exact, overlap.near, overlap.prompt]
    #expect(counts == [4, 1, 1, 2])
    #expect(overlap.examples.map { [$0.row.line, $0.pool.line] } == [[1, 1], [3, 3]])
  }

  @Test func fieldsLengthsLabelsAndBadRowsAreCounted() throws {
    let path = try file(
      [
        row("one two", "three", #", "task": "x", "meta": {"source": "s", "n": 1}, "score": NaN"#),
        row("one", "two three four", #", "task": "y", "score": 2, "note": """#),
        row("q", "", #", "task": "x""#), "{\"question\": \"q\"}", "{\"question\": \"q\"}",
      ], as: "fields.jsonl")
    let report = try DataReporting.report(
      on: open(path), workers: Workers(count: 1), cancellation: Cancellation())
    #expect(report.rows == 5 && report.usable == 2)
    #expect(report.badRows.map(\.rows) == [2, 1] && report.badRows[0].lines == ["\(path):4", "\(path):5"])
    #expect(
      report.fields.map(\.name) == ["question", "answer", "task", "meta", "meta.source", "meta.n", "score", "note"])
    let fields = Dictionary(uniqueKeysWithValues: report.fields.map { ($0.name, $0) })
    #expect(
      fields["question"]?.role == "prompt" && fields["answer"]?.role == "response" && fields["task"]?.role == "label")
    #expect(fields["answer"]?.fill == 0.4 && fields["score"]?.kinds == ["null": 1, "number": 1])
    #expect(fields["meta.source"]?.examples == ["s"] && fields["note"]?.fill == 0)
    #expect(report.leftovers == ["meta", "score", "note"])
    #expect(report.lengths.unit == "words" && report.lengths.prompt.total == 3 && report.lengths.response.most == 3)
    #expect(report.labels?.labels.map(\.label) == ["x", "y"] && report.labels?.labels.map(\.rows) == [1, 1])
    #expect(report.files[0].schema == "question/answer" && report.files[0].reason.contains("GSM8K"))
    #expect(report.first?.prompt == "one two" && report.first?.tokens == nil)
  }

  @Test func theFirstRowIsShownAsTheModelGetsIt() throws {
    let model = Places.sampleData.appendingPathComponent("model").path
    let path = try file([row("Say this.", "Done now")], as: "first.jsonl")
    for template in ["delift", "plain"] {
      let report = try DataReporting.report(
        on: open(path), reader: .init(model: model, template: template), workers: Workers(count: 1),
        cancellation: Cancellation())
      let first = try #require(report.first)
      let (tokens, loss) = (try #require(first.tokens), try #require(first.loss))
      #expect(loss.last == tokens.count - 1 && loss == Array(loss[0]..<tokens.count))
      let pieces = try #require(first.pieces)
      #expect(pieces.last?.loss == true && pieces.last?.text.contains("Done now") == true)
      #expect(pieces.first?.loss == false && pieces.first?.text.contains("Say this.") == true)
      #expect(report.lengths.unit == "tokens" && report.lengths.context == 2048)
    }
  }
}
