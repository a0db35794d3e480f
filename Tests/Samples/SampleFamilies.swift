import Datasets
import Domain

/// A kind of small text task: how it is asked, what it is asked about, and the one right answer.
struct SampleFamily: Sendable {
  var name: String
  /// Ways to ask. One with `{}` has the input in its place, and the input field stays empty.
  var phrasings: [String]
  /// Words or numbers that the task is about.
  var subject: @Sendable (inout SeededGenerator) -> [String]
  /// Joins the subject to the input's text.
  var separator = " "
  /// The parts of the answer; how they are put together is a matter of style.
  var answer: @Sendable ([String]) -> [String]
}

extension SampleFamily {
  /// All families, in a fixed order: a seed keeps its meaning only as long as this list does.
  static let all: [SampleFamily] = [
    SampleFamily(
      name: "upper-case",
      phrasings: [
        "Write the words in upper case.", "Turn this text into capital letters.", "Put every letter in upper case.",
        "Write this in capitals: {}",
      ], subject: { $0.words(3...6) }, answer: { $0.map { $0.uppercased() } }),
    SampleFamily(
      name: "title-case",
      phrasings: [
        "Begin each word with a capital letter.", "Write the words in title case.", "Capitalise each word.",
        "Make a title of this: {}",
      ], subject: { $0.words(2...5) },
      answer: { $0.map { $0.prefix(1).uppercased() + $0.dropFirst() } }),
    SampleFamily(
      name: "sort-words",
      phrasings: [
        "Sort the words alphabetically.", "Put the words in alphabetical order.", "Order the words from a to z.",
        "Sort these words: {}",
      ], subject: { $0.words(3...6) }, answer: { $0.sorted() }),
    SampleFamily(
      name: "reverse-words",
      phrasings: [
        "Reverse the order of the words.", "Write the words from last to first.", "Turn the list of words around.",
        "Say this backwards, word by word: {}",
      ], subject: { $0.words(3...6) }, answer: { $0.reversed() }),
    SampleFamily(
      name: "first-word",
      phrasings: [
        "Return the first word.", "Which word comes first?", "Give only the first word of the list.",
        "What is the first word of: {}",
      ], subject: { $0.words(3...7) }, answer: { [$0[0]] }),
    SampleFamily(
      name: "last-word",
      phrasings: [
        "Return the last word.", "Which word comes last?", "Give only the last word of the list.",
        "What is the last word of: {}",
      ], subject: { $0.words(3...7) }, answer: { [$0[$0.count - 1]] }),
    SampleFamily(
      name: "longest-word",
      phrasings: [
        "Return the longest word.", "Which word has the most letters?", "Find the longest of these words.",
        "Which is the longest word here: {}",
      ], subject: { $0.wordsWithOneLongest(3...5) },
      answer: { words in [words.reduce("") { $1.utf8.count > $0.utf8.count ? $1 : $0 }] }),
    SampleFamily(
      name: "count-words",
      phrasings: [
        "Count the words in the list.", "How many words are there?", "Give the number of words.",
        "How many words are in this list: {}",
      ], subject: { $0.words(2...9) }, answer: { ["\($0.count)"] }),
    SampleFamily(
      name: "repeat-twice",
      phrasings: [
        "Repeat the phrase twice.", "Say the phrase two times.", "Write this phrase two times in a row.",
        "Write twice: {}",
      ], subject: { $0.words(2...4) }, answer: { $0 + $0 }),
    SampleFamily(
      name: "spell-word",
      phrasings: [
        "Spell the word letter by letter.", "Write the letters of the word with spaces between.",
        "Spell this word.", "Spell out, letter by letter: {}",
      ], subject: { $0.words(1...1) }, answer: { $0[0].map(String.init) }),
    SampleFamily(
      name: "first-letters",
      phrasings: [
        "Write the first letter of each word.", "Make an acronym from the first letters.",
        "Take the initial of every word.", "Give the initials of: {}",
      ], subject: { $0.words(3...6) }, answer: { $0.map { String($0.prefix(1)) } }),
    SampleFamily(
      name: "opposites",
      phrasings: [
        "Give the opposite of the word.", "Which word means the contrary?", "Name the antonym.",
        "What is the opposite of {}?",
      ], subject: { [opposites.keys.sorted()[$0.below(opposites.count)]] }, answer: { [opposites[$0[0]] ?? ""] }),
    SampleFamily(
      name: "add-numbers",
      phrasings: ["Add the two numbers.", "What is the sum?", "Work out the total of both numbers.", "Add up {}."],
      subject: { $0.numbers(2...99) }, separator: " and ", answer: { ["\(integers($0)[0] + integers($0)[1])"] }),
    SampleFamily(
      name: "subtract-numbers",
      phrasings: [
        "Subtract the second number from the first.", "How far apart are the numbers?",
        "Take the smaller number away from the larger one.", "What is the difference between {}?",
      ], subject: { $0.numbers(2...99).sorted { integers([$0])[0] > integers([$1])[0] } }, separator: " and ",
      answer: { ["\(integers($0)[0] - integers($0)[1])"] }),
    SampleFamily(
      name: "larger-number",
      phrasings: [
        "Which number is larger?", "Give the larger of the two numbers.", "Return the greater number.",
        "Which is more, {}?",
      ], subject: { $0.numbers(2...999) }, separator: " or ", answer: { ["\(integers($0).max() ?? 0)"] }),
  ]
}

/// The whole numbers that a subject's words are.
@Sendable private func integers(_ words: [String]) -> [Int] { words.map { Int($0) ?? 0 } }

extension SeededGenerator {
  /// Different words from the list, so many as the range says.
  fileprivate mutating func words(_ count: ClosedRange<Int>) -> [String] {
    let wanted = count.lowerBound + below(count.count)
    return sample(wanted, of: vocabulary.count).map { vocabulary[$0] }
  }

  /// The same, one of them longer than all the others.
  fileprivate mutating func wordsWithOneLongest(_ count: ClosedRange<Int>) -> [String] {
    while true {
      let drawn = words(count)
      let lengths = drawn.map(\.utf8.count).sorted()
      if lengths[lengths.count - 1] > lengths[lengths.count - 2] { return drawn }
    }
  }

  /// Two different numbers.
  fileprivate mutating func numbers(_ range: ClosedRange<Int>) -> [String] {
    sample(2, of: range.count).map { "\(range.lowerBound + $0)" }
  }
}

private let vocabulary =
  """
  after autumn apple basket between bird blue boat bread bridge bright butter candle carries castle cheese city clock \
  cloud coffee copper corner country daily dance desert dinner doctor dragon early earth engine evening family farmer \
  feather field fire flower forest friend garden gentle glass golden green harbour heavy hidden honey house however \
  island jacket journey kitchen lantern large lemon letter library light little lucky market matrix meadow metal \
  mirror modern morning mountain music narrow needle never night number ocean office often orange paper pencil pepper \
  picture planet pocket purple quick quiet rabbit rapid river road rocket rope round safety salad school season \
  secret selection shadow silver simple sister slow small smooth snow soft song spider spring square station stone \
  storm street strong sugar summer sunny table teacher thunder tiger tiny today tomorrow tower train travel triangle \
  under valley vector velvet village violet warm water weather weight while window winter wonder wooden world yellow \
  yesterday young zebra
  """.split(separator: " ").map(String.init)

private let opposites: [String: String] = {
  let pairs = [
    ("up", "down"), ("hot", "cold"), ("big", "small"), ("early", "late"), ("open", "closed"), ("day", "night"),
    ("near", "far"), ("left", "right"), ("light", "dark"), ("old", "new"), ("rich", "poor"), ("soft", "hard"),
    ("fast", "slow"), ("full", "empty"), ("first", "last"), ("happy", "sad"), ("high", "low"), ("in", "out"),
    ("long", "short"), ("loud", "quiet"), ("strong", "weak"), ("true", "false"), ("wet", "dry"), ("win", "lose"),
    ("give", "take"), ("begin", "end"), ("buy", "sell"), ("push", "pull"), ("clean", "dirty"), ("thick", "thin"),
  ]
  var both: [String: String] = [:]
  for (one, other) in pairs {
    both[one] = other
    both[other] = one
  }
  return both
}()
