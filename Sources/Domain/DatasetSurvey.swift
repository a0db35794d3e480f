/// What reading every row of a file tells of it as a whole: what it is made of, and how long its rows are.
package struct DatasetSurvey: Sendable, Hashable, Codable {
  /// What lengths are counted in: tokens where a tokenizer was at hand, otherwise characters.
  package enum Unit: String, Sendable, Hashable, Codable { case tokens, characters }

  /// Distinct labels, the most frequent first; equally frequent ones in the order they appear.
  package let labels: [String]
  /// For each row the place of its label among `labels`; -1 for none, or for one beyond ``mostLabels``.
  package let labelOfRow: [Int32]
  /// For each row its length, prompt and response together; 0 for one that cannot be read.
  package let lengths: [UInt32]
  package let unit: Unit
  /// Whether tokens were counted on some rows only and the rest told from their characters.
  package let isEstimate: Bool
  /// The length that all but a few rows (one in fifty) do not exceed; at least 1.
  package let usualLongest: Int

  /// Labels that are told apart: a field with more is an identifier and no composition.
  package static let mostLabels = 4096

  package init(labels: [String], labelOfRow: [Int32], lengths: [UInt32], unit: Unit, isEstimate: Bool) {
    self.labels = labels
    self.labelOfRow = labelOfRow
    self.lengths = lengths
    self.unit = unit
    self.isEstimate = isEstimate
    usualLongest = max(1, Self.quantile(0.98, of: lengths))
  }

  /// The same with lengths in tokens.
  package func with(tokens: [UInt32], isEstimate: Bool) -> DatasetSurvey {
    DatasetSurvey(labels: labels, labelOfRow: labelOfRow, lengths: tokens, unit: .tokens, isEstimate: isEstimate)
  }

  /// Length of all rows together.
  package var total: Int { lengths.reduce(0) { $0 + Int($1) } }

  /// Rows of each label, in the order of `labels`, among some rows or among all.
  package func counts(of rows: [Int]? = nil) -> [Int] {
    var counts = [Int](repeating: 0, count: labels.count)
    func count(_ row: Int) {
      guard labelOfRow.indices.contains(row), labelOfRow[row] >= 0 else { return }
      counts[Int(labelOfRow[row])] += 1
    }
    if let rows { for row in rows { count(row) } } else { for row in labelOfRow.indices { count(row) } }
    return counts
  }

  /// Rows by length in equal bins from 0 to `longest`; the last bin holds what is longer too.
  package func histogram(of rows: [Int]? = nil, bins: Int, longest: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: max(1, bins))
    func count(_ row: Int) {
      guard lengths.indices.contains(row) else { return }
      let bin = Int(lengths[row]) * counts.count / max(1, longest)
      counts[min(counts.count - 1, bin)] += 1
    }
    if let rows { for row in rows { count(row) } } else { for row in lengths.indices { count(row) } }
    return counts
  }

  /// The length that so large a share of the rows does not exceed.
  private static func quantile(_ share: Double, of lengths: [UInt32]) -> Int {
    guard !lengths.isEmpty else { return 0 }
    let sorted = lengths.sorted()
    let place = Int((Double(sorted.count - 1) * max(0, min(1, share))).rounded())
    return Int(sorted[place])
  }
}
