import Foundation

/// The program in a real terminal: a tmux session on a private socket, whose screen can be read as a user sees it.
public final class TmuxSession {
  public struct Failure: Error, CustomStringConvertible {
    public var description: String
  }

  private let socket: String
  private let environment: [String: String]

  /// Starts `command` (a shell line) in a terminal of a given size.
  public init(_ command: String, width: Int = 80, height: Int = 24, environment: [String: String]) throws {
    socket = "winnow-test-\(UUID().uuidString)"
    self.environment = environment
    try run(["-f", "/dev/null", "new-session", "-d", "-x", "\(width)", "-y", "\(height)", command])
  }

  deinit { _ = try? run(["kill-server"]) }

  /// Presses keys, in tmux's names: "Enter", "Escape", "C-c", or text.
  public func press(_ keys: String...) throws { try run(["send-keys"] + keys) }

  /// Types text as it is.
  public func type(_ text: String) throws { try run(["send-keys", "-l", text]) }

  /// What the screen shows.
  public var screen: String { (try? run(["capture-pane", "-p"])) ?? "" }

  /// Waits until the screen shows `text`.
  public func wait(for text: String, seconds: Double = 60) throws {
    try wait("\"\(text)\"", seconds: seconds) { self.screen.contains(text) }
  }

  /// Waits until a condition holds.
  public func wait(_ what: String, seconds: Double = 60, until condition: () -> Bool) throws {
    let end = Date().addingTimeInterval(seconds)
    while !condition() {
      guard Date() < end else { throw Failure(description: "no \(what) within \(seconds) s; the screen:\n\(screen)") }
      usleep(30_000)
    }
  }

  @discardableResult
  private func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["tmux", "-L", socket] + arguments
    process.environment = environment
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "tmux \(arguments.first ?? "") failed; is tmux installed?")
    }
    return String(decoding: data, as: UTF8.self)
  }
}
