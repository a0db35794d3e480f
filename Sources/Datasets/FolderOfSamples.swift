import Foundation

/// What paths of a command line stand for: files, folders whose files are one pool, patterns. Folders are shards as the Hub lays them out
/// (`data/train-00000-of-00002.parquet`), what `datasets` saves to disk, or files side by side.
package enum FolderOfSamples {
  private static let endings = ["jsonl", "ndjson", "json", "csv", "tsv", "parquet", "arrow"]
  private static let packed = ["gz", "zst", "xz", "bz2"]
  /// Files that stand beside data and are none.
  private static let others: Set<String> = [
    "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "config.json", "package.json",
  ]

  /// The paths with each folder replaced by its files of samples and each pattern (`part-*.jsonl`) by the files that it matches, in the order
  /// of their names. Of a folder those in the folder itself count, or where it has none, those in its `data` folder, or else those in folders
  /// below. `split`: only files of this split; without it, of several splits only `train` is taken.
  ///
  /// Errors: `DatasetError.emptyFolder`, `noSuchFile` for a pattern that matches nothing, `noSuchSplit`, `severalFolders`.
  package static func files(of paths: [String], split: String? = nil) throws(DatasetError) -> [String] {
    var files: [String] = []
    var sawFolder = false
    for path in paths {
      for path in try matches(of: path) {
        guard isFolder(path) else {
          files.append(path)
          continue
        }
        sawFolder = true
        let names = try self.names(in: path, split: split)
        guard !names.isEmpty else { throw .emptyFolder(path: path) }
        files += names.map { (path.hasSuffix("/") ? path : path + "/") + $0 }
      }
    }
    if let split, !sawFolder, let path = paths.first { throw .noSuchSplit(path: path, split: split, splits: []) }
    return files
  }

  package static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// What a pattern with `*`, `?` or `[…]` matches; the path itself where there is such a file, and where it is no pattern.
  private static func matches(of path: String) throws(DatasetError) -> [String] {
    guard path.contains(where: { "*?[".contains($0) }), !FileManager.default.fileExists(atPath: path) else {
      return [path]
    }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(path, 0, nil, &found) == 0 else { throw .noSuchFile(path: path) }
    return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
  }

  /// The files of samples that stand in a folder itself.
  package static func samples(in folder: String) -> [String] {
    let names = own(folder)
    let train = names.filter { Shard($0).word == "train" }
    return (train.isEmpty ? names : train).map { (folder.hasSuffix("/") ? folder : folder + "/") + $0 }
  }

  /// Whether a file's name says that it holds samples.
  package static func isSamples(_ name: String) -> Bool {
    var parts = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
    if let last = parts.last, packed.contains(String(last)) { parts.removeLast() }
    guard parts.count > 1, let ending = parts.last, endings.contains(String(ending)) else { return false }
    return !name.hasPrefix(".") && !name.hasPrefix("cache-") && !others.contains(name)
      && !name.hasSuffix(".manifest.json")
  }

  /// Names of the files of samples in a folder itself.
  private static func own(_ folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { isSamples($0) && !isFolder(folder + "/" + $0) }.sorted()
  }

  /// Names of the files of samples in a folder and those below it.
  private static func below(_ folder: String, depth: Int = 0) -> [String] {
    if depth > 4 { return [] }
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    return own(folder)
      + names.filter { !$0.hasPrefix(".") && isFolder(folder + "/" + $0) }.flatMap { name in
        below(folder + "/" + name, depth: depth + 1).map { name + "/" + $0 }
      }
  }

  /// A file of samples by its name, perhaps with folders.
  private struct Shard {
    var name: String
    /// The split that the name says: all before `-00000-of-00002` of the Hub's shards, or the first word; or the folder that it is in.
    var split: String
    /// The first word of that.
    var word: String

    init(_ name: String) {
      self.name = name
      let parts = name.split(separator: "/").map(String.init)
      let file = parts.last ?? ""
      let isShard = file.wholeMatch(of: /.+-[0-9]+-of-[0-9]+\..+/) != nil
      let stem =
        isShard
        ? file.replacing(/-[0-9]+-of-[0-9]+\..*/, with: "") : file.split(separator: ".").first.map(String.init) ?? ""
      // What `datasets` saves to disk has its split in the folder's name, as have the Hub's own conversions.
      let isUnnamed = stem == "data" || stem.allSatisfy(\.isNumber)
      split = isUnnamed && parts.count > 1 ? parts[parts.count - 2] : stem
      word = Self.word(split)
      if !isShard && !isUnnamed { split = word }
    }

    private static func word(_ name: String) -> String {
      name.split(whereSeparator: { "-_.".contains($0) }).first.map { $0.lowercased() } ?? ""
    }

    /// The folders that it is in, without that of its split.
    var folders: [String] {
      name.split(separator: "/").dropLast().map(String.init).filter { $0 != split && $0 != "data" }
    }
  }

  /// The files of a folder that are one pool.
  private static func names(in folder: String, split: String?) throws(DatasetError) -> [String] {
    var names = own(folder)
    if names.isEmpty { names = own(folder + "/data").map { "data/" + $0 } }
    if names.isEmpty { names = below(folder) }
    var shards = names.map(Shard.init)
    let splits = Set(shards.map(\.split)).sorted()
    if let split {
      let exact = shards.filter { $0.split == split }
      shards = exact.isEmpty ? shards.filter { $0.word == split.lowercased() } : exact
      if shards.isEmpty, !names.isEmpty { throw .noSuchSplit(path: folder, split: split, splits: splits) }
    } else {
      let train = shards.filter { $0.word == "train" }
      let exact = train.filter { $0.split == "train" }
      if !train.isEmpty { shards = exact.isEmpty ? train : exact }
      let left = Set(train.map(\.split)).sorted()
      if exact.isEmpty, left.count > 1 { throw .noSuchSplit(path: folder, split: "train", splits: left) }
    }
    let folders = Set(shards.map(\.folders)).map { $0.joined(separator: "/") }.sorted()
    if folders.count > 1 { throw .severalFolders(path: folder, names: folders) }
    return shards.map(\.name)
  }
}
