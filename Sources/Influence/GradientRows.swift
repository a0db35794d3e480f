import Domain
import Numerics
import Synchronization
import Transformer

/// Gradients of samples as rows: [samples, columns], with what is needed to compare them.
package final class GradientMatrix: Sendable {
  package let rows: Matrix
  /// Lengths of the rows.
  package let norms: [Double]

  package init(_ rows: consuming Matrix) {
    norms = (0..<rows.rows).map { row in
      let start = rows.start(ofRow: row)
      return Reduction.dot(start, start, count: rows.columns).squareRoot()
    }
    self.rows = rows
  }

  package var count: Int { rows.rows }
  package var columns: Int { rows.columns }

  /// Inner products with the rows of another matrix of as many columns.
  package func products(with targets: GradientMatrix, workers: Workers) -> GradientProducts {
    precondition(targets.columns == columns)
    let others = targets.count
    var products = DoubleMatrix(zerosOfRows: count, columns: others)
    // Eight rows are multiplied together: fixed, so that the answer does not depend on the workers.
    workers.fill(&products, by: 8) { range, out, _ in
      guard let out = out.baseAddress else { return }
      Reduction.dots(
        rows.start(ofRow: range.lowerBound), rows: range.count, stride: columns, targets.rows.start(), others: others,
        stride: columns, count: columns, into: out)
    }
    return GradientProducts(products: products, norms: norms, targetNorms: targets.norms)
  }

  /// Refuses rows that are not finite, and a set of zeros only.
  func check(_ role: DatasetRole, rows: [RowIndex]) throws(InfluenceError) {
    if let bad = norms.firstIndex(where: { !$0.isFinite }) { throw .notFinite(role: role, row: rows[bad]) }
    if norms.allSatisfy({ $0 == 0 }) { throw .allZero(role: role) }
  }
}

/// Makes a row of numbers of a sample's gradient, straight from the backward pass: the parameters of a space, times the optimiser's
/// scaling if there is one, through a projection if there is one. Immutable; each worker has its own workspace.
package struct GradientRows: Sendable {
  package let differentiator: Differentiator
  package let space: GradientSpace
  /// a of ``AdamScaling``; nil for gradient descent.
  package let scaling: AdamScaling?
  package let projection: RandomProjection?

  package init(
    _ differentiator: Differentiator, space: GradientSpace, scaling: AdamScaling? = nil,
    projection: RandomProjection? = nil
  ) {
    precondition(projection.map { $0.inputs == space.count } ?? true)
    self.differentiator = differentiator
    self.space = space
    self.scaling = scaling
    self.projection = projection
  }

  package var columns: Int { projection?.outputs ?? space.count }

  /// The same without the optimiser's scaling: what targets are measured with.
  package var unscaled: GradientRows { GradientRows(differentiator, space: space, projection: projection) }

  /// Scratch memory for one worker.
  package final class Workspace {
    let gradient: Transformer.Workspace
    let projection = ProjectionWorkspace()
    private var memory = LargeMemory(bytes: 1 << 16)

    init(_ differentiator: Differentiator) { gradient = differentiator.makeWorkspace() }

    /// Room for twice `count` elements.
    func scratch(_ count: Int) -> UnsafeMutablePointer<Float> {
      if memory.bytes < 2 * count * MemoryLayout<Float>.stride {
        memory = LargeMemory(bytes: 2 * count * MemoryLayout<Float>.stride)
      }
      return memory.base.assumingMemoryBound(to: Float.self)
    }
  }

  package func makeWorkspace() -> Workspace { Workspace(differentiator) }

  /// Writes the sample's row to `row`, which has room for ``columns`` elements; returns the loss.
  package func fill(_ row: UnsafeMutablePointer<Float>, with sample: LossSample, in workspace: Workspace) -> Double {
    fill(row, with: sample, outputOnly: false, in: workspace)
  }

  private func fill(
    _ row: UnsafeMutablePointer<Float>, with sample: LossSample, outputOnly: Bool, in workspace: Workspace
  ) -> Double {
    row.update(repeating: 0, count: columns)
    if space.ranges == nil, space.mask == nil, projection == nil, !outputOnly {
      let loss = differentiator.gradient(of: sample, to: .adding(to: row), in: workspace.gradient)
      if let scaling { InfluenceKernel.multiply(row, by: scaling.a.start(), count: columns) }
      return loss
    }
    let target = GradientTarget.blocks(of: space.ranges) { part, values in
      let scratch = workspace.scratch(part.count)
      var values = values
      if let scaling {
        let scaled = scratch + part.count
        InfluenceKernel.multiply(values, by: scaling.a.start() + part.lowerBound, count: part.count, into: scaled)
        values = UnsafePointer(scaled)
      }
      space.withPart(part, values, scratch: scratch) { offset, values, count in
        if let projection {
          projection.add(values, offset: offset, count: count, to: row, in: workspace.projection)
        } else {
          Vector.add(values, count: count, to: row + offset)
        }
      }
    }
    let loss =
      outputOnly
      ? differentiator.outputGradient(of: sample, to: target, in: workspace.gradient)
      : differentiator.gradient(of: sample, to: target, in: workspace.gradient)
    projection?.finish(row, in: workspace.projection)
    return loss
  }

  /// The rows of many samples. `cache`: where projected rows are kept; rows of whole gradients, each as large as the model, are not.
  package func matrix(
    of samples: [LossSample], cache: VectorCache? = nil, workers: Workers,
    cancellation: Cancellation = Cancellation(), advance: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) throws -> GradientMatrix {
    try matrix(
      of: samples, outputOnly: false, cache: cache, workers: workers, cancellation: cancellation, advance: advance)
  }

  /// The same of the output head and the final norm alone.
  func outputMatrix(
    of samples: [LossSample], cache: VectorCache?, workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void
  ) throws -> GradientMatrix {
    try matrix(
      of: samples, outputOnly: true, cache: cache, workers: workers, cancellation: cancellation, advance: advance)
  }

  private func matrix(
    of samples: [LossSample], outputOnly: Bool, cache: VectorCache?, workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void
  ) throws -> GradientMatrix {
    var result = Matrix(uninitializedRows: samples.count, columns: columns)
    let workspaces = PerWorker(workers) { makeWorkspace() }
    let done = Atomic<Int>(0)
    try result.withPieces(of: 1) { rows in
      @Sendable func compute(_ number: Int, _ worker: Int) {
        guard let row = rows[number].baseAddress else { return }
        _ = fill(row, with: samples[number], outputOnly: outputOnly, in: workspaces[worker])
        advance(done.wrappingAdd(1, ordering: .relaxed).newValue)
      }
      guard let cache, projection != nil else {
        return try workers.forEach(samples.count, cancellation: cancellation) { compute($0, $1) }
      }
      let kind = ContentHash(combining: [contentHash, ContentHash(of: outputOnly ? "output" : "all")])
      try cache.fill(
        samples.map { ContentHash(combining: [kind, $0.contentHash]) }, count: { _ in columns }, workers: workers,
        cancellation: cancellation
      ) { number, worker in
        compute(number, worker)
        return Array(rows[number])
      } take: { number, row in
        _ = rows[number].update(fromContentsOf: row)
        advance(done.wrappingAdd(1, ordering: .relaxed).newValue)
      }
    }
    return GradientMatrix(result)
  }

  /// Inner products of many samples' rows with those of the targets, without keeping the rows. `cache`: where the products are kept.
  package func products(
    of samples: [LossSample], with targets: GradientMatrix, cache: VectorCache? = nil, workers: Workers,
    cancellation: Cancellation = Cancellation(), advance: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) throws -> GradientProducts {
    precondition(targets.columns == columns)
    // A few samples at a time, in at most 512 MB a worker, so that the targets' rows are read once for all of them: of a large model
    // reading them takes as long as the gradient does. Its size depends on the row's alone.
    let piece = max(1, min(8, (512 << 20) / (columns * MemoryLayout<Float>.stride)))
    let others = targets.count
    let pieces = stride(from: 0, to: samples.count, by: piece).map { $0..<min(samples.count, $0 + piece) }
    var dots = DoubleMatrix(zerosOfRows: samples.count, columns: others)
    var norms = [Double](repeating: 0, count: samples.count)
    let workspaces = PerWorker(workers) { makeWorkspace() }
    let memory = RowScratch(rows: workers.count, columns: piece * columns)
    let done = Atomic<Int>(0)
    try dots.withPieces(of: piece) { dots in
      try norms.withPieces(of: piece) { norms in
        @Sendable func compute(_ number: Int, _ worker: Int) {
          let range = pieces[number]
          let rows = memory[worker]
          for (offset, sample) in range.enumerated() {
            if cancellation.isCancelled { return }
            let row = rows + offset * columns
            _ = fill(row, with: samples[sample], in: workspaces[worker])
            norms[number][offset] = Reduction.dot(row, row, count: columns).squareRoot()
            advance(done.wrappingAdd(1, ordering: .relaxed).newValue)
          }
          guard let out = dots[number].baseAddress, others > 0 else { return }
          Reduction.dots(
            rows, rows: range.count, stride: columns, targets.rows.start(), others: others, stride: columns,
            count: columns, into: out)
        }
        guard let cache else { return workers.forEach(pieces.count) { compute($0, $1) } }
        let kind = ContentHash(combining: [ContentHash(of: "products"), contentHash, targets.rows.contentHash])
        try cache.fill(
          pieces.map { ContentHash(combining: [kind] + samples[$0].map(\.contentHash)) },
          count: { pieces[$0].count * (others + 1) * 2 }, workers: workers, cancellation: cancellation
        ) { number, worker in
          compute(number, worker)
          return Halves.of(Array(norms[number]) + dots[number])
        } take: { number, halves in
          let count = pieces[number].count
          let values = Halves.joined(halves)
          _ = norms[number].update(fromContentsOf: values[..<count])
          _ = dots[number].update(fromContentsOf: values[count...])
          advance(done.wrappingAdd(count, ordering: .relaxed).newValue)
        }
      }
    }
    try cancellation.check()
    return GradientProducts(products: dots, norms: norms, targetNorms: targets.norms)
  }
}

/// How training gradients stand to target gradients.
package struct GradientProducts: Sendable, Hashable {
  /// ⟨a ∘ g_i, g_t⟩: [samples, targets].
  package var products: DoubleMatrix
  /// |a ∘ g_i| and |g_t|.
  package var norms: [Double]
  package var targetNorms: [Double]

  package init(products: DoubleMatrix, norms: [Double], targetNorms: [Double]) {
    self.products = products
    self.norms = norms
    self.targetNorms = targetNorms
  }

  /// Cosines; 0 where a gradient is zero.
  package var cosines: DoubleMatrix {
    var result = products
    for row in 0..<result.rows {
      for column in 0..<result.columns {
        let scale = norms[row] * targetNorms[column]
        result[row, column] = scale > 0 ? products[row, column] / scale : 0
      }
    }
    return result
  }

  /// p for a weighted mean of the targets' losses: Σ_t share_t ⟨a ∘ g_i, g_t⟩, shares summing to 1.
  package func pooled(shares: [Double]) -> [Double] { products.times(shares) }
}
