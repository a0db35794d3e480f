/// The `tokenizer.json` and `tokenizer_config.json` that a GGUF file's metadata stand for: byte-level BPE ("gpt2"), or SentencePiece's
/// BPE ("llama"), whose merges follow from the scores of its pieces.
struct GGUFTokenizer {
  private let gguf: GGUFFile
  private let tokens: [[UInt8]]
  private let kinds: [Kind]

  /// llama.cpp's `token_type`.
  private enum Kind: Int {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  private static let blank = Array("▁".utf8)

  /// Errors: `malformed`, `unsupportedSetting`.
  init(_ gguf: GGUFFile) throws(CheckpointError) {
    self.gguf = gguf
    guard let tokens = try gguf.strings("tokenizer.ggml.tokens") else {
      throw gguf.malformed("tokenizer.ggml.tokens is missing: the file holds no tokenizer")
    }
    var kinds = [Kind](repeating: .normal, count: tokens.count)
    if let types = try gguf.numbers("tokenizer.ggml.token_type") {
      guard types.count == tokens.count else { throw gguf.malformed("tokenizer.ggml.token_type is not of each token") }
      kinds = types.map { Int(exactly: $0).flatMap(Kind.init) ?? .normal }
    }
    self.kinds = kinds
    let isSentencePiece = gguf.text("tokenizer.ggml.model") == "llama"
    // The converter spells the blanks of words that were added as blanks.
    self.tokens = zip(tokens, kinds).map { token, kind in
      isSentencePiece && kind == .userDefined && token.allSatisfy({ $0 == 0x20 })
        ? token.flatMap { _ in Self.blank } : token
    }
  }

  func json() throws(CheckpointError) -> [UInt8] {
    switch gguf.text("tokenizer.ggml.model") {
    case "gpt2"?: try byteLevel()
    case "llama"?: try sentencePiece()
    case let other:
      throw .unsupportedSetting("the tokenizer \"\(other ?? "of no kind")\"", file: gguf.file.path)
    }
  }

  /// `tokenizer_config.json`, with the chat templates.
  func configuration() throws(CheckpointError) -> [UInt8] {
    var text = JSONText()
    let others = gguf.metadata.keys.filter { $0.hasPrefix("tokenizer.chat_template.") }.sorted()
    text.object { text in
      for (key, name) in [
        ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("padding", "pad_token"),
      ] {
        if let id = gguf.integer("tokenizer.ggml.\(key)_token_id"), tokens.indices.contains(id) {
          text.member(name, tokens[id])
        }
      }
      guard let template = gguf.bytes("tokenizer.chat_template") else { return }
      if others.isEmpty {
        text.member("chat_template", template)
      } else {
        text.array("chat_template") { list in
          for (name, template) in [("default", template)]
            + others.map({ (String($0.dropFirst("tokenizer.chat_template.".count)), gguf.bytes($0) ?? []) })
          {
            list.object { text in
              text.member("name", name)
              text.member("template", template)
            }
          }
        }
      }
    }
    return text.bytes
  }

  // MARK: Kinds of tokenizers

  private func byteLevel() throws(CheckpointError) -> [UInt8] {
    let name = gguf.text("tokenizer.ggml.pre")
    guard let way = GGUFPreTokenizer(name, architecture: gguf.text("general.architecture")) else {
      throw .unsupportedSetting(
        name.map { "the pre-tokenizer \"\($0)\"" } ?? "a byte-level tokenizer without tokenizer.ggml.pre",
        file: gguf.file.path)
    }
    guard let merges = try gguf.strings("tokenizer.ggml.merges") else {
      throw gguf.malformed("tokenizer.ggml.merges is missing")
    }
    return document(start: gguf.bool("tokenizer.ggml.add_bos_token") ?? way.addsStart) { text in
      text.member("normalizer", json: way.composes ? #"{"type": "NFC"}"# : "null")
      text.member("pre_tokenizer", json: way.json)
      text.member("decoder", json: #"{"type": "ByteLevel"}"#)
    } model: { text in
      text.member("ignore_merges", way.looksForWholeWords)
      text.array("merges") { list in for merge in merges { list.element(merge) } }
    }
  }

  private func sentencePiece() throws(CheckpointError) -> [UInt8] {
    guard let scores = try gguf.numbers("tokenizer.ggml.scores"), scores.count == tokens.count else {
      throw gguf.malformed("tokenizer.ggml.scores is missing, or not of each token")
    }
    let merges = merges(scores: scores)
    let prefixes = gguf.bool("tokenizer.ggml.add_space_prefix") ?? true
    let replace = #"{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}"#
    return document(start: gguf.bool("tokenizer.ggml.add_bos_token") ?? true) { text in
      text.member(
        "normalizer",
        json: prefixes
          ? #"{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, "# + replace + "]}" : replace)
      text.member("pre_tokenizer", json: "null")
      text.member(
        "decoder",
        json: #"{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, "#
          + #"{"type": "ByteFallback"}, {"type": "Fuse"}"#
          + (prefixes ? #", {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}"# : "]}"))
    } model: { text in
      if let unknown = gguf.integer("tokenizer.ggml.unknown_token_id") ?? kinds.firstIndex(of: .unknown),
        tokens.indices.contains(unknown)
      {
        text.member("unk_token", tokens[unknown])
      }
      text.member("byte_fallback", true)
      text.member("fuse_unk", true)
      text.array("merges") { list in
        for (left, right) in merges {
          list.array { pair in
            pair.element(left)
            pair.element(right)
          }
        }
      }
    }
  }

  /// Every way to make a piece of two others, the best piece's first: SentencePiece merges the pair whose union has the highest
  /// score. What a user defined is always whole, so it comes before all.
  private func merges(scores: [Double]) -> [([UInt8], [UInt8])] {
    var ids: [ArraySlice<UInt8>: Int32] = [:]
    ids.reserveCapacity(tokens.count)
    for (id, token) in tokens.enumerated() where kinds[id] == .normal || kinds[id] == .userDefined {
      ids[token[...]] = Int32(id)
    }
    struct Merge {
      var piece: Int32
      var split: Int32  // bytes of the left part
      var characters: Int32
      var left: Int32
    }
    var merges: [Merge] = []
    for (piece, token) in tokens.enumerated() where kinds[piece] == .normal || kinds[piece] == .userDefined {
      var characters: Int32 = 0
      for split in token.indices.dropFirst() where token[split] & 0xC0 != 0x80 {
        characters += 1
        guard let left = ids[token[..<split]], ids[token[split...]] != nil else { continue }
        merges.append(Merge(piece: Int32(piece), split: Int32(split), characters: characters, left: left))
      }
    }
    func score(_ merge: Merge) -> Double {
      kinds[Int(merge.piece)] == .userDefined ? .infinity : scores[Int(merge.piece)]
    }
    merges.sort { one, other in
      let (a, b) = (score(one), score(other))
      if a != b { return a > b }
      // Equal scores (all that a user defined): shorter pieces first, then as the transformers library has them.
      if one.piece != other.piece { return one.piece < other.piece }
      return (one.characters, other.left) > (other.characters, one.left)
    }
    return merges.map { merge in
      let token = tokens[Int(merge.piece)]
      return (Array(token[..<Int(merge.split)]), Array(token[Int(merge.split)...]))
    }
  }

  /// What both kinds have.
  private func document(
    start addsStart: Bool, parts: (inout JSONText) -> Void, model: (inout JSONText) -> Void
  ) -> [UInt8] {
    var text = JSONText()
    let end = gguf.bool("tokenizer.ggml.add_eos_token") ?? false ? gguf.integer("tokenizer.ggml.eos_token_id") : nil
    let start = addsStart ? gguf.integer("tokenizer.ggml.bos_token_id") : nil
    text.object { text in
      text.member("version", "1.0")
      text.array("added_tokens") { list in
        for (id, token) in tokens.enumerated() where isAdded(id) {
          list.object { text in
            text.member("id", id)
            text.member("content", token)
            text.member("single_word", false)
            text.member("lstrip", false)
            text.member("rstrip", false)
            text.member("normalized", false)
            text.member("special", kinds[id] != .userDefined)
          }
        }
      }
      parts(&text)
      template(&text, start: start, end: end)
      text.object("model") { text in
        text.member("type", "BPE")
        text.object("vocab") { vocabulary in
          for (id, token) in tokens.enumerated() where kinds[id] != .unused { vocabulary.member(token, id) }
        }
        model(&text)
      }
    }
    return text.bytes
  }

  /// Looked for in the text as it came. Runs of blanks are merged instead, as they stand in words.
  private func isAdded(_ id: Int) -> Bool {
    switch kinds[id] {
    case .control, .unknown: !tokens[id].isEmpty
    case .userDefined: !tokens[id].isEmpty && !tokens[id].starts(with: Self.blank)
    case .normal, .unused, .byte: false
    }
  }

  private func template(_ text: inout JSONText, start: Int?, end: Int?) {
    let ids = [start, end].map { id in id.flatMap { tokens.indices.contains($0) ? $0 : nil } }
    guard ids.contains(where: { $0 != nil }) else { return text.member("post_processor", json: "null") }
    text.object("post_processor") { text in
      text.member("type", "TemplateProcessing")
      text.array("single") { list in
        func special(_ id: Int?) {
          guard let id else { return }
          list.object { $0.object("SpecialToken") { $0.member("id", tokens[id]) } }
        }
        special(ids[0])
        list.object { $0.object("Sequence") { $0.member("id", "A") } }
        special(ids[1])
      }
      text.object("special_tokens") { text in
        for id in Set(ids.compactMap { $0 }).sorted() {
          text.object(String(decoding: tokens[id], as: UTF8.self)) { text in
            text.member("id", tokens[id])
            text.array("ids") { $0.element(json: "\(id)") }
          }
        }
      }
    }
  }
}

/// How a byte-level tokenizer splits text, by llama.cpp's name of it (`llama-vocab.cpp`): the parts of the `tokenizer.json` that
/// the models have from which the names come.
private struct GGUFPreTokenizer {
  var json: String
  /// Text is brought to Unicode's normal form C.
  var composes = false
  /// A word that is a token is not merged.
  var looksForWholeWords = false
  /// The token that begins a sequence is added where the file does not say.
  var addsStart = false

  init?(_ name: String?, architecture: String?) {
    switch name {
    case "gpt-2"?, "phi-2"?, "mpt"?, "olmo"?, "jais"?, "roberta-bpe"?: json = Self.byteLevel(pattern: true)
    case "default"? where architecture == "gpt2", nil where architecture == "gpt2": json = Self.byteLevel(pattern: true)
    case "llama3"?, "llama-v3"?, "llama-bpe"?, "falcon3"?:
      json = Self.split(Self.llama3("{1,3}"))
      looksForWholeWords = true
      addsStart = true
    case "dbrx"?, "smaug-bpe"?: json = Self.split(Self.llama3("{1,3}"))
    case "qwen2"?:
      json = Self.split(Self.llama3(""))
      composes = true
    case "deepseek-r1-qwen"?, "stablelm2"?, "hunyuan"?, "megrez"?: json = Self.split(Self.llama3(""))
    case "smollm"?, "starcoder"?, "refact"?, "command-r"?, "codeshell"?, "exaone"?, "minerva-7b"?:
      json =
        #"{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, "#
        + Self.byteLevel(pattern: true) + "]}"
    default: return nil
    }
  }

  private static func byteLevel(pattern: Bool) -> String {
    #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": \#(pattern)}"#
  }

  private static func split(_ pattern: String) -> String {
    var regex = JSONText()
    regex.object { $0.member("Regex", pattern) }
    return #"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": "#
      + String(decoding: regex.bytes, as: UTF8.self) + #", "behavior": "Isolated", "invert": false}, "#
      + byteLevel(pattern: false) + "]}"
  }

  private static func llama3(_ digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }
}
