import Datasets
import Domain
import Foundation
import Testing

@Suite struct WritingTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private func contents(_ name: String) throws -> String {
    try String(contentsOfFile: folder.path(name), encoding: .utf8)
  }

  @Test func chosenRowsAreWrittenByteForByteInTheOrderGiven() throws {
    let rows = [
      "{ \"question\":\"q\\u0041\", \"answer\":\"é\" , \"x\":[1, 2.50]}", "{\"answer\":\"b\",\"question\":\"q\"} ",
      "{\"question\":\"q\",\"answer\":\"c\"}",
    ]
    let path = try folder.write(rows.joined(separator: "\r\n"))
    try DatasetFile.open(path).export(rows: [2, 0, 1], to: folder.path("out.jsonl"), overwrite: false)
    #expect(try contents("out.jsonl") == rows[2] + "\n" + rows[0] + "\n" + rows[1] + "\n")
    #expect(try folder.names == ["out.jsonl", "rows.jsonl"])
    #expect(try DatasetFile.open(folder.path("out.jsonl")).count == 3)
  }

  @Test func nothingIsThereBeforeTheCommitAndAllOfItAfter() throws {
    let text = String(repeating: "0123456789", count: 100_000)
    var file = try AtomicFile(at: folder.path("a"), overwrite: false)
    try file.write(text)
    #expect(try !folder.names.contains("a"))
    try file.commit()
    #expect(try contents("a") == text)
    #expect(try folder.names == ["a"])
  }

  @Test func aFileThatIsDroppedLeavesNothing() throws {
    do {
      var file = try AtomicFile(at: folder.path("a"), overwrite: false)
      try file.write("half")
      #expect(try folder.names.count == 1)
    }
    #expect(try folder.names == [])
  }

  @Test func anExistingFileIsKeptUnlessOverwritingIsAskedFor() throws {
    _ = try folder.write("old", as: "a")
    #expect(
      datasetError { _ = try AtomicFile(at: folder.path("a"), overwrite: false) } == .exists(path: folder.path("a")))
    #expect(try contents("a") == "old")
    var file = try AtomicFile(at: folder.path("a"), overwrite: true)
    try file.write("new")
    try file.commit()
    #expect(try contents("a") == "new")
    #expect(try folder.names == ["a"])
  }

  @Test func aFileThatAppearsInTheMeantimeIsKept() throws {
    var file = try AtomicFile(at: folder.path("a"), overwrite: false)
    try file.write("mine")
    _ = try folder.write("theirs", as: "a")
    do {
      try file.commit()
      Issue.record("their file was overwritten")
    } catch {
      #expect(error == .exists(path: folder.path("a")))
    }
    #expect(try contents("a") == "theirs")
    #expect(try folder.names == ["a"])
  }

  @Test func aBadRowOnTheWayLeavesNoFile() throws {
    let path = try folder.write("{\"question\": \"q\", \"answer\": \"a\"}\n")
    let error = datasetError {
      try DatasetFile.open(path).export(rows: [0, 1], to: folder.path("out"), overwrite: false)
    }
    #expect(error == .noSuchRow(path: path, row: 1, rows: 1))
    #expect(try folder.names == ["rows.jsonl"])
  }

  @Test func destinationsThatCannotBeFilesAreRefused() throws {
    let missing = folder.path("no/such/out")
    #expect(datasetError { _ = try AtomicFile(at: missing, overwrite: true) } == .noSuchFolder(path: missing))
    #expect(
      datasetError { _ = try AtomicFile(at: folder.url.path, overwrite: true) }
        == .notReplaceable(path: folder.url.path))
    #expect(datasetError { _ = try AtomicFile(at: "/dev/null", overwrite: true) } == .notReplaceable(path: "/dev/null"))
    _ = try folder.write("x", as: "plain")
    let below = folder.path("plain/out")
    #expect(datasetError { _ = try AtomicFile(at: below, overwrite: true) } == .noSuchFolder(path: below))
    #expect(try folder.names == ["plain"])
  }

  @Test func aSymbolicLinkIsFollowedAndTheModeIsThatOfAPlainFile() throws {
    _ = try folder.write("old", as: "target")
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "target")
    var file = try AtomicFile(at: folder.path("link"), overwrite: true)
    try file.write("new")
    try file.commit()
    #expect(try contents("target") == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == "target")
    let mode = try FileManager.default.attributesOfItem(atPath: folder.path("target"))[.posixPermissions] as? Int
    let mask = umask(0)
    umask(mask)
    #expect(mode == 0o644 & ~Int(mask))
  }
}
