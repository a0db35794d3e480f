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
    for (name, text) in [("pool", data.pool), ("target", data.target), ("existing", data.existing)] {
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
    #expect(all.count == 300 + 40 + 60)
    #expect(Set(all.compactMap(\.id)).count == all.count)
    #expect(Set(all.map(\.query)).count == all.count)
    let lengths = all.map { sample in
      let (instruction, input) = sample.query.instructionAndInput
      return instruction.count + input.count + sample.response.count
    }
    #expect(lengths.filter { $0 <= 110 }.count >= all.count * 9 / 10)
    #expect(lengths.max() ?? 0 <= 160)
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
      let answer: String? =
        switch family {
        case "upper-case": input.uppercased()
        case "title-case": input.capitalized
        case "sort-words": words.sorted().joined(separator: " ")
        case "reverse-words": words.reversed().joined(separator: " ")
        case "first-word": words.first
        case "last-word": words.last
        case "longest-word": words.max { $0.count < $1.count }
        case "count-words": "\(words.count)"
        case "repeat-twice": "\(input) \(input)"
        case "spell-word": input.map { "\($0)" }.joined(separator: " ")
        case "first-letters": String(words.compactMap(\.first))
        case "add-numbers": "\(numbers.reduce(0, +))"
        case "subtract-numbers": numbers.count == 2 ? "\(abs(numbers[0] - numbers[1]))" : nil
        case "larger-number": numbers.max().map { "\($0)" }
        default: nil
        }
      guard let answer else { continue }
      #expect(sample.response == answer, "\(instruction) \(input)")
      checked.insert(family)
    }
    #expect(checked.count == 14)
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
