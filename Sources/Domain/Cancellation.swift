import Synchronization

/// A flag that a job looks at in every step, tile and request. Raised once, from any thread.
public final class Cancellation: Sendable {
  private let raised = Atomic<Bool>(false)

  public init() {}

  public func cancel() { raised.store(true, ordering: .relaxed) }

  public var isCancelled: Bool { raised.load(ordering: .relaxed) }

  /// Throws `CancellationError` once the flag is raised.
  public func check() throws {
    if isCancelled { throw CancellationError() }
  }
}
