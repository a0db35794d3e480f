import Checkpoints

extension ModelConfiguration {
  /// Floating-point operations that a causal sequence needs: two for each weight of the blocks' products a token, four for
  /// each element of a head's query, key and value pair that is seen, and two for each weight of the head a target. Norms,
  /// activations and softmax are not counted, nor what the last block does behind its attention for rows without a target.
  ///
  /// - Parameters:
  ///   - rows: tokens of the sequence that are run.
  ///   - keysBefore: tokens of the prefix whose keys and values are at hand.
  ///   - targets: positions whose distribution is asked for.
  package func operations(rows: Int, keysBefore: Int, targets: Int) -> Int {
    let (before, behind) = blockWeights
    let products = 2 * (layers * rows * before + (layers - 1) * rows * behind + targets * behind)
    let seen = rows * keysBefore + rows * (rows + 1) / 2
    return products + 4 * layers * querySize * seen + 2 * targets * hiddenSize * vocabularySize
  }

  /// Weights of a block's products before its attention and behind it.
  private var blockWeights: (before: Int, behind: Int) {
    (hiddenSize * (querySize + 2 * keyValueSize), hiddenSize * (querySize + upSize + intermediateSize))
  }

  /// Columns of the feed-forward network's first product: gate and up, or up alone.
  var upSize: Int { (family.isGated ? 2 : 1) * intermediateSize }

  /// All blocks of a sequence, for every row, and no head.
  private func blockOperations(rows: Int, blocks: Int) -> Int {
    blocks * (2 * rows * (blockWeights.before + blockWeights.behind) + 4 * querySize * rows * (rows + 1) / 2)
  }

  /// A gradient: the pass, and on the way back two products for each of the pass's.
  package func gradientOperations(rows: Int, targets: Int) -> Int {
    3 * (blockOperations(rows: rows, blocks: layers) + 2 * targets * hiddenSize * vocabularySize)
  }

  /// Tangents behind the first blocks: the pass, and two products for each of the pass's in every direction.
  package func tangentOperations(rows: Int, blocks: Int, directions: Int) -> Int {
    (1 + 2 * directions) * blockOperations(rows: rows, blocks: min(blocks, layers))
  }
}
