import Numerics

/// The tensors of one GGUF file by the names, in the shapes and with the values that a Hugging Face checkpoint of the model has:
/// what llama.cpp's converter changed is undone as they are read.
final class GGUFTensors: TensorFile {
  private let gguf: GGUFFile
  private let known: [String: (name: String, change: GGUFArchitecture.Change?)]

  var file: MappedFile { gguf.file }
  var names: [String] { known.keys.sorted() }

  init(_ gguf: GGUFFile, _ architecture: GGUFArchitecture) throws(CheckpointError) {
    self.gguf = gguf
    var known: [String: (name: String, change: GGUFArchitecture.Change?)] = [:]
    for name in gguf.names where !GGUFArchitecture.derived.contains(name) {
      guard let (found, change) = architecture.tensor(name) else {
        throw .unsupportedSetting(
          "tensor \(name) of a model of architecture \"\(architecture.name)\"", file: gguf.file.path)
      }
      known[found] = (name, change)
    }
    self.known = known
  }

  private func entry(_ name: String) -> (GGUFFile.Entry, GGUFArchitecture.Change?)? {
    guard let (own, change) = known[name], let entry = gguf.entries[own] else { return nil }
    return (entry, change)
  }

  func shape(of name: String) -> [Int]? {
    entry(name).map { entry, change in change == .transposed ? entry.shape.reversed() : entry.shape }
  }

  func checkIsReal(_ name: String) throws(CheckpointError) {
    guard let (entry, _) = entry(name) else { throw .missingTensor(name, directory: file.path) }
    guard GGUFType(entry.type) != nil else {
      throw .unsupportedTensorType(known[name]?.name ?? name, type: GGUFType.name(entry.type), file: file.path)
    }
  }

  func read(_ name: String, into target: UnsafeMutablePointer<Float>) throws(CheckpointError) {
    try checkIsReal(name)
    guard let stored = stored(name) else { return }
    stored.widen(into: target)
    if entry(name)?.1 == .plusOne {
      for place in 0..<stored.rows * stored.columns { target[place] -= 1 }
    }
  }

  func stored(_ name: String) -> StoredTensor? {
    guard let (entry, change) = entry(name), var stored = gguf.stored(entry) else { return nil }
    stored.isTransposed = change == .transposed && entry.shape.count == 2
    if let size = change?.headSize, size > 0, size % 2 == 0 {
      // A vector's elements are put in order as a matrix's rows are.
      if entry.shape.count == 1 { (stored.rows, stored.columns) = (stored.columns, 1) }
      if stored.rows % size == 0 { stored.interleavedRows = size }
    }
    return stored
  }
}
