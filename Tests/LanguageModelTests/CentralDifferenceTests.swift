import Domain
import Foundation
import LanguageModel
import Numerics
import TestSupport
import Testing
import Transformer

/// The engine's derivatives against central differences of a double-precision model, tensor by tensor, for every kind of
/// layer.
@Suite struct CentralDifferenceTests {
  private static let tokens: [Int32] = [3, 7, 1, 3, 10, 5, 2, 8]
  private static let first = 4  // of the response
  /// Elements of a tensor that are looked at: all of a tiny one.
  private static let most = 30

  private static var sample: LossSample {
    LossSample(prompt: Array(tokens[..<first]), response: Array(tokens[first...]))
  }

  private static func withModel(
    _ kind: ReferenceModel.Kind, _ body: (_ model: Model, _ reference: ReferenceModel) throws -> Void
  ) throws {
    let folder = try Places.makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let reference = ReferenceModel(kind, seed: 42)
    try reference.write(to: folder)
    try body(Model(directory: folder.path), reference)
  }

  private static func places(of count: Int) -> [Int] {
    count <= most ? Array(0..<count) : (0..<most).map { $0 * (count / most) + $0 % (count / most) }
  }

  /// A seeded direction, exact in float32.
  private static func direction(_ reference: ReferenceModel, seed: UInt64) -> [String: [Double]] {
    var chance = SeededGenerator(seed: seed)
    return Dictionary(
      uniqueKeysWithValues: reference.shapes.map { name, shape in
        (name, (0..<shape.reduce(1, *)).map { _ in Double(Float(2 * chance.unit() - 1)) })
      })
  }

  private static func flat(_ direction: [String: [Double]], of differentiator: Differentiator) -> [Float] {
    let vector = Matrix(zerosOfRows: 1, columns: differentiator.count)
    for parameter in differentiator.parameters {
      parameter.store((direction[parameter.name] ?? []).map { Float($0) }, in: vector.base)
    }
    return Array(vector.elements)
  }

  @Test(arguments: ReferenceModel.kinds) func gradientsAreTheSlopesOfTheLoss(kind: ReferenceModel.Kind) throws {
    try Self.withModel(kind) { model, reference in
      let differentiator = Differentiator(model.network)
      let gradient = Matrix(zerosOfRows: 1, columns: differentiator.count)
      let loss = differentiator.gradient(
        of: Self.sample, to: .adding(to: gradient.base), in: differentiator.makeWorkspace())
      #expect(abs(loss - reference.loss(Self.tokens, from: Self.first)) < 1e-5 * loss)
      #expect(Set(differentiator.parameters.map(\.name)) == Set(reference.shapes.map(\.name)))
      for parameter in differentiator.parameters {
        let found = parameter.elements(of: gradient.base)
        let places = Self.places(of: found.count)
        let expected = places.map { place -> Float in
          var tangent = [Double](repeating: 0, count: found.count)
          tangent[place] = 1
          let (up, down) = [1e-5, -1e-5].map {
            reference.moved($0, along: [parameter.name: tangent]).loss(Self.tokens, from: Self.first)
          }.pair
          return Float((up - down) / 2e-5)
        }
        let error = relativeErrorInNorm(places.map { found[$0] }, expected)
        // A key's bias moves all scores of a row alike, so its slope is zero but for rounding.
        let isFlat = expected.allSatisfy { abs($0) < 1e-7 }
        #expect(error < 1e-4 || isFlat && places.allSatisfy { abs(found[$0]) < 1e-6 }, "\(parameter.name): \(error)")
      }
    }
  }

  @Test(arguments: ReferenceModel.kinds)
  func hessianProductsAreTheSlopesOfTheGradient(kind: ReferenceModel.Kind) throws {
    try Self.withModel(kind) { model, reference in
      let differentiator = Differentiator(model.network)
      let along = Self.direction(reference, seed: 7)
      let vector = Self.flat(along, of: differentiator)
      let product = Matrix(zerosOfRows: 1, columns: differentiator.count)
      _ = differentiator.hessianProduct(
        of: Self.sample, along: HessianDirection(vector, of: differentiator), to: .adding(to: product.base),
        in: differentiator.makeWorkspace())
      let step = 1e-4
      let (ahead, behind) = (reference.moved(step, along: along), reference.moved(-step, along: along))
      var (found, expected): ([Float], [Float]) = ([], [])
      for parameter in differentiator.parameters {
        let elements = parameter.elements(of: product.base)
        for place in Self.places(of: elements.count).prefix(24) {
          var tangent = [Double](repeating: 0, count: elements.count)
          tangent[place] = 1
          func slope(_ model: ReferenceModel) -> Double {
            let (up, down) = [step, -step].map {
              model.moved($0, along: [parameter.name: tangent]).loss(Self.tokens, from: Self.first)
            }.pair
            return (up - down) / (2 * step)
          }
          expected.append(Float((slope(ahead) - slope(behind)) / (2 * step)))
          found.append(elements[place])
        }
      }
      let error = relativeErrorInNorm(found, expected)
      #expect(error < 5e-4, "\(error)")
    }
  }

  @Test(arguments: ReferenceModel.kinds)
  func tangentsAreTheSlopesOfTheHiddenState(kind: ReferenceModel.Kind) throws {
    try Self.withModel(kind) { model, reference in
      let directions = [Self.direction(reference, seed: 8), Self.direction(reference, seed: 9)]
      for blocks in 1...kind.layers {
        let tangents = TangentModel(model.network, blocks: blocks, directions: 2) { parameter, number in
          (directions[number][parameter.name] ?? []).map { Float($0) }
        }
        let found = tangents.derivatives(of: [Self.tokens], in: tangents.makeWorkspace())
        for (number, along) in directions.enumerated() {
          let (up, down) = [1e-5, -1e-5].map {
            reference.moved($0, along: along).hidden(Self.tokens, blocks: blocks).last ?? []
          }.pair
          let expected = zip(up, down).map { Float(($0 - $1) / 2e-5) }
          let row = Array(found.row(0))[number * kind.hidden..<(number + 1) * kind.hidden]
          let error = relativeErrorInNorm(Array(row), expected)
          #expect(error < 1e-4, "\(blocks) blocks, direction \(number): \(error)")
        }
      }
    }
  }

  /// g · u from the way back, and the slope of the loss along u.
  @Test(arguments: ReferenceModel.kinds)
  func theGradientAlongADirectionIsTheDirectionalDerivative(kind: ReferenceModel.Kind) throws {
    try Self.withModel(kind) { model, reference in
      let differentiator = Differentiator(model.network)
      let gradient = Matrix(zerosOfRows: 1, columns: differentiator.count)
      _ = differentiator.gradient(
        of: Self.sample, to: .adding(to: gradient.base), in: differentiator.makeWorkspace())
      let along = Self.direction(reference, seed: 3)
      let vector = Self.flat(along, of: differentiator)
      let found = zip(vector, gradient.elements).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let (up, down) = [1e-5, -1e-5].map {
        reference.moved($0, along: along).loss(Self.tokens, from: Self.first)
      }.pair
      let expected = (up - down) / 2e-5
      #expect(abs(found - expected) < 1e-4 * max(abs(expected), 0.1), "\(found) \(expected)")
    }
  }
}

extension Array {
  /// The two elements of an array of two.
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
