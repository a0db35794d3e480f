import Datasets
import Domain
import Foundation
import Testing

/// Folders, patterns, archives and what other programs unpack.
@Suite struct ContainersTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private func write(_ name: String, _ question: String = "q") throws -> String {
    let url = folder.url.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    return try folder.write(#"{"question": "\#(question)", "answer": "a"}"# + "\n", as: name)
  }

  private func files(_ path: String, split: String? = nil) throws -> [String] {
    try FolderOfSamples.files(of: [folder.path(path)], split: split).map {
      String($0.dropFirst(folder.url.path.count + 1))
    }
  }

  @Test func shardsOfTheHubAreReadSplitBySplit() throws {
    for name in ["train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"] {
      _ = try write("hub/data/\(name).parquet")
    }
    _ = try write("hub/dataset_info.json")
    #expect(
      try files("hub") == ["hub/data/train-00000-of-00002.parquet", "hub/data/train-00001-of-00002.parquet"])
    #expect(try files("hub", split: "test") == ["hub/data/test-00000-of-00001.parquet"])
    let error = datasetError { _ = try files("hub", split: "dev") }
    #expect(error?.report.remedy?.contains("\"test\", \"train\"") == true)
    // Splits with longer names: one is meant by its first word where it is the only one.
    _ = try write("sft/data/train_sft-00000-of-00001.jsonl.gz")
    _ = try write("sft/data/test_sft-00000-of-00001.jsonl.gz")
    #expect(try files("sft") == ["sft/data/train_sft-00000-of-00001.jsonl.gz"])
    _ = try write("sft/data/train_gen-00000-of-00001.jsonl.gz")
    #expect(throws: DatasetError.self) { _ = try files("sft") }
    #expect(try files("sft", split: "train_gen") == ["sft/data/train_gen-00000-of-00001.jsonl.gz"])
  }

  @Test func splitsAndConfigurationsMayBeFolders() throws {
    for split in ["train", "validation"] { _ = try write("saved/\(split)/data-00000-of-00001.arrow") }
    _ = try write("saved/train/cache-1.arrow")
    _ = try write("saved/train/state.json")
    #expect(try files("saved") == ["saved/train/data-00000-of-00001.arrow"])
    #expect(try files("saved", split: "validation") == ["saved/validation/data-00000-of-00001.arrow"])
    for language in ["en", "fr"] { _ = try write("both/\(language)/train-00000-of-00001.jsonl") }
    guard case .severalFolders(_, ["en", "fr"])? = datasetError({ _ = try files("both") }) else {
      Issue.record("two configurations were made one pool")
      return
    }
    #expect(try files("both/en") == ["both/en/train-00000-of-00001.jsonl"])
    _ = try write("converted/default/train/0000.parquet")
    _ = try write("converted/default/test/0000.parquet")
    #expect(try files("converted") == ["converted/default/train/0000.parquet"])
  }

  @Test func patternsStandForTheFilesThatTheyMatch() throws {
    for name in ["b.jsonl", "a.jsonl", "c[1].jsonl", "other.txt"] { _ = try write("p/" + name) }
    #expect(try files("p/*.jsonl") == ["p/a.jsonl", "p/b.jsonl", "p/c[1].jsonl"])
    #expect(try files("p/[ab].json?") == ["p/a.jsonl", "p/b.jsonl"])
    // A file's own name is no pattern.
    #expect(try files("p/c[1].jsonl") == ["p/c[1].jsonl"])
    #expect(throws: DatasetError.self) { _ = try files("p/*.parquet") }
    #expect(throws: DatasetError.self) { _ = try files("p/a.jsonl", split: "test") }
  }

  private func run(_ command: String) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = folder.url
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test(.enabled(if: isInstalled("xz") && isInstalled("bzip2"))) func xzAndBzip2AreReadThroughTheirPrograms() throws {
    _ = try write("rows.jsonl")
    try #require(try run("xz -k rows.jsonl && bzip2 -k rows.jsonl"))
    for name in ["rows.jsonl.xz", "rows.jsonl.bz2"] {
      #expect(try DatasetFile.open(folder.path(name)).all().map(\.response) == ["a"])
      let cut = try folder.write(Data(contentsOf: folder.url.appendingPathComponent(name)).dropLast(9), as: "cut")
      guard case .helperFailed? = datasetError({ _ = try DatasetFile.open(cut) }) else {
        Issue.record("a cut \(name) was read")
        continue
      }
    }
  }

  /// A zip archive with files that are stored, as in the specification (APPNOTE 4.3).
  private func archive(_ files: [(name: String, text: String)], method: UInt8 = 0) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> ($0 * 8) & 255) } }
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for (name, text) in files {
      let sizes = number(text.utf8.count, 4) + number(text.utf8.count, 4) + number(name.utf8.count, 2)
      let common: [UInt8] = [20, 0, 0, 0, method, 0, 0, 0, 0, 0, 0, 0, 0, 0] + sizes
      directory += Array("PK\u{01}\u{02}".utf8) + [20, 0] + common + [UInt8](repeating: 0, count: 12)
      directory += number(bytes.count, 4) + Array(name.utf8)
      bytes += Array("PK\u{03}\u{04}".utf8) + common + [0, 0] + Array(name.utf8) + Array(text.utf8)
    }
    let place = bytes.count
    bytes += directory + Array("PK\u{05}\u{06}".utf8) + [0, 0, 0, 0]
    return bytes + number(files.count, 2) + number(files.count, 2) + number(directory.count, 4) + number(place, 4) + [
      0, 0,
    ]
  }

  @Test func theOneFileOfSamplesInAZipArchiveIsRead() throws {
    let table = "question,answer\nq,a\n"
    let one = archive([("read.me", "x"), ("__MACOSX/rows.csv", "x"), ("f/rows.csv", table), ("f/", "")])
    let path = try folder.write(one, as: "one.zip")
    let file = try DatasetFile.open(path)
    #expect(try file.all().map(\.response) == ["a"] && file.summary.format == .csv)
    #expect(file.summary.contentHash == ContentHash(of: table))
    let two = try folder.write(archive([("a.csv", table), ("b.csv", table)]), as: "two.zip")
    #expect(datasetError { _ = try DatasetFile.open(two) } == .notOneFile(path: two, names: ["a.csv", "b.csv"]))
    // Whatever is cut off or changed is refused, and never a trap.
    for count in 0..<one.count {
      let cut = try folder.write(one.prefix(count), as: "cut.zip")
      if count > 4 { #expect(throws: DatasetError.self) { _ = try DatasetFile.open(cut) } }
      var changed = one
      changed[count] ^= 0xFF
      _ = try? DatasetFile.open(folder.write(changed, as: "cut.zip"))
    }
    let odd = try folder.write(archive([("a.csv", table)], method: 12), as: "odd.zip")
    #expect(datasetError { _ = try DatasetFile.open(odd) }?.report.problem.contains("unusual kind") == true)
  }

  @Test(.enabled(if: isInstalled("zip") && isInstalled("gzip"))) func whatZipPacksIsUnpacked() throws {
    let text = (0..<500).map { #"{"question": "q\#($0)", "answer": "a"}"# + "\n" }.joined()
    _ = try folder.write(text, as: "rows.jsonl")
    try #require(try run("zip -q rows.zip rows.jsonl"))
    let file = try DatasetFile.open(folder.path("rows.zip"))
    #expect(file.count == 500 && file.summary.contentHash == ContentHash(of: text))
  }
}
