import Foundation

/// The program in a real terminal: a tmux session on a private socket, whose screen can be read as a user sees it.
package final class TmuxSession {
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  private let socket: String
  private let environment: [String: String]

  /// Starts `command` (a shell line) in a terminal of a given size.
  package init(_ command: String, width: Int = 80, height: Int = 24, environment: [String: String]) throws {
    socket = FileManager.default.temporaryDirectory.appendingPathComponent("tmux-\(UUID().uuidString)").path
    self.environment = environment
    try run(["-f", "/dev/null", "new-session", "-d", "-x", "\(width)", "-y", "\(height)", command])
  }

  deinit {
    _ = try? run(["kill-server"])
    unlink(socket)
  }

  /// Presses keys, in tmux's names: "Enter", "Escape", "C-c", or text.
  package func press(_ keys: String...) throws { try run(["send-keys"] + keys) }

  /// Types text as it is.
  package func type(_ text: String) throws { try run(["send-keys", "-l", text]) }

  /// What the screen shows.
  package var screen: String { (try? run(["capture-pane", "-p"])) ?? "" }

  /// Waits until the screen shows `text`.
  package func wait(for text: String) throws {
    try wait("\"\(text)\"") { self.screen.contains(text) }
  }

  /// Waits until a condition holds. How long that takes is the machine's affair: given up only when the screen has stood still for
  /// minutes, or after a quarter of an hour.
  package func wait(_ what: String, until condition: () -> Bool) throws {
    let start = Date()
    var (seen, changed) = (screen, start)
    while !condition() {
      let now = Date()
      let shown = screen
      if shown != seen { (seen, changed) = (shown, now) }
      guard now.timeIntervalSince(changed) < 180, now.timeIntervalSince(start) < 900 else {
        throw Failure(description: "no \(what); the screen:\n\(shown)")
      }
      usleep(30_000)
    }
  }

  // By posix_spawn: Foundation's Process takes a child for running as long as a daemon that it left behind is, and the
  // tmux server is one. Output goes through a file for the same reason.
  @discardableResult
  private func run(_ arguments: [String]) throws -> String {
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("tmux-\(UUID().uuidString)").path
    defer { unlink(output) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // The caller may be a thread of a pool, which blocks signals: a server that inherits that never learns of its children's
    // end and outlives kill-server.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = (["tmux", "-S", socket] + arguments).map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var child: pid_t = 0
    guard posix_spawnp(&child, "tmux", &actions, &attributes, &words, &variables) == 0 else {
      throw Failure(description: "tmux can't be started; is it installed?")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    guard status == 0 else { throw Failure(description: "tmux \(arguments.first ?? "") failed") }
    return (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
  }
}
