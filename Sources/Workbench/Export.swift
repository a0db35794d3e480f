import Datasets
import Domain
import Foundation
import Store

/// What is written beside an export: everything that is needed to make it again, and to know that it is the same.
public struct Manifest: Codable, Sendable, Hashable {
  /// Version of Winnow that wrote it.
  public var winnow: String
  public var specification: RunSpecification
  /// XXH3 128-bit digests of the input files as they were read, by role.
  public var contents: [String: ContentHash]
  public var candidates: Int
  public var picks: [Pick]
  public var objective: Double
  public var isPartial: Bool
  public var seconds: PhaseSeconds
}

/// Writes chosen rows: byte for byte as they came, under a temporary name until whole.
public enum Exporter {
  /// Exports a run that has just ended. The pool is open still.
  public static func export(_ outcome: RunOutcome, to path: String, replacing: Bool, version: String) throws {
    guard let pool = outcome.inputs.pool else {
      throw WorkbenchError.cannotExport(reason: "the run has no pool, only indices")
    }
    let manifest = Manifest(
      winnow: version, specification: outcome.specification, contents: outcome.inputs.contents,
      candidates: outcome.candidates, picks: outcome.selection.picks, objective: outcome.selection.objective,
      isPartial: outcome.selection.isPartial, seconds: outcome.seconds)
    try write(outcome.selection.picks, of: pool, manifest, to: path, replacing: replacing)
  }

  /// Exports a run from the library, if its pool is still what it was.
  public static func export(_ record: RunRecord, to path: String, replacing: Bool, version: String) throws {
    guard let selection = record.selection else {
      throw WorkbenchError.cannotExport(reason: "run \(record.id) has no picks (\(record.status.rawValue))")
    }
    let pool = try reopenPool(of: record)
    let manifest = Manifest(
      winnow: version, specification: record.specification, contents: record.contents, candidates: record.rows,
      picks: selection.picks, objective: selection.objective, isPartial: selection.isPartial,
      seconds: record.seconds)
    try write(selection.picks, of: pool, manifest, to: path, replacing: replacing)
  }

  /// The lines of some picks of a run, as they stand in its pool's file.
  public static func lines(of record: RunRecord, picks: [Pick]) throws -> [[UInt8]] {
    let pool = try reopenPool(of: record)
    return try picks.map { try pool.bytes(ofRow: $0.index) }
  }

  private static func reopenPool(of record: RunRecord) throws -> DatasetFile {
    guard let path = record.specification.pool else {
      throw WorkbenchError.cannotExport(reason: "the run has no pool, only indices")
    }
    let pool = try DatasetFile.open(
      paths: record.specification.poolFiles, role: .pool, limit: record.specification.limit,
      reading: record.specification.reading)
    guard pool.summary.contentHash == record.contents[DatasetRole.pool.rawValue] else {
      throw WorkbenchError.poolChanged(path: path)
    }
    return pool
  }

  private static func write(
    _ picks: [Pick], of pool: DatasetFile, _ manifest: Manifest, to path: String, replacing: Bool
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    let description = try encoder.encode(manifest)
    try pool.export(rows: picks.map(\.index), to: path, overwrite: replacing)
    // The manifest belongs to the rows that have just been written: an older one is no longer true.
    var file = try AtomicFile(at: path + ".manifest.json", overwrite: true)
    try file.write(description)
    try file.write("\n")
    try file.commit()
  }
}
