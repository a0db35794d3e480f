import CXXHash

/// A 128-bit XXH3 digest of bytes: names content in caches and manifests. Not a defence against forgery.
package struct ContentHash: Sendable, Hashable, Codable, CustomStringConvertible {
  package var high: UInt64
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The digest of `bytes`, read once.
  package init(of bytes: UnsafeRawBufferPointer) {
    let digest = XXH3_128bits(bytes.baseAddress, bytes.count)
    self.init(high: digest.high64, low: digest.low64)
  }

  /// The digest of the UTF-8 bytes of `text`.
  package init(of text: String) {
    var text = text
    self = text.withUTF8 { ContentHash(of: UnsafeRawBufferPointer($0)) }
  }

  /// A digest of several digests, in order.
  package init(combining parts: [ContentHash]) {
    let words = parts.flatMap { [$0.high.littleEndian, $0.low.littleEndian] }
    self = words.withUnsafeBytes { ContentHash(of: $0) }
  }

  /// 32 lower-case hexadecimal digits, as `xxh128sum` prints them.
  package var description: String { Self.hex(high) + Self.hex(low) }

  /// Reads what ``description`` writes.
  package init?(_ text: String) {
    let digits = Array(text.utf8)
    guard digits.count == 32,
      let high = UInt64(text.prefix(16), radix: 16), let low = UInt64(text.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let hash = ContentHash(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not a content hash: \(text)"))
    }
    self = hash
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  private static func hex(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
