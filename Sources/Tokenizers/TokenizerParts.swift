import Foundation
import JSONBytes

/// What `tokenizer.json` asks for, read and checked: whatever is not computed here is refused by its name.
struct TokenizerParts: Sendable {
  enum Normalizer: Sendable {
    case composed, decomposed, compatibilityComposed, compatibilityDecomposed
    case prepend([UInt8])
    case replace([UInt8], with: [UInt8])
  }

  enum Splitter: Sendable {
    case pattern(SplitPattern)
    /// Digits apart from the rest; each by itself if `individually`.
    case digits(individually: Bool)
    /// SentencePiece: blanks become `mark`; one goes before the text's first word, or each piece's; `splits` at marks.
    case metaspace(mark: [UInt8], prepend: Prepend, splits: Bool)
    case prefixSpace

    enum Prepend: String, Sendable { case first, always, never }
  }

  private(set) var normalizers: [Normalizer] = []
  private(set) var splitters: [Splitter] = []
  private(set) var decoders: [TokenDecoder] = []
  private(set) var prefix: [Int32] = []
  private(set) var suffix: [Int32] = []
  private(set) var addedTokens: [AddedTokens.Token] = []
  /// Each id's spelling in the vocabulary; nil where an id is not used.
  private(set) var spellings: [[UInt8]?] = []
  private(set) var model: BytePairEncoding
  private let ids: [[UInt8]: Int32]

  /// The id of an added token, or else of an entry of the vocabulary.
  func id(of spelling: [UInt8]) -> Int32? { addedTokens.first { $0.content == spelling }?.id ?? ids[spelling] }

  init(_ json: JSON, file: String) throws(TokenizerError) {
    let entries = (json["model"]?["vocab"]?.members?.count ?? 0) + (json["added_tokens"]?.array?.count ?? 0)
    var reader = TokenizerReader(file: file, entries: entries)
    guard let model = json["model"] else { throw reader.malformed("no \"model\"") }
    splitters = try reader.splitters(json["pre_tokenizer"])
    (self.model, ids) = try reader.model(model)
    addedTokens = try reader.addedTokens(json["added_tokens"])
    normalizers = try reader.normalizers(json["normalizer"])
    decoders = try reader.decoders(json["decoder"])
    (prefix, suffix) = try reader.template(json["post_processor"])
    let bound = max(ids.values.max() ?? -1, addedTokens.map(\.id).max() ?? -1) + 1
    spellings = Array(repeating: nil, count: Int(bound))
    for (spelling, id) in ids { spellings[Int(id)] = spelling }
    for token in addedTokens { spellings[Int(token.id)] = token.content }
  }

  func normalize(_ text: [UInt8]) -> [UInt8] {
    var text = text
    for normalizer in normalizers {
      switch normalizer {
      case .prepend(let content): if !text.isEmpty { text = content + text }
      case .replace(let pattern, let content): text = text.replacing(pattern, with: content)
      case .composed, .decomposed, .compatibilityComposed, .compatibilityDecomposed:
        if text.allSatisfy({ $0 < 0x80 }) { continue }  // ASCII is in every normal form
        let string = String(decoding: text, as: UTF8.self)
        switch normalizer {
        case .composed: text = Array(NormalForm.composed(string).utf8)
        case .decomposed: text = Array(string.decomposedStringWithCanonicalMapping.utf8)
        case .compatibilityComposed: text = Array(NormalForm.compatibilityComposed(string).utf8)
        default: text = Array(string.decomposedStringWithCompatibilityMapping.utf8)
        }
      }
    }
    return text
  }

  /// The words of a normalized piece of text: ranges of a buffer, which holds what was put before or in place of blanks.
  func words(of text: ArraySlice<UInt8>, isFirst: Bool) -> (buffer: [UInt8], words: [Range<Int>]) {
    var buffer = Array(text)
    var words = buffer.isEmpty ? [] : [0..<buffer.count]
    for splitter in splitters {
      switch splitter {
      case .prefixSpace:
        if buffer.first != 0x20 { buffer.insert(0x20, at: 0) }
        words = [0..<buffer.count]
      case .metaspace(let mark, let prepend, let splits):
        buffer = buffer.replacing([0x20], with: mark)
        if prepend == .always || (prepend == .first && isFirst), !buffer.starts(with: mark) { buffer = mark + buffer }
        words = splits ? Self.split(buffer, before: mark) : [0..<buffer.count]
      case .pattern(let pattern):
        words = words.flatMap { pattern.words(in: buffer[$0]) }
      case .digits(let individually):
        words = words.flatMap { Self.splitDigits(buffer, $0, individually: individually) }
      }
    }
    return (buffer, words)
  }

  private static func split(_ buffer: [UInt8], before mark: [UInt8]) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var start = 0
    var at = 0
    while at < buffer.count {
      if at > start, buffer[at...].starts(with: mark) {
        words.append(start..<at)
        start = at
      }
      at += buffer[at...].starts(with: mark) ? mark.count : 1
    }
    if start < buffer.count { words.append(start..<buffer.count) }
    return words
  }

  private static func splitDigits(_ buffer: [UInt8], _ range: Range<Int>, individually: Bool) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var offset = range.lowerBound
    var lastWasNumber = false
    for scalar in String(decoding: buffer[range], as: UTF8.self).unicodeScalars {
      let width = UTF8.encode(scalar)?.count ?? 1
      let isNumber = ScalarClass(scalar) == .number
      if let last = words.last, isNumber == lastWasNumber, !(isNumber && individually) {
        words[words.count - 1] = last.lowerBound..<offset + width
      } else {
        words.append(offset..<offset + width)
      }
      lastWasNumber = isNumber
      offset += width
    }
    return words
  }
}
