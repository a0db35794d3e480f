import Checkpoints
import Domain
import Foundation
import Numerics

/// A model that another program left on this machine, whole and in a form that is read here.
package struct FoundModel: Sendable, Hashable, Codable {
  /// What `--model` takes for it: a Hub identifier where the cache has it, otherwise a path.
  package var model: String
  package var source: String
  package var path: String
  /// `model_type` of its configuration: `llama`, `qwen3`.
  package var family: String
  package var parameters: Int
  /// Bytes of its weights' files.
  package var bytes: Int
  /// Tokens of its context.
  package var context: Int
  /// Bytes of memory that scoring takes with it, weights as they are stored, and tokens a second of it on this machine, estimated.
  package var memory: Int
  package var tokensPerSecond: Double
  /// Whether the memory is there now.
  package var fits: Bool
}

/// Looks for models where programs keep what they fetched: the Hugging Face cache, Ollama's and LM Studio's folders.
package struct ModelCatalog: Sendable {
  private let environment: [String: String]

  package init(environment: [String: String] = ProcessInfo.processInfo.environment) { self.environment = environment }

  /// The models, by source and name, and those that can't be used with the reason. What is half fetched is none of either.
  ///
  /// - Parameter speed: floating-point operations a second that tokens are reckoned with.
  package func models(speed: Double) -> (found: [FoundModel], refused: [(path: String, reason: String)]) {
    var found: [FoundModel] = []
    var refused: [(path: String, reason: String)] = []
    for place in places {
      do {
        found.append(try Self.model(place, speed: speed))
      } catch let error as any ReportableError {
        if !Self.isUnfinished(place.path) { refused.append((place.name, error.report.problem)) }
      } catch {
        refused.append((place.name, "\(error)"))
      }
    }
    return (found, refused)
  }

  /// Floating-point operations a second of all workers, from a product of matrices that takes about a tenth of a second.
  package static func speed(workers: Workers) -> Double {
    let size = 512
    let repeats = 8
    let clock = ContinuousClock()
    var rounds = 0
    let begin = clock.now
    while rounds < 2 || clock.now - begin < .milliseconds(60) {
      workers.forEach(workers.count) { _, _ in
        let (a, b) = ([Float](repeating: 1, count: size * size), [Float](repeating: 1, count: size * size))
        var c = [Float](repeating: 0, count: size * size)
        c.withUnsafeMutableBufferPointer { target in
          a.withUnsafeBufferPointer { left in
            b.withUnsafeBufferPointer { right in
              guard let left = left.baseAddress, let right = right.baseAddress, let target = target.baseAddress else {
                return
              }
              for _ in 0..<repeats {
                Product.multiply(m: size, n: size, k: size, left, lda: size, right, ldb: size, into: target, ldc: size)
              }
            }
          }
        }
      }
      rounds += 1
    }
    let seconds = (clock.now - begin) / .seconds(1)
    return 2 * Double(size * size * size) * Double(rounds * repeats * workers.count) / max(seconds, 1e-9)
  }

  private struct Place {
    var name: String
    var source: String
    var path: String
  }

  private var home: String { environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() }

  private var places: [Place] { hub + ollama + lmStudio }

  private var hub: [Place] {
    HubCache(environment).entries.compactMap { identifier, path in
      (try? HubCache.snapshot(in: path)).map { Place(name: identifier, source: "Hugging Face", path: $0) }
    }.flatMap { place in
      // A repository of GGUF files holds a model a file.
      let files = Self.wholeGGUF(in: place.path)
      let isCheckpoint = FileManager.default.fileExists(atPath: place.path + "/config.json") && files.isEmpty
      return isCheckpoint || files.isEmpty
        ? [place] : files.map { Place(name: $0, source: place.source, path: $0) }
    }
  }

  /// Manifests name the file of weights by its digest: `manifests/HOST/OWNER/NAME/TAG`, `blobs/sha256-…`.
  private var ollama: [Place] {
    let folder = environment["OLLAMA_MODELS"].flatMap { $0.isEmpty ? nil : $0 } ?? home + "/.ollama/models"
    let manifests = folder + "/manifests"
    guard let walk = FileManager.default.enumerator(atPath: manifests) else { return [] }
    struct Manifest: Decodable {
      struct Layer: Decodable {
        var mediaType: String
        var digest: String
      }
      var layers: [Layer]
    }
    return walk.compactMap { $0 as? String }.sorted().compactMap { name in
      guard name.split(separator: "/").count == 4,
        let data = FileManager.default.contents(atPath: manifests + "/" + name), data.count < 1 << 20,
        let manifest = try? JSONDecoder().decode(Manifest.self, from: data),
        let layer = manifest.layers.first(where: { $0.mediaType.hasSuffix(".image.model") }),
        layer.digest.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil
      else { return nil }
      let path = folder + "/blobs/" + layer.digest.replacing(":", with: "-")
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      return Place(
        name: path, source: "Ollama, " + name.split(separator: "/").suffix(2).joined(separator: ":"), path: path)
    }
  }

  /// `OWNER/REPOSITORY/*.gguf`, and checkpoints of MLX, whose quantised weights are refused by name.
  private var lmStudio: [Place] {
    let folders = [home + "/.lmstudio/models", home + "/.cache/lm-studio/models"]
    return folders.flatMap { folder in
      Self.names(in: folder).flatMap { owner in
        Self.names(in: folder + "/" + owner).flatMap { repository in
          Self.wholeGGUF(in: "\(folder)/\(owner)/\(repository)").map { Place(name: $0, source: "LM Studio", path: $0) }
        }
      }
    }
  }

  private static func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  /// Of split files the first part; what belongs to a vision model's other half is none.
  private static func wholeGGUF(in folder: String) -> [String] {
    names(in: folder).filter { name in
      guard name.hasSuffix(".gguf"), !name.hasPrefix("mmproj") else { return false }
      return name.firstMatch(of: /-(\d{5})-of-\d{5}\.gguf$/).map { $0.1 == "00001" } ?? true
    }.map { folder + "/" + $0 }
  }

  /// Whether a fetch is not at its end: a link or a part that leads nowhere, or no weights at all.
  private static func isUnfinished(_ path: String) -> Bool {
    let names = names(in: path)
    guard !names.isEmpty else { return !FileManager.default.fileExists(atPath: path) }
    if !names.contains(where: { $0.hasSuffix(".safetensors") || $0.hasSuffix(".gguf") || $0.hasSuffix(".bin") }) {
      return true
    }
    return names.contains { !FileManager.default.fileExists(atPath: path + "/" + $0) }
  }

  private static func model(_ place: Place, speed: Double) throws -> FoundModel {
    let files = try ModelFiles(place.path)
    let document = try files.required("config.json")
    let configuration = try ModelConfiguration(document.json(), file: document.path)
    _ = try files.required("tokenizer.json")
    let checkpoint = try Checkpoint(files, for: configuration)
    let (parameters, bytes) = (checkpoint.elementCount, checkpoint.byteCount)
    // Every tensor that a pass needs, by the shapes of two of them.
    let names = configuration.family.tensors
    try checkpoint.check(
      "model.\(names.embedding).weight".replacing("model.model.", with: "model."),
      shape: [configuration.vocabularySize, configuration.hiddenSize])
    // Weights as they are stored, and room for a batch's activations.
    let memory = bytes + 64 * configuration.hiddenSize * 4 * 1024
    return FoundModel(
      model: place.name, source: place.source, path: files.path, family: "\(configuration.family.name)",
      parameters: parameters, bytes: bytes, context: configuration.contextLength, memory: memory,
      tokensPerSecond: speed / (2 * Double(max(1, parameters))), fits: memory < SystemMemory.available)
  }
}
