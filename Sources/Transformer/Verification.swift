import Checkpoints
import Domain
import Foundation
import Numerics

/// A comparison of this engine with numbers that a user made with another one on the same checkpoint.
///
/// The reference is a `.safetensors` file with `input_ids` (int64, [T]) and any of `logits` ([T, V]) and `labels` ([T],
/// int64, -100 = ignored, label t predicted from the tokens before t) with `loss` (their mean cross-entropy) and
/// `grad.<parameter name>` (its derivatives, in the checkpoint's shapes).
package struct Verification: Sendable, Hashable {
  /// One compared quantity.
  package struct Line: Sendable, Hashable {
    package var name: String
    /// Largest absolute difference, and that over the reference's largest magnitude.
    package var absoluteError: Double
    package var relativeError: Double
  }

  package private(set) var lines: [Line] = []

  /// Whether every quantity is within a relative tolerance; NaN is not.
  package func isWithin(_ tolerance: Double) -> Bool { lines.allSatisfy { $0.relativeError <= tolerance } }

  package init(of model: Network, against path: String) throws(CheckpointError) {
    guard FileManager.default.fileExists(atPath: path) else { throw .noSuchFile(path) }
    let reference = try SafeTensors(path: path)
    func refuse(_ reason: String) -> CheckpointError { .malformed(path, reason: reason) }
    let vocabulary = model.configuration.vocabularySize
    let tokens = try reference.integers("input_ids").compactMap { Int32(exactly: $0) }
    guard !tokens.isEmpty, tokens.allSatisfy({ 0..<vocabulary ~= Int($0) }),
      reference.shape(of: "input_ids")?.reduce(1, *) == tokens.count
    else { throw refuse("input_ids is empty or holds ids outside 0..<\(vocabulary)") }
    guard tokens.count <= model.configuration.contextLength else {
      throw refuse("\(tokens.count) tokens, the model's context is \(model.configuration.contextLength)")
    }
    let workspace = model.makeWorkspace()
    if reference.shape(of: "logits") != nil {
      let expected = try reference.floats("logits")
      guard expected.count == tokens.count * vocabulary else {
        throw refuse("logits is not [\(tokens.count), \(vocabulary)]")
      }
      let found = model.logits(of: tokens, in: workspace)
      lines.append(Self.line("logits", Array(found.elements), expected))
    }
    let gradients = reference.names.filter { $0.hasPrefix("grad.") }
    if reference.shape(of: "loss") != nil || !gradients.isEmpty {
      let labels = try reference.integers("labels")
      guard labels.count == tokens.count else { throw refuse("labels is not [\(tokens.count)]") }
      let targets = labels.enumerated().dropFirst().filter { $0.element != -100 }
      guard targets.allSatisfy({ 0..<Int64(vocabulary) ~= $0.element }) else {
        throw refuse("a label is outside 0..<\(vocabulary)")
      }
      guard !targets.isEmpty else { throw refuse("labels has none that counts") }
      let sample = LossSample(
        tokens: tokens, targets: targets.map { LossSample.Target(row: $0.offset - 1, token: Int32($0.element)) })
      let differentiator = Differentiator(model)
      let sum = Matrix(zerosOfRows: 1, columns: differentiator.count)
      let loss = differentiator.gradient(of: sample, to: .adding(to: sum.base), in: differentiator.makeWorkspace())
      if reference.shape(of: "loss") != nil {
        lines.append(Self.line("loss", [Float(loss)], try reference.floats("loss")))
      }
      for name in gradients {
        guard let parameter = differentiator.parameters.first(where: { "grad.\($0.name)" == name }) else {
          throw refuse("\(name) is of no parameter of the model")
        }
        let expected = try reference.floats(name)
        guard reference.shape(of: name) == parameter.shape else {
          throw .misshapenTensor(
            name, expected: parameter.shape, found: reference.shape(of: name) ?? [], file: path)
        }
        lines.append(Self.line(name, parameter.elements(of: sum.base), expected))
      }
    }
    guard !lines.isEmpty else { throw refuse("holds none of logits, labels with loss or grad.<parameter name>") }
  }

  private static func line(_ name: String, _ found: [Float], _ expected: [Float]) -> Line {
    var difference = found.count == expected.count ? 0 : Double.infinity
    for (a, b) in zip(found, expected) {
      let step = abs(Double(a) - Double(b))
      // A NaN on either side must not hide behind a comparison.
      if step.isNaN { difference = .infinity } else { difference = max(difference, step) }
    }
    let scale = expected.reduce(0) { max($0, Double(abs($1))) }
    return Line(name: name, absoluteError: difference, relativeError: difference / max(scale, 1e-30))
  }
}
