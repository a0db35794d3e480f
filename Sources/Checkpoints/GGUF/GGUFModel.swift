import Domain
import Foundation
import Numerics

/// A model in a GGUF file, or in the parts of a split one: its tensors, and the documents that a checkpoint directory would have.
package final class GGUFModel: Sendable {
  /// A part of a split file by its name: `NAME-00001-of-00003.gguf`.
  struct Part: Hashable {
    var stem: String
    var number: Int
    var count: Int

    init?(_ name: String) {
      guard let match = name.wholeMatch(of: /(.*)-(\d{5})-of-(\d{5})\.gguf/), let number = Int(match.2),
        let count = Int(match.3), (1...count).contains(number)
      else { return nil }
      (stem, self.number, self.count) = (String(match.1), number, count)
    }

    func name(_ number: Int) -> String { String(format: "-%05d-of-%05d.gguf", number, count) }
  }

  /// The first has the metadata.
  package let parts: [GGUFFile]
  let files: [GGUFTensors]
  private let configuration: GGUFConfiguration

  package var header: GGUFFile { parts[0] }

  /// Any part of a split file stands for all.
  package init(path: String) throws(CheckpointError) {
    let directory = (path as NSString).deletingLastPathComponent
    var parts: [GGUFFile] = []
    if let part = Part((path as NSString).lastPathComponent), part.count > 1 {
      for number in 1...part.count {
        let name = part.stem + part.name(number)
        let file = directory.isEmpty ? name : directory + "/" + name
        guard try Presence.check(file) else {
          throw .unusable(
            "\(name) is missing", at: directory, remedy: "All \(part.count) parts of the model belong into one folder.")
        }
        parts.append(try GGUFFile(path: file))
      }
    } else {
      parts.append(try GGUFFile(path: path))
    }
    let declared = parts[0].integer("split.count") ?? 1
    guard declared <= 1 || declared == parts.count else {
      throw .unusable(
        "one of \(declared) parts of a split model", at: path,
        remedy: "Name it as it was (…-00001-of-\(String(format: "%05d", declared)).gguf), its other parts beside it.")
    }
    let all = parts
    let configuration = try GGUFConfiguration(
      all[0],
      tensors: .init(
        shape: { name in all.lazy.compactMap { $0.entries[name]?.shape }.first },
        floats: { (name) throws(CheckpointError) -> [Float]? in
          for part in all {
            if let floats = try part.floats(name) { return floats }
          }
          return nil
        }))
    self.parts = parts
    self.configuration = configuration
    var files: [GGUFTensors] = []
    for part in parts { files.append(try GGUFTensors(part, configuration.architecture)) }
    self.files = files
  }

  /// A document of a checkpoint directory, made from the metadata; nil for one that has no counterpart.
  func document(_ name: String) throws(CheckpointError) -> ModelFiles.Document? {
    let bytes: [UInt8]
    switch name {
    case "config.json": bytes = try configuration.json()
    case "tokenizer.json": bytes = try GGUFTokenizer(header).json()
    case "tokenizer_config.json": bytes = try GGUFTokenizer(header).configuration()
    default: return nil
    }
    return ModelFiles.Document(bytes, path: header.file.path, source: .header(of: header))
  }
}

extension GGUFFile {
  /// A tensor's values as float32, row-major, as they are in the file; nil where there is none of that name.
  package func floats(_ name: String) throws(CheckpointError) -> [Float]? {
    guard let entry = entries[name] else { return nil }
    guard let stored = stored(entry) else {
      throw .unsupportedTensorType(name, type: GGUFType.name(entry.type), file: file.path)
    }
    var values = Matrix(uninitializedRows: 1, columns: stored.rows * stored.columns)
    stored.widen(into: values.mutableStart())
    return Array(values.elements)
  }

  /// Where a tensor lies; nil for a type that is not read.
  func stored(_ entry: Entry) -> StoredTensor? {
    guard let type = GGUFType(entry.type), let base = file.bytes.baseAddress else { return nil }
    let columns = entry.shape.last ?? 1
    return StoredTensor(
      base: base + entry.bytes.lowerBound, encoding: type.encoding,
      rows: columns == 0 ? 0 : entry.shape.reduce(1, *) / columns, columns: columns)
  }

  /// A digest of all that stands before the tensors' data.
  package var headerHash: ContentHash { ContentHash(of: UnsafeRawBufferPointer(rebasing: file.bytes[..<dataStart])) }
}
