import Domain
import Screen

extension Action {
  static let startRun: Action = "startRun"
  static let cancelRun: Action = "cancelRun"
  static let pauseRun: Action = "pauseRun"
}

extension Command {
  /// What begins, holds and stops a run, on every screen.
  static let ofRuns: [Command] = [
    Command(
      .startRun, [.character("r")], in: screens, "run",
      "Start a run with what is set on the Setup screen; while one is going on, let it wait for that to end",
      footer: true,
      unless: { model in
        model.setupProblems.first?.text
      }, asks: { $0.startRun() }),
    Command(
      .cancelRun, [.character("c")], in: screens, "cancel",
      "Stop the run that is going on; what it has done is kept", footer: true,
      unless: { $0.obstacleToHolding("The run is being stopped already.") }, asks: { $0.cancelRun() }),
    Command(
      "dropWaitingRuns", [.character("C")], in: screens, "drop the queue", "Take the runs that wait off the queue",
      unless: { $0.waitingRuns.isEmpty ? "No run waits." : nil },
      does: { model in
        model.say("\(Format.count(model.waitingRuns.count, "run")) that waited will not be made.")
        model.waitingRuns = []
      }),
    Command(
      .pauseRun, [.character("z")], in: screens, "pause", "Hold the run that is going on, or let it go on",
      titled: { $0.currentRun?.isPaused == true ? "go on" : nil },
      unless: { $0.obstacleToHolding("The run is being stopped.") }, asks: { $0.pauseRun() }),
  ]

  private static let screens = ScreenName.allCases.map { $0.part.context }
}

extension Model {
  /// Pairs from which on a run says what it takes and asks before it starts.
  private static let manyPairs = 25_000_000

  mutating func startRun(isAsked: Bool = false) -> [Effect] {
    if !isAsked, setup.scores, let pairs = plannedPairs, pairs >= Self.manyPairs {
      var question = "This scores \(Format.count(pairs, "pair")) and takes \(Format.bytes(Double(pairs) * 8)) of memory"
      if let found = estimate.estimate, estimate.asked == plannedRun?.forEstimate {
        question += ", about \(Format.span(found.seconds))"
      } else {
        question += "; \(key(.showSetup)) says how long"
      }
      overlay = .confirm(Confirmation(purpose: .start, question: question + ". Start?"))
      return []
    }
    guard let specification = plannedRun, let picks = plannedPicks, let rows = candidateRows else { return [] }
    var run = Run(
      specification: specification, budget: picks, candidates: rows,
      contents: files.compactMapValues { $0.opened?.summary.contentHash })
    if specification.pool == nil { run.contents[.pool] = nil }
    if currentRun?.isGoingOn == true {
      waitingRuns.append(run)
      say(
        "\(specification.method.rawValue) waits for the run that is going on: \(Format.count(waitingRuns.count, "run")) in the queue."
      )
      return []
    }
    restoring?.running = nil
    runs.append(run)
    show(.run)
    return [.startRun(specification)]
  }

  /// Starts the next run that waits, if nothing is going on any more.
  mutating func startWaitingRun() -> [Effect] {
    guard currentRun?.isGoingOn != true, !waitingRuns.isEmpty else { return [] }
    let run = waitingRuns.removeFirst()
    runs.append(run)
    return [.startRun(run.specification)]
  }

  fileprivate func obstacleToHolding(_ stopping: String) -> String? {
    guard let run = currentRun, run.isGoingOn else { return "Nothing is running." }
    return run.state == .cancelling ? stopping : nil
  }

  /// Seconds of work from which on stopping it is asked about.
  private static let muchWork = 60.0

  mutating func cancelRun(isAsked: Bool = false) -> [Effect] {
    guard let index = runs.indices.last else { return [] }
    let done = runs[index].phases.values.reduce(0) { $0 + $1.elapsed }
    if !isAsked, done >= Self.muchWork {
      overlay = .confirm(
        Confirmation(
          purpose: .cancel,
          question: "\(Format.span(done)) of work are done. Cancel the run? What is scored by now is kept."))
      return []
    }
    runs[index].state = .cancelling
    return [.cancelRun]
  }

  fileprivate mutating func pauseRun() -> [Effect] {
    guard let index = runs.indices.last else { return [] }
    runs[index].isPaused.toggle()
    say(runs[index].isPaused ? "The run is held. \(key(.pauseRun)) lets it go on." : "The run goes on.")
    return [runs[index].isPaused ? .pauseRun : .resumeRun]
  }
}
