import Datasets
import Domain
import Foundation
import Testing

/// Files that are nearly right, broken at random places: whatever comes, reading ends with samples or with an error of the
/// room, and what is read is what a second reading gives.
@Suite struct FuzzTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  /// `WINNOW_FUZZ_ROUNDS` makes it longer, `WINNOW_FUZZ_SEED` another one.
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = environment["WINNOW_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 400
  private static let seed = environment["WINNOW_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20

  private static let seeds = [
    "{\"instruction\": \"Say \\u00e9\", \"input\": \"x\", \"output\": \"y\", \"family\": \"f\", \"id\": 3}\n{\"instruction\": \"b\", \"output\": \"c\"}\r\n\n",
    "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}, {\"role\": \"assistant\", \"content\": \"\\ud83d\\ude00\"}]}\n",
    "{\"conversations\": [{\"from\": \"human\", \"value\": \"q\"}, {\"from\": \"gpt\", \"value\": \"a\"}]}\n",
    "[{\"question\": \"a\", \"answer\": \"b\"},\n {\"question\": \"c\",\n \"answer\": \"d\"}]\n",
    "{\"data\": [{\"title\": \"t\", \"paragraphs\": [{\"context\": \"c\", \"qas\": [{\"id\": \"1\", \"question\": \"q\", \"answers\": [{\"text\": \"a\"}]}]}]}]}",
    "id,question,answer\n1,\"a, \"\"b\"\"\",c\r\n2,d,\"e\nf\"\n", "question\tanswer\na\tb\n",
    "{\"id\": \"s\", \"instruction\": \"i\", \"instances\": [{\"input\": \"\", \"output\": \"o\"}]}\n",
  ]

  private static let pieces: [[UInt8]] = [
    Array("\"".utf8), Array("\\".utf8), Array("{".utf8), Array("}".utf8), Array("[".utf8), Array("]".utf8),
    Array(",".utf8),
    Array(":".utf8), Array("\n".utf8), Array("\r".utf8), [0], [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF],
    Array("\\ud800".utf8), Array("null".utf8), Array("1e999".utf8), Array("[[[[[[[[".utf8), Array("\"answer\"".utf8),
    Array("\t".utf8),
  ]

  private static func broken(_ random: inout SeededGenerator) -> [UInt8] {
    var text = Array(seeds[random.below(seeds.count)].utf8)
    if random.below(4) == 0 { text += Array(seeds[random.below(seeds.count)].utf8) }
    for _ in 0..<random.below(6) where !text.isEmpty {
      let place = random.below(text.count)
      switch random.below(4) {
      case 0: text.remove(at: place)
      case 1: text[place] = UInt8(random.below(256))
      case 2: text.insert(contentsOf: pieces[random.below(pieces.count)], at: place)
      default: text.removeSubrange(place..<min(text.count, place + 1 + random.below(20)))
      }
    }
    return text
  }

  @Test func brokenFilesEndInSamplesOrInAnErrorOfTheRoom() throws {
    var random = SeededGenerator(seed: Self.seed)
    var read = 0
    var refused = 0
    for round in 0..<Self.rounds {
      let text = Self.broken(&random)
      let path = try folder.write(text, as: "fuzz-\(round)")
      do {
        let file = try DatasetFile.open(path).validated(skippingBadRows: true)
        let samples = try file.all()
        #expect(samples.count == file.count)
        #expect(samples.map(\.index) == (0..<file.count).map(file.index(at:)))
        #expect(file.count + file.summary.badRows.count == file.rowCount)
        let lines = text.count { $0 == 0x0A || $0 == 0x0D } + 1
        #expect((0..<RowIndex(file.rowCount)).allSatisfy { (1...lines).contains(file.line(of: $0)) })
        // What is exported is read again as the same samples.
        if file.summary.schema != .named {
          let copy = folder.path("copy")
          try file.export(rows: samples.map(\.index), to: copy, overwrite: true)
          let again = try DatasetFile.open(path: copy, role: .pool, reading: DatasetReading(format: .jsonLines))
            .validated(
              skippingBadRows: false)
          if again.summary.schema == file.summary.schema {
            #expect(try again.all().map(\.response) == samples.map(\.response), "round \(round)")
          }
        }
        read += 1
      } catch is DatasetError {
        refused += 1
      }
      try FileManager.default.removeItem(atPath: path)
    }
    #expect(read > Self.rounds / 10)
    #expect(refused > Self.rounds / 10)
  }
}
