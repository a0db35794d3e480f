import Domain
import Synchronization

/// Collects picks, which may come many thousands a second, and passes them on in handfuls: none dropped, none reordered.
package final class PickMailbox: Sendable {
  private struct State {
    var picks: [Pick] = []
    var sentAt: Double
  }

  /// Seconds between two handfuls.
  private static let pause = 0.033

  private let state: Mutex<State>
  private let clock: any DeskClock
  private let send: @Sendable ([Pick]) -> Void

  package init(clock: any DeskClock, send: @escaping @Sendable ([Pick]) -> Void) {
    state = Mutex(State(sentAt: clock.now))
    self.clock = clock
    self.send = send
  }

  package func add(_ pick: Pick) {
    let due = state.withLock { state in
      state.picks.append(pick)
      return clock.now - state.sentAt > Self.pause
    }
    if due { flush() }
  }

  package func flush() {
    let picks = state.withLock { state in
      state.sentAt = clock.now
      defer { state.picks = [] }
      return state.picks
    }
    if !picks.isEmpty { send(picks) }
  }
}
