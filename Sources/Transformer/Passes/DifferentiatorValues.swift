import Numerics

/// A model's parameters taken out, moved, and put back: what a step of training is checked with.
extension Differentiator {
  /// The same model at other values: a flat vector of ``count`` elements, row-major, read once.
  package convenience init(_ other: Differentiator, values: UnsafePointer<Float>) {
    self.init(
      other.configuration, weights: Weights(other.layout, rowMajor: values),
      transposed: TransposedWeights(other.layout, rowMajor: values), activationLimit: other.activationLimit)
  }

  /// Writes all parameters, row-major, to `values`, which has room for ``count`` elements.
  package func copyValues(into values: UnsafeMutablePointer<Float>) { weights.copyRowMajor(into: values) }

  /// The model cut to its first blocks, with the final norm and the output head behind them: a cheaper model whose gradients resemble
  /// the whole one's. `blocks` is at least 1; all there are if there are fewer.
  package convenience init(_ other: Differentiator, blocks: Int) {
    precondition(blocks > 0)
    var cut = other.configuration
    cut.layers = min(blocks, cut.layers)
    let layout = ParameterLayout(cut, prefix: other.layout.prefix)
    let whole = Matrix(uninitializedRows: 1, columns: other.count)
    other.copyValues(into: whole.base)
    let ranges = Dictionary(uniqueKeysWithValues: other.parameters.map { ($0.name, $0.range) })
    let values = Matrix(zerosOfRows: 1, columns: layout.count)
    for parameter in layout.parameters {
      guard let range = ranges[parameter.name] else { continue }
      (values.base + parameter.offset).update(from: whole.base + range.lowerBound, count: range.count)
    }
    self.init(
      cut, weights: Weights(layout, rowMajor: values.base),
      transposed: TransposedWeights(layout, rowMajor: values.base), activationLimit: other.activationLimit)
  }

  /// The mean cross-entropy of a sample's targets. What holds of samples for ``gradient(of:factor:to:in:)`` holds here.
  package func loss(of sample: LossSample, in workspace: Workspace) -> Double {
    outputGradient(of: sample, to: .blocks(of: []) { _, _ in }, in: workspace)
  }

  /// The loss, and its derivatives by the output head and the final norm alone: no way back through the blocks. Of a tied embedding
  /// only what it does as the head counts.
  package func outputGradient(
    of sample: LossSample, to target: GradientTarget, in workspace: Workspace
  ) -> Double {
    let forward = pass(over: sample, keeping: .last, in: workspace)
    forward.run()
    return Backward(forward, transposed: transposed, to: target).loss(of: sample, factor: 1)
  }
}
