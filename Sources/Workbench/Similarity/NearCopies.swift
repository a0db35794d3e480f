import Datasets
import Domain
import Numerics
import Synchronization

/// Rows with the same words, and with nearly the same: over several sets of samples at once.
///
/// Near are two rows whose shingles (three words in a row, of prompt and response) have a Jaccard index of at least ``threshold``. Candidates
/// come from MinHash signatures of 48 values in 12 bands of 4 (Broder 1997; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4): two
/// rows at the threshold are found with probability 0.998. Each candidate is checked by its shingles.
package struct NearCopies: Sendable {
  package static let threshold = 0.8
  private static let bands = 12
  private static let valuesInBand = 4
  /// Of rows that share a band, one is compared with so many before it.
  private static let comparisons = 8

  /// A row of one of the sets.
  package struct Place: Sendable, Hashable, Comparable {
    package var set: Int
    package var position: Int

    package static func < (a: Place, b: Place) -> Bool { (a.set, a.position) < (b.set, b.position) }
  }

  /// Rows with the same words; each group in order, two rows and more.
  package private(set) var exact: [[Place]] = []
  /// Rows with nearly the same words, one of each exact group.
  package private(set) var near: [[Place]] = []
  /// Rows with the same prompt.
  package private(set) var prompts: [[Place]] = []

  /// What is kept of a row.
  fileprivate struct Print {
    var words: ContentHash
    var prompt: ContentHash
    /// Empty for a row that is too short to be near to another.
    var bands: [UInt64]
  }

  /// - Throws: `CancellationError`; rows that cannot be read are near to nothing.
  package init(_ sets: [DatasetFile], workers: Workers, cancellation: Cancellation) throws {
    var places: [Place] = []
    var prints: [Print] = []
    for (set, file) in sets.enumerated() {
      for (position, print) in try Self.prints(of: file, workers, cancellation).enumerated() {
        guard let print else { continue }
        places.append(Place(set: set, position: position))
        prints.append(print)
      }
    }
    func groups(by key: (Print) -> ContentHash) -> [[Int]] {
      var found: [ContentHash: [Int]] = [:]
      for (number, print) in prints.enumerated() { found[key(print), default: []].append(number) }
      return found.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    }
    let same = groups(by: \.words)
    exact = same.map { $0.map { places[$0] } }
    prompts = groups(by: \.prompt).map { $0.map { places[$0] } }
    var isLater = [Bool](repeating: false, count: prints.count)
    for group in same { for later in group.dropFirst() { isLater[later] = true } }

    var parents = Array(prints.indices)
    func root(_ number: Int) -> Int {
      var number = number
      while parents[number] != number {
        parents[number] = parents[parents[number]]
        number = parents[number]
      }
      return number
    }
    func shingles(_ number: Int) -> [UInt64] {
      let place = places[number]
      return (try? sets[place.set].sample(at: place.position)).map { Self.shingles($0.wordsForComparison) } ?? []
    }
    for band in 0..<Self.bands {
      try cancellation.check()
      let keys = prints.indices.filter { !prints[$0].bands.isEmpty && !isLater[$0] }
        .map { (key: prints[$0].bands[band], row: $0) }.sorted { ($0.key, $0.row) < ($1.key, $1.row) }
      var start = 0
      while start < keys.count {
        var end = start + 1
        while end < keys.count, keys[end].key == keys[start].key { end += 1 }
        if end - start > 1 {
          try cancellation.check()
          var seen: [(row: Int, shingles: [UInt64])] = []
          for (_, row) in keys[start..<end] {
            if seen.contains(where: { root($0.row) == root(row) }) { continue }
            let own = shingles(row)
            if let other = seen.first(where: { Self.jaccard($0.shingles, own) >= Self.threshold }) {
              let (a, b) = (root(other.row), root(row))
              parents[max(a, b)] = min(a, b)
            } else if seen.count < Self.comparisons {
              seen.append((row, own))
            }
          }
        }
        start = end
      }
    }
    var found: [Int: [Int]] = [:]
    for number in prints.indices where !isLater[number] && !prints[number].bands.isEmpty {
      found[root(number), default: []].append(number)
    }
    near = found.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }.map { $0.map { places[$0] } }
  }

  private static func prints(
    of file: DatasetFile, _ workers: Workers, _ cancellation: Cancellation
  ) throws -> [Print?] {
    let piece = 1024
    let pieces = (file.count + piece - 1) / piece
    let prints = Mutex<[[Print?]]>(Array(repeating: [], count: pieces))
    try workers.forEach(pieces, cancellation: cancellation) { number, _ in
      let positions = number * piece..<min(file.count, (number + 1) * piece)
      let samples: [Sample?] =
        (try? file.samples(at: positions)) ?? positions.map { try? file.sample(at: $0) }
      let own = samples.map { $0.map(Print.init(of:)) }
      prints.withLock { $0[number] = own }
    }
    return Array(prints.withLock { $0 }.joined())
  }

  /// Hashes of three words in a row, ascending and each once. Of text without spaces its characters are the words.
  static func shingles(_ text: String) -> [UInt64] {
    let bytes = Array(text.utf8)
    var words: [UInt64] = []
    var word: UInt64 = 0
    for byte in bytes {
      if byte == 0x20 || byte == 0x0A {
        if word != 0 { words.append(word) }
        word = 0
      } else {
        // FNV-1a.
        word = ((word == 0 ? 0xCBF2_9CE4_8422_2325 : word) ^ UInt64(byte)) &* 0x100_0000_01B3
      }
    }
    if word != 0 { words.append(word) }
    if words.count * 20 < bytes.count { words = text.unicodeScalars.map { UInt64($0.value) } }
    guard words.count > 3 else { return [] }
    var shingles = (2..<words.count).map { place in
      mixed(words[place] &+ 3 &* mixed(words[place - 1] &+ 5 &* mixed(words[place - 2])))
    }
    shingles.sort()
    var unique: [UInt64] = []
    for shingle in shingles where shingle != unique.last { unique.append(shingle) }
    return unique
  }

  /// SplitMix64's mixing of bits.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var value = value &+ 0x9E37_79B9_7F4A_7C15
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// How many of two ascending lists' elements they share, among all.
  static func jaccard(_ a: [UInt64], _ b: [UInt64]) -> Double {
    var (i, j, shared) = (0, 0, 0)
    while i < a.count, j < b.count {
      if a[i] == b[j] {
        (i, j, shared) = (i + 1, j + 1, shared + 1)
      } else if a[i] < b[j] {
        i += 1
      } else {
        j += 1
      }
    }
    let all = a.count + b.count - shared
    return all > 0 ? Double(shared) / Double(all) : 0
  }

  private static let factors: [UInt64] = (0..<UInt64(bands * valuesInBand)).map { mixed($0 &* 2 &+ 1) | 1 }

  /// A hash for each band of a row's signature.
  fileprivate static func bands(of shingles: [UInt64]) -> [UInt64] {
    if shingles.isEmpty { return [] }
    var least = [UInt64](repeating: .max, count: factors.count)
    least.withUnsafeMutableBufferPointer { least in
      factors.withUnsafeBufferPointer { factors in
        for shingle in shingles {
          for place in 0..<least.count {
            let value = shingle &* factors[place]
            if value < least[place] { least[place] = value }
          }
        }
      }
    }
    return (0..<bands).map { band in
      (0..<valuesInBand).reduce(UInt64(band)) { mixed($0 ^ least[band * valuesInBand + $1]) }
    }
  }
}

extension NearCopies.Print {
  fileprivate init(of sample: Sample) {
    words = ContentHash(of: sample.wordsForComparison)
    var asked = sample
    asked.response = ""
    prompt = ContentHash(of: asked.wordsForComparison)
    bands = NearCopies.bands(of: NearCopies.shingles(sample.wordsForComparison))
  }
}
