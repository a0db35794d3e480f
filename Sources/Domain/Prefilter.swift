import Foundation

/// A cheap method that keeps a share of the pool for a dear one (Methods 5).
package struct Prefilter: Sendable, Hashable, Codable {
  package var method: Method
  /// How many rows it keeps: a count, or a share of the pool.
  package var share: Budget
  /// The rows that it kept, once they are known: then it is not asked again.
  package var kept: RowSet?

  package init(method: Method, share: Budget, kept: RowSet? = nil) {
    self.method = method
    self.share = share
    self.kept = kept
  }

  /// Reads `rds:20%`, `bm25:0.2` or `length:500`. Nil for what is none: no such method, one that scores pairs itself, no share.
  package init?(parsing text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let method = Method(rawValue: String(parts[0]).trimmingSpaces()),
      Self.methods.contains(method), let share = try? Budget(parsing: String(parts[1]))
    else { return nil }
    self.init(method: method, share: share)
  }

  /// Methods whose cost grows with the rows, not with their pairs.
  package static let methods = Method.all.filter { !$0.needsUtilities && $0 != .randomLength }

  /// The text that is typed.
  package var text: String { "\(method.rawValue):\(share)" }
}

/// A set of rows, written down as a bit a row.
package struct RowSet: Sendable, Hashable {
  /// Ascending.
  package var rows: [RowIndex]

  package init(_ rows: [RowIndex]) { self.rows = rows.sorted() }
}

extension RowSet: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let bits = Data(base64Encoded: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a set of rows")
    }
    rows = bits.enumerated().flatMap { place, byte in
      (0..<8).filter { byte & (1 << $0) != 0 }.map { RowIndex(8 * place + $0) }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var bits = Data(count: rows.last.map { $0.value / 8 + 1 } ?? 0)
    for row in rows { bits[row.value / 8] |= 1 << (row.value % 8) }
    var container = encoder.singleValueContainer()
    try container.encode(bits.base64EncodedString())
  }
}
