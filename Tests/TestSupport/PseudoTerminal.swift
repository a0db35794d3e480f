import Foundation
import Glibc
import Synchronization

/// A program running in a terminal of its own: the test types, and reads what comes out.
///
/// `@unchecked Sendable`: the mutable state is behind a mutex, the rest is set once.
package final class PseudoTerminal: @unchecked Sendable {
  package enum Ending: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
  }

  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  // POSIX_SPAWN_SETSID, which the C library's header shows only to GNU programs.
  private static let newSession: Int32 = 0x80

  package let process: pid_t
  private let master: Int32
  private let output = Mutex<[UInt8]>([])
  private let ending = Mutex<Ending?>(nil)

  /// Starts a program with a terminal of its own as its controlling one. `environment` is added to the test's own; nil
  /// takes a variable out.
  package init(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], width: Int = 80,
    height: Int = 24
  ) throws {
    var slave: Int32 = 0
    var master: Int32 = 0
    var name = [CChar](repeating: 0, count: 256)
    var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
    guard openpty(&master, &slave, &name, nil, &size) == 0 else {
      throw Failure(description: "openpty: errno \(errno)")
    }
    // The child opens the terminal by name after it has become a session leader, which makes it its controlling terminal.
    close(slave)
    _ = fcntl(master, F_SETFD, FD_CLOEXEC)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setflags(&attributes, Int16(Self.newSession | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var variables: [String: String?] = ProcessInfo.processInfo.environment
    variables["TERM"] = "xterm-256color"
    for name in ["COLORTERM", "NO_COLOR", "TMUX", "LINES", "COLUMNS"] { variables[name] = .some(nil) }
    variables.merge(environment) { $1 }
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let settings = variables.compactMap { name, value in value.map { strdup("\(name)=\($0)") } } + [nil]
    defer { (words + settings).forEach { free($0) } }
    var process: pid_t = 0
    let error = posix_spawn(&process, program, &actions, &attributes, words, settings)
    guard error == 0 else {
      close(master)
      throw Failure(description: "posix_spawn \(program): errno \(error)")
    }
    self.process = process
    self.master = master
    Thread.detachNewThread { [self] in collect() }
    Thread.detachNewThread { [self] in reap() }
  }

  // The threads hold the object until the child has ended and its terminal is read out, so both numbers stay valid.
  deinit { close(master) }

  private func collect() {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(master, &buffer, buffer.count)
      if count > 0 {
        output.withLock { $0 += buffer[..<count] }
      } else if count == 0 || errno != EINTR {
        // EIO: no process has the terminal open any more. It may be between two openings at the very start.
        if ending.withLock({ $0 }) != nil || count == 0 { return }
        usleep(2000)
      }
    }
  }

  private func reap() {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    let code = status & 0x7F
    ending.withLock { $0 = code == 0 ? .exited((status >> 8) & 0xFF) : .signalled(code) }
  }

  /// All that the program has written so far.
  package var bytes: [UInt8] { output.withLock { $0 } }
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Types.
  package func type(_ text: String) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { write(master, $0.baseAddress! + done, $0.count - done) }
      if count <= 0 && errno != EINTR { return }
      done += max(0, count)
    }
  }

  package func resize(width: Int, height: Int) {
    var size = winsize(ws_row: UInt16(height), ws_col: UInt16(width), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  package func send(_ signal: Int32) { kill(process, signal) }

  /// Waits until `condition` holds. Throws with what the program wrote when it does not within `seconds`.
  package func wait(_ what: String, seconds: Double = 300, until condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
      guard ContinuousClock.now < end else {
        throw Failure(description: "waited in vain for \(what); the program wrote \(text.debugDescription)")
      }
      usleep(3000)
    }
  }

  package func waitForText(_ wanted: String, after place: Int = 0) throws {
    try wait("\(wanted.debugDescription)") {
      String(decoding: bytes.dropFirst(place), as: UTF8.self).contains(wanted)
    }
  }

  package func waitForEnd() throws -> Ending {
    try wait("the end") { ending.withLock { $0 } != nil }
    usleep(20_000)
    return ending.withLock { $0 } ?? .exited(-1)
  }

  /// Waits until the program has written nothing for a while.
  package func settle(quiet seconds: Double = 0.15) throws {
    var last = -1
    while last != bytes.count {
      last = bytes.count
      usleep(UInt32(seconds * 1e6))
    }
  }

  /// The terminal's modes as they are now.
  package var modes: termios {
    var modes = termios()
    tcgetattr(master, &modes)
    return modes
  }

  /// The private modes (`ESC [ ? number h` or `l`) that are on after all that was written.
  package var privateModes: Set<Int> {
    var modes: Set<Int> = []
    for match in text.matches(of: /\u{1B}\[\?([0-9;]+)([hl])/) {
      for number in match.1.split(separator: ";").compactMap({ Int($0) }) {
        if match.2 == "h" { modes.insert(number) } else { modes.remove(number) }
      }
    }
    return modes
  }

  /// How often the process has gone to sleep by itself since it began.
  package var voluntarySwitches: Int? {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return nil }
    return status.firstMatch(of: /voluntary_ctxt_switches:\s*(\d+)/).flatMap { Int($0.1) }
  }
}
