import Domain
import Numerics

/// The tensors of a checkpoint: in one `.safetensors` file, in shards, or in a GGUF file.
package final class Checkpoint: Sendable {
  /// The directory, or the GGUF file.
  package let directory: String
  private let shards: [any TensorFile]
  private let shardOf: [String: Int]
  /// Where one of two tied tensors is stored alone, the other's name.
  private let lent: [String: String]

  /// The tensors of a model; those of `configuration` may go by the names of a model without an output head, and of a tied pair
  /// either may be stored.
  package init(_ files: ModelFiles, for configuration: ModelConfiguration? = nil) throws(CheckpointError) {
    directory = files.path
    shards = try WeightFiles.open(files)
    var shardOf: [String: Int] = [:]
    for (number, shard) in shards.enumerated() {
      for name in shard.names where shardOf.updateValue(number, forKey: name) != nil {
        throw .malformed(shard.file.path, reason: "tensor \(name) stands in two files")
      }
    }
    self.shardOf = shardOf
    var lent: [String: String] = [:]
    if let configuration, configuration.tiedEmbeddings {
      let names = configuration.family.tensors
      for prefix in ["", names.optionalPrefix] { lent["\(prefix)\(names.embedding).weight"] = names.head + ".weight" }
    }
    self.lent = lent
  }

  /// The file that a tensor is in, and its name there.
  private func place(_ name: String) -> (file: any TensorFile, name: String)? {
    let prefix = "model."
    for candidate in [name, name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil, lent[name]] {
      if let candidate, let number = shardOf[candidate] { return (shards[number], candidate) }
    }
    return nil
  }

  /// Elements of all tensors, and bytes of their files.
  package var elementCount: Int {
    shards.reduce(0) { sum, shard in
      shard.names.reduce(sum) { $0 + (shard.shape(of: $1)?.reduce(1, *) ?? 0) }
    }
  }
  package var byteCount: Int { shards.reduce(0) { $0 + $1.file.bytes.count } }

  package func contains(_ name: String) -> Bool { place(name) != nil }

  /// Refuses a tensor that is missing, or of another shape than `shape`.
  package func check(_ name: String, shape: [Int]) throws(CheckpointError) {
    guard let place = place(name), let found = place.file.shape(of: place.name) else {
      throw .missingTensor(name, directory: directory)
    }
    guard found == shape else {
      throw .misshapenTensor(place.name, expected: shape, found: found, file: place.file.file.path)
    }
    try place.file.checkIsReal(place.name)
  }

  /// Copies a tensor into `target` as float32, row-major; `target` has room for it.
  package func read(_ name: String, into target: UnsafeMutablePointer<Float>) throws(CheckpointError) {
    guard let place = place(name) else { throw .missingTensor(name, directory: directory) }
    try place.file.read(place.name, into: target)
  }

  /// A tensor where it lies in the mapped file; nil if it would lose by widening.
  package func stored(_ name: String) -> StoredTensor? { place(name).flatMap { $0.file.stored($0.name) } }

  /// Refuses a matrix that holds an infinite weight or one that is no number, without keeping it in memory.
  package func checkIsFinite(_ name: String) throws(CheckpointError) {
    guard let stored = stored(name) else { return }
    var line = Matrix(uninitializedRows: 1, columns: stored.columns)
    for row in 0..<stored.rows {
      stored.widen(row: row, columns: 0..<stored.columns, into: line.mutableStart())
      guard let column = line.start().firstNotFinite(count: stored.columns) else { continue }
      throw .notFinite(
        name, place: stored.isTransposed ? [column, row] : [row, column], value: line[0, column], file: file(of: name))
    }
  }

  /// The file that a tensor is in.
  package func file(of name: String) -> String { place(name)?.file.file.path ?? directory }

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
