import Checkpoints
import Domain
import JSONBytes
import Numerics

/// A tokenizer as `tokenizer.json` describes it: added tokens are found first, the text between them is normalized, split
/// into words, and each word merged by byte-pair encoding.
package struct Tokenizer: Sendable {
  /// One more than the largest id.
  package let idBound: Int
  /// The end-of-sequence token that `tokenizer_config.json` names.
  package let endOfSequence: Int32?

  private let parts: TokenizerParts
  private let raw: AddedTokens
  private let normalized: AddedTokens
  private let specials: Set<Int32>

  /// Reads the tokenizer of the model that `directory` names; see ``ModelFiles``.
  package init(directory: String) throws(TokenizerError) {
    let files: ModelFiles
    do throws(CheckpointError) {
      files = try ModelFiles(directory)
    } catch {
      throw .files(error)
    }
    try self.init(files)
  }

  /// Reads `tokenizer.json`, and the names of special tokens from `tokenizer_config.json` where there is one.
  package init(_ files: ModelFiles) throws(TokenizerError) {
    let (json, path, end): (JSON, String, JSON?)
    do throws(CheckpointError) {
      let document = try files.required("tokenizer.json")
      (json, path) = (try document.json(), document.path)
      end = try files.document("tokenizer_config.json")?.json()["eos_token"]
    } catch {
      throw .files(error)
    }
    try self.init(json, file: path, endOfSequence: end?.bytes ?? end?["content"]?.bytes)
  }

  /// A digest of the files that ``init(directory:)`` reads.
  package static func contentHash(directory: String) throws(TokenizerError) -> ContentHash {
    do throws(CheckpointError) {
      let files = try ModelFiles(directory)
      var hashes: [ContentHash] = []
      for name in ["tokenizer.json", "tokenizer_config.json"] {
        if let document = try files.document(name) { hashes.append(document.source.contentHash) }
      }
      return ContentHash(combining: hashes)
    } catch {
      throw .files(error)
    }
  }

  /// Reads a `tokenizer.json` under any name.
  package init(file path: String) throws(TokenizerError) {
    let json: JSON
    do throws(CheckpointError) {
      json = try JSON.parse(MappedFile(checkpoint: path))
    } catch {
      throw .files(error)
    }
    try self.init(json, file: path, endOfSequence: nil)
  }

  private init(_ json: JSON, file path: String, endOfSequence end: [UInt8]?) throws(TokenizerError) {
    let parts = try TokenizerParts(json, file: path)
    self.parts = parts
    raw = AddedTokens(parts.addedTokens.filter { !$0.isNormalized })
    normalized = AddedTokens(
      parts.addedTokens.filter(\.isNormalized).map { token in
        var token = token
        token.content = parts.normalize(token.content)
        return token
      })
    specials = Set(parts.addedTokens.filter(\.isSpecial).map(\.id))
    idBound = parts.spellings.count
    endOfSequence = end.flatMap { parts.id(of: $0) }
  }

  /// The ids of `text`; with `addingSpecialTokens` those that the tokenizer's template puts around a sequence as well.
  package func encode(_ text: String, addingSpecialTokens: Bool = false) -> [Int32] {
    var ids: [Int32] = addingSpecialTokens ? parts.prefix : []
    let bytes = Array(text.utf8)
    for piece in raw.pieces(of: bytes) {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let range): encode(piece: Array(bytes[range]), isFirst: range.lowerBound == 0, into: &ids)
      }
    }
    if addingSpecialTokens { ids += parts.suffix }
    return ids
  }

  private func encode(piece: [UInt8], isFirst: Bool, into ids: inout [Int32]) {
    let text = parts.normalize(piece)
    for piece in normalized.pieces(of: text) {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let range):
        let (buffer, words) = parts.words(of: text[range], isFirst: isFirst && range.lowerBound == 0)
        for word in words { parts.model.encode(buffer[word], into: &ids) }
      }
    }
  }

  /// The text of `ids`; bytes that are no valid UTF-8 become U+FFFD, ids that are no token nothing.
  package func decode(_ ids: [Int32], skippingSpecialTokens: Bool = false) -> String {
    var tokens: [[UInt8]] = []
    for id in ids where parts.spellings.indices.contains(Int(id)) {
      if skippingSpecialTokens, specials.contains(id) { continue }
      if let spelling = parts.spellings[Int(id)] { tokens.append(spelling) }
    }
    if parts.decoders.isEmpty { return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self) }
    for decoder in parts.decoders { tokens = decoder.apply(to: tokens) }
    return String(decoding: Array(tokens.joined()), as: UTF8.self)
  }

  /// Where the last added token in `text` ends, in bytes: what follows is tokenised by itself. Nil where there is none.
  package func endOfLastAddedToken(in text: String) -> Int? {
    let bytes = Array(text.utf8)
    switch raw.pieces(of: bytes).last {
    case .token?: return bytes.count
    case .text(let range)? where range.lowerBound > 0: return range.lowerBound
    default: return nil
    }
  }

  /// How many bytes the special token takes with which `text` begins; nil where it begins otherwise.
  package func lengthOfLeadingSpecialToken(in text: some Sequence<UInt8>) -> Int? {
    guard case .token(let id)? = raw.pieces(of: Array(text)).first, specials.contains(id) else { return nil }
    return parts.spellings[Int(id)]?.count
  }

  /// The id of a token by its spelling in the vocabulary.
  package func id(of spelling: String) -> Int32? { parts.id(of: Array(spelling.utf8)) }
}

extension Tokenizer {
  /// The string that a line of JSON holds; nil if it is anything else.
  package static func jsonString(_ line: String) -> String? {
    let json = try? JSON.parse(line)
    return json?.text
  }
}
