import Checkpoints
import Domain
import Foundation
import LanguageModel
import Numerics
import Testing
import Transformer

@Suite struct GradientTests {
  /// Every tensor's derivative, in norm, against PyTorch; models of all families.
  @Test(arguments: ["llama-tied", "qwen2", "qwen3", "gpt2", "mistral"])
  func everyGradientTensorIsPyTorchs(name: String) throws {
    let oracle = try Oracle(name)
    let model = try Model(directory: oracle.directory)
    let differentiator = Differentiator(model.network)
    let expected = try SafeTensors(path: oracle.directory + "/gradients.safetensors")
    let sample = LossSample(prompt: oracle.facts.promptIDs, response: oracle.facts.responseIDs)
    let workspace = differentiator.makeWorkspace()
    let gradient = Matrix(zerosOfRows: 1, columns: differentiator.count)
    let loss = differentiator.gradient(of: sample, to: .adding(to: gradient.base), in: workspace)
    #expect(abs(loss - oracle.facts.loss) < 1e-5 * oracle.facts.loss)
    #expect(expected.names.count == differentiator.parameters.count)
    for parameter in differentiator.parameters {
      let found = parameter.elements(of: gradient.base)
      let error = relativeErrorInNorm(found, try expected.floats("grad.\(parameter.name)"))
      #expect(error < 1e-5, "\(parameter.name): \(error)")
    }

    // In blocks, the same derivatives, and only the wanted ones.
    let blocks = Matrix(zerosOfRows: 1, columns: differentiator.count)
    let wanted = differentiator.parameters.filter { $0.name.contains("1.") && !$0.name.contains("q_proj") }.map(\.range)
    _ = differentiator.gradient(
      of: sample,
      to: .blocks(of: wanted) { range, values in
        for (place, element) in range.enumerated() { blocks.base[element] += values[place] }
      }, in: workspace)
    for element in 0..<differentiator.count {
      let isWanted = wanted.contains { $0.contains(element) }
      #expect(blocks.base[element] == (isWanted ? gradient.base[element] : 0), "element \(element)")
    }
  }

  @Test func gradientsAddUpByTheirFactors() throws {
    let oracle = try Oracle("qwen2")
    let differentiator = Differentiator(try Model(directory: oracle.directory).network)
    let workspace = differentiator.makeWorkspace()
    let sample = LossSample(prompt: oracle.facts.promptIDs, response: oracle.facts.responseIDs)
    let once = Matrix(zerosOfRows: 1, columns: differentiator.count)
    let sum = Matrix(zerosOfRows: 1, columns: differentiator.count)
    _ = differentiator.gradient(of: sample, to: .adding(to: once.base), in: workspace)
    for factor: Float in [0.5, 2, -1.5] {
      _ = differentiator.gradient(of: sample, factor: factor, to: .adding(to: sum.base), in: workspace)
    }
    #expect(relativeErrorInNorm(Array(sum.elements), Array(once.elements)) < 1e-6)
  }

  @Test func aLongResponseHasTheLossOfItsLogProbabilities() throws {
    // Longer than a tile of the attention and a chunk of the head.
    let oracle = try Oracle("mistral")
    let model = try Model(directory: oracle.directory)
    let differentiator = Differentiator(model.network)
    let workspace = differentiator.makeWorkspace()
    var chance = SeededGenerator(seed: 3)
    let tokens = (0..<200).map { _ in Int32(chance.below(640)) }
    let sample = LossSample(prompt: Array(tokens[..<20]), response: Array(tokens[20...]))
    let gradient = Matrix(zerosOfRows: 1, columns: differentiator.count)
    let loss = differentiator.gradient(of: sample, to: .adding(to: gradient.base), in: workspace)
    var batch = TokenBatch()
    batch.append(tokens)
    for place in 20..<200 { batch.target(segment: 0, offset: place - 1, token: tokens[place]) }
    let logs = model.network.logProbabilities(batch, in: model.network.makeWorkspace())
    #expect(abs(loss + logs.reduce(0.0) { $0 + Double($1) } / 180) < 1e-5 * loss)
  }
}

func relativeErrorInNorm(_ found: [Float], _ expected: [Float]) -> Double {
  guard found.count == expected.count else { return .infinity }
  let difference = zip(found, expected).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
  let norm = expected.reduce(0.0) { $0 + pow(Double($1), 2) }
  return (difference / max(norm, 1e-300)).squareRoot()
}
