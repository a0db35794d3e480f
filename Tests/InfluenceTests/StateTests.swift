import Domain
import Foundation
import Influence
import LanguageModel
import Numerics
import TestSupport
import Testing
import Transformer

/// Weighted means of hidden states (RDS+) beside those of transformers.
@Suite struct StateTests {
  private struct Samples: Decodable {
    var tokens: [[Int32]]
    private enum CodingKeys: String, CodingKey { case tokens = "tokens_alone" }
  }
  private struct Expected: Decodable {
    /// Unit vectors, in float64.
    var states: [[Double]]
  }

  private let network: Network
  private let samples: [LossSample]
  private let expected: [[Double]]

  init() throws {
    let folder = Places.fixtures.appendingPathComponent("Scoring")
    network = try Model(directory: folder.appendingPathComponent("model").path).network
    func read<Value: Decodable>(_ name: String, _ type: Value.Type) throws -> Value {
      try JSONDecoder().decode(type, from: Data(contentsOf: folder.appendingPathComponent(name)))
    }
    samples = try read("delift.json", Samples.self).tokens.map { LossSample(tokens: $0, targets: []) }
    expected = try read("states.json", Expected.self).states
  }

  private func states(_ samples: [LossSample], workers: Int) throws -> Matrix {
    try StateEmbedding(network).embeddings(
      of: samples, workers: Workers(count: workers), cancellation: Cancellation(), advance: { _ in })
  }

  @Test func theyAreThoseOfTransformers() throws {
    let found = try states(samples, workers: 1)
    #expect((found.rows, found.columns) == (12, 64))
    for (row, expected) in expected.enumerated() {
      for (column, value) in expected.enumerated() { #expect(abs(Double(found[row, column]) - value) < 2e-5) }
    }
  }

  @Test func packedWithOthersTheyAreWhatTheyAreAlone() throws {
    let packed = network.weightedStates(of: samples.map(\.tokens), in: network.makeWorkspace())
    for (row, sample) in samples.enumerated() {
      let alone = network.weightedStates(of: [sample.tokens], in: network.makeWorkspace())
      for column in 0..<64 { #expect(abs(packed[row, column] - alone[0, column]) < 2e-5) }
    }
    // Of one token the state itself; of two the second counts twice as much as the first.
    let one = network.weightedStates(of: [[5], [5, 9]], in: network.makeWorkspace())
    #expect(one[0, 0] != one[1, 0])
  }

  @Test func theBitsDoNotDependOnTheNumberOfWorkers() throws {
    let many = (0..<40).map { samples[$0 % 12] }
    let one = try states(many, workers: 1)
    for workers in [2, 5] {
      let other = try states(many, workers: workers)
      for row in 0..<40 { for column in 0..<64 { #expect(other[row, column] == one[row, column]) } }
    }
  }

  @Test func aCancelledPassGivesNothing() throws {
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect(throws: CancellationError.self) {
      _ = try StateEmbedding(network).embeddings(
        of: samples, workers: Workers(count: 2), cancellation: cancellation, advance: { _ in })
    }
  }
}
