import Domain
import Influence
import LanguageModel
import Numerics
import SampleEncoding
import Transformer

/// What a model makes of samples: position-weighted means of its last hidden states over prompt and response, at length 1
/// (RDS+, arXiv 2503.01807; Methods 3). Products of two rows are their cosine.
struct SampleStates: Sendable {
  /// Of pool and of target alike: the model and its template.
  let model: Model
  let directory: String
  let template: PromptTemplate
  let cache: VectorCache?

  /// The same samples of a model in a folder have the same bits, whatever else is asked for and on any number of threads; what
  /// was computed before comes from the score cache.
  init(_ model: Model, directory: String, template: PromptTemplate, in context: RunContext) {
    self.model = model
    self.directory = directory
    self.template = template
    cache = context.vectorCache(of: model, in: directory)
  }

  /// [samples, hidden], a row a sample, with a response or without. A sample that is longer than the model's context is cut at its end.
  ///
  /// Errors: `EncodingError.refusedByTemplate`; `InfluenceError`, where a state is not finite; `CancellationError`.
  func vectors(
    of samples: [Sample], workers: Workers, cancellation: Cancellation,
    advance: @escaping @Sendable (_ done: Int) -> Void = { _ in }
  ) throws -> Matrix {
    let written = TrainingSamples(samples, template: template, model: model)
    let sequences = try samples.indices.map { LossSample(tokens: try written.tokens($0), targets: []) }
    let vectors = try StateEmbedding(model.network).embeddings(
      of: sequences, cache: cache, workers: workers, cancellation: cancellation, advance: advance)
    for (row, sample) in samples.enumerated() {
      let start = vectors.start(ofRow: row)
      guard Reduction.dot(start, start, count: vectors.columns).isFinite else {
        throw ErrorReport(
          "the model's hidden states are not finite", at: "row \(sample.index)",
          remedy: "Check the model's weights (winnow model verify).", status: .failed)
      }
    }
    return vectors
  }
}
