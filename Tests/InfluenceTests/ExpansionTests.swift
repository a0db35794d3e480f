import Domain
import Foundation
import Influence
import LanguageModel
import Numerics
import Testing
import Transformer

@Suite struct ExpansionTests {
  /// Random weights, two of each kind, both optimisers: halving the step takes the error to about an eighth.
  @Test(arguments: [false, true], [1, 2] as [UInt64])
  func theErrorOfTheExpansionFallsWithTheCubeOfTheStep(isAdam: Bool, seed: UInt64) throws {
    let oracle = try Oracle()
    let trainer = try Trainer(Model(directory: Oracle.modelPath).network)
    for step in 0..<(isAdam ? 3 : 0) {
      _ = trainer.step(on: Array(oracle.train[4 * step..<4 * step + 4]), rate: 1e-3)
    }
    let differentiator = trainer.differentiator
    // The table's rarely seen rows have a scaling of 1e8, where a step of any useful size leaves the range of an expansion.
    let gradients = GradientRows(
      differentiator, space: try GradientSpace(differentiator, filter: "mlp,self_attn"),
      scaling: isAdam ? AdamScaling(trainer) : nil)
    var chance = SeededGenerator(seed: seed)
    let raw = (0..<16).map { _ in chance.unit() < 0.5 ? 0.05 : chance.unit() }
    let total = raw.reduce(0, +)
    let check = try ExpansionCheck(
      gradients, samples: Array(oracle.train.prefix(16)), weights: raw.map { 16 * $0 / total }, target: oracle.target,
      shares: oracle.target.map { _ in 1 / Double(oracle.target.count) }, stepSize: isAdam ? 4e-4 : 1e-3, count: 4,
      workers: Workers())
    // Halved k times: an eighth each time, or less where the third order happens to be small. Rounding of the losses is below 1e-7.
    let error = check.rows.map(\.error)
    let firstOnly = check.rows.map { abs($0.measured - $0.firstOrder) }
    func bound(_ errors: [Double], _ halvings: Int) -> Double { 1.2 * errors[0] / pow(8, Double(halvings)) + 1e-7 }
    for halvings in 1..<4 { #expect(error[halvings] < bound(error, halvings), "\(check)") }
    #expect(error[0] < 0.2 * abs(check.rows[0].firstOrder))
    // Without the second order it falls with the square only.
    #expect(firstOnly[3] > 2 * bound(firstOnly, 3), "\(check)")
    #expect(firstOnly[3] > 10 * error[3])
  }
}
