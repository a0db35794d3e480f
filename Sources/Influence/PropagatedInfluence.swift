import Domain
import Numerics

/// Influence of a whole pool, spread from landmarks, and how far it is to be trusted.
package final class PropagatedInfluence: Sendable {
  /// Ascending, and the samples that the spread is checked on.
  package let landmarks: [SampleNumber]
  package let heldOut: [SampleNumber]
  package let embeddings: Matrix
  package let propagation: Propagation
  /// Exact, at the landmarks and then at the held-out samples: [landmarks + held out, columns].
  package let exact: DoubleMatrix
  /// Spread to all samples: [samples, columns].
  package let influence: DoubleMatrix

  /// - Parameter similarity: for `corrected`, what embeddings say of samples and columns, [samples, columns]; nil where targets have
  ///   no embeddings, which leaves `tuned`.
  init(
    _ embeddings: consuming Matrix, landmarks: [SampleNumber], heldOut: [SampleNumber], exact: DoubleMatrix,
    propagation kind: InfluenceSettings.Propagation, similarity: DoubleMatrix?, workers: Workers,
    advance: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) throws(InfluenceError) {
    let known = DoubleMatrix(
      rows: landmarks.count, columns: exact.columns,
      elements: Array(exact.elements.prefix(landmarks.count * exact.columns)))
    (influence, propagation) = try Self.propagate(
      known, kind, embeddings, landmarks: landmarks, similarity: similarity, workers: workers, advance: advance)
    self.embeddings = embeddings
    self.landmarks = landmarks
    self.heldOut = heldOut
    self.exact = exact
  }

  /// Influence that is known at landmarks, [landmarks, columns], spread to all samples.
  package static func propagate(
    _ known: DoubleMatrix, _ kind: InfluenceSettings.Propagation, _ embeddings: borrowing Matrix,
    landmarks: [SampleNumber],
    similarity: DoubleMatrix?, workers: Workers, advance: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) throws(InfluenceError) -> (DoubleMatrix, Propagation) {
    guard kind == .corrected, let similarity else {
      let propagation = try propagation(kind, embeddings, landmarks: landmarks, influence: known)
      return (propagation.propagate(known, to: embeddings, workers: workers, advance: advance), propagation)
    }
    // The scale at which similarity comes nearest to influence, by least squares over the landmarks.
    var (products, squares) = (0.0, 0.0)
    for (row, landmark) in landmarks.enumerated() {
      for column in 0..<known.columns {
        products += known[row, column] * similarity[landmark.value, column]
        squares += similarity[landmark.value, column] * similarity[landmark.value, column]
      }
    }
    let scale = squares > 0 ? products / squares : 0
    var missing = known
    for (row, landmark) in landmarks.enumerated() {
      for column in 0..<known.columns { missing[row, column] -= scale * similarity[landmark.value, column] }
    }
    let propagation = try propagation(.tuned, embeddings, landmarks: landmarks, influence: missing)
    var result = propagation.propagate(missing, to: embeddings, workers: workers, advance: advance)
    for element in result.elements.indices { result.elements[element] += scale * similarity.elements[element] }
    return (result, propagation)
  }

  /// Products of samples' embeddings with those of targets: [samples, targets].
  package static func similarity(_ embeddings: borrowing Matrix, targets: borrowing Matrix) -> DoubleMatrix {
    precondition(embeddings.columns == targets.columns)
    var result = DoubleMatrix(zerosOfRows: embeddings.rows, columns: targets.rows)
    Workers(count: 1).fill(&result, by: 64) { rows, out, _ in
      guard let out = out.baseAddress else { return }
      Reduction.dots(
        embeddings.start(ofRow: rows.lowerBound), rows: rows.count, stride: embeddings.columns, targets.start(),
        others: targets.rows, stride: targets.columns, count: targets.columns, into: out)
    }
    return result
  }

  /// The propagation of a kind.
  package static func propagation(
    _ kind: InfluenceSettings.Propagation, _ embeddings: borrowing Matrix, landmarks: [SampleNumber],
    influence: DoubleMatrix
  ) throws(InfluenceError) -> Propagation {
    let width = Propagation.medianWidth(embeddings, landmarks: landmarks)
    switch kind {
    case .krr:
      return try Propagation(embeddings, landmarks: landmarks, kernel: .radial(width: width), ridge: 0.01)
    case .linear:
      return try Propagation(embeddings, landmarks: landmarks, kernel: .linear, ridge: 0.01)
    case .tuned, .corrected:
      return try Propagation(
        choosing: embeddings, landmarks: landmarks, influence: influence,
        kernels: [.linear] + [0.25, 0.5, 1, 2].map { .radial(width: $0 * width) })
    }
  }

  /// Random samples that are no landmarks, ascending.
  static func heldOut(_ count: Int, of samples: Int, landmarks: [SampleNumber], seed: UInt64) -> [SampleNumber] {
    let taken = Set(landmarks)
    let others = (0..<SampleNumber(samples)).filter { !taken.contains($0) }
    var chance = SeededGenerator(seed: seed ^ 0x5DEE_CE66_D1CE_4E5B)
    return chance.sample(min(count, others.count), of: others.count).map { others[$0] }.sorted()
  }

  /// Spearman's correlation of spread and exact influence over the held-out samples, the mean over columns; nil with fewer than three.
  package var heldOutCorrelation: Double? {
    guard heldOut.count >= 3 else { return nil }
    let correlations = (0..<exact.columns).map { column in
      rankCorrelation(
        heldOut.map { influence[$0.value, column] },
        heldOut.indices.map { exact[landmarks.count + $0, column] })
    }
    return correlations.reduce(0, +) / Double(max(1, correlations.count))
  }

  /// C as a whole: [samples, landmarks].
  package func factor(workers: Workers) -> DoubleMatrix { propagation.factor(for: embeddings, workers: workers) }

  /// The landmarks nearest to a sample, with the kernel's value.
  package func nearestLandmarks(of sample: SampleNumber, count: Int) -> [(landmark: SampleNumber, kernel: Double)] {
    propagation.nearest(count, to: embeddings.start(ofRow: sample.value))
      .map { (landmarks[$0.landmark], Double($0.kernel)) }
  }
}
