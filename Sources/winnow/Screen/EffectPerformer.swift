import Datasets
import Dispatch
import Domain
import Foundation
import Interface
import Synchronization
import Workbench

/// Does what the interface asks for, on background queues, and posts what comes of it. Nothing here waits on the main
/// thread and nothing here draws.
final class EffectPerformer: Sendable {
  private struct State {
    var files: [DatasetKey: DatasetFile] = [:]
    var nextKey = 0
    var outcomes: [RunID: RunOutcome] = [:]
    var nextRun: RunID = 1
    var cancellation: Cancellation?
    /// Of the search or filter that is under way.
    var seeking: Cancellation?
  }

  private let engine: RunEngine
  private let version: String
  private let post: @Sendable (Message) -> Void
  private let state = Mutex(State())
  /// One run at a time: it uses all workers.
  private let runs = DispatchQueue(label: "winnow.runs", qos: .utility)
  /// Short work that the user waits for.
  private let requests = DispatchQueue(label: "winnow.requests", qos: .userInitiated, attributes: .concurrent)

  init(engine: RunEngine, version: String, post: @escaping @Sendable (Message) -> Void) {
    self.engine = engine
    self.version = version
    self.post = post
  }

  /// Performs an effect. Those that concern the terminal itself are the caller's.
  func perform(_ effect: Effect) {
    switch effect {
    case .open(let path, let role):
      requests.async { self.open(path, role) }
    case .close(let key):
      state.withLock { $0.files[key] = nil }
    case .loadRows(let key, let range):
      requests.async { self.loadRows(key, range) }
    case .find(let key, let pattern, let search):
      let cancellation = beginSeeking()
      requests.async { self.find(key, pattern, search, cancellation) }
    case .filter(let key, let pattern):
      let cancellation = beginSeeking()
      requests.async { self.filter(key, pattern, cancellation) }
    case .stopSeeking:
      state.withLock { $0.seeking }?.cancel()
    case .completePath(let text):
      requests.async { self.post(.completions(of: text, PathCompletion.completions(of: text))) }
    case .startRun(let specification):
      start(specification)
    case .cancelRun:
      state.withLock { $0.cancellation }?.cancel()
    case .explain(let run, let rank):
      requests.async { self.explain(run, rank) }
    case .export(let run, let path, let overwrite):
      requests.async { self.export(run, path, overwrite) }
    case .copyToClipboard, .rememberTheme, .suspend, .quit:
      break
    }
  }

  /// Stops what runs.
  func cancelAll() { state.withLock { $0.cancellation }?.cancel() }

  /// Stops what runs and waits for it to end, no longer than so many seconds.
  func finish(within seconds: Double) {
    cancelAll()
    let ended = DispatchSemaphore(value: 0)
    runs.async { ended.signal() }
    _ = ended.wait(timeout: .now() + seconds)
  }

  private func open(_ path: String, _ role: DatasetRole) {
    do {
      let file = try DatasetFile.open(path: PathCompletion.expanded(path), role: role)
      let key = state.withLock { state in
        state.nextKey += 1
        let key = DatasetKey(state.nextKey)
        state.files[key] = file
        return key
      }
      post(.datasetOpened(key, file.summary))
    } catch {
      post(.datasetFailed(path: path, role: role, ErrorReport(describing: error)))
    }
  }

  private func loadRows(_ key: DatasetKey, _ range: Range<Int>) {
    guard let file = state.withLock({ $0.files[key] }) else { return }
    let range = range.clamped(to: 0..<file.count)
    var rows: [RowContent] = []
    if let samples = try? file.samples(at: range) {
      rows = samples.map { .sample($0) }
    } else {
      // One of them is bad: each by itself, so that the others still show.
      rows = range.map { position in
        do {
          return .sample(try file.sample(at: position))
        } catch {
          return .unreadable(ErrorReport(describing: error))
        }
      }
    }
    post(.rows(key, first: range.lowerBound, rows))
  }

  /// A new search stops the one before it.
  private func beginSeeking() -> Cancellation {
    let cancellation = Cancellation()
    state.withLock { state in
      state.seeking?.cancel()
      state.seeking = cancellation
    }
    return cancellation
  }

  private func find(_ key: DatasetKey, _ pattern: RowPattern, _ search: RowSearch, _ cancellation: Cancellation) {
    guard let file = state.withLock({ $0.files[key] }) else { return }
    let matches = pattern.makeMatcher()
    for row in search.order(of: file.count) {
      if cancellation.isCancelled { return }
      // A row that cannot be decoded matches nothing.
      if let sample = try? file.sample(at: row), matches(sample) {
        post(.found(key, pattern, row: row))
        return
      }
    }
    post(.found(key, pattern, row: nil))
  }

  private func filter(_ key: DatasetKey, _ pattern: RowPattern, _ cancellation: Cancellation) {
    guard let file = state.withLock({ $0.files[key] }) else { return }
    let matches = pattern.makeMatcher()
    var rows: [Int] = []
    for row in 0..<file.count {
      if cancellation.isCancelled { return }
      if let sample = try? file.sample(at: row), matches(sample) { rows.append(row) }
    }
    post(.filtered(key, pattern, rows: rows))
  }

  private func start(_ specification: RunSpecification) {
    let cancellation = Cancellation()
    let run = state.withLock { state in
      defer { state.nextRun += 1 }
      state.cancellation = cancellation
      return state.nextRun
    }
    post(.runStarted(run, specification))
    runs.async { [self] in
      let picks = PickMailbox { self.post(.picked(run, $0)) }
      do {
        let outcome = try engine.execute(specification, cancellation: cancellation) { event in
          switch event {
          case .progress(let progress):
            picks.flush()
            self.post(.progress(run, progress))
          case .picked(let pick): picks.add(pick)
          case .notice(let text): self.post(.notice(text))
          }
        }
        picks.flush()
        state.withLock { $0.outcomes[run] = outcome }
        post(
          outcome.selection.isPartial
            ? .runCancelled(run, outcome.selection)
            : .runFinished(run, outcome.selection, seconds: outcome.seconds))
      } catch {
        picks.flush()
        let report = ErrorReport(describing: error)
        post(report.status == .interrupted ? .runCancelled(run, nil) : .runFailed(run, report))
      }
    }
  }

  private func explain(_ run: RunID, _ rank: Int) {
    guard let outcome = state.withLock({ $0.outcomes[run] }) else { return }
    do {
      post(.explained(run, rank: rank, try outcome.explain(rank: rank)))
    } catch {
      post(.explanationFailed(run, rank: rank, ErrorReport(describing: error)))
    }
  }

  private func export(_ run: RunID, _ path: String, _ overwrite: Bool) {
    guard let outcome = state.withLock({ $0.outcomes[run] }) else {
      post(.failed(ErrorReport("the run has no picks to export", status: .failed)))
      return
    }
    let path = PathCompletion.expanded(path)
    do {
      try Exporter.export(outcome, to: path, replacing: overwrite, version: version)
      post(.exported(run, path: path, rows: outcome.selection.picks.count))
    } catch DatasetError.exists {
      post(.exportExists(run, path: path))
    } catch {
      post(.failed(ErrorReport(describing: error)))
    }
  }
}

/// Collects picks, which may come many thousands a second, and passes them on in handfuls: none dropped, none reordered.
private final class PickMailbox: Sendable {
  private struct State {
    var picks: [Pick] = []
    var sentAt = DispatchTime.now().uptimeNanoseconds
  }

  private let state = Mutex(State())
  private let send: @Sendable ([Pick]) -> Void

  init(send: @escaping @Sendable ([Pick]) -> Void) { self.send = send }

  func add(_ pick: Pick) {
    let now = DispatchTime.now().uptimeNanoseconds
    let due = state.withLock { state in
      state.picks.append(pick)
      return now - state.sentAt > 33_000_000
    }
    if due { flush() }
  }

  func flush() {
    let picks = state.withLock { state in
      state.sentAt = DispatchTime.now().uptimeNanoseconds
      defer { state.picks = [] }
      return state.picks
    }
    if !picks.isEmpty { send(picks) }
  }
}

/// Paths as they are typed: `~` for the home folder, completions from the file system.
enum PathCompletion {
  static func expanded(_ path: String) -> String {
    guard path == "~" || path.hasPrefix("~/") else { return path }
    return NSHomeDirectory() + path.dropFirst()
  }

  /// What `text` could go on as: entries of its folder that start as it does, folders with a `/` at their end.
  static func completions(of text: String, limit: Int = 200) -> [String] {
    let slash = text.lastIndex(of: "/")
    let typedFolder = slash.map { String(text[...$0]) } ?? ""
    let start = slash.map { String(text[text.index(after: $0)...]) } ?? text
    let folder = typedFolder.isEmpty ? "." : expanded(typedFolder)
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return [] }
    return
      names
      .filter { $0.hasPrefix(start) && (start.hasPrefix(".") || !$0.hasPrefix(".")) }
      .sorted()
      .prefix(limit)
      .map { name in
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder)
        return typedFolder + name + (isFolder.boolValue ? "/" : "")
      }
  }
}
