import Domain
import Foundation
import LanguageModel
import Numerics
import Scoring
import Synchronization
import TestSupport
import Testing
import Transformer

private let modelFolder = Places.fixtures.appendingPathComponent("Scoring/model").path

private let samples = [
  ("Add the numbers.", "3 and 4", "7"), ("Name a colour.", "", "blue, as the sea is"),
  ("Turn the word around.", "stone", "enots"), ("Zähle auf: née, 東京, 🙂", "", "née, 東京, 🙂 und mehr"),
  ("What comes next?", "a b c", "d"),
].enumerated().map { index, row in
  Sample(index: RowIndex(index), query: .instruction(row.0, input: row.1), response: row.2)
}

private func local(_ model: Model, _ queries: [Sample] = samples, _ examples: [Sample] = samples) throws -> Distances {
  let scorer = try LocalScorer(
    model: model, template: .delift, queries: queries, examples: examples, queryPath: nil, workers: 1)
  return try ScoringJob(scorer: scorer, store: nil, workers: Workers(count: 1))
    .run(cancellation: Cancellation()) { _, _, _, _ in }
}

private func remote(
  _ url: String, model: String? = nil, tokenizer: String? = modelFolder, queries: [Sample] = samples,
  examples: [Sample] = samples, key: String? = nil, workers: Int = 2, cancellation: Cancellation = Cancellation()
) throws -> Distances {
  let access = ServerAccess(key: key, requests: 6)
  let endpoint = try RemoteScorer.resolve(
    Endpoint(url: url, model: model, tokenizer: tokenizer), access: access, cancellation: cancellation)
  let scorer = try RemoteScorer(
    endpoint: endpoint, access: access, template: .delift, queries: queries, examples: examples,
    queryPath: "pool.jsonl",
    workers: workers)
  return try ScoringJob(scorer: scorer, store: nil, workers: Workers(count: workers))
    .run(cancellation: cancellation) { _, _, _, _ in }
}

private func all(_ distances: borrowing Distances) -> [Float] {
  (0..<distances.queryCount).flatMap { row in
    [distances.alone(row)] + (0..<distances.exampleCount).map { distances.behind($0, query: row) }
  }
}

private func areNear(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || abs($0 - $1) < 1e-5 }
}

/// The words of the template "delift" around a sample, without end-of-sequence tokens.
private enum Words {
  static let alone = "Instruction: Please generate a response to the following query.\n\n\nQuery: "

  static func behind(_ example: Sample) -> String {
    "Instruction:\nUse the following example as a guide to answer the query in the same format and style, providing a "
      + "clear and concise response.\n\n\nExample:\n" + query(example) + "\n " + example.response + "\n\n\nQuery:\n"
  }

  static func query(_ sample: Sample) -> String {
    let (instruction, input) = sample.query.instructionAndInput
    return "Instruction: \(instruction)\nInput: \(input)\n"
  }
}

/// The distance of parts of a text by the formula. A part begins and ends where so many tokens stand before it.
private func distance(_ model: Model, _ pieces: [(text: String, counts: Bool)], opening: [Int32] = []) -> Float {
  let text = pieces.map(\.text).joined()
  let tokens = opening + model.tokenizer.encode(text)
  var batch = TokenBatch()
  let segment = batch.append(tokens)
  var before = ""
  for piece in pieces {
    let start = opening.count + model.tokenizer.encode(before).count
    before += piece.text
    let end = opening.count + model.tokenizer.encode(before).count
    guard piece.counts else { continue }
    for place in start..<end { batch.target(segment: segment, offset: place - 1, token: tokens[place]) }
  }
  let found = model.network.logProbabilities(batch, in: model.network.makeWorkspace())
  return Float((found.reduce(0.0) { $0 + pow(1 - exp(Double($1)), 2) } / Double(found.count)).squareRoot())
}

private func problem(_ body: () throws -> Distances) -> ErrorReport? {
  do {
    _ = try body()
    return nil
  } catch {
    return ErrorReport(describing: error)
  }
}

@Suite(.timeLimit(.minutes(2))) struct RemoteScorerTests {
  @Test func samplesSentAsTokensHaveTheDistancesOfTheModelItself() throws {
    let model = try Model(directory: modelFolder)
    let server = try ModelServer(model)
    let expected = all(try local(model))
    for address in ["", "/", "/v1", "/v1/", "/v1/completions"] {
      #expect(areNear(all(try remote(server.address + address)), expected))
    }
    #expect(areNear(all(try remote(server.address, model: "served", workers: 1)), expected))
  }

  @Test func samplesSentAsTextHaveTheDistancesOfTheFormula() throws {
    let model = try Model(directory: modelFolder)
    var manners = [ModelServer.Manner](repeating: .init(), count: 3)
    manners[1].countsTokens = false
    manners[2].opening = 5
    manners[2].opensAllText = true
    for manner in manners {
      let server = try ModelServer(model, manner: manner)
      let found = try remote(server.address, tokenizer: nil)
      let opening = manner.opening.map { [$0] } ?? []
      for (row, query) in samples.enumerated() {
        func expected(_ before: String) -> Float {
          let prompt = before + Words.query(query) + "\n"
          return distance(model, [(prompt, false), (" " + query.response, true)], opening: opening)
        }
        #expect(areNear([found.alone(row)], [expected(Words.alone)]))
        for (column, example) in samples.enumerated() {
          #expect(areNear([found.behind(column, query: row)], [expected(Words.behind(example))]))
        }
      }
    }
  }

  @Test func aServerThatOpensTextWithATokenIsToldNotTo() throws {
    let model = try Model(directory: modelFolder)
    var manner = ModelServer.Manner()
    manner.opening = 5
    let (server, plain) = (try ModelServer(model, manner: manner), try ModelServer(model))
    let found = try remote(server.address, tokenizer: nil)
    #expect(areNear(all(found), all(try remote(plain.address, tokenizer: nil))))
  }

  @Test func ofAChatAllAssistantTurnsAreFoundInTheText() throws {
    let turns = [
      Turn(role: "user", content: "Add 1 and 2."), Turn(role: "assistant", content: "It is 3."),
      Turn(role: "user", content: "And 4?"),
    ]
    let chat = Sample(index: 0, query: .conversation(turns), response: "Then 7.", hasLossOnAllTurns: true)
    let model = try Model(directory: modelFolder)
    let server = try ModelServer(model)
    let found = try remote(server.address, tokenizer: nil, queries: [chat], examples: [])
    let expected = distance(
      model,
      [
        (Words.alone + "Instruction: user: Add 1 and 2.\nassistant: ", false), ("It is 3.", true),
        ("\nuser: And 4?\nInput: \n\n", false), (" Then 7.", true),
      ])
    #expect(areNear([found.alone(0)], [expected]))
  }

  @Test func aServerThatIsBusyOrBreaksOffIsAskedAgain() throws {
    let model = try Model(directory: modelFolder)
    let troubles = Mutex(0)
    let server = try ModelServer(model) { request in
      guard request.method == "POST" else { return nil }
      return troubles.withLock { count in
        count += 1
        switch count {
        case 2: return .drop
        case 4: return .answer(503, Data("busy".utf8))
        case 6: return .answer(429, Data(), headers: ["Retry-After": "1"])
        case 8: return .answer(500, Data("{}".utf8))
        default: return nil
        }
      }
    }
    #expect(areNear(all(try remote(server.address)), all(try local(model))))
    #expect(server.asked == 30 + 4)
  }

  @Test func troubleThatGoesOnIsToldOnce() throws {
    let model = try Model(directory: modelFolder)
    let refusals = Mutex(0)
    let server = try ModelServer(model) { request in
      guard request.method == "POST",
        refusals.withLock({
          $0 += 1
          return $0 <= 8
        })
      else { return nil }
      return .json(503, ["message": "loading the model"])
    }
    let told = Mutex<[String]>([])
    let scorer = try RemoteScorer(
      endpoint: Endpoint(url: server.address + "/v1", model: "served", tokenizer: modelFolder),
      access: ServerAccess(requests: 4), template: .delift, queries: samples, examples: [], queryPath: nil, workers: 1
    ) { text in told.withLock { $0.append(text) } }
    let found = try scorer.distances(
      of: ScoreBlock(example: nil, queries: [0, 1, 2, 3]), worker: 0, cancellation: Cancellation()
    ) { _ in }
    #expect(areNear(found, all(try local(model, samples, [])).dropLast(1).map { $0 }))
    let texts = told.withLock { $0 }
    #expect(texts.count == 1)
    #expect(texts[0].contains("status 503: loading the model; it is asked again"))
  }

  @Test(arguments: [1, 3, 5])
  func noMoreRequestsAreUnderWayThanThereMayBe(most: Int) throws {
    let counts = Mutex((now: 0, most: 0))
    let model = try Model(directory: modelFolder)
    let server = try ModelServer(model) { request in
      guard request.method == "POST" else { return nil }
      counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      usleep(10_000)
      counts.withLock { $0.now -= 1 }
      return nil
    }
    let endpoint = Endpoint(url: server.address, model: "served", tokenizer: modelFolder)
    let scorer = try RemoteScorer(
      endpoint: endpoint, access: ServerAccess(requests: most), template: .delift, queries: samples, examples: samples,
      queryPath: nil, workers: 2)
    let found = try ScoringJob(scorer: scorer, store: nil, workers: Workers(count: 2))
      .run(cancellation: Cancellation()) { _, _, _, _ in }
    #expect(areNear(all(found), all(try local(model))))
    // A busy machine may run one of the two workers only, which has half of the threads.
    #expect((min(2, most)...most).contains(counts.withLock { $0.most }))
  }

  @Test func whatDoesNotFitTheServersContextIsCutOrCounted() throws {
    let model = try Model(directory: modelFolder)
    // Every query fits alone; behind an example about half of them, and the others less and less.
    let lengths = samples.map { sample in
      model.tokenizer.encode(Words.alone + Words.query(sample) + "\n " + sample.response).count + 2
    }
    var manner = ModelServer.Manner()
    let behind = samples.flatMap { query in
      samples.map { example in
        let prompt = Words.behind(example) + Words.query(query) + "\n"
        return model.tokenizer.encode(prompt + " " + query.response).count + 2
      }
    }
    manner.context = behind.sorted()[behind.count / 2]
    let server = try ModelServer(model, manner: manner)
    let byTokens = try remote(server.address)
    let byText = try remote(server.address, tokenizer: nil)
    for found in [byTokens.cuts, byText.cuts] { #expect(found.unmeasured > 0) }
    #expect(byTokens.cuts.truncated > 0)
    #expect(byTokens.cuts.unmeasured == all(byTokens).count { $0 == .infinity })
    #expect(byText.cuts.unmeasured == all(byText).count { $0 == .infinity })
    #expect(byTokens.cuts.unmeasured < byText.cuts.unmeasured)
    let utilities = byTokens.utilities(.euclidean, examples: 0..<samples.count)
    for row in 0..<samples.count {
      for column in 0..<samples.count where byTokens.behind(column, query: row) == .infinity {
        #expect(utilities[row, column] == 0)
      }
    }

    // What does not fit by itself is named.
    manner.context = (lengths.min() ?? 0) / 2
    let small = try ModelServer(model, manner: manner)
    for tokenizer in [modelFolder, nil] {
      let report = problem { try remote(small.address, tokenizer: tokenizer) }
      #expect(report?.status == .badData)
      #expect(report?.location?.hasPrefix("pool.jsonl row ") == true)
    }
  }

  @Test func anAnswerThatIsOfNoUseIsSaidSo() throws {
    let model = try Model(directory: modelFolder)
    var mute = ModelServer.Manner()
    mute.tellsOnlyItsOwn = true
    mute.countsTokens = true
    let speechless = try ModelServer(model, manner: mute)
    let report = problem { try remote(speechless.address) }
    #expect(report?.problem.contains("no log-probabilities of the words it is sent") == true)
    #expect(report?.status == .failed)

    func saying(_ reply: LocalServer.Reply) throws -> ErrorReport? {
      let server = try ModelServer(model) { $0.method == "POST" ? reply : nil }
      return problem { try remote(server.address, queries: [samples[0]], examples: []) }
    }
    #expect(try saying(.answer(200, Data("<html>\u{1B}[31m</html>".utf8)))?.problem.contains("<html> [31m") == true)
    let denied = try saying(.json(401, ["message": "who are you?"]))
    #expect(denied?.problem.contains("status 401: who are you?") == true)
    #expect(denied?.remedy?.contains("WINNOW_API_KEY") == true)
    // Another address is not followed.
    let other = try ModelServer(model)
    let moved = try saying(.answer(307, Data(), headers: ["Location": other.address + "/v1/completions"]))
    #expect(moved?.problem.contains("307") == true)
    #expect(other.server.requests.isEmpty)
    // Other tokens than were sent.
    struct Usage: Encodable {
      var choices = [["logprobs": ["token_logprobs": [0.0]]]]
      var usage = ["prompt_tokens": 1]
    }
    #expect(try saying(.json(200, Usage()))?.problem.contains("read 1 tokens where") == true)
    // Numbers that are none.
    #expect(try saying(.answer(200, Data(#"{"choices":[{"logprobs":{"token_logprobs":[NaN]}}]}"#.utf8))) != nil)
  }

  @Test func anAnswerWithoutEndIsGivenUp() throws {
    let server = try ModelServer(try Model(directory: modelFolder)) { _ in
      .answer(200, Data(repeating: UInt8(ascii: " "), count: 65 << 20))
    }
    #expect(problem { try remote(server.address) }?.problem.contains("an answer of more than 64 MB") == true)
  }

  @Test func theModelIsTheOnlyOneOrTheOneNamed() throws {
    let model = try Model(directory: modelFolder)
    let several = try ModelServer(model) { request in
      request.method == "GET" ? .json(200, ["data": [["id": "one"], ["id": "served"]]]) : nil
    }
    let report = problem { try remote(several.address) }
    #expect(report?.remedy == "Name one with --served-model: one, served.")
    #expect(report?.status == .unusableArguments)
    #expect(problem { try remote(several.address, model: "two") }?.problem.contains("no model \"two\"") == true)
    #expect(areNear(all(try remote(several.address, model: "served")), all(try local(model))))
    // A server without a list takes the user's word.
    let plain = try ModelServer(model) { $0.method == "GET" ? .answer(404, Data()) : nil }
    #expect(problem { try remote(plain.address) }?.remedy == "Name one with --served-model.")
    #expect(areNear(all(try remote(plain.address, model: "served")), all(try local(model))))
  }

  @Test func anotherCheckpointUnderTheSameNameHasScoresOfItsOwn() throws {
    let model = try Model(directory: modelFolder)
    func space(_ root: String?, context: Int? = nil) throws -> ContentHash {
      let endpoint = Endpoint(url: "http://here/v1", model: "m", tokenizer: modelFolder, context: context, root: root)
      return try RemoteScorer(
        endpoint: endpoint, access: ServerAccess(), template: .delift, queries: samples, examples: samples,
        queryPath: nil, workers: 1
      ).fingerprint
    }
    #expect(try space("/a") == space("/a"))
    #expect(try Set([space(nil), space("/a"), space("/b"), space("/b", context: 4096)]).count == 4)
    var manner = ModelServer.Manner()
    manner.root = "/checkpoints/step-100"
    let server = try ModelServer(model, manner: manner)
    let found = try RemoteScorer.resolve(
      Endpoint(url: server.address), access: ServerAccess(), cancellation: Cancellation())
    #expect(found.root == manner.root && found.model == "served" && found.url == server.address + "/v1")
  }

  @Test func theKeyIsSentToTheServerAndNowhereElse() throws {
    let model = try Model(directory: modelFolder)
    let server = try ModelServer(model)
    _ = try remote(server.address, queries: [samples[0]], examples: [samples[1]], key: "s3cret")
    #expect(!server.server.requests.isEmpty)
    #expect(server.server.requests.allSatisfy { $0.headers["authorization"] == "Bearer s3cret" })
    let report = problem { try remote(server.address, key: "s3cret\r\nHost: other") }
    #expect(report?.location == "WINNOW_API_KEY" && report?.description.contains("s3cret") == false)
  }

  @Test(arguments: ["localhost:8000", "ftp://host/v1", "http://", "http://me:word@host/v1", "http://host/v1?key=1", ""])
  func anAddressThatIsNoneIsRefused(_ text: String) {
    let report = problem { try remote(text) }
    #expect(report?.status == .unusableArguments)
    #expect(report?.description.contains("word@") == false)
  }

  @Test func aServerThatIsNotThereIsSaidSoAtOnce() throws {
    let server = try LocalServer { _ in .drop }
    let address = server.address
    server.end()
    let report = problem { try remote(address) }
    #expect(report?.problem.contains("does not answer") == true)
    #expect(report?.location == address + "/v1")
  }

  @Test func aRunIsCancelledWhileTheServerIsSilent() throws {
    let model = try Model(directory: modelFolder)
    let cancellation = Cancellation()
    let server = try ModelServer(model) { request in
      guard request.method == "POST" else { return nil }
      cancellation.cancel()
      return .silence
    }
    defer { server.server.end() }
    #expect(throws: CancellationError.self) { _ = try remote(server.address, cancellation: cancellation) }
  }
}
