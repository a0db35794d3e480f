import Domain
import Numerics
import Transformer

/// The samples of a set that have a gradient.
package struct InfluenceSamples: Sendable {
  package private(set) var samples: [LossSample] = []
  /// Of each sample of a pool, the candidate that it is.
  package private(set) var candidates: [Candidate] = []
  /// Of each sample, its row.
  package private(set) var rows: [RowIndex] = []
  /// Of each sample, its label.
  package private(set) var labels: [String?] = []

  package init() {}

  package var count: Int { samples.count }
  package var numbers: Range<SampleNumber> { 0..<SampleNumber(count) }
  subscript(number: SampleNumber) -> LossSample { samples[number.value] }
  func row(of number: SampleNumber) -> RowIndex { rows[number.value] }

  /// - Parameter candidate: its number in the whole set.
  package mutating func append(_ sample: LossSample, candidate: Candidate, row: RowIndex, label: String?) {
    samples.append(sample)
    candidates.append(candidate)
    rows.append(row)
    labels.append(label)
  }
}

/// Influence of a pool's samples on a target set, from a model: warm-up, target gradients, embeddings, landmark gradients,
/// propagation, weights.
package struct InfluenceJob: Sendable {
  package let settings: InfluenceSettings
  package let pool: InfluenceSamples
  package let target: InfluenceSamples
  /// Picks that the weights should leave above 0.
  package let budget: Int
  package let seed: UInt64
  package let workers: Workers
  package let cancellation: Cancellation
  /// Where embeddings, projected gradients and products of gradients are kept.
  package let cache: VectorCache?
  package let observe: @Sendable (_ phase: Phase, _ done: Int, _ total: Int) -> Void

  package init(
    settings: InfluenceSettings, pool: InfluenceSamples, target: InfluenceSamples, budget: Int, seed: UInt64,
    workers: Workers, cancellation: Cancellation, cache: VectorCache? = nil,
    observe: @escaping @Sendable (_ phase: Phase, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) {
    self.settings = settings
    self.pool = pool
    self.target = target
    self.budget = budget
    self.seed = seed
    self.workers = workers
    self.cancellation = cancellation
    self.cache = cache
    self.observe = observe
  }

  /// - Parameter embeddings: of the whole pool, computed elsewhere; nil to compute them here.
  /// - Throws: ``InfluenceError``; `LanguageModelError` for a state that does not fit the model; `CancellationError`.
  package func run(_ model: Network, embeddings imported: consuming Matrix? = nil) throws -> InfluenceResult {
    guard pool.count > 0 else { throw InfluenceError.nothingToMeasure(role: .pool) }
    guard target.count > 0 else { throw InfluenceError.nothingToMeasure(role: .target) }
    let shares = try TargetShares(labels: target.labels, groups: settings.groupShares)
    let (differentiator, scaling) = try prepare(model)
    let gradients = try gradientRows(differentiator, scaling)
    // With the optimiser the model has been trained on; what is kept belongs to the point where it stands then.
    let kept = cache?.moved(to: scaling.map { _ in differentiator.valuesHash })
    observe(.gradients, 0, target.count)
    let targetRows = try gradients.unscaled.matrix(
      of: target.samples, cache: kept, workers: workers, cancellation: cancellation
    ) { [observe, target] in observe(.gradients, $0, target.count) }
    try targetRows.check(.target, rows: target.rows)

    var targetGradient = targetRows
    let curvature: Curvature?
    if settings.pooling == .pooled, gradients.projection == nil {
      let found = Curvature(gradients, targets: target.samples, shares: shares.ofTargets)
      targetGradient = try found.targetGradient(
        targetRows: targetRows, stepSize: settings.stepSize, workers: workers, cancellation: cancellation)
      curvature = found
    } else {
      curvature = nil
    }

    let landmarkCount = settings.landmarkCount(of: pool.count)
    if landmarkCount >= pool.count {
      return try exact(gradients, cache: kept, targetGradient: targetGradient, shares: shares, curvature: curvature)
    }
    if let imported {
      return try throughLandmarks(
        landmarkCount, imported, similarity: nil, gradients, cache: kept, targetGradient: targetGradient,
        shares: shares,
        curvature: curvature)
    }
    let embedding = try EmbeddingChoice(settings, seed: seed).make(model, differentiator, scaling: gradients.scaling)
    observe(.embed, 0, pool.count)
    // Tangents are taken of the model as it was given.
    let ofEmbeddings = settings.embedding == .tangents ? cache : kept
    let embeddings = try embedding.embeddings(
      of: pool.samples, cache: ofEmbeddings, workers: workers, cancellation: cancellation
    ) { [observe, pool] in observe(.embed, $0, pool.count) }
    let similarity =
      settings.propagation == .corrected ? try similarity(embeddings, embedding, cache: ofEmbeddings, shares) : nil
    return try throughLandmarks(
      landmarkCount, embeddings, similarity: similarity, gradients, cache: kept, targetGradient: targetGradient,
      shares: shares,
      curvature: curvature)
  }

  // MARK: What gradients are taken of

  /// The model at the point where influence is measured, and AdamW's scaling there.
  private func prepare(_ model: Network) throws -> (Differentiator, AdamScaling?) {
    guard settings.step == .adamW else { return (Differentiator(model), nil) }
    let trainer = Trainer(model)
    if let path = settings.optimizerState {
      try trainer.loadState(from: path)
      return (trainer.differentiator, AdamScaling(trainer))
    }
    // The optimiser's moments are wanted, of a model that stays what it is.
    let schedule = TrainingSchedule(
      peakRate: InfluenceSettings.warmUpRate, decay: .constant, steps: settings.warmUpSteps, batchSize: 8, seed: seed)
    observe(.warmUp, 0, settings.warmUpSteps)
    for step in 0..<settings.warmUpSteps {
      try cancellation.check()
      let batch = schedule.batch(at: step, of: pool.count).map { pool.samples[$0] }
      _ = trainer.step(on: batch, rate: schedule.rate(at: step), workers: workers)
      observe(.warmUp, step + 1, settings.warmUpSteps)
    }
    return (trainer.differentiator, AdamScaling(trainer))
  }

  private func gradientRows(_ differentiator: Differentiator, _ scaling: AdamScaling?) throws -> GradientRows {
    let space = try GradientSpace(
      differentiator, filter: settings.parameters, most: settings.projection?.most, seed: seed)
    var projection = settings.projection.map {
      RandomProjection(kind: $0.kind, inputs: space.count, outputs: $0.size, seed: seed)
    }
    let kept = target.count + (settings.order == .second ? 2 * settings.landmarkCount(of: pool.count) : 0)
    let bytes = kept.multipliedReportingOverflow(by: space.count * MemoryLayout<Float>.stride)
    let available = SystemMemory.available
    if projection == nil, bytes.overflow || bytes.partialValue > available / 2 {
      guard settings.order == .first else {
        throw InfluenceError.tooLarge(
          what: "gradients of landmarks and targets", bytes: bytes.partialValue, available: available)
      }
      projection = RandomProjection(kind: .hadamard, inputs: space.count, outputs: 8192, seed: seed)
    }
    return GradientRows(differentiator, space: space, scaling: scaling, projection: projection)
  }

  // MARK: Embeddings

  /// What embeddings say of influence on each target, or on their pooled loss.
  private func similarity(
    _ embeddings: borrowing Matrix, _ embedding: any Embedding, cache: VectorCache?, _ shares: TargetShares
  ) throws -> DoubleMatrix {
    let targets = try embedding.embeddings(
      of: target.samples, cache: cache, workers: workers, cancellation: cancellation, advance: { _ in })
    let products = PropagatedInfluence.similarity(embeddings, targets: targets)
    guard settings.pooling == .pooled else { return products }
    return DoubleMatrix(rows: products.rows, columns: 1, elements: products.times(shares.ofTargets))
  }

  // MARK: Influence

  private func advanceGradients(_ total: Int) -> @Sendable (Int) -> Void {
    { [observe] in observe(.gradients, $0, total) }
  }

  /// Influence of gradients on what pulls: cosines with each target, or products with the pooled gradient.
  private func influence(_ products: GradientProducts, _ shares: TargetShares) -> DoubleMatrix {
    guard settings.pooling == .pooled else { return products.cosines }
    return products.products.columns == 1 && target.count > 1
      ? products.products
      : DoubleMatrix(
        rows: products.products.rows, columns: 1, elements: products.pooled(shares: shares.ofTargets))
  }

  private func exact(
    _ gradients: GradientRows, cache: VectorCache?, targetGradient: GradientMatrix, shares: TargetShares,
    curvature: Curvature?
  ) throws -> InfluenceResult {
    observe(.gradients, 0, pool.count)
    let products: GradientProducts
    var quadratic: DoubleMatrix?
    if settings.order == .second, let curvature {
      let rows = try gradients.matrix(
        of: pool.samples, workers: workers, cancellation: cancellation, advance: advanceGradients(pool.count))
      try rows.check(.pool, rows: pool.rows)
      products = rows.products(with: targetGradient, workers: workers)
      quadratic = try curve(curvature, rows, cache)
    } else {
      products = try gradients.products(
        of: pool.samples, with: targetGradient, cache: cache, workers: workers, cancellation: cancellation,
        advance: advanceGradients(pool.count))
    }
    try check(products, Array(pool.numbers))
    var result = InfluenceResult(
      candidates: pool.candidates, influence: influence(products, shares), targetLabels: target.labels, shares: shares)
    if let quadratic { result.curvature = .dense(quadratic) }
    return try weighed(result)
  }

  private func throughLandmarks(
    _ count: Int, _ embeddings: consuming Matrix, similarity: DoubleMatrix?, _ gradients: GradientRows,
    cache: VectorCache?, targetGradient: GradientMatrix, shares: TargetShares,
    curvature: Curvature?
  ) throws -> InfluenceResult {
    let landmarks = settings.landmarkChoice.choose(count, of: embeddings, seed: seed)
    let heldOut = PropagatedInfluence.heldOut(
      settings.heldOutCount(of: pool.count), of: pool.count, landmarks: landmarks, seed: seed)
    let measured = landmarks + heldOut
    observe(.gradients, 0, measured.count)
    let products: GradientProducts
    var core: DoubleMatrix?
    if settings.order == .second, let curvature {
      let rows = try gradients.matrix(
        of: landmarks.map { pool[$0] }, workers: workers, cancellation: cancellation,
        advance: advanceGradients(measured.count))
      try rows.check(.pool, rows: landmarks.map { pool.row(of: $0) })
      let others = try gradients.products(
        of: heldOut.map { pool[$0] }, with: targetGradient, workers: workers, cancellation: cancellation)
      products = rows.products(with: targetGradient, workers: workers).followed(by: others)
      core = try curve(curvature, rows, cache)
    } else {
      products = try gradients.products(
        of: measured.map { pool[$0] }, with: targetGradient, cache: cache, workers: workers, cancellation: cancellation,
        advance: advanceGradients(measured.count))
    }
    try check(products, measured)
    observe(.propagate, 0, pool.count)
    let propagated = try PropagatedInfluence(
      embeddings, landmarks: landmarks, heldOut: heldOut, exact: influence(products, shares),
      propagation: settings.propagation, similarity: similarity, workers: workers
    ) { [observe, pool] in observe(.propagate, $0, pool.count) }
    var result = InfluenceResult(
      candidates: pool.candidates, influence: propagated.influence, targetLabels: target.labels, shares: shares)
    result.propagated = propagated
    if let core {
      let bytes = pool.count.multipliedReportingOverflow(by: landmarks.count * MemoryLayout<Double>.stride)
      guard !bytes.overflow, bytes.partialValue < SystemMemory.available / 2 else {
        throw InfluenceError.tooLarge(
          what: "the landmarks' factor", bytes: bytes.partialValue, available: SystemMemory.available)
      }
      result.curvature = .factored(factor: propagated.factor(workers: workers), core: core)
    }
    return try weighed(result)
  }

  private func curve(
    _ curvature: Curvature, _ rows: GradientMatrix, _ cache: VectorCache?
  ) throws -> DoubleMatrix {
    observe(.weigh, 0, rows.count)
    return try curvature.quadratic(
      rows, total: pool.count, cache: cache, workers: workers, cancellation: cancellation
    ) { [observe] in observe(.weigh, $0, rows.count) }
  }

  private func check(_ products: GradientProducts, _ samples: [SampleNumber]) throws(InfluenceError) {
    if let bad = products.norms.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(role: .pool, row: pool.row(of: samples[bad]))
    }
    if products.norms.allSatisfy({ $0 == 0 }) { throw .allZero(role: .pool) }
  }

  private func weighed(_ result: InfluenceResult) throws -> InfluenceResult {
    try result.weighed(settings, count: budget, observe: observe)
  }
}

extension GradientProducts {
  /// These samples' and then the others'.
  func followed(by others: GradientProducts) -> GradientProducts {
    GradientProducts(
      products: DoubleMatrix(
        rows: products.rows + others.products.rows, columns: products.columns,
        elements: products.elements + others.products.elements),
      norms: norms + others.norms, targetNorms: targetNorms)
  }
}

extension InfluenceJob {
  /// Takes a weighted step on some of the pool's samples, as this run sees training, and holds the expansion against it.
  ///
  /// - Parameter weights: of some of the pool's samples; they are brought to a sum of their number.
  package func check(_ model: Network, weights: [SampleNumber: Double], halvings: Int) throws -> ExpansionCheck {
    let shares = try TargetShares(labels: target.labels, groups: settings.groupShares)
    let (differentiator, scaling) = try prepare(model)
    let space = try GradientSpace(differentiator, filter: settings.parameters, seed: seed)
    let chosen = weights.keys.sorted()
    let total = chosen.reduce(0.0) { $0 + (weights[$1] ?? 0) }
    return try ExpansionCheck(
      GradientRows(differentiator, space: space, scaling: scaling), samples: chosen.map { pool[$0] },
      weights: chosen.map { total > 0 ? Double(chosen.count) * (weights[$0] ?? 0) / total : 1 },
      target: target.samples, shares: shares.ofTargets, stepSize: settings.stepSize, count: halvings,
      workers: workers, cancellation: cancellation)
  }
}
