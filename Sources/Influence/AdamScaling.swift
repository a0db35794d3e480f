import Foundation
import LanguageModel
import Numerics

/// What a step of Adam or AdamW does to a gradient, read from the optimiser's state after t steps (arXiv 2505.19051; methods.md 2.2):
/// theta' = theta − eta (a ∘ gradient + b).
public final class AdamScaling: Sendable {
  /// Flat vectors of all parameters.
  public let a: Matrix
  public let b: Matrix

  /// Of the trainer's next step:
  ///
  ///     a = (1 − beta1)/(1 − beta1^(t+1)) / (√(v / (1 − beta2^(t+1))) + eps)
  ///     b = decay·theta + beta1/(1 − beta1^(t+1)) · m / (√(v / (1 − beta2^(t+1))) + eps)
  public init(_ trainer: Trainer) {
    let count = trainer.differentiator.count
    let settings = trainer.settings
    let correction1 = 1 - pow(Double(settings.beta1), Double(trainer.steps + 1))
    let correction2 = 1 - pow(Double(settings.beta2), Double(trainer.steps + 1))
    let fresh = (1 - Double(settings.beta1)) / correction1
    let kept = Double(settings.beta1) / correction1
    a = Matrix(uninitializedRows: 1, columns: count)
    b = Matrix(uninitializedRows: 1, columns: count)
    for element in 0..<count {
      let root = (Double(trainer.secondMoments.base[element]) / correction2).squareRoot() + Double(settings.epsilon)
      a.base[element] = Float(fresh / root)
      b.base[element] = Float(
        Double(settings.weightDecay) * Double(trainer.values.base[element])
          + kept * Double(trainer.firstMoments.base[element]) / root)
    }
  }

  /// The same with √a in a's place.
  var root: AdamScaling {
    let root = Matrix(uninitializedRows: 1, columns: a.count)
    for element in 0..<a.count { root.base[element] = a.base[element].squareRoot() }
    return AdamScaling(a: root, b: b.copy())
  }

  /// Given vectors of as many elements.
  public init(a: consuming Matrix, b: consuming Matrix) {
    precondition(a.count == b.count)
    self.a = a
    self.b = b
  }
}
