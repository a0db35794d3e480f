import JSONBytes

/// Reads the parts of a `tokenizer.json`, one method a part.
struct TokenizerReader {
  let file: String
  /// Whether words are bytes spelled by stand-ins; known once the pre-tokenizer is read.
  private var isByteLevel = false
  private var ids: [[UInt8]: Int32] = [:]
  /// Above every id. A table of this size is made, so it keeps to what the file holds: published vocabularies have few gaps.
  private let idBound: Int

  /// - Parameter entries: how many tokens the file lists.
  init(file: String, entries: Int) {
    self.file = file
    idBound = min(1 << 24, 65536 + 4 * entries)
  }

  func malformed(_ reason: String) -> TokenizerError { .malformed(file, reason: reason) }
  func unsupported(_ part: String) -> TokenizerError { .unsupported(part: part, file: file) }

  private func type(of json: JSON, part: String) throws(TokenizerError) -> String {
    guard let type = json["type"]?.text else { throw malformed("a \(part) without \"type\"") }
    return type
  }

  private func id(_ json: JSON?, of what: String) throws(TokenizerError) -> Int32 {
    guard let number = json?.int, number >= 0, number < idBound else {
      throw malformed("the id of \(what) is not usable")
    }
    return Int32(number)
  }

  // MARK: Pre-tokenizer

  mutating func splitters(_ json: JSON?) throws(TokenizerError) -> [TokenizerParts.Splitter] {
    guard let json, !json.isNull else { return [] }
    let type = try type(of: json, part: "pre-tokenizer")
    switch type {
    case "Sequence":
      var splitters: [TokenizerParts.Splitter] = []
      for part in json["pretokenizers"]?.array ?? [] {
        let more = try self.splitters(part)
        for case .prefixSpace in more where !splitters.isEmpty {
          throw unsupported("pre-tokenizer: a prefix space behind another step")
        }
        for case .metaspace in more where !splitters.isEmpty {
          throw unsupported("pre-tokenizer: Metaspace behind another step")
        }
        splitters += more
      }
      return splitters
    case "ByteLevel":
      isByteLevel = true
      var splitters: [TokenizerParts.Splitter] = json["add_prefix_space"]?.bool ?? true ? [.prefixSpace] : []
      if json["use_regex"]?.bool ?? true { splitters.append(.pattern(.gpt2)) }
      return splitters
    case "Split":
      guard let text = json["pattern"]?["Regex"]?.text else {
        throw unsupported("pre-tokenizer: a Split without a Regex")
      }
      guard let pattern = SplitPattern(regularExpression: text) else {
        throw unsupported("pre-tokenizer pattern \(text)")
      }
      guard json["behavior"]?.text == "Isolated", json["invert"]?.bool != true else {
        throw unsupported("pre-tokenizer: Split with behavior \(json["behavior"]?.text ?? "none")")
      }
      return [.pattern(pattern)]
    case "Digits": return [.digits(individually: json["individual_digits"]?.bool ?? false)]
    case "Metaspace":
      let scheme = json["prepend_scheme"]?.text ?? (json["add_prefix_space"]?.bool == false ? "never" : "always")
      guard let prepend = TokenizerParts.Splitter.Prepend(rawValue: scheme) else {
        throw unsupported("pre-tokenizer: Metaspace with prepend_scheme \(scheme)")
      }
      return [
        .metaspace(
          mark: json["replacement"]?.bytes ?? Array("▁".utf8), prepend: prepend, splits: json["split"]?.bool ?? true)
      ]
    default: throw unsupported("pre-tokenizer \(type)")
    }
  }

  // MARK: Model

  /// The merges and alphabet, and the vocabulary by spelling.
  mutating func model(_ json: JSON) throws(TokenizerError) -> (BytePairEncoding, [[UInt8]: Int32]) {
    let type = json["type"]?.text ?? "BPE"
    guard type == "BPE" else { throw unsupported("model \(type)") }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] where !(json[key]?.bytes ?? []).isEmpty {
      throw unsupported("model: \(key)")
    }
    if let dropout = json["dropout"]?.double, dropout != 0 { throw unsupported("model: dropout") }
    guard let vocabulary = json["vocab"]?.members else { throw malformed("the model has no \"vocab\"") }
    ids.reserveCapacity(vocabulary.count)
    for (spelling, value) in vocabulary {
      ids[spelling] = try id(value, of: "token \(String(decoding: spelling, as: UTF8.self))")
    }
    let merges = try merges(json["merges"]?.array ?? [])
    var wholeWords: [[UInt8]: Int32]?
    if json["ignore_merges"]?.bool == true {
      var words: [[UInt8]: Int32] = [:]
      for (spelling, id) in ids {
        if let word = isByteLevel ? ByteAlphabet.bytes(spelledBy: spelling) : spelling { words[word] = id }
      }
      wholeWords = words
    }
    return (BytePairEncoding(alphabet: try alphabet(json), merges: merges, wholeWords: wholeWords), ids)
  }

  private func alphabet(_ json: JSON) throws(TokenizerError) -> BytePairEncoding.Alphabet {
    if isByteLevel {
      return .bytes(ByteAlphabet.standIns.map { ids[Array(String(Character($0)).utf8)] ?? -1 })
    }
    var characters: [UInt32: Int32] = [:]
    for (spelling, id) in ids where spelling.count <= 4 {
      let scalars = String(decoding: spelling, as: UTF8.self).unicodeScalars
      if let scalar = scalars.first, scalars.count == 1 { characters[scalar.value] = id }
    }
    let hasFallback = json["byte_fallback"]?.bool ?? false
    let fallback = hasFallback ? (0...255).map { ids[ByteAlphabet.fallbackSpelling($0)] ?? -1 } : nil
    var unknown: Int32?
    if let spelling = json["unk_token"]?.bytes {
      guard let id = ids[spelling] else { throw malformed("the unknown token is not in the vocabulary") }
      unknown = id
    }
    return .characters(characters, fallback: fallback, unknown: unknown, fusing: json["fuse_unk"]?.bool ?? false)
  }

  /// Merges as pairs, or in older files as two spellings with a blank between.
  private func merges(
    _ list: [JSON]
  ) throws(TokenizerError) -> [(left: Int32, right: Int32, merged: Int32)] {
    var merges: [(left: Int32, right: Int32, merged: Int32)] = []
    merges.reserveCapacity(list.count)
    for (rank, json) in list.enumerated() {
      let parts: [[UInt8]]
      if let text = json.bytes {
        parts = text.split(separator: 0x20, omittingEmptySubsequences: false).map { Array($0) }
      } else {
        parts = (json.array ?? []).compactMap(\.bytes)
      }
      guard parts.count == 2, let left = ids[parts[0]], let right = ids[parts[1]],
        let merged = ids[parts[0] + parts[1]]
      else { throw malformed("merge \(rank) is no pair of tokens whose union is a token") }
      merges.append((left, right, merged))
    }
    return merges
  }

  // MARK: The rest

  func addedTokens(_ json: JSON?) throws(TokenizerError) -> [AddedTokens.Token] {
    var tokens: [AddedTokens.Token] = []
    for entry in json?.array ?? [] {
      guard let content = entry["content"]?.bytes else { throw malformed("an added token without \"content\"") }
      let special = entry["special"]?.bool ?? false
      tokens.append(
        AddedTokens.Token(
          id: try id(entry["id"], of: "added token \(String(decoding: content, as: UTF8.self))"), content: content,
          isSingleWord: entry["single_word"]?.bool ?? false, stripsLeft: entry["lstrip"]?.bool ?? false,
          stripsRight: entry["rstrip"]?.bool ?? false, isNormalized: entry["normalized"]?.bool ?? !special,
          isSpecial: special))
    }
    return tokens
  }

  func normalizers(_ json: JSON?) throws(TokenizerError) -> [TokenizerParts.Normalizer] {
    guard let json, !json.isNull else { return [] }
    let type = try type(of: json, part: "normalizer")
    switch type {
    case "Sequence":
      var normalizers: [TokenizerParts.Normalizer] = []
      for part in json["normalizers"]?.array ?? [] { normalizers += try self.normalizers(part) }
      return normalizers
    case "NFC": return [.composed]
    case "NFD": return [.decomposed]
    case "NFKC": return [.compatibilityComposed]
    case "NFKD": return [.compatibilityDecomposed]
    case "Prepend":
      guard let content = json["prepend"]?.bytes else { throw malformed("a Prepend normalizer without \"prepend\"") }
      return [.prepend(content)]
    case "Replace":
      let (pattern, content) = try replacement(json, part: "normalizer")
      return [.replace(pattern, with: content)]
    default: throw unsupported("normalizer \(type)")
    }
  }

  func decoders(_ json: JSON?) throws(TokenizerError) -> [TokenDecoder] {
    guard let json, !json.isNull else { return [] }
    let type = try type(of: json, part: "decoder")
    switch type {
    case "Sequence":
      var decoders: [TokenDecoder] = []
      for part in json["decoders"]?.array ?? [] { decoders += try self.decoders(part) }
      return decoders
    case "ByteLevel": return [.byteLevel]
    case "ByteFallback": return [.byteFallback]
    case "Fuse": return [.fuse]
    case "Replace":
      let (pattern, content) = try replacement(json, part: "decoder")
      return [.replace(pattern, with: content)]
    case "Strip":
      guard let character = json["content"]?.bytes, let start = json["start"]?.int, let end = json["stop"]?.int,
        (0...1024).contains(start), (0...1024).contains(end)
      else { throw malformed("a Strip decoder without content, start or stop") }
      return [.strip(character: character, start: start, end: end)]
    case "Metaspace":
      let scheme = json["prepend_scheme"]?.text ?? (json["add_prefix_space"]?.bool == false ? "never" : "always")
      return [.metaspace(mark: json["replacement"]?.bytes ?? Array("▁".utf8), dropsFirst: scheme != "never")]
    default: throw unsupported("decoder \(type)")
    }
  }

  private func replacement(_ json: JSON, part: String) throws(TokenizerError) -> ([UInt8], [UInt8]) {
    guard let pattern = json["pattern"]?["String"]?.bytes, let content = json["content"]?.bytes else {
      throw unsupported("\(part): a Replace by regular expression")
    }
    return (pattern, content)
  }

  /// The special tokens that a template puts before and behind a single sequence.
  func template(_ json: JSON?) throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
    guard let json, !json.isNull else { return ([], []) }
    let type = try type(of: json, part: "post-processor")
    switch type {
    case "ByteLevel": return ([], [])
    case "Sequence":
      var prefix: [Int32] = []
      var suffix: [Int32] = []
      for part in json["processors"]?.array ?? [] {
        let (before, behind) = try template(part)
        prefix = before + prefix
        suffix += behind
      }
      return (prefix, suffix)
    case "TemplateProcessing":
      var parts: [[Int32]] = [[], []]
      var isBehind = false
      for step in json["single"]?.array ?? [] {
        if step["Sequence"] != nil {
          isBehind = true
          continue
        }
        guard let name = step["SpecialToken"]?["id"]?.text, let list = json["special_tokens"]?[name]?["ids"]?.array
        else {
          throw malformed("the post-processor's template names a token that it does not list")
        }
        for number in list { parts[isBehind ? 1 : 0].append(try id(number, of: "special token \(name)")) }
      }
      return (parts[0], parts[1])
    default: throw unsupported("post-processor \(type)")
    }
  }
}
