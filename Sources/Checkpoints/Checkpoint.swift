import Domain
import Foundation
import JSONBytes
import Numerics

/// The tensors of a checkpoint directory, in one `.safetensors` file or in shards named by an index.
package final class Checkpoint: Sendable {
  package let directory: String
  private let shards: [SafeTensors]
  private let shardOf: [String: Int]

  package init(directory: String) throws(CheckpointError) {
    self.directory = directory
    let manager = FileManager.default
    let single = directory + "/model.safetensors"
    let index = single + ".index.json"
    if manager.fileExists(atPath: single) {
      let shard = try SafeTensors(path: single)
      shards = [shard]
      shardOf = shard.entries.mapValues { _ in 0 }
    } else if manager.fileExists(atPath: index) {
      (shards, shardOf) = try Self.readIndex(index, directory: directory)
    } else {
      throw .missingFile("model.safetensors", directory: directory)
    }
  }

  private static func readIndex(
    _ path: String, directory: String
  ) throws(CheckpointError) -> ([SafeTensors], [String: Int]) {
    guard let map = try JSON.parse(MappedFile(checkpoint: path))["weight_map"]?.members else {
      throw .malformed(path, reason: "no \"weight_map\"")
    }
    var shards: [SafeTensors] = []
    var numbers: [String: Int] = [:]
    var shardOf: [String: Int] = [:]
    for (key, value) in map {
      // A shard is a file of this directory; a path that leads elsewhere is not followed.
      guard let file = value.text, !file.contains("/"), file != ".." else {
        throw .malformed(path, reason: "\"weight_map\" names no file of this directory")
      }
      if numbers[file] == nil {
        guard FileManager.default.fileExists(atPath: directory + "/" + file) else {
          throw .missingFile(file, directory: directory)
        }
        numbers[file] = shards.count
        shards.append(try SafeTensors(path: directory + "/" + file))
      }
      shardOf[String(decoding: key, as: UTF8.self)] = numbers[file]
    }
    return (shards, shardOf)
  }

  package func contains(_ name: String) -> Bool { shardOf[name].map { shards[$0].entries[name] != nil } ?? false }

  /// Refuses a tensor that is missing, or of another shape than `shape`.
  package func check(_ name: String, shape: [Int]) throws(CheckpointError) {
    guard let number = shardOf[name], let found = shards[number].shape(of: name) else {
      throw .missingTensor(name, directory: directory)
    }
    guard found == shape else {
      throw .misshapenTensor(name, expected: shape, found: found, file: shards[number].file.path)
    }
    try shards[number].checkIsReal(name)
  }

  /// Copies a tensor into `target` as float32, row-major; `target` has room for it.
  package func read(_ name: String, into target: UnsafeMutablePointer<Float>) throws(CheckpointError) {
    guard let number = shardOf[name] else { throw .missingTensor(name, directory: directory) }
    try shards[number].read(name, into: target)
  }

  /// A tensor's elements where they lie in the mapped file, and how they are written; nil if they would lose by widening.
  package func stored(_ name: String) -> (base: UnsafeRawPointer, type: StoredFloat)? {
    guard let number = shardOf[name], let entry = shards[number].entries[name],
      let type = ElementType(rawValue: entry.type)?.widened, let base = shards[number].file.bytes.baseAddress
    else { return nil }
    return (base + entry.bytes.lowerBound, type)
  }

  /// Lets go of the pages that were read; a later read brings them back.
  package func releasePages() {
    for shard in shards { shard.file.releasePages() }
  }

  /// Digests of the shards' bytes, in the order of their files' names.
  package var contentHashes: [ContentHash] { shards.sorted { $0.file.path < $1.file.path }.map(\.file.contentHash) }
}

extension SafeTensors {
  /// Refuses a tensor whose type cannot be widened to float32.
  package func checkIsReal(_ name: String) throws(CheckpointError) {
    guard let entry = entries[name] else { throw .missingTensor(name, directory: file.path) }
    guard let type = ElementType(rawValue: entry.type), type != .int64 else {
      throw .unsupportedTensorType(name, type: entry.type, file: file.path)
    }
  }

  /// Widens a tensor's elements to float32 at `target`, which has room for them.
  package func read(_ name: String, into target: UnsafeMutablePointer<Float>) throws(CheckpointError) {
    guard let entry = entries[name] else { throw .missingTensor(name, directory: file.path) }
    let source = UnsafeRawBufferPointer(rebasing: file.bytes[entry.bytes])
    guard let base = source.baseAddress, !source.isEmpty else { return }
    let type = ElementType(rawValue: entry.type)
    if let stored = type?.widened {
      Widen.run(base, stored, count: source.count / stored.bytes, into: target)
    } else if type == .float64 {
      for place in 0..<source.count / 8 {
        target[place] = Float(source.loadUnaligned(fromByteOffset: 8 * place, as: Double.self))
      }
    } else {
      throw .unsupportedTensorType(name, type: entry.type, file: file.path)
    }
  }

  /// A tensor's elements as float32.
  package func floats(_ name: String) throws(CheckpointError) -> [Float] {
    try checkIsReal(name)
    let count = entries[name]?.shape.reduce(1, *) ?? 0
    var matrix = Matrix(uninitializedRows: 1, columns: count)
    try read(name, into: matrix.mutableStart())
    return Array(matrix.elements)
  }

  /// A tensor of 64-bit integers.
  package func integers(_ name: String) throws(CheckpointError) -> [Int64] {
    guard let entry = entries[name] else { throw .missingTensor(name, directory: file.path) }
    guard entry.type == ElementType.int64.rawValue else {
      throw .unsupportedTensorType(name, type: entry.type, file: file.path)
    }
    let source = UnsafeRawBufferPointer(rebasing: file.bytes[entry.bytes])
    return (0..<source.count / 8).map { source.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self) }
  }
}
