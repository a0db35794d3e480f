import Checkpoints
import Domain
import Foundation
import LanguageModel
import Numerics
import TestSupport
import Testing
import Transformer

@Suite struct TrainerTests {
  private func sample(_ oracle: Oracle) -> LossSample {
    LossSample(prompt: oracle.facts.promptIDs, response: oracle.facts.responseIDs)
  }

  @Test func threeStepsOfAdamWAreThoseOfPyTorch() throws {
    let oracle = try Oracle("qwen2")
    let trainer = Trainer(try Model(directory: oracle.directory).network)
    // Losses before each step, float64.
    for expected in [7.401820314587061, 4.946914567363328, 3.4168651920804396] {
      let loss = trainer.step(on: [sample(oracle)], rate: 1e-3)
      #expect(abs(loss - expected) < 1e-4 * expected)
    }
    let expected = try SafeTensors(path: oracle.directory + "/adamw.safetensors")
    for parameter in trainer.differentiator.parameters {
      for (name, vector) in [
        ("param", trainer.values.base), ("exp_avg", trainer.firstMoments.base),
        ("exp_avg_sq", trainer.secondMoments.base),
      ] where expected.shape(of: "\(name).\(parameter.name)") != nil {
        let error = relativeErrorInNorm(
          parameter.elements(of: vector), try expected.floats("\(name).\(parameter.name)"))
        #expect(error < 1e-3, "\(name) of \(parameter.name): \(error)")
      }
    }
  }

  @Test func aStepHasTheSameBitsOnOneWorkerAndOnMany() throws {
    let oracle = try Oracle("llama-tied")
    let model = try Model(directory: oracle.directory)
    var chance = SeededGenerator(seed: 5)
    let batch = (0..<7).map { _ in
      LossSample(
        prompt: (0..<1 + chance.below(20)).map { _ in Int32(chance.below(512)) },
        response: (0..<1 + chance.below(20)).map { _ in Int32(chance.below(512)) })
    }
    let weights = batch.map { _ in Float(chance.unit() * 2) }
    let results = [1, 2, 3].map { count in
      let trainer = Trainer(model.network)
      for _ in 0..<2 { _ = trainer.step(on: batch, weights: weights, rate: 1e-2, workers: Workers(count: count)) }
      return Array(trainer.values.elements)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func aBatchIsTheWeightedMeanOfItsSamples() throws {
    let oracle = try Oracle("llama-tied")
    let model = try Model(directory: oracle.directory)
    let once = Trainer(model.network)
    let twice = Trainer(model.network)
    let other = LossSample(prompt: [1, 2, 3], response: [4, 5])
    let loss = once.step(on: [sample(oracle)], rate: 1e-3)
    #expect(loss == twice.step(on: [sample(oracle), other, other], weights: [3, 0, 0], rate: 1e-3))
    #expect(relativeErrorInNorm(Array(once.values.elements), Array(twice.values.elements)) < 1e-6)
  }

  @Test(arguments: ["llama-tied", "gpt2"]) func aSavedRunGoesOnWhereItStopped(name: String) throws {
    let oracle = try Oracle(name)
    let model = try Model(directory: oracle.directory)
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let state = folder.appendingPathComponent("state.safetensors").path
    let whole = Trainer(model.network)
    _ = whole.step(on: [sample(oracle)], rate: 1e-3)
    try whole.saveState(to: state)
    try whole.saveCheckpoint(to: folder.appendingPathComponent("out").path, from: oracle.directory)

    // The checkpoint opens as a model of the stepped weights.
    let reopened = try Model(directory: folder.appendingPathComponent("out").path)
    let loss = whole.step(on: [sample(oracle)], rate: 1e-3)
    var batch = TokenBatch()
    batch.append(sample(oracle).tokens)
    for (place, token) in oracle.facts.responseIDs.enumerated() {
      batch.target(segment: 0, offset: oracle.facts.promptIDs.count + place - 1, token: token)
    }
    let logs = reopened.network.logProbabilities(batch, in: reopened.network.makeWorkspace())
    #expect(abs(loss + logs.reduce(0.0) { $0 + Double($1) } / Double(logs.count)) < 1e-5 * loss)

    let resumed = Trainer(model.network)
    try resumed.loadState(from: state)
    #expect(resumed.steps == 1)
    #expect(resumed.step(on: [sample(oracle)], rate: 1e-3) == loss)
    #expect(Array(resumed.values.elements) == Array(whole.values.elements))

    let other = Trainer(try Model(directory: Oracle(name == "gpt2" ? "llama-tied" : "gpt2").directory).network)
    #expect(throws: CheckpointError.self) { try other.loadState(from: state) }
  }

  @Test func theScheduleWarmsUpAndFallsAndVisitsEverySampleOnceAnEpoch() {
    let schedule = TrainingSchedule(peakRate: 1, warmUpSteps: 4, decay: .cosine, steps: 20, batchSize: 5, seed: 3)
    #expect(schedule.rate(at: 0) == 0.25 && schedule.rate(at: 3) == 1 && schedule.rate(at: 4) == 1)
    #expect(abs(schedule.rate(at: 12) - 0.5) < 1e-6 && schedule.rate(at: 20) < 1e-6)
    for epoch in 0..<3 {
      let seen = (0..<3).flatMap { schedule.batch(at: epoch * 3 + $0, of: 15) }
      #expect(seen.sorted() == Array(0..<15))
    }
    let across = TrainingSchedule(peakRate: 1, steps: 20, batchSize: 5).batch(at: 1, of: 7)
    #expect(across.count == 5)
  }
}

@Suite struct RandomCheckpointTests {
  @Test func aRandomModelOpensLearnsAndIsTheSameForTheSameSeed() throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let tokenizer = Places.fixtures.appendingPathComponent("LanguageModel/tokenizers/llama3").path
    func make(_ name: String, seed: UInt64) throws -> Model {
      let directory = folder.appendingPathComponent(name).path
      try RandomCheckpoint(
        hiddenSize: 32, layers: 2, heads: 4, keyValueHeads: 2, intermediateSize: 48, vocabularySize: 520,
        contextLength: 64, seed: seed
      ).write(to: directory, tokenizerFrom: tokenizer)
      return try Model(directory: directory)
    }
    let model = try make("a", seed: 1)
    #expect(try make("b", seed: 1).contentHash == model.contentHash)
    #expect(try make("c", seed: 2).contentHash != model.contentHash)
    #expect(model.configuration.endOfSequence == 507)
    // At random weights all tokens are nearly as likely; a few steps on one sample bring its loss down.
    let sample = LossSample(prompt: [1, 2, 3], response: [4, 5, 6, 7])
    let before = try #require(model.network.losses(of: [sample]).first)
    #expect(abs(before - log(520)) < 0.2)
    let trainer = Trainer(model.network)
    for _ in 0..<20 { _ = trainer.step(on: [sample], rate: 1e-2) }
    #expect(trainer.step(on: [sample], rate: 1e-2) < before / 4)
  }

  @Test func lossesOfManySamplesAreThoseOfEach() throws {
    let model = try Model(directory: Oracle("qwen2").directory)
    var chance = SeededGenerator(seed: 9)
    let samples = (0..<21).map { _ in
      LossSample(
        prompt: (0..<1 + chance.below(30)).map { _ in Int32(chance.below(500)) },
        response: (0..<1 + chance.below(30)).map { _ in Int32(chance.below(500)) })
    }
    let losses = model.network.losses(of: samples, workers: Workers(count: 2))
    #expect(losses == model.network.losses(of: samples, workers: Workers(count: 1)))
    for (sample, loss) in zip(samples, losses) {
      #expect(abs(loss - (model.network.losses(of: [sample]).first ?? .nan)) < 1e-5 * loss)
    }
  }
}
