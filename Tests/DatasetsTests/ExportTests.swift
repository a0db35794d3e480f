import Datasets
import Domain
import Foundation
import TestSupport
import Testing

@Suite struct ExportTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private func pool() throws -> DatasetFile {
    try DatasetFile.open(
      try folder.write(
        """
        {"question": "a, \\"b\\"", "answer": "é\\nx", "n": 1.5, "tags": ["t", {"k": null}]}
        { "question":"q1" , "answer":"a1" }  
        {"question": "q2", "answer": "a2", "extra": true}

        """))
  }

  private func text(_ name: String) throws -> String { try String(contentsOfFile: folder.path(name), encoding: .utf8) }

  @Test func addedFieldsStandAtTheEndOfRowsThatAreOtherwiseAsTheyWere() throws {
    let added = [AddedField(name: "rank", values: ["0", "1"]), AddedField(name: "weight", values: ["0.5", "1.0"])]
    try pool().export(rows: [1, 0], adding: added, to: folder.path("out"), overwrite: false)
    #expect(
      try text("out") == """
        { "question":"q1" , "answer":"a1", "rank": 0, "weight": 0.5}
        {"question": "a, \\"b\\"", "answer": "é\\nx", "n": 1.5, "tags": ["t", {"k": null}], "rank": 1, "weight": 1.0}

        """)
    let error = datasetError {
      try pool().export(
        rows: [2], adding: [AddedField(name: "extra", values: ["1"])], to: folder.path("no"), overwrite: false)
    }
    guard case .fieldExists(_, "extra")? = error else {
      Issue.record("\(error as Any)")
      return
    }
    #expect(try folder.names == ["out", "rows.jsonl"])
  }

  @Test func aTableHasAColumnForEachFieldAndIsReadBackTheSame() throws {
    try pool().exportCSV(
      rows: [2, 0], adding: [AddedField(name: "rank", values: ["0", "1"])], to: folder.path("out.csv"), overwrite: false
    )
    #expect(
      try text("out.csv") == """
        question,answer,extra,n,tags,rank
        q2,a2,true,,,0
        "a, ""b""\","é
        x",,1.5,"[""t"", {""k"": null}]",1

        """)
    let again = try DatasetFile.open(folder.path("out.csv"))
    #expect(try again.all().map(\.response) == ["a2", "é\nx"])
  }

  @Test(.enabled(if: hasDuckDB, "duckdb is not installed: pip install duckdb-cli"))
  func parquetIsWrittenAndReadThroughDuckDB() throws {
    try pool().exportParquet(
      rows: [2, 0], adding: [AddedField(name: "weight", values: ["0.25", "1.0"])], to: folder.path("out.parquet"),
      overwrite: false)
    let again = try DatasetFile.open(folder.path("out.parquet"))
    #expect(again.summary.format == .jsonLines && again.summary.schema == .questionAnswer)
    #expect(try again.all().map(\.response) == ["a2", "é\nx"])
    #expect(String(decoding: try again.bytes(of: 0), as: UTF8.self).contains("\"weight\":0.25"))
    // A path with a quote in it is a name and no query.
    try FileManager.default.copyItem(atPath: folder.path("out.parquet"), toPath: folder.path("it's; .parquet"))
    #expect(try DatasetFile.open(folder.path("it's; .parquet")).count == 2)
  }

  private static let hasDuckDB = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .contains { FileManager.default.isExecutableFile(atPath: "\($0)/duckdb") }
}
