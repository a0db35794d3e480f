import Dispatch
import Foundation
import Synchronization

/// A fixed number of workers for one job. Work is handed out in pieces by index; what a piece computes must depend on
/// its index alone, so that the answer does not depend on how many workers there are.
package struct Workers: Sendable {
  package let count: Int

  /// `count` nil: one a core.
  package init(count: Int? = nil) {
    self.count = max(1, count ?? Self.cores)
  }

  /// Cores this process may use.
  package static var cores: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// Calls `body(piece, worker)` for each piece in `0..<pieces`, pieces taken in order by whoever is free; `worker` is
  /// in `0..<count` and no two calls with the same worker overlap. Returns when all are done.
  package func forEach(_ pieces: Int, _ body: @Sendable (_ piece: Int, _ worker: Int) -> Void) {
    let width = min(count, pieces)
    guard width > 1 else {
      for piece in 0..<pieces { body(piece, 0) }
      return
    }
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: width) { worker in
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= pieces { return }
        body(piece, worker)
      }
    }
  }
}
