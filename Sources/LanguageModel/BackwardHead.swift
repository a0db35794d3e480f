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
    let firstRow = sample.responseStart - 1  // the row that predicts the first response token
    let mean = factor / Float(sample.responseCount)
    let hidden = workspace.hidden.floats(Self.chunk * size)
    let dHidden = workspace.dHidden.floats(Self.chunk * size)
    let logits = workspace.logits.floats(Self.chunk * vocabulary)
    var total = 0.0
    for start in stride(from: 0, to: sample.responseCount, by: Self.chunk) {
      let rows = min(Self.chunk, sample.responseCount - start)
      let x = activations.output + (firstRow + start) * size
      forward.norm(forward.layout.finalNorm, x, rows: rows, into: hidden)
      head.multiply(
        forward.weights, hidden, rows: rows, outputs: 0..<vocabulary, adding: false, into: logits, stride: vocabulary)
      for row in 0..<rows {
        let token = Int(sample.tokens[sample.responseStart + start + row])
        let label = logits[row * vocabulary + token]
        let logSum = BackwardKernel.softmaxRow(logits + row * vocabulary, columns: vocabulary, factor: mean)
        logits[row * vocabulary + token] -= mean
        total += Double(logSum) - Double(label)
      }
      target.add(head.weight, head.outputs * head.inputs, scratch: workspace.block) { block in
        Product.multiply(
          m: vocabulary, n: size, k: rows, logits, lda: vocabulary, transposedA: true, hidden, ldb: size, beta: 1,
          into: block, ldc: size)
      }
      transposed.multiply(head, logits, rows: rows, adding: false, into: dHidden)
      norm(forward.layout.finalNorm, x: x, dy: dHidden, rows: rows, dx + (firstRow + start) * size)
    }
    return total / Double(sample.responseCount)
  }
}
