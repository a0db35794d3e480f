import Datasets
import Domain
import Foundation
import TestSupport

/// A folder that lives as long as the value.
final class Folder {
  let url: URL

  init() throws { url = try Places.makeTemporaryFolder() }
  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file and gives its path.
  func write(_ bytes: some Sequence<UInt8>, as name: String = "rows.jsonl") throws -> String {
    try Data(bytes).write(to: url.appendingPathComponent(name))
    return path(name)
  }

  func write(_ text: String, as name: String = "rows.jsonl") throws -> String { try write(text.utf8, as: name) }

  var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }
}

/// Whether a program is on the search path.
func isInstalled(_ program: String) -> Bool {
  (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
  }
}

/// The error that `body` throws; nil if it throws none, or one of another type.
func datasetError(_ body: () throws -> Void) -> DatasetError? {
  do { try body() } catch { return error as? DatasetError }
  return nil
}

extension DatasetFile {
  static func open(_ path: String, limit: Int? = nil) throws -> DatasetFile {
    try open(path: path, role: .pool, limit: limit)
  }

  /// All usable samples.
  func all() throws -> [Sample] { try samples(at: 0..<count) }
}
