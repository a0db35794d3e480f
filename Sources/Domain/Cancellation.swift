import Glibc
import Synchronization

/// A flag that a job looks at in every step, tile and request. Raised once, from any thread; until then the job can be
/// paused, and waits where it looks.
package final class Cancellation: Sendable {
  private let raised = Atomic<Bool>(false)
  private let paused = Atomic<Bool>(false)
  private let pausedSince = Atomic<Int>(0)
  private let pausedTotal = Atomic<Int>(0)

  package init() {}

  package func cancel() { raised.store(true, ordering: .relaxed) }

  /// Has the job wait the next time it looks. Called from one thread.
  package func pause() {
    guard !paused.load(ordering: .relaxed) else { return }
    pausedSince.store(Self.now, ordering: .relaxed)
    paused.store(true, ordering: .relaxed)
  }

  package func resume() {
    guard paused.exchange(false, ordering: .relaxed) else { return }
    pausedTotal.wrappingAdd(Self.now - pausedSince.load(ordering: .relaxed), ordering: .relaxed)
  }

  package var isPaused: Bool { paused.load(ordering: .relaxed) }

  /// Seconds that the job was held in all.
  package var secondsPaused: Double {
    let held = isPaused ? Self.now - pausedSince.load(ordering: .relaxed) : 0
    return Double(pausedTotal.load(ordering: .relaxed) + held) / 1e9
  }

  /// Whether the flag is raised. A job that is paused waits here for the pause to end.
  package var isCancelled: Bool {
    while paused.load(ordering: .relaxed), !raised.load(ordering: .relaxed) { usleep(20_000) }
    return raised.load(ordering: .relaxed)
  }

  /// Throws `CancellationError` once the flag is raised.
  package func check() throws {
    if isCancelled { throw CancellationError() }
  }

  /// Nanoseconds of the monotonic clock.
  private static var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
