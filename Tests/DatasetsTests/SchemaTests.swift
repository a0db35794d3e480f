import Datasets
import Domain
import Foundation
import Testing

/// A row of each schema, in each format that can hold it.
@Suite struct SchemaTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private static let pairs: [(fields: (String, String), schema: RowSchema)] = [
    (("instruction", "output"), .alpaca), (("prompt", "completion"), .promptCompletion),
    (("prompt", "response"), .promptResponse), (("question", "answer"), .questionAnswer),
    (("input", "output"), .inputOutput), (("input", "target"), .inputTarget), (("inputs", "targets"), .inputsTargets),
  ]

  @Test func everyPairOfFieldsIsFoundInEveryFormat() throws {
    for (fields, schema) in Self.pairs {
      let row = "{\"\(fields.0)\": \"ask\", \"\(fields.1)\": \"say\"}"
      let files = [
        ("a.jsonl", row + "\n" + row + "\n"), ("b.json", "[\(row), \(row)]"),
        ("c.json", "{\"examples\": [\(row), \(row)]}"),
        ("d.json", "{\n\"data\": [\n\(row),\n\(row)]\n}"),
        ("e.csv", "\(fields.0),\(fields.1)\nask,say\n\"ask\",\"say\"\n"),
        ("f.tsv", "\u{FEFF}\(fields.0)\t\(fields.1)\r\nask\tsay\r\nask\tsay"),
      ]
      for (name, text) in files {
        let file = try DatasetFile.open(try folder.write(text, as: name)).validated(skippingBadRows: false)
        #expect(file.summary.schema == schema, "\(name) \(fields)")
        #expect(try file.all().map(\.response) == ["say", "say"], "\(name) \(fields)")
        #expect(try file.all().allSatisfy { $0.query == .instruction("ask", input: "") })
      }
    }
  }

  @Test func labelsAreGuessedInOneOrderAndOnlyFromFieldsThatMostRowsHave() throws {
    let names = ["family", "task", "category", "source", "dataset"]
    for first in names.indices {
      let labels = names[first...].map { "\"\($0)\": \"of \($0)\"" }.reversed().joined(separator: ", ")
      let file = try DatasetFile.open(try folder.write("{\(labels), \"question\": \"q\", \"answer\": \"a\"}\n"))
      #expect(file.summary.labelField == names[first])
      #expect(try file.sample(at: 0).label == "of \(names[first])")
    }
    let rare = "{\"question\": \"q\", \"answer\": \"a\"}\n"
    let file = try DatasetFile.open(
      try folder.write("{\"task\": \"t\", \"question\": \"q\", \"answer\": \"a\"}\n" + rare + rare))
    #expect(file.summary.labelField == nil)
    var named = FieldNames()
    named.label = "task"
    let chosen = try DatasetFile.open(
      path: folder.path("rows.jsonl"), role: .pool, reading: DatasetReading(fields: named))
    #expect(try chosen.all().map(\.label) == ["t", nil, nil])
  }

  @Test func aFormatThatIsNamedIsTaken() throws {
    let path = try folder.write("question\tanswer\nq, \"x\"\ta\n", as: "rows.csv")
    let reading = DatasetReading(format: .tsv)
    #expect(try DatasetFile.open(path: path, role: .pool, reading: reading).all().map(\.response) == ["a"])
    let json = DatasetReading(format: .json)
    guard case .brokenContainer? = datasetError({ _ = try DatasetFile.open(path: path, role: .pool, reading: json) })
    else {
      Issue.record("a table was read as JSON")
      return
    }
  }
}
