import Dispatch
import Domain
import Synchronization

/// Clocks of the phases that a run goes through, each begun when it is first heard of.
final class PhaseClocks: Sendable {
  private let observe: @Sendable (RunEvent) -> Void
  private let cancellation: Cancellation
  private let clocks = Mutex<[Phase: (total: Int, clock: PhaseClock)]>([:])
  private let start = DispatchTime.now()

  init(cancellation: Cancellation, observe: @escaping @Sendable (RunEvent) -> Void) {
    self.cancellation = cancellation
    self.observe = observe
  }

  var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9 }

  func advance(_ phase: Phase, _ done: Int, of total: Int) {
    let unit = phase == .warmUp ? "steps" : phase == .weigh ? "products" : "samples"
    let clock = clocks.withLock { clocks in
      // Gradients are taken of the target and then of the pool: another total is another clock, so that rates hold.
      if let known = clocks[phase], known.total == total { return known.clock }
      let clock = PhaseClock(phase, unit: unit, cancellation: cancellation, observe: observe)
      clocks[phase] = (total, clock)
      return clock
    }
    clock.advance(done, of: total)
  }
}
