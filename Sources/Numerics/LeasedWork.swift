import Domain
import Glibc
import Synchronization

/// Where the results of a long work are kept, one value a key, so that a killed run goes on with what is missing, and two processes
/// that want the same value compute it once.
package protocol LeasedStore<Key, Value>: Sendable {
  associatedtype Key: Sendable
  associatedtype Value: Sendable

  /// The stored value; nil where there is none that is what was stored. One that is damaged is forgotten.
  func load(_ key: Key) throws -> Value?

  /// Asks to compute a value. The lease of a process that has ended is passed on.
  func lease(_ key: Key) throws -> LeaseResult

  /// Ends a lease whose value was not computed.
  func release(_ key: Key) throws

  /// Keeps a value and ends its lease. When this returns it is on disk.
  func store(_ value: Value, for key: Key) throws
}

/// Where a value came from.
package enum ValueOrigin: Sendable, Hashable {
  case computed, loaded
}

/// Brings together the values of many keys: those that are stored are loaded, those that are leased to this driver are computed and
/// stored, and those that others hold are waited for. Where the values go is the caller's.
package struct LeasedWork: Sendable {
  private let workers: Workers
  private let cancellation: Cancellation
  private let wait: @Sendable () -> Void

  /// A value that is said to be stored and is not there is asked for so often. The first look forgets a damaged one, so that the next
  /// is granted; what stays stored and cannot be loaded, in an index that is damaged, is computed and not stored.
  private static let looks = 3

  /// - Parameter wait: called between two looks at what others hold, when nothing else is left to do.
  package init(
    workers: Workers, cancellation: Cancellation, wait: @escaping @Sendable () -> Void = { usleep(50_000) }
  ) {
    self.workers = workers
    self.cancellation = cancellation
    self.wait = wait
  }

  /// Has `take` called once for each index in `0..<count`. The first failure ends the run and is thrown; a lease is never left behind
  /// by a failure or a cancellation.
  ///
  /// - Parameters:
  ///   - store: nil where nothing is kept: all is computed.
  ///   - loadsFirst: look for a value before asking for its lease. False where the caller has loaded what is stored.
  ///   - key: names the value of an index: called when it is needed, since all keys of a large table are larger than the table.
  ///   - compute: called from workers, at most once an index; throws where a cancellation cuts it short.
  ///   - take: called from workers, after the value is on disk.
  package func run<Key, Value>(
    _ count: Int, in store: (any LeasedStore<Key, Value>)?, loadsFirst: Bool,
    key: @Sendable (_ index: Int) -> Key, compute: @Sendable (_ index: Int, _ worker: Int) throws -> Value,
    take: @Sendable (_ index: Int, _ value: Value, _ origin: ValueOrigin) -> Void
  ) throws {
    var left = Array(0..<count)
    var looks = loadsFirst
    while !left.isEmpty {
      let held = Mutex<[Int]>([])
      try workers.forEach(left.count, cancellation: cancellation) { [left, looks] number, worker in
        let index = left[number]
        guard let store else {
          take(index, try compute(index, worker), .computed)
          return
        }
        let found = try Self.value(of: key(index), in: store, loadsFirst: looks) { try compute(index, worker) }
        if let (value, origin) = found {
          take(index, value, origin)
        } else {
          held.withLock { $0.append(index) }
        }
      }
      let again = held.withLock { $0.sorted() }
      if again.count == left.count { wait() }
      (left, looks) = (again, false)
    }
  }

  /// The value of a key; nil while another holds its lease.
  private static func value<Key, Value>(
    of key: Key, in store: some LeasedStore<Key, Value>, loadsFirst: Bool, compute: () throws -> Value
  ) throws -> (Value, ValueOrigin)? {
    if loadsFirst, let value = try store.load(key) { return (value, .loaded) }
    for _ in 0..<looks {
      switch try store.lease(key) {
      case .held: return nil
      case .stored:
        if let value = try store.load(key) { return (value, .loaded) }
      case .granted:
        do {
          let value = try compute()
          try store.store(value, for: key)
          return (value, .computed)
        } catch {
          // Best effort: a lease that can't be released ends with this process.
          try? store.release(key)
          throw error
        }
      }
    }
    return (try compute(), .computed)
  }
}
