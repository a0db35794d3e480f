import Dispatch
import Domain
import Foundation
import FoundationNetworking
import Synchronization

/// HTTP requests whose answers are waited for, and that a cancellation ends at once. One session for the whole process:
/// taking a session down while transfers end is not safe on every platform.
final class Transfers: NSObject, URLSessionDataDelegate, Sendable {
  struct Answer: Sendable {
    var status: Int
    var body: Data
    /// Seconds after which to ask again, where the server says so.
    var retryAfter: Double?
  }

  /// Why there is no answer, in the system's words.
  struct Failure: Error {
    var reason: String
  }

  static let shared = Transfers()

  /// Bytes of an answer, at most: log-probabilities of a very long context take a few million.
  private static let answerLimit = 64 << 20
  /// Seconds without a byte: a busy server may let requests wait for minutes.
  private static let patience = 300.0

  private struct Transfer {
    var body = Data()
    var isTooLong = false
    let finish: @Sendable (Result<Answer, Failure>) -> Void
  }

  private let transfers = Mutex<[Int: Transfer]>([:])
  private let session = Mutex<URLSession?>(nil)

  private func urlSession() -> URLSession {
    session.withLock { session in
      if let session { return session }
      let configuration = URLSessionConfiguration.ephemeral
      configuration.urlCache = nil
      configuration.httpCookieStorage = nil
      configuration.urlCredentialStorage = nil
      configuration.httpMaximumConnectionsPerHost = 256
      configuration.timeoutIntervalForRequest = Self.patience
      let made = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
      session = made
      return made
    }
  }

  /// Sends a request and waits for its answer, whatever its status.
  ///
  /// - Throws: ``Failure``; `CancellationError` within a tenth of a second after the flag is raised.
  func answer(to request: URLRequest, cancellation: Cancellation) throws -> Answer {
    try cancellation.check()
    let result = Mutex<Result<Answer, Failure>?>(nil)
    let done = DispatchSemaphore(value: 0)
    let task = urlSession().dataTask(with: request)
    transfers.withLock { transfers in
      transfers[task.taskIdentifier] = Transfer { answer in
        result.withLock { $0 = answer }
        done.signal()
      }
    }
    task.resume()
    while done.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
      if cancellation.isCancelled {
        task.cancel()
        throw CancellationError()
      }
    }
    guard let result = result.withLock({ $0 }) else { throw Failure(reason: "no answer") }
    return try result.get()
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let isTooLong = transfers.withLock { transfers in
      guard transfers[dataTask.taskIdentifier] != nil else { return false }
      let count = transfers[dataTask.taskIdentifier]?.body.count ?? 0
      if count + data.count > Self.answerLimit {
        transfers[dataTask.taskIdentifier]?.isTooLong = true
        return true
      }
      transfers[dataTask.taskIdentifier]?.body.append(data)
      return false
    }
    if isTooLong { dataTask.cancel() }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    guard let transfer = transfers.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
    if transfer.isTooLong {
      transfer.finish(.failure(Failure(reason: "an answer of more than \(Self.answerLimit >> 20) MB")))
    } else if let error {
      transfer.finish(.failure(Failure(reason: error.localizedDescription)))
    } else if let response = task.response as? HTTPURLResponse {
      let wait = response.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init)
      transfer.finish(.success(Answer(status: response.statusCode, body: transfer.body, retryAfter: wait)))
    } else {
      transfer.finish(.failure(Failure(reason: "no answer of HTTP")))
    }
  }

  /// Another address is not followed: the key, if there is one, is for the server that was named.
  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }
}
