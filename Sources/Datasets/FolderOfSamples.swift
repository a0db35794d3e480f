import Foundation

/// A folder whose files are one pool: shards, as the Hub lays them out (`data/train-00000-of-00002.parquet`) or side by side.
package enum FolderOfSamples {
  private static let endings = ["jsonl", "ndjson", "json", "csv", "tsv", "parquet"]
  private static let packed = ["gz", "zst"]
  /// Files that stand beside data and are none.
  private static let others: Set<String> = [
    "dataset_info.json", "dataset_infos.json", "state.json", "config.json", "package.json",
  ]

  /// The paths with each folder replaced by its files of samples, in the order of their names: those in the folder itself,
  /// or where it has none, those in its `data` folder. Of several splits only `train` is taken.
  ///
  /// Errors: `DatasetError.emptyFolder`.
  package static func files(of paths: [String]) throws(DatasetError) -> [String] {
    var files: [String] = []
    for path in paths {
      guard isFolder(path) else {
        files.append(path)
        continue
      }
      let own = [path, path + (path.hasSuffix("/") ? "data" : "/data")].lazy.map(samples(in:)).first { !$0.isEmpty }
      guard let own else { throw .emptyFolder(path: path) }
      files += own
    }
    return files
  }

  package static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// The files of samples that stand in a folder itself.
  package static func samples(in folder: String) -> [String] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter(isSamples).sorted()
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    let train = names.filter { split(of: $0) == "train" }
    return (train.isEmpty ? names : train).map { prefix + $0 }.filter { !isFolder($0) }
  }

  /// Whether a file's name says that it holds samples.
  package static func isSamples(_ name: String) -> Bool {
    var parts = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
    if let last = parts.last, packed.contains(String(last)) { parts.removeLast() }
    guard parts.count > 1, let ending = parts.last, endings.contains(String(ending)) else { return false }
    return !name.hasPrefix(".") && !others.contains(name) && !name.hasSuffix(".manifest.json")
  }

  /// The split that the name of a shard begins with.
  private static func split(of name: String) -> String? {
    name.split(whereSeparator: { "-_.".contains($0) }).first.map { $0.lowercased() }
  }
}
