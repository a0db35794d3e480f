import Domain
import Numerics

/// Texts that are nearly the same: by the share of shingles that they have in common (Jaccard), three words in a row each; candidates
/// are found by MinHash in bands (Broder, 1997), and compared exactly.
package struct NearDuplicates: Sendable {
  /// From this share on.
  let sameness: Double

  package init(sameness: Double) { self.sameness = sameness }

  /// Of each text the first of `others` that it is a near-duplicate of; nil where there is none.
  package func matches(
    of texts: [String], among others: [String], workers: Workers, cancellation: Cancellation
  ) throws -> [Int?] {
    var entries = [Entry](repeating: Entry(shingles: [], keys: []), count: texts.count + others.count)
    try workers.fill(&entries, by: 64, cancellation: cancellation) { rows, entries, _ in
      for (row, line) in zip(rows, entries.indices) {
        entries[line] = Entry(row < texts.count ? texts[row] : others[row - texts.count])
      }
    }
    var known: [UInt64: [Int]] = [:]
    for other in others.indices {
      for key in entries[texts.count + other].keys { known[key, default: []].append(other) }
    }
    return texts.indices.map { text in
      let near = Set(entries[text].keys.flatMap { known[$0] ?? [] })
      return near.sorted().first { entries[text].jaccard(entries[texts.count + $0]) >= sameness }
    }
  }

  private static let words = 3
  /// With 48 bands of 3, texts that share half of their shingles are found with a chance of 0.998.
  private static let bands = 48
  private static let rows = 3

  /// Positions of the texts that are no near-duplicates of one that is kept before them, ascending; `first` are looked at before all others.
  func distinct(
    _ texts: [String], first: [Int] = [], leavingOut left: Set<Int> = [], workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) throws -> [Int] {
    var entries = [Entry](repeating: Entry(shingles: [], keys: []), count: texts.count)
    try workers.fill(&entries, by: 64, cancellation: cancellation, progress: advance) { rows, entries, _ in
      for (row, line) in zip(rows, entries.indices) { entries[line] = Entry(texts[row]) }
    }
    var kept: [Int] = []
    var known: [UInt64: [Int32]] = [:]
    let ahead = Set(first)
    for (number, text) in (first + texts.indices.filter { !ahead.contains($0) && !left.contains($0) }).enumerated() {
      if number % 1024 == 0 { try cancellation.check() }
      let entry = entries[text]
      var seen: Set<Int32> = []
      let isAlike =
        !ahead.contains(text)
        && entry.keys.contains { key in
          known[key, default: []].contains { other in
            seen.insert(other).inserted && entry.jaccard(entries[Int(other)]) >= sameness
          }
        }
      if isAlike { continue }
      kept.append(text)
      for key in entry.keys { known[key, default: []].append(Int32(text)) }
    }
    return kept.sorted()
  }

  /// A text's shingles, as hashes in ascending order, and the keys of its bands.
  private struct Entry: Sendable {
    var shingles: [UInt64]
    var keys: [UInt64]

    init(shingles: [UInt64], keys: [UInt64]) {
      self.shingles = shingles
      self.keys = keys
    }

    init(_ text: String) {
      let words = NearDuplicates.words(text).map(NearDuplicates.hash)
      let width = min(NearDuplicates.words, max(1, words.count))
      var found: Set<UInt64> = []
      for start in stride(from: 0, through: words.count - width, by: 1) {
        found.insert(words[start..<start + width].reduce(0x9E37_79B9_7F4A_7C15) { NearDuplicates.mixed($0 ^ $1) })
      }
      shingles = found.sorted()
      keys = (0..<NearDuplicates.bands).map { band in
        (0..<NearDuplicates.rows).reduce(UInt64(band)) { key, row in
          let salt = NearDuplicates.mixed(UInt64(band * NearDuplicates.rows + row + 1))
          let least = found.reduce(UInt64.max) { min($0, NearDuplicates.mixed($1 ^ salt)) }
          return NearDuplicates.mixed(key ^ least)
        }
      }
    }

    func jaccard(_ other: Entry) -> Double {
      var (a, b, common) = (0, 0, 0)
      while a < shingles.count, b < other.shingles.count {
        if shingles[a] == other.shingles[b] {
          (a, b, common) = (a + 1, b + 1, common + 1)
        } else if shingles[a] < other.shingles[b] {
          a += 1
        } else {
          b += 1
        }
      }
      let either = shingles.count + other.shingles.count - common
      return either == 0 ? 1 : Double(common) / Double(either)
    }
  }

  /// Lower-cased runs of letters and digits, in the order of the text.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    for scalar in text.unicodeScalars {
      if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
        word += scalar.properties.lowercaseMapping
      } else if !word.isEmpty {
        words.append(word)
        word = ""
      }
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  /// FNV-1a, mixed.
  private static func hash(_ word: String) -> UInt64 {
    mixed(word.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
  }

  /// The finaliser of splitmix64 (Steele et al., 2014).
  private static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
