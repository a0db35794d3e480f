import Checkpoints
import Domain
import Foundation
import LanguageModel
import Numerics
import Testing
import Transformer

@Suite struct TangentTests {
  /// Derivatives along two directions of the last hidden state behind two blocks, against PyTorch; the three sequences
  /// packed in one pass.
  @Test(arguments: ["qwen2", "qwen3", "gpt2", "mistral"]) func derivativesAlongDirectionsArePyTorchs(name: String)
    throws
  {
    let oracle = try Oracle(name)
    let expected = try SafeTensors(path: oracle.directory + "/tangents.safetensors")
    let model = try TangentModel(Model(directory: oracle.directory).network, blocks: 2, directions: 2) {
      parameter, direction in
      (try? expected.floats("jvp.\(direction).v.\(parameter.name)")) ?? []
    }
    let workspace = model.makeWorkspace()
    let packed = model.derivatives(of: oracle.facts.sequences, in: workspace)
    let size = model.configuration.hiddenSize
    for (number, sequence) in oracle.facts.sequences.enumerated() {
      for direction in 0..<2 {
        let reference = try expected.floats("jvp.\(direction).tangent.seq\(number)")
        let found = Array(packed.row(number)[direction * size..<(direction + 1) * size])
        #expect(relativeErrorInNorm(found, reference) < 1e-5)
      }
      let alone = model.derivatives(of: [sequence], in: workspace)
      #expect(relativeErrorInNorm(Array(alone.elements), Array(packed.row(number))) < 1e-5)
    }
  }
}

@Suite struct HessianTests {
  private static func vector(_ count: Int, seed: UInt64) -> Matrix {
    var chance = SeededGenerator(seed: seed)
    let vector = Matrix(uninitializedRows: 1, columns: count)
    for element in 0..<count { vector.base[element] = Float(2 * chance.unit() - 1) }
    return vector
  }

  /// Every tensor of H v, in norm, against PyTorch.
  @Test(arguments: ["qwen3", "gpt2"]) func hessianProductsArePyTorchs(name: String) throws {
    let oracle = try Oracle(name)
    let expected = try SafeTensors(path: oracle.directory + "/hessian.safetensors")
    let differentiator = Differentiator(try Model(directory: oracle.directory).network)
    let vector = Matrix(zerosOfRows: 1, columns: differentiator.count)
    for parameter in differentiator.parameters {
      parameter.store(try expected.floats("hvp.v.\(parameter.name)"), in: vector.base)
    }
    let product = Matrix(zerosOfRows: 1, columns: differentiator.count)
    let loss = differentiator.hessianProduct(
      of: LossSample(prompt: oracle.facts.promptIDs, response: oracle.facts.responseIDs),
      along: HessianDirection(vector.base, of: differentiator), to: .adding(to: product.base),
      in: differentiator.makeWorkspace())
    #expect(abs(loss - oracle.facts.loss) < 1e-5 * oracle.facts.loss)
    for parameter in differentiator.parameters {
      let error = relativeErrorInNorm(
        parameter.elements(of: product.base), try expected.floats("hvp.\(parameter.name)"))
      #expect(error < 1e-4, "\(parameter.name): \(error)")
    }
  }

  /// Also on a sequence longer than a tile, with a sliding window and more than a chunk of response tokens.
  @Test(arguments: ["llama-tied", "qwen2", "mistral", "qwen3", "gpt2"]) func theHessianIsSymmetric(name: String) throws
  {
    let differentiator = Differentiator(try Model(directory: Oracle(name).directory).network)
    var chance = SeededGenerator(seed: 11)
    let sample = LossSample(
      prompt: (0..<30).map { _ in Int32(chance.below(500)) }, response: (0..<100).map { _ in Int32(chance.below(500)) })
    let u = Self.vector(differentiator.count, seed: 1)
    let v = Self.vector(differentiator.count, seed: 2)
    let hu = Matrix(zerosOfRows: 1, columns: differentiator.count)
    let hv = Matrix(zerosOfRows: 1, columns: differentiator.count)
    let workspace = differentiator.makeWorkspace()
    for (vector, product) in [(u.base, hu.base), (v.base, hv.base)] {
      _ = differentiator.hessianProduct(
        of: sample, along: HessianDirection(vector, of: differentiator), to: .adding(to: product), in: workspace)
    }
    // Elements of the flat vector that are no parameter's do not take part.
    func dot(_ a: borrowing Matrix, _ b: borrowing Matrix) -> Double {
      let (a, b) = (a.base, b.base)
      return differentiator.parameters.reduce(0.0) { sum, parameter in
        parameter.range.reduce(sum) { $0 + Double(a[$1]) * Double(b[$1]) }
      }
    }
    let scale = (dot(hu, hu) * dot(v, v)).squareRoot()
    #expect(scale > 0)
    #expect(abs(dot(u, hv) - dot(v, hu)) < 1e-5 * scale)
  }
}
