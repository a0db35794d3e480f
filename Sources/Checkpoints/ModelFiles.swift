import Domain
import Foundation
import JSONBytes
import Numerics

/// Where a model lies, and its documents in Hugging Face's forms: a checkpoint directory, a `.safetensors` file in one, a GGUF file
/// (or one part of a split one), an entry of the Hub's cache, or the Hub identifier of a model that is in it.
package struct ModelFiles: Sendable {
  /// The directory, or the GGUF file.
  package let path: String
  /// A file of weights that was named itself.
  let weights: String?
  package let gguf: GGUFModel?

  /// Finds the model that `path` names. Errors: what is there instead, and what to do.
  package init(
    _ path: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(CheckpointError) {
    var path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    if try !Presence.check(path) {
      guard let entry = HubCache(environment).entry(path) else { throw .noSuchDirectory(path) }
      path = try HubCache.snapshot(in: entry)
    }
    if Presence.isDirectory(path) {
      if !Self.holdsModel(path) {
        if Presence.isDirectory(path + "/snapshots") {
          path = try HubCache.snapshot(in: path)
        }
        if !Self.holdsModel(path), let file = try Self.onlyGGUF(in: path) {
          self.init(path: file, weights: nil, gguf: try GGUFModel(path: file))
          return
        }
      }
      self.init(path: path, weights: nil, gguf: nil)
      return
    }
    let file = try MappedFile(checkpoint: path)
    let directory = (path as NSString).deletingLastPathComponent
    if GGUFFile.isGGUF(file.bytes) {
      self.init(path: path, weights: nil, gguf: try GGUFModel(path: path))
    } else if path.hasSuffix(".gguf") {
      throw .malformed(path, reason: "no GGUF file: it does not begin with \"GGUF\"")
    } else if path.hasSuffix(".safetensors") || path.hasSuffix(".safetensors.index.json") {
      self.init(path: directory.isEmpty ? "." : directory, weights: (path as NSString).lastPathComponent, gguf: nil)
    } else if let (kind, remedy) = PickledWeights.kind(of: path) {
      throw .unusable("\(kind), which is not read", at: path, remedy: remedy)
    } else {
      throw .unusable(
        "neither a checkpoint's directory nor a .safetensors or .gguf file", at: path,
        remedy: "Name the directory with config.json, or the .gguf file.")
    }
  }

  /// The path of a model that is named by its Hub identifier and in the cache; any other path as it is.
  package static func place(
    _ path: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String {
    guard !FileManager.default.fileExists(atPath: path), let entry = HubCache(environment).entry(path) else {
      return path
    }
    return (try? HubCache.snapshot(in: entry)) ?? path
  }

  private init(path: String, weights: String?, gguf: GGUFModel?) {
    self.path = path
    self.weights = weights
    self.gguf = gguf
  }

  private static func holdsModel(_ directory: String) -> Bool {
    ["config.json", "tokenizer.json"].contains { FileManager.default.fileExists(atPath: directory + "/" + $0) }
  }

  /// The one model in GGUF form that a directory without a checkpoint holds.
  private static func onlyGGUF(in directory: String) throws(CheckpointError) -> String? {
    let names = Presence.names(in: directory).filter { $0.hasSuffix(".gguf") }
    // The parts of a split file are one; what belongs to a vision model's other half is none.
    let models = names.filter { !$0.hasPrefix("mmproj") && GGUFModel.Part($0).map { $0.number == 1 } ?? true }
    if models.count > 1 {
      throw .unusable(
        "\(models.count) GGUF files", at: directory,
        remedy: "Name one of them: \(models.prefix(6).joined(separator: ", ")).")
    }
    return models.first.map { directory + "/" + $0 }
  }
}

// MARK: Documents

extension ModelFiles {
  /// A document of the model's: a file, or what stands for it.
  package struct Document: Sendable {
    /// As errors name it.
    package var path: String
    package var source: Source
    private let made: [UInt8]?

    init(_ file: MappedFile) {
      (path, source, made) = (file.path, .files([file]), nil)
    }

    init(_ made: [UInt8], path: String, source: Source) {
      (self.path, self.source, self.made) = (path, source, made)
    }

    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
      if let made { return try made.withUnsafeBytes(body) }
      guard case .files(let files) = source, let file = files.first else {
        return try body(UnsafeRawBufferPointer(start: nil, count: 0))
      }
      return try withExtendedLifetime(file) { try body(file.bytes) }
    }

    package var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    package func json() throws(CheckpointError) -> JSON {
      let result = withBytes { bytes in
        Result<JSON, JSONProblem> { () throws(JSONProblem) -> JSON in try JSON.parse(bytes) }
      }
      do {
        return try result.get()
      } catch {
        throw .malformed(path, reason: "not valid JSON: \(error.problem)")
      }
    }
  }

  /// What a document was made from, for its digest.
  package enum Source: Sendable {
    case files([MappedFile])
    case header(of: GGUFFile)

    package var contentHash: ContentHash {
      switch self {
      case .files(let files) where files.count == 1: files[0].contentHash
      case .files(let files): ContentHash(combining: files.map(\.contentHash))
      case .header(let gguf): gguf.headerHash
      }
    }
  }

  /// A document by its name in a checkpoint directory; nil where there is none.
  package func document(_ name: String) throws(CheckpointError) -> Document? {
    if let gguf { return try gguf.document(name) }
    let file = path + "/" + name
    if try Presence.check(file) { return Document(try MappedFile(checkpoint: file)) }
    return name == "tokenizer.json" ? try VocabularyFiles.tokenizer(in: path) : nil
  }

  /// The same of one that must be there.
  package func required(_ name: String) throws(CheckpointError) -> Document {
    if let document = try document(name) { return document }
    throw Diagnosis.missing(name, in: path)
  }

  package func configuration() throws(CheckpointError) -> ModelConfiguration {
    let document = try required("config.json")
    return try ModelConfiguration(document.json(), file: document.path)
  }
}

/// Whether something is at a path; a link that leads nowhere is refused by name.
enum Presence {
  static func check(_ path: String) throws(CheckpointError) -> Bool {
    if FileManager.default.fileExists(atPath: path) { return true }
    guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return false }
    throw .unusable(
      "a link to \(target), which is not there", at: path,
      remedy: "The file that it led to was removed, moved, or never fetched whole: fetch the model again (hf download "
        + "finds out what is missing), or mend the link.")
  }

  static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }

  /// Sorted.
  static func names(in directory: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
  }
}
