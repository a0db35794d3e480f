import Datasets
import Desk
import Dispatch
import Domain
import Foundation
import Interface
import Numerics
import Store
import Synchronization
import Workbench

/// A clock that stands still until it is moved by hand; what is due then is done at once.
final class HandClock: DeskClock {
  private struct State {
    var now = 0.0
    var waiting: [(due: Double, queue: DispatchQueue, work: @Sendable () -> Void)] = []
  }
  private let state = Mutex(State())

  var now: Double { state.withLock { $0.now } }
  var waiting: Int { state.withLock { $0.waiting.count } }

  func after(_ seconds: Double, on queue: DispatchQueue, _ work: @escaping @Sendable () -> Void) {
    state.withLock { $0.waiting.append((due: $0.now + seconds, queue, work)) }
  }

  func advance(by seconds: Double) {
    let due = state.withLock { state in
      state.now += seconds
      let now = state.now
      let due = state.waiting.filter { $0.due <= now }
      state.waiting.removeAll { $0.due <= now }
      return due
    }
    for item in due { item.queue.sync(execute: item.work) }
  }
}

/// What the desk answers, to be waited for.
final class Answers: Sendable {
  private let messages = Mutex<[Message]>([])
  private let arrived = DispatchSemaphore(value: 0)

  func post(_ message: Message) {
    messages.withLock { $0.append(message) }
    arrived.signal()
  }

  var all: [Message] { messages.withLock { $0 } }

  /// The first answer that something can be read from; nil where none comes.
  func first<Value>(_ read: (Message) -> Value?) -> Value? {
    for _ in 0..<1000 {
      if let value = all.lazy.compactMap(read).first { return value }
      if arrived.wait(timeout: .now() + 60) == .timedOut { return nil }
    }
    return nil
  }
}

/// An engine whose runs end when they are told to.
final class FakeEngine: Engine {
  struct Outcome: Sendable { var specification: RunSpecification }

  let workers = Workers(count: 2)
  /// What it did, in order.
  let events = Mutex<[String]>([])
  /// One signal lets one run go on.
  let gate = DispatchSemaphore(value: 0)
  let begun = DispatchSemaphore(value: 0)
  /// How many picks a run makes before it looks whether it is cancelled.
  let picks: Int

  init(picks: Int = 3) { self.picks = picks }

  static func name(_ specification: RunSpecification) -> String { "\(specification.seed)" }

  func note(_ event: String) { events.withLock { $0.append(event) } }

  func execute(
    _ specification: RunSpecification, cancellation: Cancellation, observe: @escaping @Sendable (RunEvent) -> Void
  ) throws -> Outcome {
    note("begin \(Self.name(specification))")
    for rank in 0..<picks { observe(.picked(Pick(rank: rank, index: rank, gain: 1))) }
    begun.signal()
    gate.wait()
    note("end \(Self.name(specification))")
    if specification.seed == 13 { throw ErrorReport("an unlucky run", status: .failed) }
    try cancellation.check()
    return Outcome(specification: specification)
  }

  func estimate(
    _ specification: RunSpecification, pool: DatasetFile, target: DatasetFile?, existing: DatasetFile?,
    cancellation: Cancellation
  ) throws -> RunEstimate {
    note("estimate \(Self.name(specification))")
    return RunEstimate(passes: 1, tokens: 2, memory: 3, seconds: 4, tokensPerSecond: nil)
  }

  func runs(on pool: ContentHash, most: Int) throws -> [RunRecord] { [] }

  func reopen(_ number: Int64) throws -> Outcome { throw ErrorReport("gone", status: .failed) }

  func ending(of outcome: Outcome) -> RunEnding {
    RunEnding(
      number: Int64(outcome.specification.seed),
      selection: Selection(picks: (0..<picks).map { Pick(rank: $0, index: $0, gain: 1) }, objective: 3, evaluations: 1),
      seconds: PhaseSeconds())
  }

  func explain(_ outcome: Outcome, rank: Int) throws -> PickExplanation {
    note("explain \(Self.name(outcome.specification)) \(rank)")
    return PickExplanation(pick: Pick(rank: rank, index: rank, gain: 1), represents: [], utilityHistogram: [])
  }

  func value(of rows: [Int], to outcome: Outcome) throws -> Double? {
    Double(rows.count) + Double(outcome.specification.seed)
  }

  func map(of outcome: Outcome, workers: Workers, cancellation: Cancellation) throws -> PoolMap {
    PoolMap(source: .utilities, rows: [], places: [], shares: [])
  }

  func heatMap(
    of outcome: Outcome, order: HeatOrder, label: (Int) -> String?, workers: Workers, cancellation: Cancellation
  ) throws -> HeatMap { throw ErrorReport("no matrix", status: .failed) }

  func export(_ outcome: Outcome, to path: String, replacing: Bool, version: String) throws {
    var file = try AtomicFile(at: path, overwrite: replacing)
    try file.write("chosen\n")
    try file.commit()
  }

  func export(stored number: Int64, to path: String, replacing: Bool, version: String) throws -> Int { 0 }
}

/// A terminal that writes down what it is asked.
final class FakeTerminal: DeskTerminal {
  var asked: [String] = []
  func suspend() { asked.append("suspend") }
  func copyToClipboard(_ text: String) { asked.append("copy \(text)") }
}

final class Remembered: Sendable {
  let names = Mutex<[String]>([])
}

/// A desk with a fake engine, in a folder of its own.
final class DeskStage {
  let folder: URL
  let engine: FakeEngine
  let clock = HandClock()
  let answers = Answers()
  let terminal = FakeTerminal()
  let queues = DeskQueues()
  let remembered = Remembered()
  private(set) var desk: Desk<FakeEngine>!

  init(picks: Int = 3) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("desk-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    engine = FakeEngine(picks: picks)
    desk = Desk(
      engine: engine, version: "test", clock: clock, queues: queues,
      rememberTheme: { [remembered] name in remembered.names.withLock { $0.append(name) } }
    ) { [answers] in answers.post($0) }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  @discardableResult
  func perform(_ effects: Effect...) -> Bool { desk.perform(effects, on: terminal) }

  /// Writes a pool and has it opened.
  func open(rows: Int, name: String = "pool.jsonl") throws -> DatasetKey? {
    let path = folder.appendingPathComponent(name).path
    let lines = (0..<rows).map { "{\"prompt\": \"question \($0)\", \"completion\": \"answer \($0)\"}\n" }
    try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: path))
    perform(.open(path: path, role: .pool))
    return answers.first { if case .datasetOpened(let key, _) = $0 { key } else { nil } }
  }

  static func specification(_ seed: UInt64) -> RunSpecification {
    var specification = RunSpecification(method: .random, pool: "p", source: nil, budget: .count(3))
    specification.seed = seed
    return specification
  }
}
