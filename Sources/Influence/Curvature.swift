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
    in workspace: HessianWorkspace, cancellation: Cancellation
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
    let columns = rows.columns
    let images = Matrix(uninitializedRows: rows.rows, columns: columns)
    let flats = Matrix(uninitializedRows: workers.count, columns: gradients.differentiator.count)
    let done = Atomic<Int>(0)
    // Sound: a row has its own image, a worker its own workspace and flat vector.
    nonisolated(unsafe) let (source, target, flat) = (rows.base, images.base, flats.base)
    nonisolated(unsafe) let workspaces = (0..<workers.count).map { _ in gradients.differentiator.makeHessianWorkspace()
    }
    let stride = gradients.differentiator.count
    workers.forEach(rows.rows) { number, worker in
      if cancellation.isCancelled { return }
      product(
        source + number * columns, into: target + number * columns, flat: flat + worker * stride,
        in: workspaces[worker], cancellation: cancellation)
      advance(done.wrappingAdd(1, ordering: .relaxed).newValue)
    }
    try cancellation.check()
    return images
  }

  /// Q of some samples: (1/n) (a ∘ g_i)' H (a ∘ g_j) for rows a ∘ g, symmetrised; `total` is n. `keeper`: where its columns are kept.
  package func quadratic(
    _ rows: GradientMatrix, total: Int, keeper: VectorKeeper? = nil, workers: Workers,
    cancellation: Cancellation = Cancellation(), advance: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) throws -> DoubleMatrix {
    let count = rows.count
    let stride = gradients.differentiator.count
    let images = Matrix(uninitializedRows: workers.count, columns: rows.columns)
    let flats = Matrix(uninitializedRows: workers.count, columns: stride)
    var elements = [Double](repeating: 0, count: count * count)
    let done = Atomic<Int>(0)
    try elements.withUnsafeMutableBufferPointer { buffer in
      // Sound: a column of the result belongs to one piece; a worker has its own workspace, image and flat vector.
      nonisolated(unsafe) let (result, image, flat) = (buffer, images.base, flats.base)
      nonisolated(unsafe) let workspaces = (0..<workers.count).map { _ in
        gradients.differentiator.makeHessianWorkspace()
      }
      @Sendable func compute(_ number: Int, _ worker: Int) -> [Double] {
        var column = [Double](repeating: 0, count: count)
        product(
          rows.rows.base + number * rows.columns, into: image + worker * rows.columns, flat: flat + worker * stride,
          in: workspaces[worker], cancellation: cancellation)
        column.withUnsafeMutableBufferPointer { column in
          guard let base = column.baseAddress else { return }
          Reduction.dots(
            rows.rows.base, rows: count, stride: rows.columns, image + worker * rows.columns, others: 1,
            stride: rows.columns, count: rows.columns, into: base)
        }
        put(number, column)
        return column
      }
      @Sendable func put(_ number: Int, _ column: [Double]) {
        for (row, value) in column.enumerated() { result[row * count + number] = value }
        advance(done.wrappingAdd(1, ordering: .relaxed).newValue)
      }
      guard let keeper else {
        return workers.forEach(count) { number, worker in
          if !cancellation.isCancelled { _ = compute(number, worker) }
        }
      }
      let kind = ContentHash(
        combining: [ContentHash(of: "curvature 1"), gradients.contentHash, rows.rows.contentHash]
          + targets.map(\.contentHash) + [shares.withUnsafeBytes { ContentHash(of: $0) }])
      try keeper.fill(
        (0..<count).map { ContentHash(combining: [kind, ContentHash(of: "\($0)")]) }, count: { _ in 2 * count },
        workers: workers, cancellation: cancellation
      ) {
        Halves.of(compute($0, $1))
      } take: {
        put($0, Halves.joined($1))
      }
    }
    try cancellation.check()
    return DoubleMatrix(rows: count, columns: count, elements: elements.map { $0 / Double(max(1, total)) }).symmetrised
  }

  /// The target loss's gradient as the first-order part sees it: g for gradient descent, g − eta H b for Adam (Methods 2.2), given
  /// the targets' own gradients. One row.
  package func pull(
    targetRows: GradientMatrix, stepSize: Double, workers: Workers, cancellation: Cancellation = Cancellation()
  ) throws -> GradientMatrix {
    let columns = targetRows.columns
    let mean = Matrix(zerosOfRows: 1, columns: columns)
    for (number, share) in shares.enumerated() {
      Product.multiply(
        m: 1, n: columns, k: 1, alpha: Float(share), [1], lda: 1, targetRows.rows.base + number * columns, ldb: columns,
        beta: 1, into: mean.base, ldc: columns)
    }
    guard let scaling = gradients.scaling else { return GradientMatrix(mean) }
    let drift = Matrix(uninitializedRows: 1, columns: columns)
    gradients.space.compress(scaling.b.base, into: drift.base)
    let image = try images(of: drift, workers: workers, cancellation: cancellation, advance: { _ in })
    for place in 0..<columns { mean.base[place] -= Float(stepSize) * image.base[place] }
    return GradientMatrix(mean)
  }
}
