import Checkpoints
import Foundation
import Numerics
import TestSupport
import Transformer

/// What the authors' code, and the formulas in float64, give for 40 training and 6 target samples (see Tests/Fixtures/README.md).
struct Oracle {
  struct Facts: Decodable {
    struct Tokens: Decodable {
      var ids: [Int32]
      var labels: [Int32]
    }
    struct Run: Decodable {
      var k: Int
      var landmarks: [Int]
      var sigma: Double
      var orders: [[Int]]
      var selected: [Int]
      var weights: [Double]
    }
    struct Second: Decodable {
      struct Solution: Decodable {
        var kind: String
        var k: Int
        var mult: Double?
        var lam: Double
        var nnz: Int
      }
      var eta: Double
      var targetLoss: Double
      var eigenvalues: [Double]
      var solutions: [Solution]
    }
    var train: [Tokens]
    var target: [Tokens]
    var runs: [String: Run]
    var second: [String: Second]
  }

  static let modelPath = Places.fixtures.appendingPathComponent("Scoring/model").path

  let facts: Facts
  let tensors: SafeTensors

  init() throws {
    let folder = Places.fixtures.appendingPathComponent("Influence")
    facts = try JSONDecoder().decode(Facts.self, from: Data(contentsOf: folder.appendingPathComponent("oracle.json")))
    tensors = try SafeTensors(path: folder.appendingPathComponent("oracle.safetensors").path)
  }

  var train: [LossSample] { facts.train.map(Self.sample) }
  var target: [LossSample] { facts.target.map(Self.sample) }

  private static func sample(_ tokens: Facts.Tokens) -> LossSample {
    LossSample(
      tokens: tokens.ids,
      targets: tokens.labels.enumerated().dropFirst().filter { $0.element >= 0 }
        .map { LossSample.Target(row: $0.offset - 1, token: $0.element) })
  }

  /// A tensor of two dimensions.
  func matrix(_ name: String) throws -> DoubleMatrix {
    let shape = tensors.shape(of: name) ?? []
    return DoubleMatrix(
      rows: shape.count == 2 ? shape[0] : 1, columns: shape.last ?? 0,
      elements: try tensors.floats(name).map { Double($0) })
  }

  func floats(_ name: String) throws -> [Double] { try tensors.floats(name).map { Double($0) } }
}
