import Dispatch

/// Time as the desk sees it; a test's is moved by hand.
package protocol DeskClock: Sendable {
  /// Seconds that have gone by since some beginning.
  var now: Double { get }
  /// Does something on a queue, so many seconds from now.
  func after(_ seconds: Double, on queue: DispatchQueue, _ work: @escaping @Sendable () -> Void)
}

package struct SystemClock: DeskClock {
  package init() {}

  package var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

  package func after(_ seconds: Double, on queue: DispatchQueue, _ work: @escaping @Sendable () -> Void) {
    queue.asyncAfter(deadline: .now() + seconds, execute: work)
  }
}
