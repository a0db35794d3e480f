import Datasets
import Dispatch
import Domain
import Foundation
import Interface
import Synchronization
import Workbench

/// What the desk asks of the terminal, on the main thread.
package protocol DeskTerminal {
  /// Gives the terminal back to the shell until the program goes on.
  func suspend()
  func copyToClipboard(_ text: String)
}

/// Where work is done: by default on queues of the desk's own.
package struct DeskQueues: Sendable {
  /// One run at a time: it uses all workers.
  package var runs = DispatchQueue(label: "winnow.runs", qos: .utility)
  /// One piece of longer work at a time beside it: reading files through, measuring, maps.
  package var studies = DispatchQueue(label: "winnow.studies", qos: .utility)
  /// Short work that the user waits for.
  package var requests = DispatchQueue(label: "winnow.requests", qos: .userInitiated, attributes: .concurrent)

  package init() {}
}

/// Does what the interface asks for, on background queues, and posts what comes of it. Nothing here waits on the main
/// thread and nothing here draws.
package final class Desk<Runs: Engine>: Sendable {
  struct State {
    var files: [DatasetKey: DatasetFile] = [:]
    var nextKey = 0
    var outcomes: [RunID: Runs.Outcome] = [:]
    var nextRun: RunID = 1
    var cancellation: Cancellation?
    /// Of the search or filter that is under way.
    var seeking: Cancellation?
    /// Of the measurement that is under way.
    var estimating: Cancellation?
    /// Of the map that is being made.
    var mapping: Cancellation?
    /// Of the latest reading through of each file.
    var surveying: [DatasetKey: Cancellation] = [:]
    /// What the latest reading through of each file told.
    var surveys: [DatasetKey: DatasetSurvey] = [:]
    /// Runs of the library that the interface knows, by the numbers it knows them by.
    var stored: [RunID: Int64] = [:]
  }

  let engine: Runs
  let version: String
  /// How files are read where the data alone is not to say it.
  let reading: DatasetReading
  let post: @Sendable (Message) -> Void
  let state = Mutex(State())
  /// Held while a run of the library is brought back.
  let reopening = Mutex(())
  let queues: DeskQueues
  private let clock: any DeskClock
  private let rememberTheme: @Sendable (String) -> Void

  /// - Parameter post: takes what comes of an effect, from any thread.
  package init(
    engine: Runs, version: String, reading: DatasetReading = DatasetReading(), clock: any DeskClock = SystemClock(),
    queues: DeskQueues = DeskQueues(), rememberTheme: @escaping @Sendable (String) -> Void = { _ in },
    post: @escaping @Sendable (Message) -> Void
  ) {
    self.engine = engine
    self.version = version
    self.reading = reading
    self.clock = clock
    self.queues = queues
    self.rememberTheme = rememberTheme
    self.post = post
  }

  /// Performs effects; false where the program is to end.
  package func perform(_ effects: [Effect], on terminal: some DeskTerminal) -> Bool {
    effects.allSatisfy { perform($0, on: terminal) }
  }

  private func perform(_ effect: Effect, on terminal: some DeskTerminal) -> Bool {
    switch effect {
    case .quit: return false
    case .suspend: terminal.suspend()
    case .copyToClipboard(let text): terminal.copyToClipboard(text)
    case .rememberTheme(let name): rememberTheme(name)
    case .open(let path, let role, let more):
      queues.requests.async { self.open(path, role, more) }
    case .close(let key):
      state.withLock { state in
        state.files[key] = nil
        state.surveys[key] = nil
        state.surveying.removeValue(forKey: key)?.cancel()
      }
    case .survey(let key, let model): survey(key, model)
    case .estimate(let specification): estimate(specification)
    case .makeMap(let request): makeMap(request)
    case .stopMapping: state.withLock { $0.mapping }?.cancel()
    case .makeHeatMap(let request): makeHeatMap(request)
    case .cross(let ids): cross(ids)
    case .loadRuns(let pool): queues.requests.async { self.loadRuns(pool) }
    case .pauseRun: state.withLock { $0.cancellation }?.pause()
    case .resumeRun: state.withLock { $0.cancellation }?.resume()
    case .writeText(let path, let text, let overwrite): queues.requests.async { self.write(text, to: path, overwrite) }
    case .loadRows(let key, let range):
      queues.requests.async { self.loadRows(key, range) }
    case .find(let key, let request, let search):
      let cancellation = beginSeeking()
      queues.requests.async { self.find(key, request, search, cancellation) }
    case .filter(let key, let request):
      let cancellation = beginSeeking()
      queues.requests.async { self.filter(key, request, cancellation) }
    case .stopSeeking:
      state.withLock { $0.seeking }?.cancel()
    case .completePath(let text):
      queues.requests.async { self.post(.completions(of: text, PathCompletion.completions(of: text))) }
    case .startRun(let specification):
      start(specification)
    case .cancelRun:
      state.withLock { $0.cancellation }?.cancel()
    case .explain(let run, let rank):
      queues.requests.async { self.explain(run, rank) }
    case .export(let run, let path, let overwrite):
      queues.requests.async { self.export(run, path, overwrite) }
    }
    return true
  }

  /// Stops what runs.
  package func cancelAll() { state.withLock { $0.cancellation }?.cancel() }

  /// Stops what runs and waits for it to end, no longer than so many seconds.
  package func finish(within seconds: Double) {
    cancelAll()
    let ended = DispatchSemaphore(value: 0)
    queues.runs.async { ended.signal() }
    _ = ended.wait(timeout: .now() + seconds)
  }

  private func open(_ path: String, _ role: DatasetRole, _ more: [String]) {
    do {
      let file = try DatasetFile.open(
        paths: FolderOfSamples.files(of: ([path] + more).map(PathCompletion.expanded)), role: role, reading: reading)
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

  private func loadRows(_ key: DatasetKey, _ range: Range<RowIndex>) {
    guard let file = state.withLock({ $0.files[key] }) else { return }
    // No row of a file that is shown is left out: positions are indices.
    let positions = (range.lowerBound.value..<range.upperBound.value).clamped(to: 0..<file.count)
    var rows: [RowContent] = []
    if let samples = try? file.samples(at: positions) {
      rows = samples.map { .sample($0) }
    } else {
      // One of them is bad: each by itself, so that the others still show.
      rows = positions.map { position in
        do {
          return .sample(try file.sample(at: position))
        } catch {
          return .unreadable(ErrorReport(describing: error))
        }
      }
    }
    post(.rows(key, first: file.index(at: positions.lowerBound), rows))
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

  private func find(
    _ key: DatasetKey, _ request: FilterRequest, _ search: RowSearch, _ cancellation: Cancellation
  ) {
    let (file, survey) = state.withLock { ($0.files[key], $0.surveys[key]) }
    guard let file else { return }
    do {
      let matches = try RowFiltering.makeMatcher(
        of: file, taking: request.expression, in: request.context, lengths: survey?.lengths, workers: engine.workers,
        cancellation: cancellation)
      for row in search.order(of: file.count) {
        if cancellation.isCancelled { return }
        if let position = file.position(of: row), matches(position) {
          post(.found(key, request.expression, row: row))
          return
        }
      }
      post(.found(key, request.expression, row: nil))
    } catch { refuse(error) { .found(key, request.expression, row: nil) } }
  }

  private func filter(_ key: DatasetKey, _ request: FilterRequest, _ cancellation: Cancellation) {
    let (file, survey) = state.withLock { ($0.files[key], $0.surveys[key]) }
    guard let file else { return }
    do {
      let rows = try RowFiltering.rows(
        of: file, taking: request.expression, in: request.context, lengths: survey?.lengths, workers: engine.workers,
        cancellation: cancellation)
      post(.filtered(key, request.expression, rows: rows))
    } catch { refuse(error) { .filtered(key, request.expression, rows: []) } }
  }

  /// Says why a search found nothing, and ends it; one that was stopped needs no answer.
  private func refuse(_ error: any Error, _ answer: () -> Message) {
    if error is CancellationError { return }
    post(answer())
    post(.failed(ErrorReport(describing: error)))
  }

  private func start(_ specification: RunSpecification) {
    let cancellation = Cancellation()
    let run = state.withLock { state in
      defer { state.nextRun += 1 }
      state.cancellation = cancellation
      return state.nextRun
    }
    post(.runStarted(run, specification))
    queues.runs.async { [self] in
      let picks = PickMailbox(clock: clock) { self.post(.picked(run, $0)) }
      do {
        let outcome = try engine.execute(specification.withExpandedPaths, cancellation: cancellation) { event in
          switch event {
          case .progress(let progress):
            picks.flush()
            self.post(.progress(run, progress))
          case .picked(let pick): picks.add(pick)
          case .reachable(let value): self.post(.reachable(run, value))
          case .notice(let text): self.post(.notice(text))
          // The Data screen shows it.
          case .opened: break
          }
        }
        picks.flush()
        state.withLock { $0.outcomes[run] = outcome }
        let ending = engine.ending(of: outcome)
        if let number = ending.number { post(.recorded(run, number: number)) }
        post(
          ending.selection.isPartial
            ? .runCancelled(run, ending.selection)
            : .runFinished(run, ending.selection, seconds: ending.seconds))
      } catch {
        picks.flush()
        let report = ErrorReport(describing: error)
        post(report.status == .interrupted ? .runCancelled(run, nil) : .runFailed(run, report))
      }
    }
  }

  private func explain(_ run: RunID, _ rank: Rank) {
    do {
      post(.explained(run, rank: rank, try engine.explain(outcome(of: run), rank: rank)))
    } catch {
      post(.explanationFailed(run, rank: rank, ErrorReport(describing: error)))
    }
  }

  private func export(_ run: RunID, _ path: String, _ overwrite: Bool) {
    let path = PathCompletion.expanded(path)
    do {
      let rows: Int
      let (known, number) = state.withLock { ($0.outcomes[run], $0.stored[run]) }
      if let known {
        try engine.export(known, to: path, replacing: overwrite, version: version)
        rows = engine.ending(of: known).selection.picks.count
      } else if let number {
        rows = try engine.export(stored: number, to: path, replacing: overwrite, version: version)
      } else {
        throw ErrorReport("the run has no picks to export", status: .failed)
      }
      post(.exported(run, path: URL(fileURLWithPath: path).standardizedFileURL.path, rows: rows))
    } catch DatasetError.exists {
      post(.exportExists(run, path: path))
    } catch {
      post(.failed(ErrorReport(describing: error)))
    }
  }
}
