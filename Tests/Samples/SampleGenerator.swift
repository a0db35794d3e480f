import Datasets
import Domain
import Glibc

/// A pool to choose from, a target set, existing data and test rows of the target's kind, each as JSON lines.
package struct SampleData: Sendable, Hashable {
  package var pool: String
  package var target: String
  package var existing: String
  package var test: String

  /// Writes `pool.jsonl`, `target.jsonl`, `existing.jsonl` and `test.jsonl` into a folder, which is made if it is not there.
  /// Errors: those of ``AtomicFile``; looked for before the first file is written, if one exists and `overwrite` is false.
  package func write(toFolder folder: String, overwrite: Bool) throws(DatasetError) {
    if mkdir(folder, 0o755) != 0 && errno != EEXIST { throw .unwritable(path: folder, errno: errno) }
    let texts = [("pool", pool), ("target", target), ("existing", existing), ("test", test)]
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
/// Each family of tasks has a house style, drawn by the seed, and four writers who sign their answers: the question tells neither,
/// another answer of the family does. Of the pool about 15% are near-duplicates of other rows (asked in another
/// way, or about a subject that differs in one word; their answers are right) and 5% are noise, under the family "noise" (wrong,
/// cut, garbled or off-topic answers in nobody's style). All other rows have the one right answer. Families take turns, so that
/// each has about as many rows as any other.
package struct SampleGenerator {
  private var generator: SeededGenerator
  private var seen: Set<String> = []
  /// The styles of each family's writers.
  private var styles: [String: [SampleStyle]] = [:]

  /// Families of the target set, and of the existing data.
  static let targetFamilies = ["sort-words", "add-numbers"]
  static let existingFamilies = [
    "upper-case", "title-case", "first-word", "last-word", "longest-word", "count-words", "repeat-twice", "spell-word",
    "first-letters",
  ]

  private init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
    let houses = SampleStyle.houses(SampleFamily.all.count, writers: 4, &generator)
    for (family, house) in zip(SampleFamily.all, houses) { styles[family.name] = house }
  }

  /// `rows`: of the pool. The target set has 2 rows for 15 of the pool, the existing data 1 for 3, the test 2 for 5; all have at least one.
  /// No row of one set is, word for word, in another.
  package static func generate(seed: UInt64, rows: Int) -> SampleData {
    var maker = SampleGenerator(seed: seed)
    let pool = maker.pool(max(1, rows))
    func named(_ names: [String]) -> [SampleFamily] { SampleFamily.all.filter { names.contains($0.name) } }
    let target = maker.fresh(max(1, rows * 2 / 15), of: named(targetFamilies))
    let existing = maker.fresh(max(1, rows / 3), of: named(existingFamilies))
    let test = maker.fresh(max(1, rows * 2 / 5), of: named(targetFamilies))
    return SampleData(
      pool: lines(pool, prefix: "p"), target: lines(target, prefix: "t"), existing: lines(existing, prefix: "e"),
      test: lines(test, prefix: "h"))
  }

  /// Rows to train a model on that learns from examples: episodes of `length` rows of one family in a style that is drawn anew
  /// for each, so that only another row of the episode tells it. The episode is the rows' label.
  package static func episodes(seed: UInt64, rows: Int, length: Int = 4) -> String {
    var maker = SampleGenerator(seed: seed)
    var made: [Row] = []
    for episode in 0..<(max(1, rows) + length - 1) / length {
      let family = SampleFamily.all[maker.generator.below(SampleFamily.all.count)]
      let style = SampleStyle.drawn(&maker.generator)
      for _ in 0..<min(length, rows - made.count) {
        var row = maker.drawn(family)
        row.style = style
        row.label = "episode-\(episode)"
        made.append(row)
      }
    }
    return lines(made, prefix: "t")
  }

  /// Label of the rows whose answers are faulty.
  private static let noise = "noise"

  /// A row before it is written.
  private struct Row {
    var family: SampleFamily
    var phrasing: Int
    var subject: [String]
    var style: SampleStyle
    var answer: [String]
    var label: String

    init(_ family: SampleFamily, phrasing: Int, subject: [String], style: SampleStyle) {
      self.family = family
      self.phrasing = phrasing
      self.subject = subject
      self.style = style
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
    (0..<count).map { number in
      let family = families[number % families.count]
      return unseen { maker in maker.drawn(family) }
    }
  }

  private mutating func drawn(_ family: SampleFamily) -> Row {
    let phrasing = generator.below(family.phrasings.count)
    return Row(family, phrasing: phrasing, subject: family.subject(&generator), style: writer(family))
  }

  /// The style of one of a family's writers.
  private mutating func writer(_ family: SampleFamily) -> SampleStyle {
    let writers = styles[family.name] ?? []
    return writers[generator.below(writers.count)]
  }

  /// The same subject asked in another way, or asked alike about a subject with one word changed.
  private mutating func nearDuplicate(of row: Row) -> Row {
    unseen { maker in
      let others = (0..<row.family.phrasings.count).filter { $0 != row.phrasing }
      if row.subject.count < 2 || row.family.separator != " " || maker.generator.below(2) == 0 {
        let phrasing = others[maker.generator.below(others.count)]
        return Row(row.family, phrasing: phrasing, subject: row.subject, style: row.style)
      }
      var subject = row.subject
      // Another subject of the family lends a word; one whose words would no longer be right is left as it was.
      let lender = row.family.subject(&maker.generator)
      let changed = maker.generator.below(subject.count)
      let word = lender[maker.generator.below(lender.count)]
      if !subject.contains(word) && row.family.name != "longest-word" { subject[changed] = word }
      return Row(row.family, phrasing: row.phrasing, subject: subject, style: row.style)
    }
  }

  /// A row with a faulty answer; the kinds take turns.
  private mutating func noisy(_ number: Int) -> Row {
    unseen { maker in
      let family = SampleFamily.all[maker.generator.below(SampleFamily.all.count)]
      var row = maker.drawn(family)
      row.style = SampleStyle.drawn(&maker.generator)
      row.label = Self.noise
      let right = row.answer
      switch number % 4 {
      case 0:  // Another subject's answer.
        row.answer = family.answer(family.subject(&maker.generator))
      case 1:  // Another task's.
        let other = SampleFamily.all[maker.generator.below(SampleFamily.all.count)]
        row.answer = other.answer(other.subject(&maker.generator))
      case 2:  // Letters in disorder.
        let letters = Array(right.joined())
        row.answer = [String(maker.generator.sample(letters.count, of: letters.count).map { letters[$0] })]
      default:  // Talk.
        row.answer = [
          ["I do not know", "Please ask again later", "See above", "As you like"][maker.generator.below(4)]
        ]
      }
      return row.answer.joined().isEmpty || row.answer == right ? nil : row
    }
  }

  /// Draws until the question is new; after many tries the last one is taken, as families have only so many questions.
  private mutating func unseen(_ draw: (inout SampleGenerator) -> Row?) -> Row {
    var tries = 0
    while true {
      tries += 1
      guard let row = draw(&self) else { continue }
      let (instruction, input) = row.instructionAndInput
      if seen.insert("\(instruction)\n\(input)").inserted || tries >= 50 { return row }
    }
  }

  /// Alpaca rows with an id and a family. All text is printable ASCII, so that only quotes would need an escape, and
  /// there are none.
  private static func lines(_ rows: [Row], prefix: String) -> String {
    var text = ""
    for (index, row) in rows.enumerated() {
      let (instruction, input) = row.instructionAndInput
      let number = String(index + 1)
      let id = prefix + String(repeating: "0", count: max(0, 4 - number.count)) + number
      text += """
        {"id": "\(id)", "family": "\(row.label)", "instruction": "\(instruction)", "input": "\(input)", \
        "output": "\(row.style.written(row.answer))"}

        """
    }
    return text
  }
}
