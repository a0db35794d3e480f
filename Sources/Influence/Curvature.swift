import Domain
import Numerics
import Synchronization
import Transformer

/// The second-order parts of the expansion of the target loss, by exact products with its Hessian.
package struct Curvature: Sendable {
  package let gradients: GradientRows
  package let targets: [LossSample]
  /// Of each target in the loss; they sum to 1.
  package let shares: [Double]

  /// `gradients` has no projection.
  package init(_ gradients: GradientRows, targets: [LossSample], shares: [Double]) {
    precondition(gradients.projection == nil && targets.count == shares.count)
    self.gradients = gradients
    self.targets = targets
    self.shares = shares
  }

  /// H v of the target loss for a row v of the space, written to `image`, a row as well.
  private func product(
    _ row: UnsafePointer<Float>, into image: UnsafeMutablePointer<Float>, flat: UnsafeMutablePointer<Float>,
    in workspace: Workspace, cancellation: Cancellation
  ) {
    let (differentiator, space) = (gradients.differentiator, gradients.space)
    flat.update(repeating: 0, count: differentiator.count)
    space.spread(row, into: flat)
    let direction = HessianDirection(flat, of: differentiator)
    flat.update(repeating: 0, count: differentiator.count)
    for (target, share) in zip(targets, shares) where share > 0 {
      if cancellation.isCancelled { return }
      _ = differentiator.hessianProduct(
        of: target, along: direction, factor: Float(share), to: .adding(to: flat), in: workspace)
    }
    space.compress(flat, into: image)
  }

  /// H times each row of `rows` [count, columns], one after the other.
  func images(
    of rows: borrowing Matrix, workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void
  ) throws -> Matrix {
    var images = Matrix(uninitializedRows: rows.rows, columns: rows.columns)
    let flats = RowScratch(rows: workers.count, columns: gradients.differentiator.count)
    let workspaces = PerWorker(workers) { gradients.differentiator.makeWorkspace() }
    try workers.fill(&images, cancellation: cancellation, progress: advance) { number, image, worker in
      guard let image = image.baseAddress else { return }
      product(
        rows.start(ofRow: number.lowerBound), into: image, flat: flats[worker], in: workspaces[worker],
        cancellation: cancellation)
    }
    return images
  }

  /// Q of some samples: (1/n) (a ∘ g_i)' H (a ∘ g_j) for rows a ∘ g, symmetrised; `total` is n. `cache`: where its columns are kept.
  package func quadratic(
    _ rows: GradientMatrix, total: Int, cache: VectorCache? = nil, workers: Workers,
    cancellation: Cancellation = Cancellation(), advance: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) throws -> DoubleMatrix {
    let count = rows.count
    let images = RowScratch(rows: workers.count, columns: rows.columns)
    let flats = RowScratch(rows: workers.count, columns: gradients.differentiator.count)
    let workspaces = PerWorker(workers) { gradients.differentiator.makeWorkspace() }
    let done = Atomic<Int>(0)
    // Row j holds column j of Q, which is symmetric but for rounding.
    var result = DoubleMatrix(zerosOfRows: count, columns: count)
    try result.withPieces(of: 1) { columns in
      @Sendable func compute(_ number: Int, _ worker: Int) {
        product(
          rows.rows.start(ofRow: number), into: images[worker], flat: flats[worker], in: workspaces[worker],
          cancellation: cancellation)
        guard let column = columns[number].baseAddress else { return }
        Reduction.dots(
          rows.rows.start(), rows: count, stride: rows.columns, images[worker], others: 1, stride: rows.columns,
          count: rows.columns, into: column)
        advance(done.wrappingAdd(1, ordering: .relaxed).newValue)
      }
      guard let cache else {
        return try workers.forEach(count, cancellation: cancellation) { compute($0, $1) }
      }
      let kind = ContentHash(
        combining: [ContentHash(of: "curvature 1"), gradients.contentHash, rows.rows.contentHash]
          + targets.map(\.contentHash) + [shares.withUnsafeBytes { ContentHash(of: $0) }])
      try cache.fill(
        (0..<count).map { ContentHash(combining: [kind, ContentHash(of: "\($0)")]) }, count: { _ in 2 * count },
        workers: workers, cancellation: cancellation
      ) {
        compute($0, $1)
        return Halves.of(Array(columns[$0]))
      } take: {
        _ = columns[$0].update(fromContentsOf: Halves.joined($1))
        advance(done.wrappingAdd(1, ordering: .relaxed).newValue)
      }
    }
    try cancellation.check()
    result.elements = result.elements.map { $0 / Double(max(1, total)) }
    return result.symmetrised
  }

  /// The target loss's gradient as the first-order part sees it: g for gradient descent, g − eta H b for Adam (Methods 2.2), given
  /// the targets' own gradients. One row.
  package func targetGradient(
    targetRows: GradientMatrix, stepSize: Double, workers: Workers, cancellation: Cancellation = Cancellation()
  ) throws -> GradientMatrix {
    let columns = targetRows.columns
    var mean = Matrix(zerosOfRows: 1, columns: columns)
    for (number, share) in shares.enumerated() {
      Product.multiply(
        m: 1, n: columns, k: 1, alpha: Float(share), [1], lda: 1, targetRows.rows.start(ofRow: number), ldb: columns,
        beta: 1, into: mean.mutableStart(), ldc: columns)
    }
    guard let scaling = gradients.scaling else { return GradientMatrix(mean) }
    var drift = Matrix(uninitializedRows: 1, columns: columns)
    gradients.space.compress(scaling.b.start(), into: drift.mutableStart())
    let image = try images(of: drift, workers: workers, cancellation: cancellation, advance: { _ in })
    for column in 0..<columns { mean[0, column] -= Float(stepSize) * image[0, column] }
    return GradientMatrix(mean)
  }
}
