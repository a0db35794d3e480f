import Domain
import Numerics
import Synchronization
import Transformer

/// Weighted means of a model's last hidden states, brought to length 1, so that their products are cosines (RDS+, arXiv 2503.01807;
/// Methods 3). One forward pass a sample, and no way back.
package struct StateEmbedding: Embedding {
  private let model: Network

  package init(_ model: Network) { self.model = model }

  /// What the targets of a sample are makes no difference: all its tokens count.
  package func embeddings(
    of samples: [LossSample], cache: VectorCache?, workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void
  ) throws -> Matrix {
    let samples = samples.map { LossSample(tokens: $0.tokens, targets: []) }
    let columns = model.configuration.hiddenSize
    var result = Matrix(uninitializedRows: samples.count, columns: columns)
    let hashes = samples.map(\.contentHash)
    let passes = Passes.of(samples, hashes)
    let done = Atomic<Int>(0)
    let workspaces = PerWorker(workers) { [model] in model.makeWorkspace() }
    try result.withPieces(of: 1) { rows in
      @Sendable func compute(_ number: Int, _ worker: Int) {
        let pass = passes[number]
        let workspace = workspaces[worker]
        workspace.cancellation = cancellation
        let states = model.weightedStates(of: pass.map { samples[$0].tokens }, in: workspace)
        for (row, sample) in pass.enumerated() {
          let state = states.start(ofRow: row)
          let length = Reduction.dot(state, state, count: columns).squareRoot()
          for column in 0..<columns { rows[sample][column] = length > 0 ? Float(Double(state[column]) / length) : 0 }
        }
        advance(done.wrappingAdd(pass.count, ordering: .relaxed).newValue)
      }
      guard let cache else {
        return try workers.forEach(passes.count, cancellation: cancellation) { compute($0, $1) }
      }
      let kind = ContentHash(of: "weighted states 1")
      try cache.fill(
        passes.map { ContentHash(combining: [kind] + hashes[$0]) }, count: { passes[$0].count * columns },
        workers: workers, cancellation: cancellation
      ) { number, worker in
        compute(number, worker)
        return Array(rows[passes[number]])
      } take: { number, values in
        _ = rows[passes[number]].update(fromContentsOf: values)
        advance(done.wrappingAdd(passes[number].count, ordering: .relaxed).newValue)
      }
    }
    try cancellation.check()
    return result
  }
}
