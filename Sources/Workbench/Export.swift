import Datasets
import Domain
import Foundation
import LanguageModel
import Scoring
import Store

/// Writes chosen rows, under a temporary name until whole, and a manifest beside them.
package enum Exporter {
  /// Exports a run that has just ended. The pool is open still. Returns what the user should know of the export.
  @discardableResult
  package static func export(
    _ outcome: RunOutcome, to path: String, replacing: Bool, version: String, options: ExportOptions = ExportOptions()
  ) throws -> [String] {
    guard outcome.inputs.pool != nil || (options.format ?? ExportFormat(of: path)) == .indices else {
      throw WorkbenchError.cannotExport(reason: "the run has no pool, only indices")
    }
    var manifest = Manifest(
      outcome.specification, inputs: outcome.inputs, candidates: outcome.candidates, selection: outcome.selection,
      seconds: outcome.seconds, version: version)
    manifest.counts.shortenedResponses = outcome.kernels?.cuts.truncated
    manifest.counts.unmeasuredPairs = outcome.kernels?.cuts.unmeasured
    return try write(
      outcome.selection.picks, of: outcome.inputs.pool, &manifest, to: path, replacing: replacing, options)
  }

  /// The file beside the data that is there already and would have to be replaced, if any: looked at before the work begins.
  package static func obstacle(at path: String, _ options: ExportOptions) -> String? {
    guard let trainer = options.trainer, trainer != .llamaFactory else { return nil }
    let other = TrainerFiles.configurationPath(of: trainer, data: path)
    return access(other, F_OK) == 0 ? other : nil
  }

  /// Exports a run from the library, if its pool is still what it was.
  @discardableResult
  package static func export(
    _ record: RunRecord, to path: String, replacing: Bool, version: String, options: ExportOptions = ExportOptions()
  ) throws -> [String] {
    guard let selection = record.selection else {
      throw WorkbenchError.cannotExport(reason: "run \(record.id) has no picks (\(record.status.rawValue))")
    }
    let isOfIndices = options.trainer == nil && (options.format ?? ExportFormat(of: path)) == .indices
    let pool = try isOfIndices && record.specification.pool == nil ? nil : reopenPool(of: record)
    var manifest = Manifest(
      record.specification, inputs: RunInputs(pool: pool), candidates: record.rows, selection: selection,
      seconds: record.seconds, version: version)
    manifest.contents = record.contents
    return try write(selection.picks, of: pool, &manifest, to: path, replacing: replacing, options)
  }

  /// The lines of some picks of a run, as they stand in its pool's file, and where.
  package static func lines(of record: RunRecord, picks: [Pick]) throws -> [(bytes: [UInt8], location: RowLocation)] {
    let pool = try reopenPool(of: record)
    return try picks.map { (try pool.bytes(of: $0.row), pool.location(of: $0.row)) }
  }

  static func reopenPool(of record: RunRecord) throws -> DatasetFile {
    let specification = record.specification
    guard let path = specification.pool else {
      throw WorkbenchError.cannotExport(reason: "the run has no pool, only indices")
    }
    let pool = try DatasetFile.open(
      paths: specification.poolFiles, role: .pool, limit: specification.limit, reading: specification.reading)
    guard pool.summary.contentHash == record.contents[DatasetRole.pool.rawValue] else {
      throw WorkbenchError.poolChanged(path: path)
    }
    return specification.skipBadRows ? try pool.validated(skippingBadRows: true) : pool
  }

  private static func write(
    _ picks: [Pick], of pool: DatasetFile?, _ manifest: inout Manifest, to path: String, replacing: Bool,
    _ options: ExportOptions
  ) throws -> [String] {
    try manifest.specification.checkOutput(path)
    try manifest.specification.checkOutput(path + ".manifest.json")
    let ordered = options.order == .rank ? picks : picks.sorted { $0.row < $1.row }
    let rows = ordered.map(\.row)
    var added: [AddedField] = []
    if options.addsRank { added.append(AddedField(name: "rank", values: ordered.map { "\($0.rank)" })) }
    if options.addsWeight { added.append(AddedField(name: "weight", values: ordered.map { "\($0.weight)" })) }
    var notes: [String] = []
    var resolved = options
    resolved.format = options.trainer == nil ? options.format ?? ExportFormat(of: path) : .jsonLines
    manifest.export = resolved
    if case .model(let directory)? = manifest.specification.source {
      manifest.model = try? Model.contentHash(directory: directory)
    }
    manifest.template = try? manifest.specification.source?.template(manifest.specification.template)?.contentHash
    if let trainer = options.trainer {
      guard let pool else { throw WorkbenchError.cannotExport(reason: "the run has no pool, only indices") }
      let samples = try rows.map { row in
        guard let position = pool.position(of: row) else {
          throw WorkbenchError.poolChanged(path: pool.summary.path)
        }
        return try pool.sample(at: position)
      }
      let files = try TrainerFiles(
        trainer, samples: samples, added: added, path: path, allTurns: manifest.specification.reading.allTurns)
      let configuration = try files.configuration(replacing: replacing)
      try write(files.lines.map { $0 + "\n" }.joined(), to: path, replacing: replacing)
      try write(configuration, to: files.configurationPath, replacing: replacing || trainer == .llamaFactory)
      notes.append("\(trainer.rawValue) reads it with \(files.configurationPath)")
      notes += files.notes
      if picks.contains(where: { $0.weight != 1 }) { notes.append(TrainerFiles.note) }
    } else {
      switch (resolved.format ?? .jsonLines, pool) {
      case (.indices, _):
        let lines = ordered.enumerated().map { line, pick in
          ([("\(pick.row)")] + added.map { $0.values[line] }).joined(separator: "\t") + "\n"
        }
        try write(lines.joined(), to: path, replacing: replacing)
      case (_, nil): throw WorkbenchError.cannotExport(reason: "the run has no pool, only indices")
      case (.jsonLines, let pool?): try pool.export(rows: rows, adding: added, to: path, overwrite: replacing)
      case (.csv, let pool?): try pool.exportCSV(rows: rows, adding: added, to: path, overwrite: replacing)
      case (.parquet, let pool?): try pool.exportParquet(rows: rows, adding: added, to: path, overwrite: replacing)
      }
    }
    manifest.exported = try? DatasetFile.contentHash(ofFile: path)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    // The manifest belongs to the rows that have just been written: an older one is no longer true.
    try write(
      String(decoding: try encoder.encode(manifest), as: UTF8.self) + "\n", to: path + ".manifest.json", replacing: true
    )
    return notes
  }

  private static func write(_ text: String, to path: String, replacing: Bool) throws {
    var file = try AtomicFile(at: path, overwrite: replacing)
    try file.write(text)
    try file.commit()
  }
}
