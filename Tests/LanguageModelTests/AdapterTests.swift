import Checkpoints
import Domain
import Foundation
import LanguageModel
import Numerics
import TestSupport
import Testing
import Transformer

@Suite struct AdapterTests {
  private static let tokens: [Int32] = [3, 7, 1, 3, 10, 5, 2, 8]
  private static let sample = LossSample(prompt: Array(tokens[..<4]), response: Array(tokens[4...]))

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  /// Derivatives by A and B, taken out of the first moments, against central differences of a double-precision model whose
  /// weights are W + alpha / rank · B A.
  @Test(
    arguments: ReferenceModel.kinds.filter { ["Llama, grouped heads", "GPT-2", "Qwen3, wide heads"].contains($0.name) })
  func derivativesByBothFactorsAreTheSlopesOfTheLoss(kind: ReferenceModel.Kind) throws {
    try withFolder { folder in
      let reference = ReferenceModel(kind, seed: 42)
      try reference.write(to: folder)
      let model = try Model(directory: folder.path)
      let targets = kind.isGPT2 ? ["c_attn", "c_fc"] : ["q_proj", "v_proj", "down_proj"]
      let settings = AdapterSettings(rank: 2, alpha: 3, targets: targets, seed: 5)
      let trainer = Trainer(model.network, adapter: try Adapter(settings, of: model.network))
      let state = folder.appendingPathComponent("state.safetensors").path
      // Two steps take B off zero.
      for _ in 0..<2 { _ = trainer.step(on: [Self.sample], rate: 0.05) }
      try trainer.saveState(to: state)
      let before = try SafeTensors(path: state)
      _ = trainer.step(on: [Self.sample], rate: 0.05)
      try trainer.saveState(to: state + ".2")
      let after = try SafeTensors(path: state + ".2")

      let names = before.names.filter { $0.hasPrefix("param.") }.map { String($0.dropFirst("param.".count)) }
      #expect(names.count == 2 * targets.count * kind.layers)
      var values = try Dictionary(
        uniqueKeysWithValues: names.map { ($0, try before.floats("param.\($0)").map { Double($0) }) })
      func loss() -> Double {
        var changed = reference
        for name in names where name.hasSuffix(".lora_A.weight") {
          let module = String(name.dropLast(".lora_A.weight".count))
          guard let a = values[name], let b = values[module + ".lora_B.weight"] else { continue }
          let (inputs, outputs) = (a.count / 2, b.count / 2)
          for output in 0..<outputs {
            for input in 0..<inputs {
              let change = 1.5 * (b[2 * output] * a[input] + b[2 * output + 1] * a[inputs + input])
              changed.tensors[module + ".weight"]?[kind.isGPT2 ? input * outputs + output : output * inputs + input] +=
                change
            }
          }
        }
        return changed.loss(Self.tokens, from: 4)
      }
      for name in names {
        let (first, second) = (try before.floats("exp_avg.\(name)"), try after.floats("exp_avg.\(name)"))
        let found = zip(first, second).map { (Float($1) - 0.9 * $0) / 0.1 }
        let expected = found.indices.map { place -> Float in
          let held = values[name]?[place] ?? 0
          values[name]?[place] = held + 1e-5
          let up = loss()
          values[name]?[place] = held - 1e-5
          let down = loss()
          values[name]?[place] = held
          return Float((up - down) / 2e-5)
        }
        let error = relativeErrorInNorm(found, expected)
        #expect(error < 1e-3, "\(name): \(error)")
      }
    }
  }

  @Test(arguments: ["llama-tied", "gpt2", "qwen3"]) func mergedAndApartAreTheSameModel(name: String) throws {
    try withFolder { folder in
      let oracle = try Oracle(name)
      let model = try Model(directory: oracle.directory)
      let sample = LossSample(prompt: oracle.facts.promptIDs, response: oracle.facts.responseIDs)
      let trainer = Trainer(model.network, adapter: try Adapter(AdapterSettings(rank: 3, alpha: 6), of: model.network))
      let before = trainer.step(on: [sample], rate: 1e-2)
      // B begins at zero: the first loss is the model's own.
      #expect(abs(before - (model.network.losses(of: [sample]).first ?? 0)) < 1e-5)
      for _ in 0..<5 { _ = trainer.step(on: [sample], rate: 1e-2) }
      let (apart, whole) = (folder.appendingPathComponent("apart").path, folder.appendingPathComponent("whole").path)
      try trainer.saveAdapter(to: apart, base: oracle.directory)
      try trainer.saveCheckpoint(to: whole, from: oracle.directory)
      let merged = try Model(directory: whole)
      let adapted = try Model(directory: oracle.directory, adapter: apart)
      let losses = try [merged, adapted].map { try #require($0.network.losses(of: [sample]).first) }
      #expect(abs(losses[0] - losses[1]) < 1e-6 && losses[0] < before - 0.01, "\(losses) \(before)")
      #expect(adapted.contentHash != model.contentHash)
      // Nothing but the targets has changed.
      let (old, new) = (
        try SafeTensors(path: oracle.directory + "/model.safetensors"),
        try SafeTensors(path: whole + "/model.safetensors")
      )
      for tensor in new.names {
        let isTarget = ["q_proj.weight", "v_proj.weight", "c_attn.weight"].contains { tensor.hasSuffix($0) }
        let isSame = try old.floats(tensor) == new.floats(tensor)
        #expect(isSame != isTarget, "\(tensor)")
      }
    }
  }

  @Test func anAdapterGoesOnFromItsStateWithTheSameBits() throws {
    try withFolder { folder in
      let oracle = try Oracle("qwen2")
      let model = try Model(directory: oracle.directory)
      let sample = LossSample(prompt: oracle.facts.promptIDs, response: oracle.facts.responseIDs)
      func trainer() throws -> Trainer {
        Trainer(
          model.network,
          adapter: try Adapter(AdapterSettings(rank: 2, alpha: 4, targets: ["o_proj", "gate_proj"]), of: model.network))
      }
      let (whole, resumed) = (try trainer(), try trainer())
      for _ in 0..<2 { _ = whole.step(on: [sample], rate: 1e-2) }
      let state = folder.appendingPathComponent("state.safetensors").path
      try whole.saveState(to: state)
      try resumed.loadState(from: state)
      let losses = [
        whole.step(on: [sample, sample], rate: 1e-2, workers: Workers(count: 1)),
        resumed.step(on: [sample, sample], rate: 1e-2, workers: Workers(count: 2)),
      ]
      #expect(losses[0] == losses[1])
      let isSame = whole.values.elements.elementsEqual(resumed.values.elements)
      #expect(isSame)
      // The state of an adapter is not one of the whole model.
      #expect(throws: CheckpointError.self) { try Trainer(model.network).loadState(from: state) }
    }
  }

  @Test func whatCannotBeAddedIsRefusedByName() throws {
    try withFolder { folder in
      let oracle = try Oracle("llama-tied")
      let model = try Model(directory: oracle.directory)
      let targets = AdapterSettings(rank: 2, alpha: 4, targets: ["c_attn"])
      #expect(
        throws: AdapterError.unknownTarget(
          "c_attn", known: ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"])
      ) { try Adapter(targets, of: model.network) }
      let trainer = Trainer(model.network, adapter: try Adapter(AdapterSettings(rank: 2, alpha: 4), of: model.network))
      try trainer.saveAdapter(to: folder.path, base: oracle.directory)
      let path = folder.appendingPathComponent("adapter_config.json")
      let good = try String(contentsOf: path, encoding: .utf8)
      func report(_ change: (String, String)) throws -> String {
        let bad = good.replacingOccurrences(of: change.0, with: change.1)
        #expect(bad != good)
        try bad.write(to: path, atomically: true, encoding: .utf8)
        do {
          _ = try Model(directory: oracle.directory, adapter: folder.path)
          return "opened"
        } catch let error as any ReportableError {
          return error.report.description
        }
      }
      #expect(try report((#""LORA""#, #""IA3""#)).contains("IA3"))
      #expect(try report((#""bias" : "none""#, #""bias" : "all""#)).contains("bias"))
      #expect(try report((#""inference_mode" : true"#, #""use_dora" : true"#)).contains("use_dora"))
      #expect(try report((#""r" : 2"#, #""r" : 3"#)).contains("lora_A"))
      #expect(try report((#""r" : 2"#, #""r" : 0"#)).contains("\"r\""))
      try good.write(to: path, atomically: true, encoding: .utf8)
      #expect(throws: CheckpointError.self) { try Model(directory: Oracle("gpt2").directory, adapter: folder.path) }
      #expect(throws: CheckpointError.noSuchFile(folder.path + "/none/adapter_config.json")) {
        try Model(directory: oracle.directory, adapter: folder.path + "/none")
      }
    }
  }
}
