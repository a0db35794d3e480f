import Foundation
import JSONBytes
import Numerics

/// Finds the files that hold a model's weights.
enum WeightFiles {
  static func open(_ files: ModelFiles) throws(CheckpointError) -> [any TensorFile] {
    if let gguf = files.gguf { return gguf.files }
    let directory = files.path
    func path(_ name: String) -> String { directory + "/" + name }
    if let name = files.weights {
      // A shard that was named itself stands for all.
      if let shard = Shard(name) { return try shards(of: shard, in: directory) }
      return try open([name], in: directory, index: path(name))
    }
    if try Presence.check(path("model.safetensors")) { return [try SafeTensors(path: path("model.safetensors"))] }
    if try Presence.check(path("model.safetensors.index.json")) {
      return try open(["model.safetensors.index.json"], in: directory, index: path("model.safetensors.index.json"))
    }
    // Without either: shards that lost their index, or weights under a variant's name (model.fp16.safetensors).
    let names = Presence.names(in: directory).filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }
    let shardSets = Set(names.compactMap { Shard($0)?.set }).sorted { $0.stem < $1.stem }
    let singles = names.filter { Shard($0) == nil }
    if shardSets.count == 1, singles.isEmpty { return try shards(of: shardSets[0], in: directory) }
    if shardSets.isEmpty, singles.count == 1 { return [try SafeTensors(path: path(singles[0]))] }
    guard names.isEmpty else {
      throw .unusable(
        "no model.safetensors, and \(shardSets.count + singles.count) others that may be meant", at: directory,
        remedy: "Name one of the files: \(names.prefix(4).joined(separator: ", ")).")
    }
    throw Diagnosis.missing("model.safetensors", in: directory)
  }

  /// A file of tensors, or the shards that an index names.
  private static func open(
    _ names: [String], in directory: String, index: String
  ) throws(CheckpointError) -> [any TensorFile] {
    guard index.hasSuffix(".index.json") else { return [try SafeTensors(path: index)] }
    guard let map = try JSON.parse(MappedFile(checkpoint: index))["weight_map"]?.members else {
      throw .malformed(index, reason: "no \"weight_map\"")
    }
    var shards: [SafeTensors] = []
    var numbers: [String: Int] = [:]
    for (key, value) in map {
      // A shard is a file of this directory; a path that leads elsewhere is not followed.
      guard let file = value.text, !file.contains("/"), file != ".." else {
        throw .malformed(index, reason: "\"weight_map\" names no file of this directory")
      }
      if numbers[file] == nil {
        guard try Presence.check(directory + "/" + file) else { throw .missingFile(file, directory: directory) }
        numbers[file] = shards.count
        shards.append(try SafeTensors(path: directory + "/" + file))
      }
      let name = String(decoding: key, as: UTF8.self)
      guard shards[numbers[file, default: 0]].entries[name] != nil else {
        throw .unusable(
          "tensor \(name) is not in \(file), where the index has it", at: index,
          remedy: "The shards and their index do not belong together, or the shard is not whole: fetch both again.")
      }
    }
    return shards
  }

  private static func shards(of shard: Shard, in directory: String) throws(CheckpointError) -> [any TensorFile] {
    var files: [any TensorFile] = []
    for number in 1...shard.count {
      let name = shard.name(number)
      guard try Presence.check(directory + "/" + name) else { throw .missingFile(name, directory: directory) }
      files.append(try SafeTensors(path: directory + "/" + name))
    }
    return files
  }

  /// A file's place among shards, by its name: `model-00001-of-00003.safetensors`.
  private struct Shard: Hashable {
    var stem: String
    var number: Int
    var count: Int

    init?(_ name: String) {
      guard let match = name.wholeMatch(of: /(.*)-(\d{5})-of-(\d{5})\.safetensors/), let number = Int(match.2),
        let count = Int(match.3), (1...count).contains(number)
      else { return nil }
      (stem, self.number, self.count) = (String(match.1), number, count)
    }

    /// The same for every shard of it.
    var set: Shard {
      var first = self
      first.number = 1
      return first
    }

    func name(_ number: Int) -> String { stem + String(format: "-%05d-of-%05d.safetensors", number, count) }
  }
}
