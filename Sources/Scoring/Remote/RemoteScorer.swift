import Domain
import Foundation
import SampleEncoding
import Synchronization
import Tokenizers

/// Distances from a model behind an inference server: each query is sent behind each example, and the server says how
/// probable its tokens are. As many requests are under way as the server is to be given.
///
/// With the model's tokenizer at hand the samples are sent as tokens, the very ones that ``LocalScorer`` runs. Without it
/// their text is sent: then no end-of-sequence token stands in it, and which of the tokens are the response's is told from
/// how many tokens the text has with and without it.
package final class RemoteScorer: UtilityScorer {
  package let fingerprint: ContentHash
  package let queryHashes: [ContentHash]
  package let exampleHashes: [ContentHash]
  package let queryOrder: [Int]
  package let truncated: Int

  private enum Form {
    case tokens(TokenizedSamples)
    case text(WrittenSamples)
  }

  private let form: Form
  private let client: CompletionsClient
  private let model: String
  private let queryPath: String?
  private let queryRows: [RowIndex]
  private let exampleRows: [RowIndex?]
  private let measure: PassMeasure
  /// Tokens that may be sent, at most; nil where the server does not say.
  private let room: Int?
  /// Threads that ask, of each worker; the client lets no more through at once than there may be.
  private let width: Int
  /// For each query its text's counts of tokens, once they are known.
  private let counts: [Counts]

  private let notice: @Sendable (String) -> Void
  /// Whether trouble with the server was told of: once is enough.
  private let isTold = Atomic<Bool>(false)

  private final class Counts: Sendable {
    let losses = Mutex<[Int]?>(nil)
  }

  /// Asks the server what it serves, and gives the endpoint with the model's name and context in it.
  ///
  /// - Throws: `EndpointError`; `CancellationError`.
  package static func resolve(
    _ endpoint: Endpoint, access: ServerAccess, cancellation: Cancellation
  ) throws -> Endpoint {
    let client = try CompletionsClient(endpoint.url, access: access)
    var resolved = endpoint
    resolved.url = client.base
    let served = try client.models(cancellation: cancellation)
    guard let name = endpoint.model ?? (served?.count == 1 ? served?[0].id : nil) else {
      throw EndpointError.severalModels(client.base, names: served?.map(\.id) ?? [])
    }
    let found = served?.first { $0.id == name }
    if let served, found == nil {
      throw EndpointError.unknownModel(name, at: client.base, names: served.map(\.id))
    }
    resolved.model = name
    resolved.root = found?.root
    resolved.context = found?.maxModelLen.flatMap { $0 > 1 ? $0 : nil }
    return resolved
  }

  /// Prepares the samples; nothing is sent yet.
  ///
  /// - Parameters:
  ///   - endpoint: as ``resolve(_:access:cancellation:)`` gives it.
  ///   - workers: how many calls of ``distances(of:worker:cancellation:advance:)`` may run at once.
  ///   - notice: called once, from any thread, with what the user should know while the server is asked again and again.
  /// - Throws: `EndpointError`; `ScoringError` for a query that the context can't hold; `LanguageModelError` for the
  ///   tokenizer's files.
  package convenience init(
    endpoint: Endpoint, access: ServerAccess, template: PromptTemplate, queries: [Sample], examples: [Sample],
    queryPath: String?, workers: Int, notice: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    try self.init(
      endpoint: endpoint, access: access, template: template, queries: queries, contexts: examples.map { [$0] },
      queryPath: queryPath, workers: workers, notice: notice)
  }

  /// The same with examples of several samples, one behind the other, and another measure. Of losses a query that the context can't
  /// hold is infinite; a response by itself is not asked for.
  package init(
    endpoint: Endpoint, access: ServerAccess, template: PromptTemplate, queries: [Sample], contexts: [[Sample]],
    measure: PassMeasure = .distance, queryPath: String?, workers: Int,
    notice: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    precondition(measure != .lossOfResponseAlone)
    self.measure = measure
    self.notice = notice
    client = try CompletionsClient(endpoint.url, access: access)
    model = endpoint.model ?? ""
    self.queryPath = queryPath
    queryRows = queries.map(\.index)
    exampleRows = contexts.map(\.first?.index)
    width = max(1, (access.requests + workers - 1) / max(1, workers))
    // One token is the server's own.
    let room = endpoint.context.map { $0 - 1 }
    self.room = room
    var parts = [
      ContentHash(of: "endpoint 1"), ContentHash(of: client.base), ContentHash(of: model),
      ContentHash(of: endpoint.root ?? ""), template.contentHash,
    ]
    if let directory = endpoint.tokenizer {
      let tokenizer = try Tokenizer(directory: directory)
      guard let end = tokenizer.endOfSequence else { throw EndpointError.noEndOfSequence(tokenizer: directory) }
      let samples = try TokenizedSamples(
        queries: queries, contexts: contexts, template: template, tokenizer: tokenizer, endOfSequence: end,
        path: queryPath)
      if let room, !measure.isLoss {
        for (row, query) in samples.alone.enumerated() where query.promptCount >= room {
          throw ScoringError.queryTooLong(
            row: queries[row].index, path: queryPath, tokens: query.promptCount, context: room)
        }
      }
      form = .tokens(samples)
      truncated = room.map { samples.truncated(contextLength: $0) } ?? 0
      parts.append(try Tokenizer.contentHash(directory: directory))
      parts.append(ContentHash(of: "context \(room ?? -1)"))
    } else {
      guard case .words(let words) = template else { throw EndpointError.templateNeedsTokenizer("chat") }
      form = .text(WrittenSamples(queries: queries, contexts: contexts, template: words))
      truncated = 0
      parts.append(ContentHash(of: "text"))
    }
    if measure.isLoss { parts.append(ContentHash(of: measure.rawValue)) }
    fingerprint = ContentHash(combining: parts)
    queryHashes = queries.map(template.contentHash(of:))
    exampleHashes = contexts.map { $0.contentHash(in: template) }
    queryOrder = Array(queries.indices)
    counts = queries.map { _ in Counts() }
  }

  package func tokens(in block: ScoreBlock) -> Int {
    switch form {
    case .tokens(let samples):
      let queries = block.example == nil ? samples.alone : samples.queries
      let prefix = block.example.map { samples.prefixes[$0].count } ?? 0
      return block.queries.reduce(0) { $0 + prefix + queries[$1].tokens.count }
    case .text(let samples):
      // Some four bytes a token.
      return block.queries.reduce(0) { $0 + samples.text(of: $1, behind: block.example).utf8.count / 4 }
    }
  }

  package func distances(
    of block: ScoreBlock, worker: Int, cancellation: Cancellation, advance: @escaping @Sendable (Int) -> Void
  ) throws -> [Float] {
    let found = Mutex([Float](repeating: .infinity, count: block.queries.count))
    try onThreads(min(width, block.queries.count), pieces: block.queries.count) { number in
      let distance = try self.distance(
        of: block.queries[number], behind: block.example, cancellation: cancellation, advance)
      found.withLock { $0[number] = distance }
    }
    return found.withLock { $0 }
  }

  /// Calls `body` for each piece, on threads of their own: they wait for the server, and would hold up whatever shares a
  /// queue with them. Returns when all have ended; the first error ends the others, and is passed on.
  private func onThreads(_ count: Int, pieces: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let next = Atomic<Int>(0)
    let failure = Mutex<(any Error)?>(nil)
    let group = DispatchGroup()
    for _ in 0..<count {
      group.enter()
      let thread = Thread {
        while failure.withLock({ $0 == nil }) {
          let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
          if number >= pieces { break }
          do {
            try body(number)
          } catch {
            failure.withLock { $0 = $0 ?? error }
          }
        }
        group.leave()
      }
      thread.stackSize = 1 << 20
      thread.start()
    }
    group.wait()
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// d of a query; infinity where the context leaves no room for its response.
  private func distance(
    of query: Int, behind example: Int?, cancellation: Cancellation, _ advance: (Int) -> Void
  ) throws -> Float {
    let asked: (prompt: Prompt, losses: [Int], reading: CompletionsClient.Reading)
    do {
      switch form {
      case .tokens(let samples):
        guard let fitting = fitting(query, behind: example, samples) else { return .infinity }
        let prompt = Prompt.tokens(fitting.tokens)
        asked = (prompt, fitting.losses, try read(prompt, cancellation, advance))
      case .text(let samples):
        let prompt = Prompt.text(samples.text(of: query, behind: example))
        let reading = try read(prompt, cancellation, advance)
        let fromEnd = try lossesFromEnd(
          of: query, samples, whole: example == nil ? reading : nil, cancellation, advance)
        asked = (prompt, fromEnd.map { reading.logProbabilities.count - $0 }, reading)
      }
    } catch let refusal as CompletionsClient.TooLong {
      guard example != nil || measure.isLoss else {
        throw EndpointError.tooLong(row: queryRows[query], path: queryPath, words: refusal.words)
      }
      return .infinity
    }
    var probabilities: [Float] = []
    for index in asked.losses where index > 0 {
      guard index < asked.reading.logProbabilities.count, let value = asked.reading.logProbabilities[index] else {
        throw EndpointError.noPromptProbabilities(client.base)
      }
      probabilities.append(Float(min(0, value)))
    }
    if probabilities.isEmpty { return .infinity }
    guard let distance = measure(probabilities[...]) else {
      throw ScoringError.notFinite(row: queryRows[query], example: example.flatMap { exampleRows[$0] })
    }
    return distance
  }

  private func fitting(_ query: Int, behind example: Int?, _ samples: TokenizedSamples) -> EncodedSample? {
    let prefix = example.map { samples.prefixes[$0] } ?? []
    let whole = (example == nil ? samples.alone : samples.queries)[query].behind(prefix)
    let fitting = room.map { whole.prefix($0) } ?? whole
    return fitting.losses.contains { $0 > 0 } ? fitting : nil
  }

  private func read(
    _ prompt: Prompt, _ cancellation: Cancellation, _ advance: (Int) -> Void
  ) throws -> CompletionsClient.Reading {
    let reading = try client.read(prompt, model: model, cancellation: cancellation) { trouble in
      if !isTold.exchange(true, ordering: .relaxed) {
        notice("\(trouble.report.location ?? ""): \(trouble.report.problem); it is asked again, later and later")
      }
    }
    advance(reading.logProbabilities.count)
    return reading
  }

  /// The positions of a text's loss tokens, counted from its end: 1 is the last token. The text up to each position where the
  /// loss begins or ends is sent by itself once, to learn how many tokens it has.
  private func lossesFromEnd(
    of query: Int, _ samples: WrittenSamples, whole: CompletionsClient.Reading?, _ cancellation: Cancellation,
    _ advance: (Int) -> Void
  ) throws -> [Int] {
    try counts[query].losses.withLock { known in
      if let known { return known }
      let whole = try whole ?? read(.text(samples.text(of: query, behind: nil)), cancellation, advance)
      let total = whole.logProbabilities.count
      var losses: [Int] = []
      for span in samples.alone[query].losses {
        let start = try count(of: samples.alone[query].beginning(span.lowerBound), cancellation, advance)
        let end =
          span.upperBound == samples.alone[query].length
          ? total : try count(of: samples.alone[query].beginning(span.upperBound), cancellation, advance)
        losses += (min(start, total)..<max(min(start, total), min(end, total))).map { total - $0 }
      }
      known = losses
      return losses
    }
  }

  private func count(of text: String, _ cancellation: Cancellation, _ advance: (Int) -> Void) throws -> Int {
    text.isEmpty ? 0 : try read(.text(text), cancellation, advance).logProbabilities.count
  }
}
