import Domain
import Foundation
import Synchronization
import Workbench

/// Says on standard error how a run goes: a line that redraws itself where that is a terminal, else a line now and then.
final class ConsoleReporter: Sendable {
  private struct State {
    var phase: Phase?
    var last: Domain.Progress?
    var saidAt = Date.distantPast
    var barWidth = 0
    var picks = 0
  }

  private let state = Mutex(State())
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let quiet: Bool

  init(quiet: Bool) { self.quiet = quiet }

  func observe(_ event: RunEvent) {
    state.withLock { state in
      switch event {
      case .progress(let progress):
        guard !quiet else { return }
        if let last = state.last, last.phase != progress.phase { finishPhase(&state, last) }
        state.last = progress
        if isTerminal {
          draw(Self.line(progress), &state)
        } else if state.phase != progress.phase || Date().timeIntervalSince(state.saidAt) > 5 {
          write(Self.line(progress) + "\n")
          state.saidAt = Date()
        }
        state.phase = progress.phase
      case .picked:
        state.picks += 1
      case .reachable: break
      case .opened(let summary):
        clear(&state)
        if !quiet { for line in Self.lines(summary) { Output.message(line + "\n") } }
        for note in summary.notes { Output.message("note: \(summary.path): \(note)\n") }
      case .notice(let text):
        clear(&state)
        Output.message("note: \(text)\n")
      }
    }
  }

  /// Ends the line that is being redrawn.
  func finish() {
    state.withLock { state in
      if !quiet, let last = state.last { finishPhase(&state, last) }
      state.last = nil
    }
  }

  private func finishPhase(_ state: inout State, _ last: Domain.Progress) {
    clear(&state)
    write(Self.line(last) + "\n")
  }

  private func draw(_ line: String, _ state: inout State) {
    let padding = String(repeating: " ", count: max(0, state.barWidth - line.count))
    write("\r" + line + padding)
    state.barWidth = line.count
  }

  private func clear(_ state: inout State) {
    guard isTerminal, state.barWidth > 0 else { return }
    write("\r" + String(repeating: " ", count: state.barWidth) + "\r")
    state.barWidth = 0
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  /// What a file was found to hold, a line for each of the files that make one dataset.
  static func lines(_ summary: DatasetSummary) -> [String] {
    summary.parts.map { part in
      "\(summary.role.rawValue)  \(part.path)  \(part.rows) rows  \(part.format.rawValue)  \(part.schema.rawValue)"
        + (summary.labelField.map { "  label \($0)" } ?? "")
    }
  }

  /// One line of progress: phase, count, share, tokens a second, time.
  static func line(_ progress: Domain.Progress) -> String {
    var parts = [
      "\(progress.phase.rawValue)  \(progress.done)/\(progress.total) \(progress.unit)",
      "\(Int(progress.fraction * 100))%",
    ]
    if progress.resumed > 0 { parts.append("\(progress.resumed) from the cache") }
    if let tokens = progress.tokensPerSecond { parts.append("\(Int(tokens)) tokens/s") }
    if progress.done < progress.total {
      if let left = progress.secondsLeft { parts.append("\(duration(left)) left") }
    } else {
      parts.append(String(format: "%.2f s", progress.elapsed))
    }
    return parts.joined(separator: "  ")
  }

  static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 359_999))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}

/// Turns Ctrl-C into a cancellation for as long as it lives; a second one ends the program at once.
final class InterruptHandler {
  let cancellation = Cancellation()
  private let source: any DispatchSourceSignal

  init() {
    signal(SIGINT, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global(qos: .userInteractive))
    source.setEventHandler { [cancellation] in
      if cancellation.isCancelled { _exit(ExitStatus.interrupted.rawValue) }
      cancellation.cancel()
    }
    source.resume()
  }

  deinit {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }
}
