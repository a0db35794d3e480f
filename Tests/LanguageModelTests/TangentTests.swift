import Domain
import Foundation
import LanguageModel
import Numerics
import Testing

@Suite struct TangentTests {
  /// Derivatives along two directions of the last hidden state behind two blocks, against PyTorch; the three sequences
  /// packed in one pass.
  @Test(arguments: ["qwen2", "qwen3", "gpt2", "mistral"]) func derivativesAlongDirectionsArePyTorchs(name: String)
    throws
  {
    let oracle = try Oracle(name)
    let expected = try SafeTensors(path: oracle.directory + "/tangents.safetensors")
    let model = try TangentModel(Model(directory: oracle.directory), blocks: 2, directions: 2) { parameter, direction in
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
