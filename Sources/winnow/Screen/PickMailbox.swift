import Dispatch
import Domain
import Synchronization

/// Collects picks, which may come many thousands a second, and passes them on in handfuls: none dropped, none reordered.
final class PickMailbox: Sendable {
  private struct State {
    var picks: [Pick] = []
    var sentAt = DispatchTime.now().uptimeNanoseconds
  }

  private let state = Mutex(State())
  private let send: @Sendable ([Pick]) -> Void

  init(send: @escaping @Sendable ([Pick]) -> Void) { self.send = send }

  func add(_ pick: Pick) {
    let due = state.withLock { state in
      state.picks.append(pick)
      return DispatchTime.now().uptimeNanoseconds - state.sentAt > 33_000_000
    }
    if due { flush() }
  }

  func flush() {
    let picks = state.withLock { state in
      state.sentAt = DispatchTime.now().uptimeNanoseconds
      defer { state.picks = [] }
      return state.picks
    }
    if !picks.isEmpty { send(picks) }
  }
}
