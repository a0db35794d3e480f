import CCurl
import Domain
import Foundation
import Synchronization

/// HTTP requests whose answers are waited for, and that a cancellation ends at once. Connections are kept open for the next
/// request, from whatever thread it comes.
final class Transfers: Sendable {
  struct Request: Sendable {
    var url: String
    /// Lines such as `Accept: application/json`.
    var headers: [String]
    /// Sent with POST; nil asks with GET.
    var body: Data?
    /// To this machine: not by way of a proxy.
    var isLocal = false
  }

  struct Answer: Sendable {
    var status: Int
    var body: Data
    /// Seconds after which to ask again, where the server says so.
    var retryAfter: Double?
  }

  /// Why there is no answer, in libcurl's words.
  struct Failure: Error {
    var reason: String
  }

  /// Bytes of an answer, at most: log-probabilities of a very long context take a few million.
  private static let answerLimit = 64 << 20
  /// Seconds without a byte: a busy server may let requests wait for minutes.
  private static let patience = 300

  private struct Connection: @unchecked Sendable {
    // Sound: taken out of the list by the one thread that uses it.
    let handle: OpaquePointer
  }
  private let idle = Mutex<[Connection]>([])

  deinit {
    for connection in idle.withLock({ $0 }) { ccurl_close(connection.handle) }
  }

  /// Sends a request and waits for its answer, whatever its status.
  ///
  /// - Throws: ``Failure``; `CancellationError` within a tenth of a second after the flag is raised.
  func answer(to request: Request, cancellation: Cancellation) throws -> Answer {
    try cancellation.check()
    guard let connection = idle.withLock({ $0.popLast() }) ?? ccurl_open().map(Connection.init) else {
      throw EndpointError.noLibrary
    }
    defer { idle.withLock { $0.append(connection) } }
    var answer = ccurl_answer()
    defer { ccurl_free(&answer) }
    let result = Self.send(request, connection, cancellation, &answer)
    if result < 0 { throw CancellationError() }
    guard result > 0 else {
      throw Failure(
        reason: withUnsafeBytes(of: &answer.problem) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return Answer(
      status: answer.status, body: answer.body.map { Data(bytes: $0, count: answer.body_length) } ?? Data(),
      retryAfter: answer.retry_after > 0 ? Double(answer.retry_after) : nil)
  }

  private static func send(
    _ request: Request, _ connection: Connection, _ cancellation: Cancellation, _ answer: inout ccurl_answer
  ) -> Int32 {
    let headers = request.headers.map { strdup($0) }
    defer { headers.forEach { free($0) } }
    let body = request.body.map(Array.init)
    return request.url.withCString { url in
      headers.map { UnsafePointer($0) }.withUnsafeBufferPointer { headers in
        (body ?? []).withUnsafeBytes { bytes in
          var question = ccurl_request()
          question.url = url
          question.headers = headers.baseAddress
          question.header_count = headers.count
          question.body = body == nil ? nil : bytes.bindMemory(to: CChar.self).baseAddress
          question.body_length = bytes.count
          question.limit = answerLimit
          question.patience = patience
          question.direct = request.isLocal ? 1 : 0
          return ccurl_send(
            connection.handle, &question,
            { context in
              guard let context else { return 1 }
              return Unmanaged<Cancellation>.fromOpaque(context).takeUnretainedValue().isCancelled ? 0 : 1
            }, Unmanaged.passUnretained(cancellation).toOpaque(), &answer)
        }
      }
    }
  }
}
