import Datasets
import Domain
import Influence
import LanguageModel
import Numerics
import SampleEncoding
import Scoring
import Transformer

extension PoolMapping {
  /// Rows that gradients or embeddings are taken of, at most: each costs a pass through a model.
  static let mostPassed = 1000
  /// Numbers that a gradient is brought to.
  private static let gradientSize = 1024

  /// By the gradients of a model's loss on the rows, each scaled to length 1: rows are alike that move the model the same way.
  /// Brought to a thousand numbers by a random projection, which keeps angles nearly.
  ///
  /// - Parameter observe: how far it is.
  /// - Throws: what a model that can't be read throws, `InfluenceError.nothingToMeasure` where no row has a response that fits in
  ///   the model's context, `CancellationError`.
  package static func byGradients(
    _ file: DatasetFile, model directory: String, template: String, workers: Workers, cancellation: Cancellation,
    observe: @escaping @Sendable (Progress) -> Void
  ) throws -> PoolMap {
    let model = try Model(directory: directory)
    let (samples, rows) = try passed(file, model, directory, template, cancellation)
    let clock = clock(.gradients, cancellation, observe)
    clock.advance(0, of: samples.count)
    let differentiator = Differentiator(model.network)
    let projection = RandomProjection(
      kind: .hadamard, inputs: differentiator.count, outputs: min(gradientSize, differentiator.count), seed: 0)
    let gradients = GradientRows(
      differentiator, space: try GradientSpace(differentiator), projection: projection)
    let matrix = try gradients.matrix(of: samples, workers: workers, cancellation: cancellation) {
      clock.advance($0, of: samples.count)
    }
    let columns = matrix.columns
    let plane = try PrincipalPlane(
      count: matrix.count, dimension: columns, workers: workers, cancellation: cancellation
    ) { number, scratch in
      let row = matrix.rows.row(number)
      let scale = matrix.norms[number] > 0 ? Float(1 / matrix.norms[number]) : 0
      for column in 0..<columns { scratch[column] = row[column] * scale }
      return UnsafePointer(scratch)
    }
    return map(plane, .gradients, rows)
  }

  /// By the embeddings that Influence Distillation spreads influence by where nothing else is asked: cheaper than gradients.
  package static func byEmbeddings(
    _ file: DatasetFile, model directory: String, template: String, workers: Workers, cancellation: Cancellation,
    observe: @escaping @Sendable (Progress) -> Void
  ) throws -> PoolMap {
    let model = try Model(directory: directory)
    let (samples, rows) = try passed(file, model, directory, template, cancellation)
    let clock = clock(.embed, cancellation, observe)
    clock.advance(0, of: samples.count)
    let embedding = try EmbeddingChoice(InfluenceSettings(), seed: 0).make(
      model.network, Differentiator(model.network), scaling: nil)
    let vectors = DenseRows(
      try embedding.embeddings(of: samples, workers: workers, cancellation: cancellation) {
        clock.advance($0, of: samples.count)
      })
    let plane = try PrincipalPlane(
      count: vectors.rows, dimension: vectors.columns, workers: workers, cancellation: cancellation
    ) { row, scratch in vectors.row(row, scratch: scratch) }
    return map(plane, .embeddings, rows)
  }

  private static func clock(
    _ phase: Phase, _ cancellation: Cancellation, _ observe: @escaping @Sendable (Progress) -> Void
  ) -> PhaseClock {
    PhaseClock(phase, unit: "rows", cancellation: cancellation) { event in
      if case .progress(let progress) = event { observe(progress) }
    }
  }

  /// Rows at equal distances that have a loss, and their indices; one that can't be read has none.
  private static func passed(
    _ file: DatasetFile, _ model: Model, _ directory: String, _ template: String, _ cancellation: Cancellation
  ) throws -> (samples: [LossSample], rows: [RowIndex]) {
    let read = spread(over: file.count, most: mostPassed).compactMap { try? file.sample(at: $0) }
    let training = TrainingSamples(read, template: try .named(template, model: directory), model: model)
    var (samples, rows): ([LossSample], [RowIndex]) = ([], [])
    for (number, row) in read.enumerated() where !row.response.isEmpty {
      try cancellation.check()
      guard let sample = try training.sample(number), !sample.targets.isEmpty else { continue }
      samples.append(sample)
      rows.append(row.index)
    }
    guard !samples.isEmpty else { throw InfluenceError.nothingToMeasure(role: .pool) }
    return (samples, rows)
  }
}
