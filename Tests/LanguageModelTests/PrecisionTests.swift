import Checkpoints
import Domain
import Foundation
import LanguageModel
import Numerics
import TestSupport
import Testing
import Transformer

@Suite struct PrecisionTests {
  /// A fixture's checkpoint, its tensors in float16 if asked for.
  private func checkpoint(_ name: String, halved: Bool, in folder: URL) throws -> String {
    let oracle = try Oracle(name)
    guard halved else { return oracle.directory }
    let source = URL(fileURLWithPath: oracle.directory)
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
      try? FileManager.default.copyItem(
        at: source.appendingPathComponent(file), to: folder.appendingPathComponent(file))
    }
    let whole = try SafeTensors(path: source.appendingPathComponent("model.safetensors").path)
    var header: [String: Any] = [:]
    var data = Data()
    for name in whole.names {
      let start = data.count
      for value in try whole.floats(name) {
        withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { data.append(contentsOf: $0) }
      }
      header[name] = ["dtype": "F16", "shape": whole.shape(of: name) ?? [], "data_offsets": [start, data.count]]
    }
    let text = try JSONSerialization.data(withJSONObject: header)
    var bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
    bytes.append(text)
    bytes.append(data)
    try bytes.write(to: folder.appendingPathComponent("model.safetensors"))
    return folder.path
  }

  /// With panels every product adds in the same order in both ways; BLAS may choose another for a slice.
  private func expectSame(_ found: [Float], _ expected: [Float], _ what: String) {
    if PanelProduct.pays {
      let isSame = found == expected  // compared here: a report would print every number
      #expect(isSame, "\(what)")
    } else {
      #expect(relativeErrorInNorm(found, expected) < 1e-5, "\(what)")
    }
  }

  private static let cases: [(name: String, halved: Bool)] =
    ["llama-tied", "qwen2", "qwen3", "gpt2", "mistral"].flatMap { [($0, false), ($0, true)] }
    + [("llama-untied-bf16-sharded", false)]

  @Test(arguments: cases) func weightsAsStoredGiveTheNumbersOfWidenedOnes(name: String, halved: Bool) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let directory = try checkpoint(name, halved: halved, in: folder)
    let facts = try Oracle(name).facts
    let (stored, widened) = try (
      Model(directory: directory, precision: .stored), Model(directory: directory, precision: .float32)
    )
    for tokens in facts.sequences {
      let found = stored.network.logits(of: tokens, in: stored.network.makeWorkspace())
      let expected = widened.network.logits(of: tokens, in: widened.network.makeWorkspace())
      expectSame(Array(found.elements), Array(expected.elements), "logits")
    }
    let sample = LossSample(prompt: facts.promptIDs, response: facts.responseIDs)
    #expect(stored.network.losses(of: [sample]) == widened.network.losses(of: [sample]))
    let (a, b) = (Differentiator(stored.network), Differentiator(widened.network))
    let found = Matrix(zerosOfRows: 2, columns: a.count)
    let expected = Matrix(zerosOfRows: 2, columns: b.count)
    var chance = SeededGenerator(seed: 5)
    let direction = (0..<a.count).map { _ in Float(2 * chance.unit() - 1) }
    for (differentiator, result) in [(a, found.base), (b, expected.base)] {
      _ = differentiator.gradient(of: sample, to: .adding(to: result), in: differentiator.makeWorkspace())
      _ = differentiator.hessianProduct(
        of: sample, along: HessianDirection(direction, of: differentiator),
        to: .adding(to: result + differentiator.count), in: differentiator.makeWorkspace())
    }
    expectSame(Array(found.row(0)), Array(expected.row(0)), "gradient")
    expectSame(Array(found.row(1)), Array(expected.row(1)), "Hessian product")
    // Training begins from the same values.
    let (first, second) = (Trainer(stored.network), Trainer(widened.network))
    withExtendedLifetime((first, second)) {
      let isSame = first.values.elements.elementsEqual(second.values.elements)
      #expect(isSame)
    }
  }
}
