import Domain
import LanguageModel
import Numerics
import Testing
import Transformer

@Suite struct RecomputationTests {
  /// No room for activations at all against room for everything.
  @Test(arguments: ["llama-tied", "qwen3", "gpt2", "mistral"])
  func activationsComputedAgainGiveTheSameBits(name: String) throws {
    let oracle = try Oracle(name)
    let model = try Model(directory: oracle.directory)
    let sample = LossSample(prompt: oracle.facts.promptIDs, response: oracle.facts.responseIDs)
    let keeping = Differentiator(model.network)
    let recomputing = Differentiator(model.network, activationLimit: 0)
    var chance = SeededGenerator(seed: 11)
    let vector = (0..<keeping.count).map { _ in Float(2 * chance.unit() - 1) }
    let sums = Matrix(zerosOfRows: 4, columns: keeping.count)
    var losses: [Double] = []
    for (row, differentiator) in [keeping, recomputing].enumerated() {
      losses.append(
        differentiator.gradient(
          of: sample, to: .adding(to: sums.base + row * keeping.count), in: differentiator.makeWorkspace()))
      losses.append(
        differentiator.hessianProduct(
          of: sample, along: HessianDirection(vector, of: differentiator),
          to: .adding(to: sums.base + (2 + row) * keeping.count), in: differentiator.makeWorkspace()))
    }
    #expect(losses[0] == losses[2] && losses[1] == losses[3])
    let gradientsAreSame = sums.row(0).elementsEqual(sums.row(1))
    let productsAreSame = sums.row(2).elementsEqual(sums.row(3))
    #expect(gradientsAreSame && productsAreSame)
    #expect(sums.row(0).contains { $0 != 0 } && sums.row(2).contains { $0 != 0 })
  }
}
