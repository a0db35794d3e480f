import Foundation
import Numerics

// Final norm, output head and cross-entropy, over blocks of rows: of a softmax only what is asked for, and never a matrix of rows ×
// vocabulary.

extension Forward {
  func finalNorm(_ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>) {
    norm(layout.finalNorm, x, rows: rows, into: y)
  }

  /// Rows and vocabulary entries of one block of logits.
  private static let headRows = 256
  private static let headColumns = 4096

  /// log softmax(logits of `row`)[token] for each target. Blocks of logits are folded into a running log-sum-exp, so that no
  /// matrix of rows × vocabulary is ever held.
  func logProbabilities(
    of targets: [(row: Int, token: Int32)], hidden: UnsafePointer<Float>, rows: Int
  ) -> [Float] {
    let vocabulary = c.vocabularySize
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
        weights.multiply(
          layout.head, hidden + start * c.hiddenSize, rows: count, outputs: range, adding: false, into: logits,
          stride: columns, scratch: workspace.weight)
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
  fileprivate static let chunk = 64  // rows of logits that are held at a time

  /// The mean cross-entropy of the response; adds its derivative by the residual stream behind the last block, times `factor`, to dx.
  func loss(of sample: LossSample, factor: Float) -> Double {
    let (size, vocabulary) = (c.hiddenSize, c.vocabularySize)
    let mean = factor / Float(sample.targets.count)
    let hidden = workspace.hidden.floats(Self.chunk * size)
    let dHidden = workspace.dHidden.floats(Self.chunk * size)
    let logits = workspace.logits.floats(Self.chunk * vocabulary)
    var total = 0.0
    for start in stride(from: 0, to: sample.targets.count, by: Self.chunk) {
      let targets = sample.targets[start..<min(start + Self.chunk, sample.targets.count)]
      let (rows, count) = (targets.map(\.row), targets.count)
      let x = forward.gather(rows, of: activations.output, columns: size, into: workspace.output)
      forward.finalNorm(x, rows: count, into: hidden)
      forward.linear(layout.head, hidden, rows: count, into: logits)
      for (row, target) in targets.enumerated() {
        let token = Int(target.token)
        let label = logits[row * vocabulary + token]
        let logSum = BackwardKernel.softmaxRow(logits + row * vocabulary, columns: vocabulary, factor: mean)
        logits[row * vocabulary + token] -= mean
        total += Double(logSum) - Double(label)
      }
      linear(layout.head, x: hidden, dy: logits, rows: count, into: dHidden)
      let dOutput = workspace.dOutput.zeros(count * size)
      norm(layout.finalNorm, x: x, dy: dHidden, rows: count, into: dOutput)
      scatter(dOutput, to: rows, of: dx)
    }
    return total / Double(sample.targets.count)
  }

  /// Adds rows to some of the rows of `sum`.
  fileprivate func scatter(_ values: UnsafePointer<Float>, to rows: [Int], of sum: UnsafeMutablePointer<Float>) {
    let size = c.hiddenSize
    for (index, row) in rows.enumerated() { Vector.add(values + index * size, count: size, to: sum + row * size) }
  }
}

extension TangentForward {
  func finalNorm(
    x: UnsafePointer<Float>, tx: UnsafePointer<Float>, rows: Int, into ty: UnsafeMutablePointer<Float>
  ) {
    // A cut model's lies elsewhere than the whole one's.
    norm(layout.finalNorm, along: direction.layout.finalNorm, x: x, tx: tx, rows: rows, into: ty)
  }
}

extension TangentBackward {
  /// The loss; adds to dx and tdx.
  func loss(of sample: LossSample, factor: Float) -> Double {
    let (size, vocabulary, chunk) = (c.hiddenSize, c.vocabularySize, Backward.chunk)
    let mean = factor / Float(sample.targets.count)
    let hidden = workspace.hidden.floats(chunk * size)
    let tHidden = workspace.tHidden.floats(chunk * size)
    let dHidden = workspace.dHidden.floats(chunk * size)
    let tdHidden = workspace.tdHidden.floats(chunk * size)
    let logits = workspace.logits.floats(chunk * vocabulary)
    let tLogits = workspace.tLogits.floats(chunk * vocabulary)
    var total = 0.0
    for start in stride(from: 0, to: sample.targets.count, by: chunk) {
      let targets = sample.targets[start..<min(start + chunk, sample.targets.count)]
      let (rows, count) = (targets.map(\.row), targets.count)
      let x = forward.gather(rows, of: activations.output, columns: size, into: workspace.output)
      let tx = forward.gather(rows, of: tangent.tangents.output, columns: size, into: workspace.tOutput)
      forward.finalNorm(x, rows: count, into: hidden)
      tangent.finalNorm(x: x, tx: tx, rows: count, into: tHidden)
      forward.linear(layout.head, hidden, rows: count, into: logits)
      tangent.linear(layout.head, x: hidden, tx: tHidden, rows: count, into: tLogits)
      for (row, target) in targets.enumerated() {
        // d = mean (p − 1 at the label), td = mean p ∘ (tl − p·tl).
        let token = Int(target.token)
        let values = logits + row * vocabulary
        let label = values[token]
        total += Double(BackwardKernel.softmaxRow(values, columns: vocabulary, factor: 1)) - Double(label)
        BackwardKernel.softmaxRowsBackward(
          values, tLogits + row * vocabulary, stride: vocabulary, rows: 1, columns: vocabulary, scale: mean)
        TangentKernel.scale(values, count: vocabulary, by: mean)
        values[token] -= mean
      }
      linear(layout.head, x: hidden, tx: tHidden, dy: logits, tdy: tLogits, rows: count, into: dHidden, tdHidden)
      let dOutput = workspace.dOutput.zeros(count * size)
      let tdOutput = workspace.tdOutput.zeros(count * size)
      norm(layout.finalNorm, x: x, tx: tx, dy: dHidden, tdy: tdHidden, rows: count, into: dOutput, tdOutput)
      backward.scatter(dOutput, to: rows, of: dx)
      backward.scatter(tdOutput, to: rows, of: tdx)
    }
    return total / Double(sample.targets.count)
  }
}
