import Foundation
import Numerics
import Transformer

/// What a step of Adam or AdamW does to a gradient, read from the optimiser's state after t steps (arXiv 2505.19051; Methods 2.2):
/// theta' = theta − eta (a ∘ gradient + b).
package final class AdamScaling: Sendable {
  /// Flat vectors of all parameters.
  package let a: Matrix
  package let b: Matrix

  /// Of the trainer's next step:
  ///
  ///     a = (1 − beta1)/(1 − beta1^(t+1)) / (√(v / (1 − beta2^(t+1))) + eps)
  ///     b = decay·theta + beta1/(1 − beta1^(t+1)) · m / (√(v / (1 − beta2^(t+1))) + eps)
  package init(_ trainer: Trainer) {
    let count = trainer.differentiator.count
    let settings = trainer.settings
    let correction1 = 1 - pow(Double(settings.beta1), Double(trainer.steps + 1))
    let correction2 = 1 - pow(Double(settings.beta2), Double(trainer.steps + 1))
    let fresh = (1 - Double(settings.beta1)) / correction1
    let kept = Double(settings.beta1) / correction1
    var a = Matrix(uninitializedRows: 1, columns: count)
    var b = Matrix(uninitializedRows: 1, columns: count)
    for element in 0..<count {
      let root = (Double(trainer.secondMoments[0, element]) / correction2).squareRoot() + Double(settings.epsilon)
      a[0, element] = Float(fresh / root)
      b[0, element] = Float(
        Double(settings.weightDecay) * Double(trainer.values[0, element])
          + kept * Double(trainer.firstMoments[0, element]) / root)
    }
    self.a = a
    self.b = b
  }

  /// Given vectors of as many elements.
  package init(a: consuming Matrix, b: consuming Matrix) {
    precondition(a.count == b.count)
    self.a = a
    self.b = b
  }

  /// √a alone, which is all that an embedding is scaled with: b is empty.
  init(root: consuming Matrix) {
    a = root
    b = Matrix(zerosOfRows: 1, columns: 0)
  }

  /// √a of the parameters that a model, this one or a part of it, has in common with this one.
  func root(of part: Differentiator, from whole: Differentiator) -> AdamScaling {
    let ranges = Dictionary(uniqueKeysWithValues: whole.parameters.map { ($0.name, $0.range) })
    var root = Matrix(zerosOfRows: 1, columns: part.count)
    for parameter in part.parameters {
      guard let range = ranges[parameter.name] else { continue }
      for (column, element) in zip(parameter.range, range) { root[0, column] = a[0, element].squareRoot() }
    }
    return AdamScaling(root: root)
  }
}
