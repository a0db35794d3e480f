import Domain
import Numerics
import Synchronization
import Transformer

/// Cheap vectors of samples, near where gradients are: one row a sample.
package protocol Embedding: Sendable {
  /// [samples, columns]; the same bits on any number of workers. `cache`: where they are kept.
  func embeddings(
    of samples: [LossSample], cache: VectorCache?, workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void
  ) throws -> Matrix
}

extension Embedding {
  /// The same, computed anew.
  package func embeddings(
    of samples: [LossSample], workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void
  ) throws -> Matrix {
    try embeddings(of: samples, cache: nil, workers: workers, cancellation: cancellation, advance: advance)
  }
}

/// Derivatives of the normed hidden state at the last token behind the first blocks, along random directions in the space of these
/// blocks' parameters, token embeddings included (arXiv 2505.19051, the authors' code; Methods 2.5).
package struct TangentEmbedding: Embedding {
  private let model: TangentModel
  private let projection: RandomProjection?
  /// Names the directions; nil where they are given from outside.
  private let directions: ContentHash?

  /// - Parameters:
  ///   - blocks: at least 1; all the model has if there are fewer.
  ///   - tangents: random Gaussian directions, at least 1.
  ///   - size: numbers of an embedding at most; beyond it they are projected.
  ///   - withTable: whether the token embeddings move too.
  package init(
    _ model: Network, blocks: Int = 4, tangents: Int = 2, size: Int = 4096, withTable: Bool = true, seed: UInt64
  ) {
    let table = model.configuration.vocabularySize
    self.init(
      TangentModel(model, blocks: blocks, directions: tangents) { parameter, direction in
        if !withTable, parameter.shape.first == table {
          return [Float](repeating: 0, count: parameter.range.count)
        }
        var normal = NormalGenerator(
          seed: seed &+ UInt64(direction) &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(parameter.range.lowerBound)
            &* 0xD1B5_4A32_D192_ED03)
        return parameter.range.map { _ in Float(normal.next()) }
      }, size: size, seed: seed, directions: ContentHash(of: "jvp 1 \(blocks) \(tangents) \(size) \(withTable) \(seed)")
    )
  }

  package init(_ model: TangentModel, size: Int, seed: UInt64) {
    self.init(model, size: size, seed: seed, directions: nil)
  }

  private init(_ model: TangentModel, size: Int, seed: UInt64, directions: ContentHash?) {
    self.model = model
    self.directions = directions
    let whole = model.directions * model.configuration.hiddenSize
    projection = whole > size ? RandomProjection(kind: .rademacher, inputs: whole, outputs: size, seed: seed) : nil
  }

  package func embeddings(
    of samples: [LossSample], cache: VectorCache?, workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void
  ) throws -> Matrix {
    let whole = model.directions * model.configuration.hiddenSize
    let columns = projection?.outputs ?? whole
    var result = Matrix(uninitializedRows: samples.count, columns: columns)
    let hashes = samples.map(\.contentHash)
    let passes = Passes.of(samples, hashes)
    let done = Atomic<Int>(0)
    let workspaces = PerWorker(workers) { (model.makeWorkspace(), ProjectionWorkspace()) }
    try result.withPieces(of: 1) { rows in
      @Sendable func compute(_ number: Int, _ worker: Int) {
        let pass = passes[number]
        let derivatives = model.derivatives(of: pass.map { samples[$0].tokens }, in: workspaces[worker].0)
        for (row, sample) in pass.enumerated() {
          guard let target = rows[sample].baseAddress else { continue }
          if let projection {
            projection(derivatives.start(ofRow: 0) + row * whole, into: target, in: workspaces[worker].1)
          } else {
            target.update(from: derivatives.start(ofRow: 0) + row * whole, count: whole)
          }
        }
        advance(done.wrappingAdd(pass.count, ordering: .relaxed).newValue)
      }
      guard let cache, let directions else {
        return try workers.forEach(passes.count, cancellation: cancellation) { compute($0, $1) }
      }
      try cache.fill(
        passes.map { ContentHash(combining: [directions] + hashes[$0]) }, count: { passes[$0].count * columns },
        workers: workers, cancellation: cancellation
      ) { number, worker in
        compute(number, worker)
        return Array(rows[passes[number]])
      } take: { number, values in
        _ = rows[passes[number]].update(fromContentsOf: values)
        advance(done.wrappingAdd(passes[number].count, ordering: .relaxed).newValue)
      }
    }
    try cancellation.check()
    return result
  }
}

/// Gradients of a smaller model or of fewer parameters, projected and brought to length 1, so that their products stand for the
/// cosines that influence is made of.
package struct GradientEmbedding: Embedding {
  private let rows: GradientRows

  package init(_ rows: GradientRows) { self.rows = rows }

  package func embeddings(
    of samples: [LossSample], cache: VectorCache?, workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void
  ) throws -> Matrix {
    try rows.matrix(of: samples, cache: cache, workers: workers, cancellation: cancellation, advance: advance)
      .normalised
  }
}

/// Gradients of the whole model's output head alone: a forward pass a sample, and no way back.
package struct OutputEmbedding: Embedding {
  private let rows: GradientRows

  package init(_ rows: GradientRows) { self.rows = rows }

  package func embeddings(
    of samples: [LossSample], cache: VectorCache?, workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void
  ) throws -> Matrix {
    try rows.outputMatrix(of: samples, cache: cache, workers: workers, cancellation: cancellation, advance: advance)
      .normalised
  }
}

extension GradientMatrix {
  /// The rows at length 1; those of zeros stay zeros.
  fileprivate var normalised: Matrix {
    var result = rows.copy()
    for (row, norm) in norms.enumerated() where norm > 0 {
      let scale = Float(1 / norm)
      for column in 0..<columns { result[row, column] *= scale }
    }
    return result
  }
}

/// Samples that go through the model in one pass: enough rows to keep the products busy. What a pass gives depends in its last bits on
/// all of its samples; a pass also ends behind every sixteenth sample or so by its content, so that a row that is edited, added or
/// left out changes the passes near it and no others.
enum Passes {
  static func of(_ samples: [LossSample], _ hashes: [ContentHash]) -> [Range<Int>] {
    var passes: [Range<Int>] = []
    var first = 0
    var tokens = 0
    for (number, sample) in samples.enumerated() {
      if number > first, tokens + sample.tokens.count > 512 || hashes[number - 1].low % 16 == 0 {
        passes.append(first..<number)
        (first, tokens) = (number, 0)
      }
      tokens += sample.tokens.count
    }
    if first < samples.count { passes.append(first..<samples.count) }
    return passes
  }
}
