import Dispatch
import Domain
import Synchronization
import Testing

@Suite struct CancellationTests {
  @Test func aPausedJobWaitsWhereItLooksAndGoesOnWhenItIsLet() {
    let cancellation = Cancellation()
    cancellation.pause()
    #expect(cancellation.isPaused)
    let steps = Atomic<Int>(0)
    let ended = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
      for _ in 0..<3 where !cancellation.isCancelled { steps.wrappingAdd(1, ordering: .relaxed) }
      ended.signal()
    }
    #expect(ended.wait(timeout: .now() + 0.2) == .timedOut)
    #expect(steps.load(ordering: .relaxed) == 0)
    cancellation.resume()
    ended.wait()
    #expect(steps.load(ordering: .relaxed) == 3)
    #expect(cancellation.secondsPaused > 0.15 && !cancellation.isPaused)
  }

  @Test func aPausedJobCanBeCancelled() {
    let cancellation = Cancellation()
    cancellation.pause()
    cancellation.cancel()
    #expect(cancellation.isCancelled)
    #expect(throws: CancellationError.self) { try cancellation.check() }
  }
}
