import Foundation
import Numerics

/// Final norm, output head and cross-entropy, forwards and backwards in one go over chunks of the response's positions.
extension Backward {
  private static let chunk = 64

  /// The mean cross-entropy of the response, and its derivative by the residual stream behind the last block, times `factor`.
  func loss(
    of sample: LossSample, factor: Float, _ dx: UnsafeMutablePointer<Float>  // [rows, hidden], zeros before
  ) -> Double {
    let c = forward.configuration
    let size = c.hiddenSize
    let vocabulary = c.vocabularySize
    let head = forward.layout.head
    let mean = factor / Float(sample.targets.count)
    let hidden = workspace.hidden.floats(Self.chunk * size)
    let dHidden = workspace.dHidden.floats(Self.chunk * size)
    let logits = workspace.logits.floats(Self.chunk * vocabulary)
    var total = 0.0
    for start in stride(from: 0, to: sample.targets.count, by: Self.chunk) {
      let targets = sample.targets[start..<min(start + Self.chunk, sample.targets.count)]
      let rows = targets.count
      let x = gather(targets, activations.output, into: workspace.output)
      forward.norm(forward.layout.finalNorm, x, rows: rows, into: hidden)
      forward.multiplyHead(hidden, rows: rows, vocabulary: 0..<vocabulary, into: logits, stride: vocabulary)
      for (row, target) in targets.enumerated() {
        let token = Int(target.token)
        let label = logits[row * vocabulary + token]
        let logSum = BackwardKernel.softmaxRow(logits + row * vocabulary, columns: vocabulary, factor: mean)
        logits[row * vocabulary + token] -= mean
        total += Double(logSum) - Double(label)
      }
      self.target.add(head.weight, head.outputs * head.inputs, scratch: workspace.block) { block in
        head.addOuterProduct(logits, hidden, rows: rows, into: block, panels: workspace.panels)
      }
      transposed.multiply(head, logits, rows: rows, adding: false, into: dHidden, scratch: workspace.forward.weight)
      let dOutput = workspace.dOutput.floats(rows * size)
      dOutput.update(repeating: 0, count: rows * size)
      norm(forward.layout.finalNorm, x: x, dy: dHidden, rows: rows, dOutput)
      scatter(targets, dOutput, into: dx)
    }
    return total / Double(sample.targets.count)
  }

  /// The targets' rows of the residual stream, one behind the other.
  func gather(
    _ targets: ArraySlice<LossSample.Target>, _ residual: UnsafePointer<Float>, into scratch: Scratch
  ) -> UnsafeMutablePointer<Float> {
    let size = forward.configuration.hiddenSize
    let rows = scratch.floats(targets.count * size)
    for (place, target) in targets.enumerated() {
      (rows + place * size).update(from: residual + target.row * size, count: size)
    }
    return rows
  }

  /// Adds rows to the targets' rows of the residual stream's derivative.
  func scatter(
    _ targets: ArraySlice<LossSample.Target>, _ rows: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>
  ) {
    let size = forward.configuration.hiddenSize
    for (place, target) in targets.enumerated() {
      TransformerKernel.addBias(dx + target.row * size, bias: rows + place * size, rows: 1, columns: size)
    }
  }
}
