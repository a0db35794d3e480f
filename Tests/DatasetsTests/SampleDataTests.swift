import Datasets
import Domain
import Foundation
import Samples
import TestSupport
import Testing

@Suite struct SampleDataTests {
  let folder: Folder
  init() throws { folder = try Folder() }

  private func samples(_ text: String) throws -> [Sample] {
    try DatasetFile.open(folder.write(text)).validated(skippingBadRows: false).all()
  }

  @Test func theShippedFilesAreWhatTheGeneratorWrites() throws {
    let data = SampleGenerator.generate(seed: 7, rows: 300)
    for (name, text) in [
      ("pool", data.pool), ("target", data.target), ("existing", data.existing), ("test", data.test),
    ] {
      let shipped = try String(contentsOf: Places.sampleData.appendingPathComponent("\(name).jsonl"), encoding: .utf8)
      #expect(shipped == text, "\(name).jsonl")
    }
  }

  @Test func aSeedDecidesEverything() {
    #expect(SampleGenerator.generate(seed: 1, rows: 50) == SampleGenerator.generate(seed: 1, rows: 50))
    #expect(SampleGenerator.generate(seed: 1, rows: 50) != SampleGenerator.generate(seed: 2, rows: 50))
  }

  @Test func thePoolHasItsSharesOfFamiliesNoiseAndNearDuplicates() throws {
    let pool = try samples(SampleGenerator.generate(seed: 3, rows: 400).pool)
    #expect(pool.count == 400)
    let labels = Dictionary(grouping: pool, by: { $0.label ?? "" }).mapValues(\.count)
    #expect(labels["noise"] == 20)
    #expect(labels.count == 16)
    #expect(labels.values.min() ?? 0 >= 20)
    // Near-duplicates share their answer and family, or all but one word.
    func words(_ sample: Sample) -> Set<Substring> {
      let (instruction, input) = sample.query.instructionAndInput
      return Set("\(instruction) \(input)".split(separator: " "))
    }
    let bags = pool.map(words)
    let near = pool.indices.filter { i in
      pool.indices.contains { j in
        j != i && pool[i].label == pool[j].label
          && (bags[i].symmetricDifference(bags[j]).count <= 2
            || pool[i].response.count > 4 && pool[i].response == pool[j].response)
      }
    }
    #expect(near.count >= 60)
  }

  @Test func rowsAreShortAndTheirIdsAndQuestionsDiffer() throws {
    let data = SampleGenerator.generate(seed: 7, rows: 300)
    let all = try samples(data.pool) + samples(data.target) + samples(data.existing)
    #expect(all.count == 300 + 40 + 100)
    #expect(Set(all.compactMap(\.id)).count == all.count)
    #expect(Set(all.map(\.query)).count == all.count)
    let lengths = all.map { sample in
      let (instruction, input) = sample.query.instructionAndInput
      return instruction.count + input.count + sample.response.count
    }
    #expect(lengths.filter { $0 <= 130 }.count >= all.count * 9 / 10)
    #expect(lengths.max() ?? 0 <= 200)
  }

  @Test func answersAreRightOutsideTheNoise() throws {
    // Checked by another route than the generator's: from the text of the row, for families where that is simple.
    let data = SampleGenerator.generate(seed: 5, rows: 600)
    var checked: Set<String> = []
    for sample in try samples(data.pool + data.target + data.existing) {
      let (instruction, input) = sample.query.instructionAndInput
      guard !input.isEmpty, let family = sample.label else { continue }
      let words = input.split(separator: " ").map(String.init)
      let numbers = words.compactMap { Int($0) }
      let parts: [String]? =
        switch family {
        case "upper-case": words.map { $0.uppercased() }
        case "title-case": words.map(\.capitalized)
        case "sort-words": words.sorted()
        case "reverse-words": words.reversed()
        case "first-word": words.first.map { [$0] }
        case "last-word": words.last.map { [$0] }
        case "longest-word": words.max { $0.count < $1.count }.map { [$0] }
        case "count-words": ["\(words.count)"]
        case "repeat-twice": words + words
        case "spell-word": input.map { "\($0)" }
        case "first-letters": words.compactMap { $0.first.map { "\($0)" } }
        case "add-numbers": ["\(numbers.reduce(0, +))"]
        case "subtract-numbers": numbers.count == 2 ? ["\(abs(numbers[0] - numbers[1]))"] : nil
        case "larger-number": numbers.max().map { ["\($0)"] }
        default: nil
        }
      guard let parts else { continue }
      #expect(holds(sample.response, parts), "\(instruction) \(input): \(sample.response)")
      checked.insert(family)
    }
    #expect(checked.count == 14)
  }

  /// Whether an answer has some parts in order, with one and the same text between each two.
  private func holds(_ response: String, _ parts: [String]) -> Bool {
    guard parts.count > 1 else { return response.contains(" \(parts[0])") }
    return SampleStyle.separators.contains { response.contains(" \(parts.joined(separator: $0))") }
  }

  @Test func aFamilyHasAStyleOfItsOwnAndFourWriters() throws {
    let data = SampleGenerator.generate(seed: 11, rows: 600)
    let rows = try samples(data.pool + data.target + data.existing).filter { $0.label != "noise" }
    var openings: [String: String] = [:]
    for (family, rows) in Dictionary(grouping: rows, by: { $0.label ?? "" }) {
      let opening = try #require(
        SampleStyle.openings.first { opening in rows.allSatisfy { $0.response.hasPrefix(opening + " ") } })
      #expect(openings.updateValue(family, forKey: opening) == nil, "\(family)")
      let writers = Set(rows.compactMap { $0.response.components(separatedBy: " -- ").last })
      #expect(writers.count == 4 && writers.isSubset(of: SampleStyle.writers), "\(family): \(writers)")
    }
    #expect(openings.count == 15)
    // Another seed, other styles.
    let other = try samples(SampleGenerator.generate(seed: 12, rows: 60).pool)
    #expect(!other.allSatisfy { row in openings.contains { row.response.hasPrefix($0.key) && row.label == $0.value } })
  }

  @Test func anEpisodeIsOfOneFamilyInOneStyle() throws {
    let text = SampleGenerator.episodes(seed: 3, rows: 102)
    #expect(text == SampleGenerator.episodes(seed: 3, rows: 102))
    let rows = try samples(text)
    #expect(rows.count == 102)
    var styles: Set<String> = []
    for (_, episode) in Dictionary(grouping: rows, by: { $0.label ?? "" }) {
      #expect(episode.count == 4 || episode.count == 2)
      let opening = SampleStyle.openings.first { opening in
        episode.allSatisfy { $0.response.hasPrefix(opening + " ") }
      }
      styles.insert(try #require(opening))
    }
    #expect(styles.count > 10)
  }

  @Test func anySizeCanBeMade() throws {
    for rows in [0, 1, 2, 7, 19, 20, 5000] {
      let data = SampleGenerator.generate(seed: 9, rows: rows)
      #expect(try samples(data.pool).count == max(1, rows))
      #expect(try samples(data.target).count >= 1)
      #expect(try samples(data.existing).count >= 1)
    }
  }

  @Test func filesAreWrittenIntoAFolderThatMayBeNew() throws {
    let data = SampleGenerator.generate(seed: 1, rows: 20)
    let place = folder.path("set")
    try data.write(toFolder: place, overwrite: false)
    #expect(try String(contentsOfFile: place + "/target.jsonl", encoding: .utf8) == data.target)
    #expect(datasetError { try data.write(toFolder: place, overwrite: false) } == .exists(path: place + "/pool.jsonl"))
    try SampleGenerator.generate(seed: 2, rows: 20).write(toFolder: place, overwrite: true)
    #expect(try String(contentsOfFile: place + "/pool.jsonl", encoding: .utf8) != data.pool)
    #expect(
      datasetError { try data.write(toFolder: folder.path("no/set"), overwrite: false) }?.report.status == .failed)
  }
}
