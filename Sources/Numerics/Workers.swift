import Dispatch
import Domain
import Foundation
import Synchronization

/// A fixed number of workers for one job. Work is handed out in pieces by index; what a piece computes must depend on
/// its index alone, so that the answer does not depend on how many workers there are.
///
/// Results are written through ``fill(_:by:_:)``, which gives each piece its own part of the memory; scratch memory is
/// kept in ``PerWorker``.
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
  ///
  /// - Throws: the first error of `body`; pieces under way are finished, no others are begun.
  package func forEach<Failure: Error>(
    _ pieces: Int, _ body: @Sendable (_ piece: Int, _ worker: Int) throws(Failure) -> Void
  ) throws(Failure) {
    let width = min(count, pieces)
    guard width > 1 else {
      for piece in 0..<pieces { try body(piece, 0) }
      return
    }
    let next = Atomic<Int>(0)
    let failure = Mutex<Failure?>(nil)
    DispatchQueue.concurrentPerform(iterations: width) { worker in
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= pieces { return }
        do throws(Failure) {
          try body(piece, worker)
        } catch {
          failure.withLock { $0 = $0 ?? error }
          next.store(pieces, ordering: .relaxed)
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// The same, with a look at `cancellation` before each piece and after the last.
  ///
  /// - Parameter progress: called from workers with the number of pieces done so far.
  /// - Throws: the first error of `body`, or `CancellationError`.
  package func forEach(
    _ pieces: Int, cancellation: Cancellation, progress: @Sendable (_ done: Int) -> Void = { _ in },
    _ body: @Sendable (_ piece: Int, _ worker: Int) throws -> Void
  ) throws {
    let done = Atomic<Int>(0)
    try forEach(pieces) { (piece: Int, worker: Int) throws(any Error) in
      try cancellation.check()
      try body(piece, worker)
      progress(done.wrappingAdd(1, ordering: .relaxed).newValue)
    }
    try cancellation.check()
  }
}

/// A value for each worker: scratch memory, or an object that only one thread at a time may use.
package struct PerWorker<Value>: @unchecked Sendable {
  // Sound as Sendable: no two calls with the same worker overlap, so a value is used by one thread at a time.
  private let values: [Value]

  package init(_ workers: Workers, _ make: () -> Value) { values = (0..<workers.count).map { _ in make() } }

  package subscript(worker: Int) -> Value { values[worker] }
}
