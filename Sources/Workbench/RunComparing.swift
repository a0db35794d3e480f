import Datasets
import Domain
import Store

/// Runs side by side.
package struct RunComparison: Sendable, Hashable, Codable {
  package struct Entry: Sendable, Hashable, Codable {
    package var run: Int64
    package var method: String
    package var rows: Int
    /// By its own measure; 0 for a method without one.
    package var objective: Double
    /// Chosen rows of each label.
    package var labels: [String: Int]?
    /// Characters of a chosen row, prompt and response together.
    package var lengths: Lengths?
    /// What this run's objective gives to each run's choice, in the order of the runs; nil where the run has no objective or
    /// its utilities are not kept.
    package var valueOfRows: [Double?]
  }

  package struct Lengths: Sendable, Hashable, Codable {
    package var mean: Double
    package var least: Int
    package var quarter: Int
    package var median: Int
    package var threeQuarters: Int
    package var most: Int
  }

  package struct Pair: Sendable, Hashable, Codable {
    package var a: Int64
    package var b: Int64
    package var common: Int
    package var jaccard: Double
    /// Spearman's, over the common rows.
    package var rankAgreement: Double?
  }

  package var runs: [Entry]
  package var pairs: [Pair]
  /// Why something is missing, a sentence each.
  package var notes: [String]
}

extension RunEngine {
  /// Compares runs of the library. Nothing is scored: an objective is evaluated on the other choices where its utilities are in
  /// the cache or in files.
  ///
  /// Errors: `WorkbenchError.notComparable` for runs on different pools.
  package func compare(_ records: [RunRecord], cancellation: Cancellation) throws -> RunComparison {
    guard let first = records.first else { throw WorkbenchError.notComparable(reason: "no run is named") }
    for record in records {
      let pool = DatasetRole.pool.rawValue
      guard record.contents[pool] == first.contents[pool], record.rows == first.rows || record.contents[pool] != nil
      else {
        throw WorkbenchError.notComparable(
          reason: "runs \(first.id) and \(record.id) chose from pools of different content")
      }
      guard record.selection != nil else {
        throw WorkbenchError.notComparable(reason: "run \(record.id) has no picks (\(record.status.rawValue))")
      }
    }
    var comparison = RunComparison(runs: [], pairs: [], notes: [])
    let picks = records.map { $0.selection?.picks ?? [] }
    let samples = try? chosenSamples(first, picks: picks, cancellation: cancellation)
    if samples == nil {
      comparison.notes.append("The pool's file is gone or has changed: there are no labels and lengths.")
    }
    for (number, record) in records.enumerated() {
      let chosen = samples.map { samples in picks[number].compactMap { samples[$0.row] } }
      comparison.runs.append(
        RunComparison.Entry(
          run: record.id, method: record.specification.method.rawValue, rows: picks[number].count,
          objective: record.selection?.objective ?? 0,
          labels: chosen.map { Self.labels(of: $0) }, lengths: chosen.flatMap { Self.lengths(of: $0) },
          valueOfRows: try crossed(record, with: picks, cancellation: cancellation, notes: &comparison.notes)))
      for other in records.indices where other > number {
        let pair = Comparison(picks[number], picks[other])
        comparison.pairs.append(
          RunComparison.Pair(
            a: record.id, b: records[other].id, common: pair.common, jaccard: pair.jaccard,
            rankAgreement: pair.rankCorrelation))
      }
    }
    return comparison
  }

  private func crossed(
    _ record: RunRecord, with choices: [[Pick]], cancellation: Cancellation, notes: inout [String]
  ) throws -> [Double?] {
    guard record.specification.method.needsUtilities else { return choices.map { _ in nil } }
    do {
      let outcome = try reopen(record, cancellation: cancellation)
      return try choices.map { try value(of: $0.map(\.row), to: outcome) }
    } catch let error as any ReportableError {
      notes.append("Run \(record.id) is not evaluated on the others: \(error.report.problem).")
      return choices.map { _ in nil }
    }
  }

  /// The samples that any of the choices has, by row.
  private func chosenSamples(
    _ record: RunRecord, picks: [[Pick]], cancellation: Cancellation
  ) throws -> [RowIndex: Sample] {
    let pool = try Exporter.reopenPool(of: record)
    var samples: [RowIndex: Sample] = [:]
    for row in Set(picks.joined().map(\.row)).sorted() {
      try cancellation.check()
      if let position = pool.position(of: row) { samples[row] = try pool.sample(at: position) }
    }
    return samples
  }

  private static func labels(of samples: [Sample]) -> [String: Int] {
    samples.reduce(into: [:]) { counts, sample in
      if let label = sample.label { counts[label, default: 0] += 1 }
    }
  }

  private static func lengths(of samples: [Sample]) -> RunComparison.Lengths? {
    let lengths = samples.map { sample in
      let (instruction, input) = sample.query.instructionAndInput
      return instruction.unicodeScalars.count + input.unicodeScalars.count + sample.response.unicodeScalars.count
    }.sorted()
    guard let least = lengths.first, let most = lengths.last else { return nil }
    func quantile(_ share: Double) -> Int { lengths[Int((Double(lengths.count - 1) * share).rounded())] }
    return RunComparison.Lengths(
      mean: Double(lengths.reduce(0, +)) / Double(lengths.count), least: least, quarter: quantile(0.25),
      median: quantile(0.5), threeQuarters: quantile(0.75), most: most)
  }
}

extension RunComparison {
  /// As a table: a column a run.
  package var table: ReportTable {
    func plain(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    var table = ReportTable(heads: ["measure"] + runs.map { "run \($0.run)" }, lines: [])
    table.lines.append(["method"] + runs.map(\.method))
    table.lines.append(["rows"] + runs.map { "\($0.rows)" })
    table.lines.append(["objective"] + runs.map { "\($0.objective)" })
    func column(_ other: Int64, _ value: (Pair) -> String) -> [String] {
      runs.map { run in
        pairs.first { $0.a == other && $0.b == run.run || $0.b == other && $0.a == run.run }.map(value) ?? ""
      }
    }
    for run in runs { table.lines.append(["in common with run \(run.run)"] + column(run.run) { "\($0.common)" }) }
    for run in runs {
      table.lines.append(["overlap with run \(run.run) (Jaccard)"] + column(run.run) { plain($0.jaccard) })
    }
    for run in runs {
      table.lines.append(
        ["rank agreement with run \(run.run) (Spearman)"] + column(run.run) { plain($0.rankAgreement) })
    }
    for run in runs where run.valueOfRows.contains(where: { $0 != nil }) {
      table.lines.append(["objective of run \(run.run)"] + run.valueOfRows.map(plain))
    }
    let labels = Set(runs.flatMap { ($0.labels ?? [:]).keys }).sorted()
    for label in labels.prefix(200) {
      table.lines.append(["label \(label)"] + runs.map { "\($0.labels?[label] ?? 0)" })
    }
    for (name, value) in [
      ("mean", { plain($0.mean) }), ("least", { "\($0.least)" }), ("quarter", { "\($0.quarter)" }),
      ("median", { "\($0.median)" }), ("three quarters", { "\($0.threeQuarters)" }), ("most", { "\($0.most)" }),
    ] as [(String, (Lengths) -> String)] where runs.contains(where: { $0.lengths != nil }) {
      table.lines.append(["characters, \(name)"] + runs.map { $0.lengths.map(value) ?? "" })
    }
    return table
  }
}
