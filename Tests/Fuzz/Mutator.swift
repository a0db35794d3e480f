import Domain

/// Breaks seeds: bytes flipped, dropped, doubled and moved, words of the format put in, numbers made extreme, two seeds spliced,
/// brackets nested deep.
struct Mutator {
  private let seeds: [[UInt8]]
  private let words: [[UInt8]]
  private var chance: SeededGenerator

  private static let numbers = [
    "0", "-1", "1", "255", "65536", "1048576", "16777215", "2147483647", "2147483648", "-2147483649", "4294967296",
    "9223372036854775807",
    "9223372036854775808", "18446744073709551616", "1e308", "1e999", "-0", "0.5", "NaN", "1e-400", "00",
  ].map { Array($0.utf8) }

  init(seeds: [[UInt8]], words: [String], seed: UInt64) {
    self.seeds = seeds
    self.words =
      words.map { Array($0.utf8) } + [
        [0], [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF], [0x0A], [0x0D], [0x1B],
      ]
    chance = SeededGenerator(seed: seed)
  }

  mutating func below(_ bound: Int) -> Int { chance.below(max(1, bound)) }

  mutating func next() -> [UInt8] {
    var input = seeds[below(seeds.count)]
    if below(6) == 0 {
      let other = seeds[below(seeds.count)]
      input = Array(input.prefix(below(input.count + 1))) + Array(other.suffix(below(other.count + 1)))
    }
    // Mostly a few changes, so that what stands behind a check is reached as well.
    for _ in 0..<(below(8) == 0 ? below(40) : below(5)) { change(&input) }
    return input
  }

  private mutating func change(_ input: inout [UInt8]) {
    guard !input.isEmpty else {
      input = words[below(words.count)]
      return
    }
    let place = below(input.count)
    let length = below(8) == 0 ? below(input.count - place) : min(below(12), input.count - place)
    switch below(10) {
    case 0: input[place] = UInt8(below(256))
    case 1: input[place] ^= 1 << UInt8(below(8))
    case 2: input.removeSubrange(place..<place + length)
    case 3: input.insert(contentsOf: input[place..<place + length], at: below(input.count + 1))
    case 4, 5: input.insert(contentsOf: words[below(words.count)], at: place)
    case 6: number(&input, near: place)
    case 7:
      let word = words[below(words.count)]
      input.insert(contentsOf: (0..<(1 << below(12))).flatMap { _ in word }.prefix(1 << 16), at: place)
    case 8: input.removeSubrange(place...)
    default: input.swapAt(place, below(input.count))
    }
  }

  /// Puts another number in the place of one.
  private mutating func number(_ input: inout [UInt8], near place: Int) {
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    guard let start = input[place...].firstIndex(where: isDigit) else { return }
    let end = input[start...].firstIndex { !isDigit($0) } ?? input.count
    input.replaceSubrange(start..<end, with: Self.numbers[below(Self.numbers.count)])
  }
}
