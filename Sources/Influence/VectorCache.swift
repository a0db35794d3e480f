import Domain
import Numerics
import Transformer

/// Computes vectors that are not kept yet, and keeps them. A vector is the unit that is computed in one go: its bits depend on what its
/// key names and on nothing else, so a run has the same answer whatever was kept before it.
package struct VectorCache: Sendable {
  package let store: any LeasedStore<CacheKey, [Float]>
  /// Names the model.
  package let space: ContentHash
  /// Names the point of its training at which it is looked at.
  private let point: ContentHash?

  package init(store: any LeasedStore<CacheKey, [Float]>, space: ContentHash, point: ContentHash? = nil) {
    self.store = store
    self.space = space
    self.point = point
  }

  func moved(to point: ContentHash?) -> VectorCache { VectorCache(store: store, space: space, point: point) }

  /// Brings the vectors that are kept to `take`, and has the others computed.
  ///
  /// - Parameters:
  ///   - keys: name all that the vectors depend on beside the model.
  ///   - count: numbers of a vector.
  ///   - compute: called from workers, once for each vector that is missing; gives what is to be kept. What a cancellation cuts short
  ///     is not kept.
  package func fill(
    _ keys: [ContentHash], count: @Sendable (_ number: Int) -> Int, workers: Workers, cancellation: Cancellation,
    compute: @Sendable (_ number: Int, _ worker: Int) -> [Float], take: @Sendable (_ number: Int, [Float]) -> Void
  ) throws {
    let keys = point.map { point in keys.map { ContentHash(combining: [point, $0]) } } ?? keys
    try LeasedWork(workers: workers, cancellation: cancellation).run(keys.count, in: store, loadsFirst: true) {
      CacheKey(fingerprint: space, .vector(keys[$0], count: count($0)))
    } compute: { number, worker in
      let values = compute(number, worker)
      try cancellation.check()
      precondition(values.count == count(number))
      return values
    } take: { number, values, origin in
      if origin == .loaded { take(number, values) }
    }
  }
}

/// Doubles as twice as many floats, bit for bit.
enum Halves {
  static func of(_ values: [Double]) -> [Float] {
    values.flatMap { value in
      [
        Float(bitPattern: UInt32(value.bitPattern >> 32)),
        Float(bitPattern: UInt32(truncatingIfNeeded: value.bitPattern)),
      ]
    }
  }

  static func joined(_ halves: [Float]) -> [Double] {
    stride(from: 0, to: halves.count - 1, by: 2).map { index in
      Double(bitPattern: UInt64(halves[index].bitPattern) << 32 | UInt64(halves[index + 1].bitPattern))
    }
  }
}

extension LossSample {
  /// Names the tokens and which of them carry the loss.
  var contentHash: ContentHash {
    let numbers = tokens.map(Int64.init) + [-1] + targets.flatMap { [Int64($0.row), Int64($0.token)] }
    return numbers.withUnsafeBytes { ContentHash(of: $0) }
  }
}

extension GradientRows {
  /// Names what is done to a gradient: which numbers of it a row has, and what they are multiplied by.
  var contentHash: ContentHash {
    let parts = differentiator.parameters.map { "\($0.name) \($0.range)" }.joined(separator: ";")
    let ranges = space.ranges.map { $0.map { "\($0)" }.joined(separator: ";") } ?? "all"
    let projected = projection.map { "\($0.kind.rawValue) \($0.inputs) \($0.outputs) \($0.seed)" } ?? "none"
    return ContentHash(
      combining: [
        ContentHash(of: "gradient rows 1|\(parts)|\(ranges)|\(projected)"),
        (space.mask ?? []).withUnsafeBytes { ContentHash(of: $0) },
        scaling.map { $0.a.contentHash } ?? ContentHash(of: ""),
      ])
  }
}

extension Differentiator {
  /// A digest of all parameters.
  var valuesHash: ContentHash {
    var values = Matrix(zerosOfRows: 1, columns: count)
    copyValues(into: values.mutableStart())
    return values.contentHash
  }
}

extension Matrix {
  /// A digest of the numbers.
  var contentHash: ContentHash { ContentHash(of: UnsafeRawBufferPointer(elements)) }
}
