import Dispatch
import Domain
import Glibc
import Numerics
import Synchronization
import Testing

/// A store in memory, with keys that somebody else holds and keys that are said to be stored and are not there.
private final class FakeStore: LeasedStore {
  struct State {
    var values: [Int: Int] = [:]
    var leased: Set<Int> = []
    var heldElsewhere: Set<Int> = []
    var lost: Set<Int> = []
    var damaged: Set<Int> = []
    var isFull = false
    var computed: [Int] = []
  }
  struct Full: Error {}
  let state: Mutex<State>

  init(_ state: sending State = State()) { self.state = Mutex(state) }

  func load(_ key: Int) -> Int? {
    state.withLock { state in
      if state.damaged.remove(key) != nil { state.values[key] = nil }
      return state.lost.contains(key) ? nil : state.values[key]
    }
  }

  func lease(_ key: Int) -> LeaseResult {
    state.withLock { state in
      if state.lost.contains(key) || state.values[key] != nil { return .stored }
      if state.heldElsewhere.contains(key) { return .held }
      return state.leased.insert(key).inserted ? .granted : .held
    }
  }

  func release(_ key: Int) { state.withLock { _ = $0.leased.remove(key) } }

  func store(_ value: Int, for key: Int) throws {
    try state.withLock { state in
      if state.isFull { throw Full() }
      state.values[key] = value
      state.leased.remove(key)
    }
  }
}

@Suite struct LeasedWorkTests {
  private struct Broken: Error {
    var key: Int
  }

  /// Squares of 0..<count, each taken once; the origins as they were told.
  private func squares(
    _ count: Int, in store: FakeStore?, workers: Int = 1, loadsFirst: Bool = true,
    cancellation: Cancellation = Cancellation(), wait: (@Sendable () -> Void)? = nil,
    compute: (@Sendable (Int) throws -> Int)? = nil
  ) throws -> [ValueOrigin?] {
    let taken = Mutex([ValueOrigin?](repeating: nil, count: count))
    try LeasedWork(workers: Workers(count: workers), cancellation: cancellation, wait: wait ?? { sched_yield() })
      .run(count, in: store, loadsFirst: loadsFirst, key: { $0 }) { index, _ in
        store?.state.withLock { $0.computed.append(index) }
        return try compute?(index) ?? index * index
      } take: { index, value, origin in
        #expect(value == index * index)
        taken.withLock { taken in
          #expect(taken[index] == nil)
          taken[index] = origin
        }
      }
    return taken.withLock { $0 }
  }

  @Test(arguments: [1, 4]) func whatIsGrantedIsComputedAndStored(workers: Int) throws {
    let store = FakeStore()
    #expect(try squares(50, in: store, workers: workers) == Array(repeating: .computed, count: 50))
    store.state.withLock { state in
      #expect(state.values == Dictionary(uniqueKeysWithValues: (0..<50).map { ($0, $0 * $0) }))
      #expect(state.computed.sorted() == Array(0..<50))
      #expect(state.leased.isEmpty)
    }
  }

  @Test(arguments: [false, true]) func whatIsStoredIsLoaded(loadsFirst: Bool) throws {
    let store = FakeStore(.init(values: [1: 1, 3: 9]))
    let origins = try squares(5, in: store, loadsFirst: loadsFirst)
    #expect(origins == [.computed, .loaded, .computed, .loaded, .computed])
    #expect(store.state.withLock { $0.computed } == [0, 2, 4])
  }

  @Test func withNoStoreAllIsComputed() throws {
    #expect(try squares(3, in: nil, workers: 2) == [.computed, .computed, .computed])
    #expect(try squares(0, in: nil).isEmpty)
  }

  @Test func whatAnotherHoldsIsWaitedForAndLoaded() throws {
    let store = FakeStore(.init(heldElsewhere: [1, 2]))
    let waits = Atomic<Int>(0)
    let origins = try squares(
      3, in: store,
      wait: {
        // The other one stores the first and gives up the second.
        waits.wrappingAdd(1, ordering: .relaxed)
        store.state.withLock { state in
          state.values[1] = 1
          state.heldElsewhere = []
        }
      })
    #expect(origins == [.computed, .loaded, .computed])
    #expect(store.state.withLock { $0.computed } == [0, 2])
    // The first round had something else to do.
    #expect(waits.load(ordering: .relaxed) == 1)
  }

  @Test func whatIsDamagedIsComputedAndStoredAgain() throws {
    let store = FakeStore(.init(values: [0: 7], damaged: [0]))
    #expect(try squares(1, in: store, loadsFirst: false) == [.computed])
    #expect(store.state.withLock { $0.values } == [0: 0])
  }

  @Test func whatStaysStoredAndIsNotThereIsComputedAndNotStored() throws {
    let store = FakeStore(.init(lost: [1]))
    #expect(try squares(2, in: store, wait: { Issue.record("waited") }) == [.computed, .computed])
    #expect(store.state.withLock { $0.values } == [0: 0])
  }

  @Test(arguments: [1, 4]) func theFirstFailureEndsTheRunAndReleasesItsLease(workers: Int) throws {
    let store = FakeStore()
    #expect(throws: Broken.self) {
      _ = try squares(
        200, in: store, workers: workers,
        compute: { key in
          if key >= 5 { throw Broken(key: key) }
          return key * key
        })
    }
    store.state.withLock { state in
      #expect(state.leased.isEmpty)
      // No worker went on behind the failure that it met.
      #expect(state.computed.count <= 5 + workers)
    }
  }

  @Test func aValueThatCannotBeStoredIsReleased() throws {
    let store = FakeStore(.init(isFull: true))
    #expect(throws: FakeStore.Full.self) { _ = try squares(3, in: store) }
    #expect(store.state.withLock { $0.leased.isEmpty && $0.computed == [0] })
  }

  @Test func aCancelledRunReleasesWhatItHoldsAndKeepsWhatIsDone() throws {
    let store = FakeStore()
    let cancellation = Cancellation()
    #expect(throws: CancellationError.self) {
      _ = try squares(
        10, in: store, cancellation: cancellation,
        compute: { key in
          if key == 4 { cancellation.cancel() }
          try cancellation.check()
          return key * key
        })
    }
    store.state.withLock { state in
      #expect(state.leased.isEmpty)
      #expect(state.values.keys.sorted() == [0, 1, 2, 3])
    }
    #expect(try squares(10, in: store).prefix(5) == [.loaded, .loaded, .loaded, .loaded, .computed])
  }

  @Test func waitingEndsWithACancellation() throws {
    let store = FakeStore(.init(heldElsewhere: [0]))
    let cancellation = Cancellation()
    #expect(throws: CancellationError.self) {
      _ = try squares(1, in: store, cancellation: cancellation, wait: { cancellation.cancel() })
    }
    #expect(store.state.withLock { $0.computed.isEmpty })
  }

  @Test func twoDriversNeverComputeOneKeyTwice() throws {
    let store = FakeStore()
    let origins = Mutex<[[ValueOrigin?]]>([])
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      do {
        let found = try squares(300, in: store, workers: 2)
        origins.withLock { $0.append(found) }
      } catch {
        Issue.record(error)
      }
    }
    let found = origins.withLock { $0 }
    #expect(found.count == 2 && found.allSatisfy { !$0.contains(nil) })
    #expect(store.state.withLock { $0.computed.sorted() } == Array(0..<300))
  }
}
