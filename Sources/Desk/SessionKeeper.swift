import Dispatch
import Domain
import Foundation
import Interface
import Store
import Synchronization

/// Keeps the session on disk as it changes: the latest state wins, written a moment after the change so that scrolling
/// costs one write and not a hundred. A program that is killed comes back to what was written last.
package final class SessionKeeper: Sendable {
  private struct State {
    var latest: Session?
    var written: Session?
    var isScheduled = false
    var hasFailed = false
  }

  private let store: SessionStore
  private let name: String
  private let state = Mutex(State())
  private let clock: any DeskClock
  private let queue = DispatchQueue(label: "winnow.session", qos: .utility)
  /// Seconds from a change to its being written.
  private static let pause = 0.25
  private let complain: @Sendable (Message) -> Void

  package init(
    store: SessionStore, name: String, clock: any DeskClock = SystemClock(),
    complain: @escaping @Sendable (Message) -> Void
  ) {
    self.store = store
    self.name = name
    self.clock = clock
    self.complain = complain
  }

  /// Notes how things stand.
  package func note(_ session: Session) {
    var session = session
    // Paths that hold in any working folder.
    for (role, file) in session.files {
      func absolute(_ path: String) -> String {
        URL(fileURLWithPath: PathCompletion.expanded(path)).standardizedFileURL.path
      }
      session.files[role]?.path = absolute(file.path)
      session.files[role]?.more = file.more?.map(absolute)
    }
    let starts = state.withLock { state in
      guard state.latest != session else { return false }
      state.latest = session
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if starts { clock.after(Self.pause, on: queue) { self.write() } }
  }

  /// Writes what is not written yet, now.
  package func finish() { queue.sync { write() } }

  private func write() {
    let session = state.withLock { state in
      state.isScheduled = false
      guard state.latest != state.written else { return nil as Session? }
      return state.latest
    }
    guard let session else { return }
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
      try store.write(try encoder.encode(session), name: name)
      state.withLock { $0.written = session }
    } catch {
      let isFirst = state.withLock { state in
        defer { state.hasFailed = true }
        return !state.hasFailed
      }
      if isFirst { complain(.notice("the session can't be kept: \(ErrorReport(describing: error).problem)")) }
    }
  }
}

extension Session {
  /// The session that was kept under a name; nil where there is none or it is not readable as one.
  package static func read(_ name: String, from store: SessionStore) -> Session? {
    store.read(name).flatMap { try? JSONDecoder().decode(Session.self, from: $0) }
  }
}
