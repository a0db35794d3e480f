import Numerics

extension Network {
  /// The mean cross-entropy of each sample's targets; NaN for a sample that has none. Samples go through in batches of a fixed
  /// shape, so the answer does not depend on the number of workers.
  package func losses(of samples: [LossSample], workers: Workers = Workers()) -> [Double] {
    let piece = 8  // samples of one batch
    var batches: [Range<Int>] = []
    for start in stride(from: 0, to: samples.count, by: piece) {
      batches.append(start..<min(start + piece, samples.count))
    }
    let result = Matrix(zerosOfRows: 1, columns: samples.count)
    // Sound: a worker has its own workspace, a sample its own place.
    nonisolated(unsafe) let losses = result.base
    nonisolated(unsafe) let workspaces = (0..<workers.count).map { _ in makeWorkspace() }
    workers.forEach(batches.count) { [batches] number, worker in
      var batch = TokenBatch()
      for sample in samples[batches[number]] {
        let segment = batch.append(sample.tokens)
        for target in sample.targets { batch.target(segment: segment, offset: target.row, token: target.token) }
      }
      var logs = self.logProbabilities(batch, in: workspaces[worker])[...]
      for place in batches[number] {
        let count = samples[place].targets.count
        losses[place] = -logs.prefix(count).reduce(0, +) / Float(count)
        logs = logs.dropFirst(count)
      }
    }
    return result.elements.map { Double($0) }
  }
}
