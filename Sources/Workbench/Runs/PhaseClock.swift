import Dispatch
import Domain
import Synchronization

/// Times one phase and says how far it is, at most ten times a second.
final class PhaseClock: Sendable {
  private let phase: Phase
  private let unit: String
  private let start = DispatchTime.now()
  private let lastSaid = Atomic<UInt64>(0)
  private let observe: @Sendable (RunEvent) -> Void
  /// The job's flag, which knows how long the job was held; that time is none of the phase's.
  private let cancellation: Cancellation?
  private let pausedBefore: Double

  init(
    _ phase: Phase, unit: String, cancellation: Cancellation? = nil, observe: @escaping @Sendable (RunEvent) -> Void
  ) {
    self.phase = phase
    self.unit = unit
    self.observe = observe
    self.cancellation = cancellation
    pausedBefore = cancellation?.secondsPaused ?? 0
  }

  var seconds: Double {
    let paused = (cancellation?.secondsPaused ?? 0) - pausedBefore
    return max(0, Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9 - paused)
  }

  /// Says where the phase is, unless it was said a moment ago; the first and the last state are always said.
  func advance(_ done: Int, of total: Int, resumed: Int = 0, tokens: Int? = nil) {
    let now = DispatchTime.now().uptimeNanoseconds
    let last = lastSaid.load(ordering: .relaxed)
    // Another thread may have said so a moment later than this one looked at the clock.
    guard last == 0 || done >= total || now > last && now - last > 100_000_000 else { return }
    guard lastSaid.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged || done >= total
    else { return }
    observe(
      .progress(
        Progress(
          phase: phase, done: done, total: total, unit: unit, elapsed: seconds, resumed: resumed, tokens: tokens)))
  }
}
