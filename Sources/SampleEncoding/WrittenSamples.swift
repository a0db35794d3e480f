import Domain

/// A sample as text, and the parts of it that carry the loss.
package struct WrittenSample: Sendable, Hashable {
  private var bytes: [UInt8] = []
  /// Ranges of UTF-8 bytes.
  package private(set) var losses: [Range<Int>] = []

  package mutating func append(_ text: String, hasLoss: Bool) {
    let start = bytes.count
    bytes += Array(text.utf8)
    if hasLoss, bytes.count > start { losses.append(start..<bytes.count) }
  }

  package var length: Int { bytes.count }
  package var text: String { beginning(bytes.count) }

  /// The text up to a byte at which a part begins or ends.
  package func beginning(_ count: Int) -> String { String(decoding: bytes[..<count], as: UTF8.self) }
}

/// Samples as texts that can be put behind one another: those of ``TokenizedSamples`` before they are tokenised, without
/// end-of-sequence tokens.
package struct WrittenSamples: Sendable {
  package let queries: [WrittenSample]
  package let alone: [WrittenSample]
  /// What stands before a query: the words around each example.
  package let prefixes: [String]

  package init(queries: [Sample], examples: [Sample], template: WordTemplate) {
    self.init(queries: queries, contexts: examples.map { [$0] }, template: template)
  }

  /// The same with examples of several samples, one behind the other.
  package init(queries querySamples: [Sample], contexts: [[Sample]], template: WordTemplate) {
    func written(_ opening: String, _ sample: Sample) -> WrittenSample {
      var written = WrittenSample()
      written.append(opening, hasLoss: false)
      for piece in template.queryPieces(of: sample) { written.append(piece.text, hasLoss: piece.hasLoss) }
      written.append(template.queryClosing, hasLoss: false)
      written.append(template.responseText(of: sample), hasLoss: true)
      return written
    }
    queries = querySamples.map { written("", $0) }
    alone = querySamples.map { written(template.aloneOpening, $0) }
    prefixes = contexts.map { template.exampleText(of: $0) + template.queryOpening }
  }

  /// What is sent for a query behind an example, or alone.
  package func text(of query: Int, behind example: Int?) -> String {
    example.map { prefixes[$0] + queries[query].text } ?? alone[query].text
  }
}
