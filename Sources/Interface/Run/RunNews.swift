import Domain

/// What is heard of runs.
extension Model {
  mutating func runStarted(_ id: RunID, _ specification: RunSpecification) {
    guard let index = runs.indices.last, runs[index].id == nil else { return }
    runs[index].id = id
    runs[index].specification = specification
    if runs[index].state == .starting { runs[index].state = .running }
  }

  mutating func runPicked(_ id: RunID, _ picks: [Pick]) {
    change(run: id) { $0.picks += picks }
    showChosen(by: id)
  }

  mutating func runFinished(_ id: RunID, _ selection: Selection, _ seconds: PhaseSeconds) {
    change(run: id) { $0.end(.finished(seconds: seconds), with: selection) }
    showChosen(by: id)
    let total = seconds.load + seconds.score + seconds.select
    say(
      "Chose \(Format.count(selection.picks.count, "row")) in \(Format.duration(total)). Press \(key(.showInspect)) to read them."
    )
  }

  mutating func runCancelled(_ id: RunID, _ selection: Selection?) {
    change(run: id) { $0.end(.cancelled, with: selection) }
    showChosen(by: id)
    let kept = selection?.picks.count ?? 0
    say(
      kept > 0
        ? "Cancelled. \(Format.count(kept, "row")) chosen by then are kept, marked partial."
        : "Cancelled. What was scored is kept: the next run goes on from there.")
  }

  mutating func runFailed(_ id: RunID?, _ report: ErrorReport) {
    if let id {
      change(run: id) { $0.end(.failed(report), with: nil) }
    } else if let index = runs.indices.last, runs[index].isGoingOn {
      runs[index].end(.failed(report), with: nil)
    }
    fail(report)
  }

  /// Has Inspect look at the latest run, unless another one is being read there.
  private mutating func showChosen(by id: RunID) {
    guard let index = runs.indices.last, runs[index].id == id, !runs[index].picks.isEmpty else { return }
    if inspect.run == index, inspect.order != .rank || inspect.isReversed { arrangePicks() }
    if inspect.run != index, screen != .inspect || inspect.run == nil { inspect(run: index) }
  }

  mutating func change(run id: RunID, _ body: (inout Run) -> Void) {
    // The latest run that has the number: a store gives each its own.
    guard let index = runs.lastIndex(where: { $0.id == id }) else { return }
    body(&runs[index])
  }
}

extension Run {
  mutating func receive(_ progress: Progress) {
    phases[progress.phase] = progress
    latestPhase = progress.phase
  }

  fileprivate mutating func end(_ state: State, with selection: Selection?) {
    self.state = state
    isPaused = false
    self.selection = selection
    if let selection { picks = selection.picks }
  }
}
