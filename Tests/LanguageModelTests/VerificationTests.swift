import Checkpoints
import Domain
import Foundation
import LanguageModel
import TestSupport
import Testing
import Transformer

@Suite struct VerificationTests {
  @Test func aReferenceOfLossAndGradientsIsMetLineByLine() throws {
    let oracle = try Oracle("gpt2")
    let model = try Model(directory: oracle.directory)
    let verification = try Verification(of: model.network, against: oracle.directory + "/reference.safetensors")
    #expect(verification.lines.first?.name == "loss")
    #expect(verification.lines.count == 13)
    #expect(verification.isWithin(1e-5))
    let logits = try Verification(of: model.network, against: oracle.directory + "/reference-logits.safetensors")
    #expect(logits.lines.map(\.name) == ["logits"] && logits.isWithin(1e-5))
  }

  @Test func anotherModelsReferenceIsNotMet() throws {
    // The two differ in rope scaling only.
    let model = try Model(directory: Oracle("llama3-rope").directory)
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let scaled = folder.appendingPathComponent("model")
    try FileManager.default.copyItem(at: URL(fileURLWithPath: Oracle("llama3-rope").directory), to: scaled)
    var text = try String(contentsOf: scaled.appendingPathComponent("config.json"), encoding: .utf8)
    text.replace("\"factor\": 8.0", with: "\"factor\": 2.0")
    try text.write(to: scaled.appendingPathComponent("config.json"), atomically: true, encoding: .utf8)
    let other = try Model(directory: scaled.path)
    let tokens = (0..<100).map { Int32($0) }
    let first = model.network.logits(of: tokens, in: model.network.makeWorkspace())
    let second = other.network.logits(of: tokens, in: other.network.makeWorkspace())
    #expect(relativeError(Array(first.elements), Array(second.elements)) > 1e-3)
  }

  @Test func aReferenceThatDoesNotFitIsRefused() throws {
    let oracle = try Oracle("gpt2")
    let reference = oracle.directory + "/reference-logits.safetensors"
    let mistral = try Model(directory: Oracle("mistral").directory)
    #expect(throws: CheckpointError.self) { try Verification(of: mistral.network, against: reference) }
    do {
      _ = try Verification(of: mistral.network, against: "/nowhere.safetensors")
      Issue.record("a reference that is not there was read")
    } catch {
      #expect(error.report.status == .noSuchFile)
    }
    // A file without input_ids.
    #expect(throws: CheckpointError.self) {
      try Verification(of: mistral.network, against: Oracle("mistral").directory + "/gradients.safetensors")
    }
  }
}
