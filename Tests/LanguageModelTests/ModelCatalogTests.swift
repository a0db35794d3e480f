import Checkpoints
import Domain
import Foundation
import LanguageModel
import Numerics
import TestSupport
import Testing

/// Models where other programs keep them.
@Suite struct ModelCatalogTests {
  private let home: URL
  private let checkpoint = Places.sampleData.appendingPathComponent("model").path
  private let gguf = Places.fixtures.appendingPathComponent("LanguageModel/gguf/llama.gguf").path

  init() throws { home = try Places.makeTemporaryFolder() }

  private func link(_ file: String, _ path: String) throws {
    let place = home.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: place.path, withDestinationPath: file)
  }

  private func write(_ text: String, _ path: String) throws {
    let place = home.appendingPathComponent(path)
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: place, atomically: true, encoding: .utf8)
  }

  private func hub(_ name: String, leavingOut left: Set<String> = []) throws {
    let entry = ".cache/huggingface/hub/models--\(name)"
    try write("abc\n", entry + "/refs/main")
    for file in try FileManager.default.contentsOfDirectory(atPath: checkpoint) where !left.contains(file) {
      try link("\(checkpoint)/\(file)", "\(entry)/snapshots/abc/\(file)")
    }
  }

  @Test func wholeModelsAreFoundInAllThreePlaces() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    try hub("made--sample")
    try hub("half--fetched", leavingOut: ["model.safetensors"])
    try write("{}", ".cache/huggingface/hub/models--other--kind/snapshots/r/config.json")
    try write("x", ".cache/huggingface/hub/models--other--kind/snapshots/r/model.safetensors")
    let digest = String(repeating: "ab", count: 32)
    try write(
      """
      {"layers": [{"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:\(digest)"},
       {"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:\(digest)"}]}
      """, ".ollama/models/manifests/registry.ollama.ai/library/small/1b")
    try write("not json", ".ollama/models/manifests/registry.ollama.ai/library/small/2b")
    try write(
      "{\"layers\": [{\"mediaType\": \"x.image.model\", \"digest\": \"sha256:../../../etc\"}]}",
      ".ollama/models/manifests/registry.ollama.ai/library/small/3b")
    try link(gguf, ".ollama/models/blobs/sha256-" + digest)
    try link(gguf, ".lmstudio/models/someone/repo-GGUF/repo.Q4_K.gguf")
    try write("x", ".lmstudio/models/someone/repo-GGUF/mmproj-repo.gguf")

    let (found, refused) = ModelCatalog(environment: ["HOME": home.path]).models(speed: 1e9)
    #expect(found.map(\.source) == ["Hugging Face", "Ollama, small:1b", "LM Studio"])
    let sample = try #require(found.first)
    #expect(sample.model == "made/sample" && sample.family == "llama")
    #expect(sample.context == (try Model(directory: checkpoint).configuration.contextLength))
    #expect((400_000...500_000).contains(sample.parameters) && sample.bytes > sample.parameters)
    #expect(abs(sample.tokensPerSecond - 1e9 / 2 / Double(sample.parameters)) < 1e-6 && sample.fits)
    // What is found can be opened by the name that is listed.
    let files = try ModelFiles(sample.model, environment: ["HOME": home.path])
    #expect(files.path == sample.path)
    for model in found.dropFirst() { _ = try Model(directory: model.model) }
    // Half a fetch is not listed; another kind is named with its reason.
    #expect(refused.map(\.path) == ["other/kind"])
  }

  @Test func withoutAnyThereIsNothing() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let (found, refused) = ModelCatalog(environment: ["HOME": home.path]).models(speed: 1)
    #expect(found.isEmpty && refused.isEmpty)
    #expect(ModelCatalog.speed(workers: Workers(count: 1)) > 1e8)
  }
}
