import Domain
import Numerics
import Synchronization

/// Gradients of pool and target that were computed elsewhere: exact influence of the first order, without a model.
package struct ImportedGradients: Sendable {
  package let pool: VectorFile
  package let target: VectorFile

  /// Opens both and sees that they belong together.
  package init(pool: String, target: String) throws {
    self.pool = try VectorFile(path: pool)
    self.target = try VectorFile(path: target)
    guard self.pool.columns == self.target.columns else {
      throw InfluenceError.mismatch(
        path: target,
        reason: "gradients of \(self.target.columns) numbers, those of the pool have \(self.pool.columns)")
    }
    if let parts = self.pool.parts, let others = self.target.parts, parts != others {
      let first = zip(parts, others).first { $0 != $1 }
      throw InfluenceError.mismatch(
        path: target,
        reason:
          "its parts are not those of the pool, in order: \(first.map { "\($0.1) for \($0.0)" } ?? "their number differs")"
      )
    }
  }

  /// - Parameter labels: of the targets, where there is a file of them.
  package func result(
    _ settings: InfluenceSettings, labels: [String?]?, budget: Int, workers: Workers, cancellation: Cancellation,
    observe: @escaping @Sendable (_ phase: Phase, _ done: Int, _ total: Int) -> Void
  ) throws -> InfluenceResult {
    let labels = labels ?? [String?](repeating: nil, count: target.rows)
    guard labels.count == target.rows else {
      throw InfluenceError.mismatch(
        path: target.path, reason: "\(target.rows) gradients for \(labels.count) target samples")
    }
    let shares = try TargetShares(labels: labels, groups: settings.groupShares)
    let targets = GradientMatrix(try target.matrix())
    try targets.check(.target, rows: Array(0..<RowIndex(target.rows)))
    let products = try products(with: targets, workers: workers, cancellation: cancellation, observe: observe)
    if let bad = products.norms.firstIndex(where: { !$0.isFinite }) {
      throw InfluenceError.notFinite(role: .pool, row: RowIndex(bad))
    }
    if products.norms.allSatisfy({ $0 == 0 }) { throw InfluenceError.allZero(role: .pool) }
    let pooled = settings.pooling == .pooled
    let influence =
      pooled
      ? DoubleMatrix(rows: pool.rows, columns: 1, elements: products.pooled(shares: shares.ofTargets))
      : products.cosines
    return try InfluenceResult(
      candidates: Array(0..<Candidate(pool.rows)), influence: influence, targetLabels: labels, shares: shares
    ).weighed(settings, count: budget, observe: observe)
  }

  private func products(
    with targets: GradientMatrix, workers: Workers, cancellation: Cancellation,
    observe: @escaping @Sendable (_ phase: Phase, _ done: Int, _ total: Int) -> Void
  ) throws -> GradientProducts {
    let (rows, columns, others) = (pool.rows, pool.columns, targets.count)
    // Rows that are read together: fixed by the row's size, so that the answer does not depend on the workers.
    let piece = max(1, min(64, (64 << 20) / (columns * MemoryLayout<Float>.stride)))
    var dots = DoubleMatrix(zerosOfRows: rows, columns: others)
    var norms = [Double](repeating: 0, count: rows)
    let done = Atomic<Int>(0)
    try workers.fill(&dots, &norms, by: piece) { range, dots, norms, _ in
      try cancellation.check()
      guard let out = dots.baseAddress else { return }
      var block = Matrix(uninitializedRows: range.count, columns: columns)
      pool.read(range, into: block.mutableStart())
      for row in 0..<range.count {
        let start = block.start(ofRow: row)
        norms[row] = Reduction.dot(start, start, count: columns).squareRoot()
      }
      Reduction.dots(
        block.start(), rows: range.count, stride: columns, targets.rows.start(), others: others, stride: columns,
        count: columns, into: out)
      observe(.gradients, done.wrappingAdd(range.count, ordering: .relaxed).newValue, rows)
    }
    try cancellation.check()
    return GradientProducts(products: dots, norms: norms, targetNorms: targets.norms)
  }
}
