import Foundation
import TestSupport
import Testing
import Tokenizers

/// Strings and ids that the `tokenizers` library gave for a fixture's tokenizer.
private struct TokenizerOracle: Decodable {
  struct Text: Decodable {
    var utf8Hex: String
    var ids: [Int32]
    var idsWithSpecial: [Int32]
    var decode: String
    var decodeSkipSpecial: String

    /// From the hexadecimal bytes: a JSON reader might change the text on its way.
    var text: String {
      var bytes: [UInt8] = []
      var digits = Substring(utf8Hex)
      while let byte = UInt8(digits.prefix(2), radix: 16) {
        bytes.append(byte)
        digits = digits.dropFirst(2)
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  struct Ids: Decodable {
    var ids: [Int32]
    var decode: String
    var decodeSkipSpecial: String
  }

  var tricky: [Text]
  var fuzz: [Text]
  var decodeRandom: [Ids]
}

@Suite struct TokenizerTests {
  /// Every modern syllable from its consonants and vowels, by the formula of the Unicode Standard, section 3.12; Qwen2's
  /// tokenizer brings text to its composed form first.
  @Test func hangulIsComposedAsTheStandardSays() throws {
    let tokenizer = try Tokenizer(directory: Self.folder.appendingPathComponent("qwen2").path)
    func text(_ scalars: Int...) -> String {
      String(String.UnicodeScalarView(scalars.compactMap { Unicode.Scalar(UInt32($0)) }))
    }
    var different = 0
    for lead in stride(from: 0, to: 19, by: 3) {
      for vowel in 0..<21 {
        for tail in 0..<28 {
          let open = 0xAC00 + (lead * 21 + vowel) * 28
          let whole = tokenizer.encode(text(open + tail))
          let jamo =
            tail == 0
            ? text(0x1100 + lead, 0x1161 + vowel) : text(0x1100 + lead, 0x1161 + vowel, 0x11A7 + tail)
          different += tokenizer.encode(jamo) == whole ? 0 : 1
          if tail > 0 { different += tokenizer.encode(text(open, 0x11A7 + tail)) == whole ? 0 : 1 }
        }
      }
    }
    #expect(different == 0)
    // What does not compose stays: archaic consonants, a second closing consonant, a mark between.
    for scalars in [
      [0x1113, 0x1161], [0x1113, 0x1171], [0xAC01, 0x11A8], [0xAC00, 0x301, 0x11A8], [0x1161, 0x11A8],
    ] {
      let kept = String(String.UnicodeScalarView(scalars.compactMap { Unicode.Scalar(UInt32($0)) }))
      #expect(Array(tokenizer.decode(tokenizer.encode(kept)).unicodeScalars.map(\.value)) == scalars.map { UInt32($0) })
    }
  }

  static let folder = Places.fixtures.appendingPathComponent("LanguageModel/tokenizers")

  private func oracle(_ name: String) throws -> TokenizerOracle {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      TokenizerOracle.self, from: Data(contentsOf: Self.folder.appendingPathComponent("\(name).oracle.json")))
  }

  @Test(arguments: ["gpt2", "llama3", "qwen2", "mistral-sp"])
  func idsAndTextsAreThoseOfTheTokenizersLibrary(name: String) throws {
    let tokenizer = try Tokenizer(directory: Self.folder.appendingPathComponent(name).path)
    let oracle = try oracle(name)
    #expect(oracle.tricky.count > 70)
    for text in oracle.tricky + oracle.fuzz {
      let string = text.text
      #expect(tokenizer.encode(string) == text.ids, "\(string.debugDescription)")
      #expect(tokenizer.encode(string, addingSpecialTokens: true) == text.idsWithSpecial)
      #expect(Array(tokenizer.decode(text.idsWithSpecial).utf8) == Array(text.decode.utf8))
      #expect(
        Array(tokenizer.decode(text.idsWithSpecial, skippingSpecialTokens: true).utf8)
          == Array(text.decodeSkipSpecial.utf8))
    }
    for random in oracle.decodeRandom {
      #expect(Array(tokenizer.decode(random.ids).utf8) == Array(random.decode.utf8), "\(random.ids)")
      #expect(
        Array(tokenizer.decode(random.ids, skippingSpecialTokens: true).utf8) == Array(random.decodeSkipSpecial.utf8))
    }
  }

  @Test func olderMergesWithABlankBetweenAreTheSameTokenizer() throws {
    let tokenizer = try Tokenizer(file: Self.folder.appendingPathComponent("gpt2/tokenizer_old_merges.json").path)
    for text in try oracle("gpt2").tricky { #expect(tokenizer.encode(text.text) == text.ids) }
  }

  @Test func theEndOfSequenceIsTheTokenizersOwn() throws {
    #expect(try Tokenizer(directory: Self.folder.appendingPathComponent("qwen2").path).endOfSequence == 505)
    #expect(try Tokenizer(directory: Self.folder.appendingPathComponent("llama3").path).endOfSequence == 507)
  }

  @Test func aLongTextWithoutBlanksIsEncodedInReasonableTime() throws {
    // One word of 200,000 characters: a quadratic merge would take minutes.
    let tokenizer = try Tokenizer(directory: Self.folder.appendingPathComponent("mistral-sp").path)
    let ids = tokenizer.encode(String(repeating: "alalous", count: 30_000))
    #expect(tokenizer.decode(ids) == String(repeating: "alalous", count: 30_000))
  }
}
