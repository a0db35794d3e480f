import Foundation
import LanguageModel
import Synchronization
import Transformer

/// A checkpoint behind OpenAI's completions API, as inference servers give it: `echo` with `logprobs`.
package final class ModelServer: Sendable {
  /// In what servers differ.
  package struct Manner: Sendable {
    /// Says how many tokens its model's context has, and refuses more.
    package var context: Int?
    /// Says where it has its model from.
    package var root: String?
    /// Puts this token before any text that it is not told to leave bare; and before all text.
    package var opening: Int32?
    package var opensAllText = false
    package var countsTokens = true
    /// Log-probabilities of its own token only, whatever it is asked.
    package var tellsOnlyItsOwn = false
    package init() {}
  }

  private struct Question: Decodable {
    enum Prompt: Decodable {
      case text(String)
      case tokens([Int32])
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
          self = .text(text)
        } else {
          self = .tokens(try container.decode([Int32].self))
        }
      }
    }
    var model: String
    var prompt: Prompt
    var maxTokens: Int
    var echo: Bool
    var logprobs: Int
    var addSpecialTokens: Bool?
  }

  private struct Completion: Encodable {
    struct Choice: Encodable {
      struct LogProbabilities: Encodable {
        var tokenLogprobs: [Float?]
      }
      var text: String
      var logprobs: LogProbabilities
    }
    struct Usage: Encodable {
      var promptTokens: Int
    }
    var choices: [Choice]
    var usage: Usage?
  }

  private struct Failure: Encodable {
    var error: [String: String]
  }

  package let server: LocalServer
  package let model: Model

  /// - Parameter first: asked before the model; what it gives is the answer.
  package init(
    _ model: Model, name: String = "served", manner: Manner = Manner(),
    first: @escaping @Sendable (LocalServer.Request) -> LocalServer.Reply? = { _ in nil }
  ) throws {
    self.model = model
    // One pass at a time, in one workspace.
    let turn = Mutex(())
    server = try LocalServer { request in
      if let reply = first(request) { return reply }
      switch (request.method, request.path) {
      case ("GET", "/v1/models"):
        struct Served: Encodable {
          var id: String
          var maxModelLen: Int?
          var root: String?
        }
        return .json(200, ["data": [Served(id: name, maxModelLen: manner.context, root: manner.root)]])
      case ("POST", "/v1/completions"):
        guard let question = try? Self.decoder.decode(Question.self, from: request.body), question.echo,
          question.model == name, question.maxTokens == 1, question.logprobs > 0
        else { return .json(400, Failure(error: ["message": "not understood"])) }
        return turn.withLock { _ in Self.answer(question, model, manner) }
      default: return .json(404, Failure(error: ["message": "no such place"]))
      }
    }
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  private static func answer(_ question: Question, _ model: Model, _ manner: Manner) -> LocalServer.Reply {
    var tokens: [Int32]
    switch question.prompt {
    case .tokens(let given): tokens = given
    case .text(let text):
      tokens = model.tokenizer.encode(text)
      if let opening = manner.opening, question.addSpecialTokens != false || manner.opensAllText {
        tokens = [opening] + tokens
      }
    }
    if let context = manner.context, tokens.count + 1 > context {
      let words = "This model's maximum context length is \(context) tokens."
      return .json(400, Failure(error: ["message": words]))
    }
    var batch = TokenBatch()
    let segment = batch.append(tokens)
    for offset in 0..<tokens.count - 1 { batch.target(segment: segment, offset: offset, token: tokens[offset + 1]) }
    let told = model.network.logProbabilities(batch, in: model.network.makeWorkspace())
    // Its own token, whatever it is.
    var all: [Float?] = [nil] + told + [-1]
    if manner.tellsOnlyItsOwn { all = [-1] }
    return .json(
      200,
      Completion(
        choices: [.init(text: "…", logprobs: .init(tokenLogprobs: all))],
        usage: manner.countsTokens ? .init(promptTokens: tokens.count) : nil))
  }

  package var address: String { server.address }

  /// How often the model was asked.
  package var asked: Int { server.requests.count { $0.method == "POST" } }
}
