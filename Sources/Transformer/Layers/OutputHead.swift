import Foundation
import Numerics

// Final norm, output head and cross-entropy, over blocks of rows: of a softmax only what is asked for, and never a matrix of rows ×
// vocabulary.

extension Forward {
  /// Rows and vocabulary entries of one block of logits.
  private static let headRows = 256
  private static let headColumns = 4096

  /// logits = hidden Eᵀ for a range of the vocabulary, [rows, vocabulary.count] with rows `stride` apart.
  func multiplyHead(
    _ hidden: UnsafePointer<Float>, rows: Int, vocabulary: Range<Int>, into logits: UnsafeMutablePointer<Float>,
    stride: Int
  ) {
    weights.multiply(
      layout.head, hidden, rows: rows, outputs: vocabulary, adding: false, into: logits, stride: stride,
      scratch: workspace.weight)
  }

  /// log softmax(logits of `row`)[token] for each target. Blocks of logits are folded into a running log-sum-exp, so that no
  /// matrix of rows × vocabulary is ever held.
  func logProbabilities(
    of targets: [(row: Int, token: Int32)], hidden: UnsafePointer<Float>, rows: Int
  ) -> [Float] {
    let vocabulary = configuration.vocabularySize
    let columns = min(Self.headColumns, vocabulary)
    let logits = workspace.logits.floats(Self.headRows * columns)
    let maxima = workspace.logSums.floats(2 * Self.headRows)
    let sums = maxima + Self.headRows
    // Targets by the block of rows they stand in.
    var blocks = [[Int]](repeating: [], count: (rows + Self.headRows - 1) / Self.headRows)
    for (number, target) in targets.enumerated() { blocks[target.row / Self.headRows].append(number) }
    var result = [Float](repeating: 0, count: targets.count)
    for (block, numbers) in blocks.enumerated() where !workspace.isCancelled {
      let start = block * Self.headRows
      let count = min(Self.headRows, rows - start)
      maxima.update(repeating: -Float.infinity, count: count)
      sums.update(repeating: 0, count: count)
      for first in stride(from: 0, to: vocabulary, by: columns) {
        let range = first..<min(first + columns, vocabulary)
        multiplyHead(
          hidden + start * configuration.hiddenSize, rows: count, vocabulary: range, into: logits, stride: columns)
        TransformerKernel.foldLogSumExp(
          logits, stride: columns, rows: count, columns: range.count, maxima: maxima, sums: sums)
        for number in numbers where range.contains(Int(targets[number].token)) {
          result[number] = logits[(targets[number].row - start) * columns + Int(targets[number].token) - first]
        }
      }
      for number in numbers {
        let row = targets[number].row - start
        result[number] -= maxima[row] + logf(sums[row])
      }
    }
    return result
  }
}

extension Backward {
  private static let chunk = 64  // rows of logits that are held at a time

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
      Vector.add(rows + place * size, count: size, to: dx + target.row * size)
    }
  }
}

extension TangentBackward {
  /// The tangent of the final norm, head and cross-entropy's way back; returns the loss.
  func loss(
    of sample: LossSample, factor: Float, _ dx: UnsafeMutablePointer<Float>, _ tdx: UnsafeMutablePointer<Float>
  ) -> Double {
    let size = c.hiddenSize
    let vocabulary = c.vocabularySize
    let norm = layout.finalNorm
    let chunk = 64
    let mean = factor / Float(sample.targets.count)
    let hidden = workspace.gradient.hidden.floats(chunk * size)
    let tHidden = workspace.tHidden.floats(chunk * size)
    let dHidden = workspace.gradient.dHidden.floats(chunk * size)
    let tdHidden = workspace.tdHidden.floats(chunk * size)
    let logits = workspace.gradient.logits.floats(chunk * vocabulary)
    let tLogits = workspace.tLogits.floats(chunk * vocabulary)
    var total = 0.0
    for start in stride(from: 0, to: sample.targets.count, by: chunk) {
      let targets = sample.targets[start..<min(start + chunk, sample.targets.count)]
      let count = targets.count
      let x = backward.gather(targets, backward.activations.output, into: workspace.gradient.output)
      let tx = backward.gather(targets, tangents.output, into: workspace.tOutput)
      forward.norm(norm, x, rows: count, into: hidden)
      tangent.norm(norm, norm, x: x, tx: tx, rows: count, into: tHidden)
      forward.multiplyHead(hidden, rows: count, vocabulary: 0..<vocabulary, into: logits, stride: vocabulary)
      tangent.linear(layout.head, layout.head, x: hidden, tx: tHidden, adding: false, rows: count, into: tLogits)
      for (place, target) in targets.enumerated() {
        // d = mean (p − 1 at the label), td = mean p ∘ (tl − p·tl).
        let token = Int(target.token)
        let values = logits + place * vocabulary
        let label = values[token]
        total += Double(BackwardKernel.softmaxRow(values, columns: vocabulary, factor: 1)) - Double(label)
        BackwardKernel.softmaxRowsBackward(
          values, tLogits + place * vocabulary, stride: vocabulary, rows: 1, columns: vocabulary, scale: mean)
        TangentKernel.scale(values, count: vocabulary, by: mean)
        values[token] -= mean
      }
      parameters(layout.head, x: hidden, tx: tHidden, dy: logits, tdy: tLogits, rows: count)
      back(layout.head, logits, tLogits, rows: count, dHidden, tdHidden)
      let dOutput = workspace.gradient.dOutput.floats(count * size)
      let tdOutput = workspace.tdOutput.floats(count * size)
      dOutput.update(repeating: 0, count: count * size)
      tdOutput.update(repeating: 0, count: count * size)
      self.norm(norm, x: x, tx: tx, dy: dHidden, tdy: tdHidden, rows: count, dOutput, tdOutput)
      backward.scatter(targets, dOutput, into: dx)
      backward.scatter(targets, tdOutput, into: tdx)
    }
    return total / Double(sample.targets.count)
  }
}
