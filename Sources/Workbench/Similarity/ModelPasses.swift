import Dispatch
import Domain
import LanguageModel
import SampleEncoding
import Scoring
import Tokenizers
import Transformer

extension GradientModel {
  /// The checkpoint of a method that passes samples through a model.
  ///
  /// Errors: `WorkbenchError` where none is named, or a server.
  init(passing specification: RunSpecification) throws {
    if case .endpoint? = specification.source {
      throw WorkbenchError.cannotCombine(
        "--method \(specification.method.rawValue)", "--endpoint", "it looks into the model, on this machine")
    }
    guard let source = GradientModel(specification) else { throw WorkbenchError.missingSource(specification.method) }
    self = source
  }

  func states(_ model: Model?, in context: RunContext) throws -> SampleStates {
    SampleStates(
      try model ?? load(context.engine), directory: directory, template: try .named(template, model: directory),
      in: context)
  }

  /// Losses of responses by themselves or behind their queries.
  func losses(
    _ model: Model?, of samples: [Sample], path: String, measure: PassMeasure, onlyKept: Bool = false,
    in context: RunContext
  ) throws -> Distances {
    try context.losses(
      of: samples, path: path, by: .local(try model ?? load(context.engine), directory: directory),
      template: .named(template, model: directory), name: template, measure: measure, onlyKept: onlyKept)
  }

  private static let sampledRows = 64

  /// What so many passes of each row take, told from some of them that are run now.
  func passEstimate(_ inputs: RunInputs, rows: Int, passes: Double, in context: RunContext) throws -> RunEstimate {
    guard let pool = inputs.pool, rows > 0 else { throw WorkbenchError.missingPool }
    let model = try load(context.engine)
    let step = max(1, rows / Self.sampledRows)
    let sampled = try stride(from: 0, to: rows, by: step).prefix(Self.sampledRows).map { try pool.sample(at: $0) }
    let training = TrainingSamples(sampled, template: try .named(template, model: directory), model: model)
    let samples = try sampled.indices.compactMap { try training.sample($0) }
    guard !samples.isEmpty else { throw WorkbenchError.noResponses(.pool) }
    try context.cancellation.check()
    let start = DispatchTime.now().uptimeNanoseconds
    var (tokens, seconds, first) = (0, 0.0, 0)
    // A batch a worker at a time, until the clock can tell.
    repeat {
      let batch = (0..<8 * context.workers.count).map { samples[(first + $0) % samples.count] }
      _ = model.network.losses(of: batch, workers: context.workers)
      tokens += batch.reduce(0) { $0 + $1.tokens.count }
      first += batch.count
      seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
      try context.cancellation.check()
    } while seconds < 0.3
    let perRow = Double(samples.reduce(0) { $0 + $1.tokens.count }) / Double(samples.count)
    let whole = passes * perRow * Double(rows + (inputs.target?.count ?? 0))
    let rate = Double(tokens) / max(seconds, 1e-6)
    return RunEstimate(
      passes: Int(passes * Double(rows)), tokens: whole,
      memory: Double(rows) * 4 * Double(model.configuration.hiddenSize), seconds: whole / rate, tokensPerSecond: rate)
  }
}

extension RunContext {
  /// Losses of responses, alone and behind contexts of several samples, from the score cache and the model. Infinite where the model's
  /// context has no room for a token of the response.
  ///
  /// Errors: `ScoringError`, `EndpointError`, `EncodingError`; `ScoringError.notKept` where only what is kept is asked for;
  /// `CancellationError`.
  func losses(
    of samples: [Sample], path: String, behind contexts: [[Sample]] = [], by backend: ModelBackend,
    template: PromptTemplate, name: String, measure: PassMeasure, onlyKept: Bool = false
  ) throws -> Distances {
    let scorer = try backend.scorer(
      template: template, queries: samples, contexts: contexts, measure: measure, queryPath: path,
      workers: workers.count, observe: observe)
    let cache = cache
    if !onlyKept {
      try? cache?.use(scorer.fingerprint, name: "\(backend.cacheName(template: name)), \(measure.rawValue)")
    }
    let clock = clock(.score, unit: contexts.isEmpty ? "samples" : "pairs")
    let found = try ScoringJob(scorer: scorer, store: cache, workers: workers).run(
      onlyKept: onlyKept, cancellation: cancellation
    ) { done, total, resumed, tokens in clock.advance(done, of: total, resumed: resumed, tokens: tokens) }
    if found.cuts.truncated > 0, measure == .loss {
      say("\(found.cuts.truncated) responses were truncated to fit \(backend.context)")
    }
    return found
  }
}

extension ModelBackend {
  /// Tokens of queries and of examples before them, and how many the context holds; of text that the server cuts into tokens, a guess.
  func sizes(
    queries: [Sample], examples: [Sample], template: PromptTemplate
  ) throws -> (queries: [Int], examples: [Int], room: Int) {
    func counted(_ tokenizer: Tokenizer, _ end: Int32, room: Int) throws -> (queries: [Int], examples: [Int], room: Int)
    {
      let samples = try TokenizedSamples(
        queries: queries, examples: examples, template: template, tokenizer: tokenizer, endOfSequence: end, path: nil)
      return (samples.queries.map(\.tokens.count), samples.prefixes.map(\.count), room)
    }
    switch self {
    case .local(let model, _):
      return try counted(
        model.tokenizer, model.configuration.endOfSequence, room: model.configuration.contextLength)
    case .remote(let endpoint, _):
      let room = endpoint.context.map { $0 - 1 } ?? 2048
      if let directory = endpoint.tokenizer {
        let tokenizer = try Tokenizer(directory: directory)
        guard let end = tokenizer.endOfSequence else { throw EndpointError.noEndOfSequence(tokenizer: directory) }
        return try counted(tokenizer, end, room: room)
      }
      guard case .words(let words) = template else { throw EndpointError.templateNeedsTokenizer("chat") }
      let written = WrittenSamples(queries: queries, examples: examples, template: words)
      // Some three bytes a token at the least.
      return (written.queries.map { $0.length / 3 }, written.prefixes.map { $0.utf8.count / 3 }, room)
    }
  }
}
