import Domain

/// What an exported file holds.
package enum ExportFormat: String, Sendable, Hashable, Codable, CaseIterable {
  /// The rows as they stand in the pool, a line each.
  case jsonLines = "jsonl"
  case csv
  /// The rows' indices in the pool, a line each.
  case indices
  case parquet

  /// The format that a file's name asks for.
  init(of path: String) {
    let name = path.lowercased()
    self =
      name.hasSuffix(".csv")
      ? .csv : name.hasSuffix(".parquet") ? .parquet : name.hasSuffix(".txt") ? .indices : .jsonLines
  }
}

package enum ExportOrder: String, Sendable, Hashable, Codable, CaseIterable {
  /// As they were chosen.
  case rank
  /// As they stand in the pool.
  case file
}

/// A trainer whose data format and configuration an export is written in.
package enum TrainingTool: String, Sendable, Hashable, Codable, CaseIterable {
  case trl, axolotl
  case llamaFactory = "llama-factory"
}

/// How chosen rows are written.
package struct ExportOptions: Sendable, Hashable, Codable {
  /// Nil: by the file's name.
  package var format: ExportFormat?
  package var order: ExportOrder
  /// Add a field `rank`, or `weight`, to each row.
  package var addsRank: Bool
  package var addsWeight: Bool
  package var trainer: TrainingTool?

  package init(
    format: ExportFormat? = nil, order: ExportOrder = .rank, addsRank: Bool = false, addsWeight: Bool = false,
    trainer: TrainingTool? = nil
  ) {
    self.format = format
    self.order = order
    self.addsRank = addsRank
    self.addsWeight = addsWeight
    self.trainer = trainer
  }
}
