import Foundation
import Glibc
import Synchronization

/// A web server on this machine, a thread a connection, until it is ended or the process is: as much of HTTP/1.1 as a client
/// of an API needs.
package final class LocalServer: Sendable {
  package struct Request: Sendable {
    package var method: String
    package var path: String
    /// By names in lower case.
    package var headers: [String: String]
    package var body: Data
  }

  package enum Reply: Sendable {
    case answer(Int, Data, headers: [String: String] = [:])
    /// The connection is closed without a word.
    case drop
    /// Nothing comes, until the server ends.
    case silence

    /// Names of fields are written in snake case.
    package static func json(_ status: Int, _ value: some Encodable, headers: [String: String] = [:]) -> Reply {
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      return .answer(status, (try? encoder.encode(value)) ?? Data(), headers: headers)
    }
  }

  package let port: Int
  private let socket: Int32
  private let reply: @Sendable (Request) -> Reply
  private let all = Mutex<[Request]>([])
  private let ended = Mutex(false)

  package init(_ reply: @escaping @Sendable (Request) -> Reply) throws {
    self.reply = reply
    signal(SIGPIPE, SIG_IGN)
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) != 0 || listen(socket, 64) != 0 || getsockname(socket, $0, &length) != 0
      }
    }
    if failed { throw POSIXError(.EADDRNOTAVAIL) }
    self.socket = socket
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread { [self] in
      while true {
        let connection = accept(socket, nil, nil)
        if connection < 0 { return }
        Thread { [self] in
          while serve(connection) {}
          close(connection)
        }.start()
      }
    }.start()
  }

  /// Answers nobody any more.
  package func end() {
    guard
      !ended.withLock({ wasEnded in
        defer { wasEnded = true }
        return wasEnded
      })
    else { return }
    shutdown(socket, Int32(SHUT_RDWR))
    close(socket)
  }

  package var address: String { "http://127.0.0.1:\(port)" }

  /// What was asked, in the order in which it came.
  package var requests: [Request] { all.withLock { $0 } }

  private func serve(_ connection: Int32) -> Bool {
    guard let request = Self.request(from: connection) else { return false }
    all.withLock { $0.append(request) }
    switch reply(request) {
    case .drop: return false
    case .silence:
      while !ended.withLock({ $0 }) { usleep(10_000) }
      return false
    case .answer(let status, let body, let headers):
      var head = "HTTP/1.1 \(status) Status\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n"
      for (name, value) in headers { head += "\(name): \(value)\r\n" }
      let bytes = Array((head + "\r\n").utf8) + Array(body)
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
        if count <= 0 { return false }
        sent += count
      }
      return true
    }
  }

  private static func request(from connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    func more() -> Bool {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(connection, &buffer, buffer.count)
      if count > 0 { bytes += buffer[..<count] }
      return count > 0
    }
    let mark = Array("\r\n\r\n".utf8)
    var end: Int?
    while end == nil {
      end = bytes.indices.dropLast(3).first { bytes[$0] == 13 && bytes[$0..<$0 + 4].elementsEqual(mark) }
      if end == nil, !more() { return nil }
    }
    guard let end else { return nil }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count >= 2 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let length = headers["content-length"].flatMap(Int.init) ?? 0
    if headers["expect"] != nil {
      _ = "HTTP/1.1 100 Continue\r\n\r\n".withCString { write(connection, $0, strlen($0)) }
    }
    while bytes.count < end + 4 + length { if !more() { return nil } }
    return Request(
      method: String(words[0]), path: String(words[1]), headers: headers,
      body: Data(bytes[(end + 4)..<(end + 4 + length)]))
  }
}
