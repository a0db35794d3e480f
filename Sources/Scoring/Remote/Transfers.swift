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
  static let answerLimit = 64 << 20
  /// Seconds without a byte: a busy server may let requests wait for minutes.
  static let patience = 300

  private let idle = Mutex<[Connection]>([])

  /// Sends a request and waits for its answer, whatever its status.
  ///
  /// - Throws: ``Failure``; `CancellationError` within a tenth of a second after the flag is raised.
  func answer(to request: Request, cancellation: Cancellation) throws -> Answer {
    try cancellation.check()
    guard let connection = idle.withLock({ $0.popLast() }) ?? Connection() else {
      throw Failure(reason: "libcurl does not start")
    }
    defer { idle.withLock { $0.append(connection) } }
    return try connection.answer(to: request, cancellation: cancellation)
  }
}
