import Foundation
import Numerics

/// The output head: logits of normed hidden rows, and of their softmax only what is asked for.
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
