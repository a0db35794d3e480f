import Datasets
import Domain
import Glibc

/// A pool to choose from, a target set and existing data, each as JSON lines.
package struct SampleData: Sendable, Hashable {
  package var pool: String
  package var target: String
  package var existing: String

  /// Writes `pool.jsonl`, `target.jsonl` and `existing.jsonl` into a folder, which is made if it is not there.
  /// Errors: those of ``AtomicFile``; looked for before the first file is written, if one exists and `overwrite` is false.
  package func write(toFolder folder: String, overwrite: Bool) throws(DatasetError) {
    if mkdir(folder, 0o755) != 0 && errno != EEXIST { throw .unwritable(path: folder, errno: errno) }
    let texts = [("pool", pool), ("target", target), ("existing", existing)]
    let paths = texts.map { "\(folder)/\($0.0).jsonl" }
    if !overwrite, let taken = paths.first(where: { access($0, F_OK) == 0 }) { throw .exists(path: taken) }
    for (path, text) in zip(paths, texts) {
      var file = try AtomicFile(at: path, overwrite: overwrite)
      try file.write(text.1)
      try file.commit()
    }
  }
}

/// Makes sample data of small text tasks: seeded, the same on every machine.
///
/// Of the pool about 15% are near-duplicates of other rows (asked in another way, or about a subject that differs in one
/// word; their answers are right) and 5% are noise, under the family "noise" (wrong, cut, garbled or off-topic answers).
/// All other rows have the one right answer. Families take turns, so that each has about as many rows as any other.
package struct SampleGenerator {
  private var generator: SeededGenerator
  private var seen: Set<String> = []

  /// Families of the target set, and of the existing data.
  static let targetFamilies = ["sort-words", "add-numbers"]
  static let existingFamilies = ["upper-case", "first-word", "last-word", "count-words"]

  /// `rows`: of the pool. The target set has 2 rows for 15 of the pool, the existing data 1 for 5; all have at least one.
  /// No row of one set is, word for word, in another. `ledIn`: share of the pool's right answers that a word of their family leads
  /// in, as in "Sum: 118", under a label of their own ("add-numbers-led"): what a model is trained on that shall answer in another
  /// manner than the samples it judges.
  package static func generate(seed: UInt64, rows: Int, ledIn: Double = 0) -> SampleData {
    var maker = SampleGenerator(generator: SeededGenerator(seed: seed))
    var pool = maker.pool(max(1, rows))
    for place in pool.indices where pool[place].label != noise && ledIn > 0 && maker.generator.unit() < ledIn {
      pool[place].answer = "\(pool[place].family.leadIn): \(pool[place].answer)"
      pool[place].label += "-led"
    }
    func named(_ names: [String]) -> [SampleFamily] { SampleFamily.all.filter { names.contains($0.name) } }
    let target = maker.fresh(max(1, rows * 2 / 15), of: named(targetFamilies))
    let existing = maker.fresh(max(1, rows / 5), of: named(existingFamilies))
    return SampleData(
      pool: lines(pool, prefix: "p"), target: lines(target, prefix: "t"), existing: lines(existing, prefix: "e"))
  }

  /// Label of the rows whose answers are faulty.
  private static let noise = "noise"

  /// A row before it is written.
  private struct Row {
    var family: SampleFamily
    var phrasing: Int
    var subject: [String]
    var answer: String
    var label: String

    init(_ family: SampleFamily, phrasing: Int, subject: [String]) {
      self.family = family
      self.phrasing = phrasing
      self.subject = subject
      answer = family.answer(subject)
      label = family.name
    }

    var instructionAndInput: (String, String) {
      let text = subject.joined(separator: family.separator)
      let phrase = family.phrasings[phrasing]
      let whole = phrase.replacing("{}", with: text)
      return whole == phrase ? (phrase, text) : (whole, "")
    }
  }

  private mutating func pool(_ count: Int) -> [Row] {
    let noise = count * 5 / 100
    let duplicates = count * 15 / 100
    var rows = fresh(count - noise - duplicates, of: SampleFamily.all)
    let originals = rows.count
    for _ in 0..<duplicates { rows.append(nearDuplicate(of: rows[generator.below(originals)])) }
    for number in 0..<noise { rows.append(noisy(number)) }
    return generator.sample(rows.count, of: rows.count).map { rows[$0] }
  }

  /// New rows, the families taking turns.
  private mutating func fresh(_ count: Int, of families: [SampleFamily]) -> [Row] {
    (0..<count).map { place in
      unseen { generator in
        let family = families[place % families.count]
        return Row(family, phrasing: generator.below(family.phrasings.count), subject: family.subject(&generator))
      }
    }
  }

  /// The same subject asked in another way, or asked alike about a subject with one word changed.
  private mutating func nearDuplicate(of row: Row) -> Row {
    unseen { generator in
      let others = (0..<row.family.phrasings.count).filter { $0 != row.phrasing }
      if row.subject.count < 2 || row.family.separator != " " || generator.below(2) == 0 {
        return Row(row.family, phrasing: others[generator.below(others.count)], subject: row.subject)
      }
      var subject = row.subject
      // Another subject of the family lends a word; one whose words would no longer be right is left as it was.
      let lender = row.family.subject(&generator)
      let place = generator.below(subject.count)
      let word = lender[generator.below(lender.count)]
      if !subject.contains(word) && row.family.name != "longest-word" { subject[place] = word }
      return Row(row.family, phrasing: row.phrasing, subject: subject)
    }
  }

  /// A row with a faulty answer; the kinds take turns.
  private mutating func noisy(_ number: Int) -> Row {
    unseen { generator in
      let family = SampleFamily.all[generator.below(SampleFamily.all.count)]
      var row = Row(family, phrasing: generator.below(family.phrasings.count), subject: family.subject(&generator))
      row.label = Self.noise
      let right = row.answer
      switch number % 4 {
      case 0:  // Another subject's answer.
        row.answer = family.answer(family.subject(&generator))
      case 1:  // Another task's.
        let other = SampleFamily.all[generator.below(SampleFamily.all.count)]
        row.answer = other.answer(other.subject(&generator))
      case 2:  // Letters in disorder.
        let letters = Array(right)
        row.answer = String(generator.sample(letters.count, of: letters.count).map { letters[$0] })
      default:  // Talk.
        row.answer = ["I do not know.", "Please ask again later.", "See above.", "As you like."][generator.below(4)]
      }
      return row.answer.trimmedEmpty || row.answer == right ? nil : row
    }
  }

  /// Draws until the question is new; after many tries the last one is taken, as families have only so many questions.
  private mutating func unseen(_ draw: (inout SeededGenerator) -> Row?) -> Row {
    var tries = 0
    while true {
      tries += 1
      guard let row = draw(&generator) else { continue }
      let (instruction, input) = row.instructionAndInput
      if seen.insert("\(instruction)\n\(input)").inserted || tries >= 50 { return row }
    }
  }

  /// Alpaca rows with an id and a family. All text is printable ASCII, so that only quotes would need an escape, and
  /// there are none.
  private static func lines(_ rows: [Row], prefix: String) -> String {
    var text = ""
    for (place, row) in rows.enumerated() {
      let (instruction, input) = row.instructionAndInput
      let number = String(place + 1)
      let id = prefix + String(repeating: "0", count: max(0, 4 - number.count)) + number
      text += """
        {"id": "\(id)", "family": "\(row.label)", "instruction": "\(instruction)", "input": "\(input)", \
        "output": "\(row.answer)"}

        """
    }
    return text
  }
}

extension String {
  fileprivate var trimmedEmpty: Bool { allSatisfy { $0 == " " } }
}
