import Domain
import Foundation
import Store
import TestSupport
import Testing

@Suite struct CacheUpkeepTests {
  private let space = ContentHash(of: "space")
  private let queries = (0..<5).map { ContentHash(of: "query \($0)") }
  private var alone: CacheKey { CacheKey(fingerprint: space, .distances(example: nil, queries: queries)) }

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  private func fill(_ cache: ScoreCache, _ space: ContentHash, blocks: Int) throws {
    for block in 0..<blocks {
      try cache.store(
        queries.indices.map { Float(block + $0) },
        for: CacheKey(
          fingerprint: space, .distances(example: ContentHash(of: "example \(block)"), queries: queries)))
    }
  }

  @Test func aBlockIsGrantedOnceUntilItIsStoredOrReleased() throws {
    try inFolder { folder in
      let one = try ScoreCache(folder: folder)
      let other = try ScoreCache(folder: folder)
      let part = CacheKey(fingerprint: space, .distances(example: nil, queries: Array(queries.prefix(2))))
      #expect(try one.lease(alone) == .granted)
      #expect(try other.lease(alone) == .held)
      #expect(try other.lease(part) == .granted)
      try one.release(alone)
      #expect(try other.lease(alone) == .granted)
      try other.store([1, 2, 3, 4, 5], for: alone)
      #expect(try one.lease(alone) == .stored)
      #expect(try one.load(alone) == [1, 2, 3, 4, 5])
      // Its numbers serve another list of the same queries; a list with one that is not there is not loaded.
      #expect(try one.load(part) == [1, 2])
      let more = queries + [ContentHash(of: "another query")]
      #expect(try one.load(CacheKey(fingerprint: space, .distances(example: nil, queries: more))) == nil)
      #expect(try one.verify().duplicates == 0)
    }
  }

  @Test func aVectorIsGrantedOnceKeptOnceAndForgottenWhenItIsDamaged() throws {
    try inFolder { folder in
      let one = try ScoreCache(folder: folder)
      let other = try ScoreCache(folder: folder)
      let key = CacheKey(fingerprint: space, .vector(ContentHash(of: "key"), count: 3))
      #expect(try one.load(key) == nil)
      #expect(try one.lease(key) == .granted)
      #expect(try other.lease(key) == .held)
      try one.release(key)
      #expect(try other.lease(key) == .granted)
      try other.store([1, -0.0, .infinity], for: key)
      #expect(try one.lease(key) == .stored)
      #expect(try one.load(key) == [1, -0.0, .infinity])
      let check = try one.verify()
      #expect(check.isSound && (check.blocks, check.duplicates, check.unusedBytes) == (1, 0, 0))
      #expect(try one.spaces().map(\.bytes) == [12])
      try sqlite(folder + "/index.sqlite", "UPDATE vector SET checksum = 'x'")
      #expect(try one.verify().damaged == 1)
      #expect(try one.load(key) == nil)
      #expect(try one.lease(key) == .granted)
      #expect(try one.verify(repairing: true).isSound)
    }
  }

  @Test func aListOfQueriesThatIsNotWhatItsNameSaysGivesNothing() throws {
    try inFolder { folder in
      try fill(ScoreCache(folder: folder), space, blocks: 2)
      try sqlite(folder + "/index.sqlite", "UPDATE queryList SET members = zeroblob(80)")
      let cache = try ScoreCache(folder: folder)
      let examples = [ContentHash(of: "example 0"), ContentHash(of: "example 1")]
      var found = 0
      try cache.load(fingerprint: space, examples: examples, queries: queries) { _, _, _ in found += 1 }
      #expect(found == 0)
      let key = CacheKey(fingerprint: space, .distances(example: examples[0], queries: queries))
      #expect(try cache.lease(key) == .granted)
      // Computed again, it is found: the list is mended with it.
      try cache.store([5, 4, 3, 2, 1], for: key)
      #expect(try cache.load(key) == [5, 4, 3, 2, 1])
    }
  }

  @Test func theLeaseOfAProcessThatWasKilledIsPassedOn() throws {
    try inFolder { folder in
      let cache = try ScoreCache(folder: folder)
      #expect(try cache.lease(alone) == .granted)
      // As another process would have left it: this machine and boot, a number that no process has.
      let index = folder + "/index.sqlite"
      let owners = [
        "\(ProcessInfo.processInfo.hostName)/\(try bootName())/4194301/1",
        "\(ProcessInfo.processInfo.hostName)/older boot/1/1",
      ]
      for owner in owners {
        try sqlite(index, "UPDATE lease SET owner = '\(owner)'")
        #expect(try cache.lease(alone) == .granted)
      }
      // One on another machine is believed for a while.
      let now = Int(Date().timeIntervalSince1970)
      try sqlite(index, "UPDATE lease SET owner = 'elsewhere/b/1/1', taken = \(now - 60)")
      #expect(try cache.lease(alone) == .held)
      try sqlite(index, "UPDATE lease SET taken = \(now - 3600)")
      #expect(try cache.lease(alone) == .granted)
    }
  }

  @Test func theLeastRecentlyUsedGoesFirstAndNeverWhatIsPinnedOrInUse() throws {
    try inFolder { folder in
      let cache = try ScoreCache(folder: folder)
      let spaces = (0..<4).map { ContentHash(of: "space \($0)") }
      for space in spaces { try fill(cache, space, blocks: 10) }
      let index = folder + "/index.sqlite"
      for (age, space) in spaces.enumerated() {
        try sqlite(index, "UPDATE space SET used = \(1000 - age), name = 'n\(age)' WHERE hash = '\(space)'")
      }
      #expect(try cache.spaces().map(\.name) == ["n0", "n1", "n2", "n3"])
      #expect(try cache.spaces().map(\.bytes) == [200, 200, 200, 200])
      #expect(try cache.trim(toBytes: 800, keeping: []).isEmpty)
      // The oldest is kept by a session: the next one goes.
      #expect(try cache.trim(toBytes: 600, keeping: [spaces[3]]).map(\.name) == ["n2"])
      try cache.use(spaces[1], name: "n1")
      #expect(try cache.trim(toBytes: 0, keeping: [spaces[3]]).map(\.name) == ["n0"])
      #expect(Set(try cache.spaces().map(\.name)) == ["n1", "n3"])
      let check = try cache.verify()
      #expect(check.isSound && check.blocks == 20 && check.unusedBytes == 0)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".f32") }
      #expect(files.count >= 2)
    }
  }

  @Test func damageIsFoundAndRepaired() throws {
    try inFolder { folder in
      try fill(ScoreCache(folder: folder), space, blocks: 6)
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".f32") })
      let path = URL(fileURLWithPath: folder + "/" + name)
      var bytes = try Data(contentsOf: path)
      bytes[45] ^= 1
      try bytes.write(to: path)
      let cache = try ScoreCache(folder: folder)
      #expect(try cache.verify().damaged == 1 && !cache.verify().isSound)
      #expect(try cache.verify(repairing: true).damaged == 1)
      #expect(try cache.verify().blocks == 5 && cache.verify().isSound)
      // A file that is cut short: the blocks beyond its end are damaged, no other.
      try bytes.prefix(70).write(to: path)
      #expect(try cache.verify().damaged == 3)
    }
  }

  @Test func sessionsKeepTheScoresOfTheRunsThatTheyShow() throws {
    try inFolder { folder in
      let paths = StorePaths(configuration: folder, state: folder, cache: folder)
      let library = try RunLibrary(path: paths.runs)
      let specification = RunSpecification(method: .random, pool: "p", source: nil, budget: .count(1))
      var runs: [Int64] = []
      for number in 0..<3 {
        runs.append(try library.begin(specification, contents: [:], rows: 1))
        try library.end(
          runs[number], status: .finished, selection: nil, seconds: PhaseSeconds(),
          spaces: [ContentHash(of: "\(number)")])
      }
      #expect(try Storage(paths: paths).spacesOfSessions().isEmpty)
      let sessions = SessionStore(paths: paths)
      try sessions.write(
        Data("{\"inspected\": \(runs[0]), \"a\": \(runs[2]), \"screen\": \"run\"}".utf8), name: "default")
      // The third and fourth of compared runs are as much in sight as the first two.
      try sessions.write(Data("{\"a\": \(runs[0]), \"compared\": [\(runs[1])]}".utf8), name: "four")
      #expect(try Storage(paths: paths).spacesOfSessions().count == 3)
      try sessions.write(Data("{}".utf8), name: "four")
      try sessions.write(Data("not a session".utf8), name: "broken")
      #expect(try Storage(paths: paths).spacesOfSessions() == [ContentHash(of: "0"), ContentHash(of: "2")])
    }
  }

  @Test func sizesAreRead() {
    #expect(StorePaths.bytes(parsing: "500M") == 500 << 20)
    #expect(StorePaths.bytes(parsing: "1.5g") == 3 << 29)
    #expect(StorePaths.bytes(parsing: "12") == 12)
    for text in ["", "M", "-1", "1X", "1e300", "nan"] { #expect(StorePaths.bytes(parsing: text) == nil, "\(text)") }
  }

  private func bootName() throws -> String {
    try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Changes a database behind the store's back.
  private func sqlite(_ path: String, _ statement: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c",
      "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10); c.execute(sys.argv[2]); c.commit()",
      path, statement,
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
