/// The steps from tokens' spellings back to text, as `decoder` in tokenizer.json lists them.
enum TokenDecoder: Sendable {
  /// GPT-2's printable stand-ins back to bytes.
  case byteLevel
  case replace([UInt8], with: [UInt8])
  /// Runs of `<0x0A>` to the bytes they name, where those are valid UTF-8, else a replacement character for each.
  case byteFallback
  case fuse
  /// At most so many leading and trailing copies of a character off each token.
  case strip(character: [UInt8], start: Int, end: Int)
  /// SentencePiece's mark back to a blank, but for the one before the text if that was put there.
  case metaspace(mark: [UInt8], dropsFirst: Bool)

  func apply(to tokens: [[UInt8]]) -> [[UInt8]] {
    switch self {
    case .byteLevel:
      let bytes = tokens.flatMap { ByteAlphabet.bytes(spelledBy: $0) ?? $0 }
      return [Array(String(decoding: bytes, as: UTF8.self).utf8)]
    case .replace(let pattern, let content):
      return tokens.map { $0.replacing(pattern, with: content) }
    case .byteFallback: return Self.joinBytes(tokens)
    case .fuse: return [tokens.flatMap { $0 }]
    case .strip(let character, let start, let end):
      return tokens.map { Self.strip($0, character: character, start: start, end: end) }
    case .metaspace(let mark, let dropsFirst):
      return tokens.enumerated().map { number, token in
        token.replacing(mark, with: number == 0 && dropsFirst ? [] : [0x20])
      }
    }
  }

  private static func joinBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var run: [UInt8] = []
    func flushed() -> [[UInt8]] {
      if run.isEmpty { return [] }
      if String(validating: run, as: UTF8.self) != nil { return [run] }
      return run.map { _ in Array("\u{FFFD}".utf8) }
    }
    for token in tokens {
      if let byte = ByteAlphabet.fallbackByte(token) {
        run.append(byte)
      } else {
        result += flushed()
        run.removeAll()
        result.append(token)
      }
    }
    return result + flushed()
  }

  private static func strip(_ token: [UInt8], character: [UInt8], start: Int, end: Int) -> [UInt8] {
    guard !character.isEmpty else { return token }
    var token = token[...]
    for _ in 0..<start where token.starts(with: character) { token.removeFirst(character.count) }
    for _ in 0..<end where token.reversed().starts(with: character.reversed()) { token.removeLast(character.count) }
    return Array(token)
  }
}

/// How bytes are spelled in vocabularies.
enum ByteAlphabet {
  /// GPT-2's stand-in for each byte: itself where it is printable in Latin-1, else a scalar from U+0100 on, in order.
  static let standIns: [Unicode.Scalar] = {
    let printable: [ClosedRange<UInt8>] = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF]
    var next: UInt32 = 0x100
    return (0...255).map { (byte: UInt8) in
      if printable.contains(where: { $0.contains(byte) }) { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? " "
    }
  }()

  private static let bytesByScalar: [Unicode.Scalar: UInt8] = Dictionary(
    uniqueKeysWithValues: standIns.enumerated().map { ($1, UInt8($0)) })

  /// The bytes that a spelling in stand-ins names; nil if it holds another scalar.
  static func bytes(spelledBy spelling: [UInt8]) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in String(decoding: spelling, as: UTF8.self).unicodeScalars {
      guard let byte = bytesByScalar[scalar] else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  static func fallbackSpelling(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
  }

  /// The byte that `<0x0A>` names.
  static func fallbackByte(_ token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else { return nil }
    return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
  }
}

extension [UInt8] {
  /// Every occurrence of `pattern`, from the left and without overlap, replaced.
  func replacing(_ pattern: [UInt8], with content: [UInt8]) -> [UInt8] {
    guard !pattern.isEmpty, count >= pattern.count else { return self }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    var at = 0
    while at < count {
      if self[at] == pattern[0], at + pattern.count <= count, self[at..<at + pattern.count].elementsEqual(pattern) {
        result += content
        at += pattern.count
      } else {
        result.append(self[at])
        at += 1
      }
    }
    return result
  }
}
