import Domain
import Foundation
import Glibc

/// How an inference server is spoken to; has no part in the answer.
package struct ServerAccess: Sendable, Hashable {
  /// Sent as a bearer token; never written down.
  package var key: String?
  /// Requests that are under way at once.
  package var requests: Int

  package init(key: String? = nil, requests: Int = 32) {
    self.key = key
    self.requests = requests
  }
}

/// What a server is asked about: the words, or the tokens, of a sample behind an example.
enum Prompt: Sendable, Hashable, Encodable {
  case text(String)
  case tokens([Int32])

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .tokens(let tokens): try container.encode(tokens)
    }
  }
}

/// OpenAI's completions API, as far as it tells how probable given words are: `echo` with `logprobs`.
struct CompletionsClient: Sendable {
  /// The API's address, without a slash at its end.
  let base: String
  private let access: ServerAccess
  private let isLocal: Bool
  private let transfers = Transfers()
  /// As many as may be under way.
  private let permits: DispatchSemaphore

  /// Times that a request is sent before the server counts as silent.
  private static let tries = 7

  init(_ url: String, access: ServerAccess) throws(EndpointError) {
    if let key = access.key, key.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value > 0x7E }) {
      throw .badKey
    }
    self.access = access
    permits = DispatchSemaphore(value: max(1, access.requests))
    base = try Self.base(url)
    let host = URLComponents(string: base)?.host ?? ""
    isLocal = ["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127.")
  }

  /// The API's address from what a user writes: a server, its API, or the very path that is asked.
  static func base(_ text: String) throws(EndpointError) -> String {
    guard var parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased() else {
      throw .badAddress(text, reason: "it has no http:// or https://")
    }
    guard scheme == "http" || scheme == "https" else {
      throw .badAddress(text, reason: "it has to begin with http:// or https://")
    }
    guard let host = parts.host, !host.isEmpty else { throw .badAddress(text, reason: "it names no host") }
    guard parts.user == nil, parts.password == nil else {
      throw .badAddress("\(scheme)://…@\(host)", reason: "a key goes into WINNOW_API_KEY, not into the address")
    }
    guard parts.query == nil, parts.fragment == nil else {
      throw .badAddress(text, reason: "it goes on behind the path")
    }
    var path = parts.path
    while path.hasSuffix("/") { path.removeLast() }
    if path.hasSuffix("/completions") { path.removeLast("/completions".count) }
    parts.path = path.isEmpty ? "/v1" : path
    guard let base = parts.string else { throw .badAddress(text, reason: "it is no URL") }
    return base
  }

  /// A model that the server serves.
  struct Served: Decodable, Sendable {
    var id: String
    /// vLLM's: tokens of its context.
    var maxModelLen: Int?
    /// vLLM's: the checkpoint's folder or name.
    var root: String?
  }

  /// The served models; nil where the server has no list of them. Asked once, without a second try.
  func models(cancellation: Cancellation) throws -> [Served]? {
    struct List: Decodable {
      var data: [Served]
    }
    let answer: Transfers.Answer
    do {
      answer = try transfers.answer(to: request("models"), cancellation: cancellation)
    } catch let failure as Transfers.Failure {
      throw EndpointError.silent(base, reason: failure.reason)
    }
    switch answer.status {
    case 200..<300:
      guard let list = try? Self.decoder().decode(List.self, from: answer.body) else {
        throw EndpointError.malformed(base + "/models", reason: Self.words(of: answer.body))
      }
      return list.data
    case 404, 405, 501: return nil
    default: throw EndpointError.refused(base + "/models", status: answer.status, words: Self.words(of: answer.body))
    }
  }

  /// What the server says of a prompt's tokens.
  struct Reading: Sendable {
    /// log P of each token of the prompt given those before it; nil for the first.
    var logProbabilities: [Double?]
  }

  private struct Question: Encodable {
    var model: String
    var prompt: Prompt
    // One token of its own is the least that all servers take.
    var maxTokens = 1
    var temperature = 0
    var echo = true
    var logprobs = 1
    // For text: no token before it that is not in it (vLLM; others do not heed it).
    var addSpecialTokens: Bool?
  }

  private struct Completion: Decodable {
    struct Choice: Decodable {
      struct LogProbabilities: Decodable {
        var tokenLogprobs: [Double?]?
      }
      var text: String?
      var logprobs: LogProbabilities?
    }
    struct Usage: Decodable {
      var promptTokens: Int?
    }
    var choices: [Choice]
    var usage: Usage?
  }

  /// A prompt that the server says is longer than its context.
  struct TooLong: Error {
    var words: String
  }

  /// Log-probabilities of a prompt's tokens. A server that is busy or does not answer is asked again, later and later;
  /// `trouble` hears of it from the second time on.
  ///
  /// - Throws: ``TooLong``, ``EndpointError``, `CancellationError`.
  func read(
    _ prompt: Prompt, model: String, cancellation: Cancellation, trouble: (EndpointError) -> Void
  ) throws -> Reading {
    var question = Question(model: model, prompt: prompt)
    if case .text = prompt { question.addSpecialTokens = false }
    var request = request("completions")
    request.headers.append("Content-Type: application/json")
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    request.body = try encoder.encode(question)
    let answer = try patiently(request, cancellation, trouble)
    guard answer.status == 200 else {
      let words = Self.words(of: answer.body)
      if [400, 413, 422].contains(answer.status), Self.speaksOfContext(words) { throw TooLong(words: words) }
      throw EndpointError.refused(base, status: answer.status, words: words)
    }
    return try reading(of: prompt, in: answer.body)
  }

  private func reading(of prompt: Prompt, in body: Data) throws(EndpointError) -> Reading {
    guard let completion = try? Self.decoder().decode(Completion.self, from: body),
      let choice = completion.choices.first
    else { throw .malformed(base, reason: Self.words(of: body)) }
    guard let all = choice.logprobs?.tokenLogprobs else { throw .noPromptProbabilities(base) }
    // Behind the prompt's tokens stands the server's own, if it did not end at once.
    let count: Int
    switch prompt {
    case .tokens(let tokens):
      count = tokens.count
      if let read = completion.usage?.promptTokens, read != count {
        throw .otherTokens(base, sent: count, read: read)
      }
    case .text(let text):
      count = completion.usage?.promptTokens ?? (choice.text == text ? all.count : all.count - 1)
    }
    guard count >= 0, all.count >= count, all.count <= count + 1 else { throw .noPromptProbabilities(base) }
    return Reading(logProbabilities: Array(all.prefix(count)))
  }

  private func request(_ name: String) -> Transfers.Request {
    var headers = ["Accept: application/json"]
    if let key = access.key { headers.append("Authorization: Bearer \(key)") }
    return Transfers.Request(url: "\(base)/\(name)", headers: headers, isLocal: isLocal)
  }

  private static func decoder() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  private func patiently(
    _ request: Transfers.Request, _ cancellation: Cancellation, _ trouble: (EndpointError) -> Void
  ) throws -> Transfers.Answer {
    var wait = 0.5
    for attempt in 1... {
      let problem: EndpointError
      var asked: Double?
      do {
        let answer = try answer(to: request, cancellation)
        guard [408, 409, 425, 429].contains(answer.status) || answer.status >= 500 else { return answer }
        asked = answer.retryAfter
        problem = .refused(base, status: answer.status, words: Self.words(of: answer.body))
      } catch let failure as Transfers.Failure {
        problem = .silent(base, reason: failure.reason)
      }
      if attempt == Self.tries { throw problem }
      if attempt > 1 { trouble(problem) }
      try Self.sleep(min(60, max(wait, asked ?? 0)), cancellation)
      wait *= 2
    }
    throw EndpointError.silent(base, reason: "no answer")
  }

  private func answer(to request: Transfers.Request, _ cancellation: Cancellation) throws -> Transfers.Answer {
    permits.wait()
    defer { permits.signal() }
    return try transfers.answer(to: request, cancellation: cancellation)
  }

  private static func sleep(_ seconds: Double, _ cancellation: Cancellation) throws {
    for _ in 0..<max(1, Int(seconds / 0.05)) {
      try cancellation.check()
      usleep(50_000)
    }
  }

  /// What an answer that is none says: the message of an error object, or the answer's beginning.
  private static func words(of body: Data) -> String {
    struct Refusal: Decodable {
      struct Message: Decodable {
        var message: String?
      }
      var error: Message?
      var message: String?
      var detail: String?
    }
    if let refusal = try? JSONDecoder().decode(Refusal.self, from: body),
      let message = refusal.error?.message ?? refusal.message ?? refusal.detail
    {
      return message
    }
    return body.isEmpty ? "an empty answer" : String(decoding: body.prefix(1200), as: UTF8.self)
  }

  private static func speaksOfContext(_ words: String) -> Bool {
    let words = words.lowercased()
    return ["context length", "context_length", "context window", "maximum length", "max_model_len", "too long"]
      .contains { words.contains($0) }
  }
}
