import CCurl
import Domain
import Foundation

/// A connection of libcurl that is kept open between requests.
///
/// `@unchecked Sendable` is sound: one thread at a time has it, having taken it out of the list of ``Transfers``.
final class Connection: @unchecked Sendable {
  private let easy: UnsafeMutableRawPointer
  private let multi: UnsafeMutableRawPointer
  /// libcurl's words for what went wrong.
  private let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// nil where libcurl has no memory or no TLS.
  init?() {
    guard Self.isReady, let easy = curl_easy_init() else { return nil }
    guard let multi = curl_multi_init() else {
      curl_easy_cleanup(easy)
      return nil
    }
    self.easy = easy
    self.multi = multi
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_multi_cleanup(multi)
    words.deallocate()
  }

  /// What has come of an answer.
  private final class Receiver {
    var body = Data()
    var isTooLong = false
  }

  /// Sends a request and waits for its answer; redirections are not followed.
  ///
  /// - Throws: ``Transfers/Failure``; `CancellationError` within a tenth of a second after the flag is raised.
  func answer(to request: Transfers.Request, cancellation: Cancellation) throws -> Transfers.Answer {
    let receiver = Receiver()
    // A long body is sent at once, without asking whether it may be.
    let headers = (request.headers + ["Expect:"]).reduce(nil) { curl_slist_append($0, $1) }
    defer {
      // What it was told to use is gone with this call; the connection stays open.
      curl_easy_reset(easy)
      curl_slist_free_all(headers)
    }
    ccurl_set_text(easy, CURLOPT_URL, request.url)
    ccurl_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https")
    ccurl_set_number(easy, CURLOPT_NOSIGNAL, 1)
    ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, headers)
    ccurl_set_text(easy, CURLOPT_ACCEPT_ENCODING, "")
    ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, words)
    ccurl_set_number(easy, CURLOPT_CONNECTTIMEOUT, 30)
    ccurl_set_number(easy, CURLOPT_LOW_SPEED_LIMIT, 1)
    ccurl_set_number(easy, CURLOPT_LOW_SPEED_TIME, Transfers.patience)
    ccurl_set_number(easy, CURLOPT_TCP_KEEPALIVE, 1)
    ccurl_set_writer(
      easy,
      { bytes, _, count, context in
        guard let bytes, let context else { return 0 }
        let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
        receiver.isTooLong = count > Transfers.answerLimit - receiver.body.count
        if receiver.isTooLong { return 0 }
        receiver.body.append(UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self), count: count)
        return count
      }, Unmanaged.passUnretained(receiver).toOpaque())
    if request.isLocal { ccurl_set_text(easy, CURLOPT_NOPROXY, "*") }
    if let body = request.body {
      ccurl_set_number(easy, CURLOPT_POSTFIELDSIZE, body.count)
      // Copied by libcurl, by the length that was just set.
      body.withUnsafeBytes { _ = ccurl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, .init(mutating: $0.baseAddress)) }
    } else {
      ccurl_set_number(easy, CURLOPT_HTTPGET, 1)
    }

    words[0] = 0
    let code = try withExtendedLifetime(receiver) { try transfer(cancellation) }
    let status = ccurl_status(easy)
    guard code == CURLE_OK, status > 0 else {
      if receiver.isTooLong {
        throw Transfers.Failure(reason: "an answer of more than \(Transfers.answerLimit >> 20) MB")
      }
      if code == CURLE_OK { throw Transfers.Failure(reason: "no answer of HTTP") }
      throw Transfers.Failure(reason: String(cString: words[0] != 0 ? UnsafePointer(words) : curl_easy_strerror(code)))
    }
    let wait = ccurl_retry_after(easy)
    return Transfers.Answer(
      status: status, body: receiver.body, retryAfter: (1..<1 << 20).contains(wait) ? Double(wait) : nil)
  }

  /// Runs the transfer that was set up, looking at the flag twenty times a second.
  private func transfer(_ cancellation: Cancellation) throws -> CURLcode {
    guard curl_multi_add_handle(multi, easy) == CURLM_OK else { return CURLE_FAILED_INIT }
    defer { curl_multi_remove_handle(multi, easy) }
    while true {
      var running: Int32 = 0
      var left: Int32 = 0
      guard curl_multi_perform(multi, &running) == CURLM_OK else { return CURLE_FAILED_INIT }
      while let message = curl_multi_info_read(multi, &left) {
        if message.pointee.msg == CURLMSG_DONE { return message.pointee.data.result }
      }
      try cancellation.check()
      guard running == 0 || curl_multi_poll(multi, nil, 0, 50, nil) == CURLM_OK else { return CURLE_FAILED_INIT }
    }
  }
}
