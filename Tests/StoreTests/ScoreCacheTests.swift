import Domain
import Foundation
import GRDB
import Store
import TestSupport
import Testing

@Suite struct ScoreCacheTests {
  private let space = ContentHash(of: "space")
  private let queries = (0..<5).map { ContentHash(of: "query \($0)") }
  private let examples: [ContentHash?] = [nil] + (0..<3).map { ContentHash(of: "example \($0)") }

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  private func load(_ cache: ScoreCache, _ space: ContentHash, _ examples: [ContentHash?], _ queries: [ContentHash])
    throws -> [[Int]: Float]
  {
    var found: [[Int]: Float] = [:]
    try cache.load(fingerprint: space, examples: examples, queries: queries) { found[[$0, $1]] = $2 }
    return found
  }

  @Test func whatWasSavedIsFoundAgainByAnotherProcessHandle() throws {
    try inFolder { folder in
      try ScoreCache(folder: folder).store(
        [1, 2, 3, 4, 5], for: CacheKey(fingerprint: space, .distances(example: nil, queries: queries)))
      let cache = try ScoreCache(folder: folder)
      try cache.store(
        [0.5, .infinity],
        for: CacheKey(fingerprint: space, .distances(example: examples[2], queries: [queries[3], queries[1]])))
      let found = try load(try ScoreCache(folder: folder), space, examples, queries)
      #expect(found == [[0, 0]: 1, [0, 1]: 2, [0, 2]: 3, [0, 3]: 4, [0, 4]: 5, [2, 3]: 0.5, [2, 1]: .infinity])
    }
  }

  @Test func otherOrdersAndSubsetsOfTheSameSamplesFindTheirDistances() throws {
    try inFolder { folder in
      let cache = try ScoreCache(folder: folder)
      try cache.store(
        [1, 2, 3, 4, 5], for: CacheKey(fingerprint: space, .distances(example: examples[1], queries: queries)))
      let edited = [queries[4], ContentHash(of: "an edited row"), queries[0]]
      #expect(try load(cache, space, [examples[1]], edited) == [[0, 0]: 5, [0, 2]: 1])
      #expect(try load(cache, ContentHash(of: "another model"), [examples[1]], edited).isEmpty)
      #expect(try load(cache, space, [examples[3]], edited).isEmpty)
    }
  }

  @Test func aFlippedBitIsFoundAndTheBlockForgotten() throws {
    try inFolder { folder in
      let cache = try ScoreCache(folder: folder)
      try cache.store(
        [1, 2, 3, 4, 5], for: CacheKey(fingerprint: space, .distances(example: examples[1], queries: queries)))
      try cache.store(
        [6, 7, 8, 9, 10], for: CacheKey(fingerprint: space, .distances(example: examples[2], queries: queries)))
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".f32") })
      let path = URL(fileURLWithPath: folder + "/" + name)
      var bytes = try Data(contentsOf: path)
      bytes[7] ^= 0x10
      try bytes.write(to: path)
      let kept: [[Int]: Float] = [[2, 0]: 6, [2, 1]: 7, [2, 2]: 8, [2, 3]: 9, [2, 4]: 10]
      #expect(try load(cache, space, examples, queries) == kept)
      // Measured again, it is whole again.
      try cache.store(
        [1, 2, 3, 4, 5], for: CacheKey(fingerprint: space, .distances(example: examples[1], queries: queries)))
      #expect(try load(cache, space, examples, queries).count == 10)
    }
  }

  @Test func aMissingSegmentFileCostsItsBlocksOnly() throws {
    try inFolder { folder in
      let cache = try ScoreCache(folder: folder)
      try cache.store(
        [1, 2, 3, 4, 5], for: CacheKey(fingerprint: space, .distances(example: examples[1], queries: queries)))
      for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".f32") {
        try FileManager.default.removeItem(atPath: folder + "/" + name)
      }
      #expect(try load(cache, space, examples, queries).isEmpty)
    }
  }

  @Test func aFolderThatCannotBeMadeIsNamed() throws {
    do {
      _ = try ScoreCache(folder: "/proc/no/such/place")
      Issue.record("opened a cache where none can be")
    } catch let error as StoreError {
      #expect(error.report.location == "/proc/no/such/place")
      #expect(error.report.status == .failed)
    }
  }
}

@Suite struct RunLibraryTests {
  @Test func aRunIsKeptWithItsPicksAndItsSpecification() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path + "/state/runs.sqlite"
    let specification = RunSpecification(
      method: .deliftInstruction, pool: "pool.jsonl", source: .model(directory: "model"), budget: .fraction(0.3),
      pinned: [4])
    let contents = ["pool": ContentHash(of: "rows")]
    let selection = Selection(
      picks: [Pick(rank: 0, row: 4, gain: 2.5, id: "a"), Pick(rank: 1, row: 0, gain: 0.1 + 0.2)],
      objective: 2.8, evaluations: 9, isPartial: true)
    let id = try RunLibrary(path: path).begin(specification, contents: contents, rows: 10)
    let library = try RunLibrary(path: path)
    #expect(try library.run(id).status == .running)
    #expect(try library.run(id).selection == nil)
    try library.end(id, status: .cancelled, selection: selection, seconds: PhaseSeconds(load: 1, score: 2, select: 3))
    let record = try library.run(id)
    #expect(record.specification == specification)
    #expect(record.contents == contents)
    #expect(record.selection == selection)
    #expect(record.status == .cancelled)
    #expect(record.seconds == PhaseSeconds(load: 1, score: 2, select: 3))
    #expect(try library.runs().map(\.pickCount) == [2])
  }

  @Test func aRunWhoseProcessIsGoneIsInterrupted() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path + "/runs.sqlite"
    let library = try RunLibrary(path: path)
    let specification = RunSpecification(method: .random, pool: "pool.jsonl", source: nil, budget: .count(1))
    let id = try library.begin(specification, contents: [:], rows: 1)
    #expect(try library.run(id).process == Int(getpid()))
    let database = try DatabaseQueue(path: path)
    // A process of this number that began at another time, and none at all, as an older build has it.
    for process in ["replace(process, '/', '/1')", "NULL"] {
      try database.write { try $0.execute(sql: "UPDATE run SET process = \(process)") }
      #expect(try library.runs().map(\.status) == [.interrupted], "\(process)")
      #expect(try library.run(id).process == nil)
    }
  }

  @Test func aRunThatIsNotThereIsNamed() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let library = try RunLibrary(path: folder.path + "/runs.sqlite")
    #expect(throws: StoreError.self) { try library.run(41) }
  }
}

@Suite struct StoreErrorTests {
  private func fault(_ body: () throws -> Void) -> (DatabaseFault, ErrorReport)? {
    do {
      try body()
    } catch let error as StoreError {
      if case .database(_, let fault) = error { return (fault, error.report) }
    } catch {}
    return nil
  }

  @Test func aFileThatIsNoDatabaseIsSaidSo() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path + "/runs.sqlite"
    try Data(repeating: 7, count: 4096).write(to: URL(fileURLWithPath: path))
    let (fault, report) = try #require(fault { _ = try RunLibrary(path: path) })
    #expect(fault.code == 26 && fault.message == "file is not a database")
    #expect(report.problem == "the database can't be used: file is not a database (SQLite 26)")
    #expect(report.location == path)
    #expect(report.remedy == "Moved away, it is made anew (its contents are then missing).")
  }

  @Test func aStatementThatTheTablesDoNotFitIsNamed() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path + "/runs.sqlite"
    let library = try RunLibrary(path: path)
    try DatabaseQueue(path: path).write { try $0.execute(sql: "DROP TABLE pick") }
    let (fault, report) = try #require(fault { _ = try library.runs() })
    #expect(fault.code == 1 && fault.message == "no such table: pick")
    #expect(fault.statement?.hasPrefix("SELECT *") == true)
    #expect(report.problem.contains("no such table: pick (SQLite 1), in: SELECT *"))
  }

  @Test func aRecordThatIsNoneIsSaidSo() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.path + "/runs.sqlite"
    let library = try RunLibrary(path: path)
    let specification = RunSpecification(method: .random, pool: "pool.jsonl", source: nil, budget: .count(1))
    let id = try library.begin(specification, contents: [:], rows: 1)
    try DatabaseQueue(path: path).write { try $0.execute(sql: "UPDATE run SET specification = '[]'") }
    #expect {
      try library.run(id)
    } throws: {
      ErrorReport(describing: $0).problem.hasPrefix("a record can't be read: ")
    }
  }
}

@Suite struct StorePathsTests {
  @Test func xdgVariablesAreFollowedUnlessRelative() {
    let paths = StorePaths(environment: ["HOME": "/home/a", "XDG_CACHE_HOME": "/fast", "XDG_STATE_HOME": "relative"])
    #expect(paths.cache == "/fast/winnow")
    #expect(paths.state == "/home/a/.local/state/winnow")
    #expect(paths.configuration == "/home/a/.config/winnow")
    #expect(paths.cacheLimit == StorePaths.standardCacheLimit && paths.problem == nil)
    for environment in [[:], ["HOME": ""], ["HOME": "here"]] {
      #expect(StorePaths(environment: environment).cache != "/.cache/winnow")
      #expect(StorePaths(environment: environment).cache.hasPrefix("/"))
    }
    #expect(StorePaths(environment: ["WINNOW_CACHE_LIMIT": "2K"]).cacheLimit == 2048)
    #expect(StorePaths(environment: ["WINNOW_CACHE_LIMIT": "much"]).problem?.contains("much") == true)
  }
}
