import Domain
import Screen

extension Context {
  package static let run = Context(name: "run", title: "Run")
}

extension Action {
  static let replay: Action = "replay"
  static let stepBack: Action = "stepBack"
  static let stepForward: Action = "stepForward"
  static let slower: Action = "slower"
  static let faster: Action = "faster"
}

extension Panel {
  static let progress: Panel = "progress"
  static let picks: Panel = "picks"
  static let gains: Panel = "gains"
  static let coverage: Panel = "coverage"
}

/// How far the run is: its phases, its curves, its picks as they come.
enum RunScreen: ScreenPart {
  static let name = ScreenName.run
  static let context = Context.run
  static let home = Panel.picks
  static let meaning = "Show how far the run is, its curves and picks"
  static let help = [
    "Load reads the files, score asks the model how much each row helps with each other row, select takes the rows. "
      + "The upper curve shows what each pick adds: where it is flat, more rows bring little. The lower one shows how "
      + "much of what the whole pool is worth the picks reach together.",
    "After the run the picks can be taken again, step by step or playing; curves, list and map follow.",
  ]

  static let panels: [PanelPart] = [
    PanelPart(.progress, draw: { $0.drawProgress(in: $1, &$2) }),
    PanelPart(
      .picks,
      enter: .init(
        "inspect", unless: { $0.currentRun?.picks.isEmpty == false ? nil : "Nothing is chosen yet." },
        asks: { model in
          model.show(.inspect)
          return []
        }), draw: { $0.drawPicks(in: $1, &$2) }),
    PanelPart(.gains, draw: { $0.drawGains(in: $1, &$2) }),
    PanelPart(.coverage, draw: { $0.drawCoverage(in: $1, &$2) }),
  ]

  static let commands: [Command] = [
    Command(
      .replay, [.character(" ")], in: [.run], "replay", "Take the picks again on screen; pause, and go on",
      footer: true, titled: { model in model.currentRun?.replay.map { $0.isPlaying ? "pause" : "play" } },
      unless: obstacleToReplay,
      does: { model in
        let isFirst = model.currentRun?.replay == nil
        replay(&model) { replay, count in
          if isFirst { replay.position = 0 } else { replay.isPlaying.toggle() }
          if replay.isPlaying, replay.position == count { replay.position = 0 }
        }
      }),
    Command(
      .stepBack, [.character(",")], in: [.run], "step back", "Go back a pick in the replay", unless: obstacleToReplay,
      does: { replay(&$0) { $0.step(by: -1, of: $1) } }),
    Command(
      .stepForward, [.character(".")], in: [.run], "step", "Go on a pick in the replay", unless: obstacleToReplay,
      does: { replay(&$0) { $0.step(by: 1, of: $1) } }),
    Command(
      .slower, [.character("<")], in: [.run], "slower", "Replay fewer picks a second", unless: obstacleToSpeed,
      does: { model in replay(&model) { replay, _ in replay.change(speed: -1) } }),
    Command(
      .faster, [.character(">")], in: [.run], "faster", "Replay more picks a second", unless: obstacleToSpeed,
      does: { model in replay(&model) { replay, _ in replay.change(speed: 1) } }),
  ]

  private static func obstacleToReplay(_ model: Model) -> String? {
    guard let run = model.currentRun, !run.picks.isEmpty else {
      return "Nothing is chosen yet: \(model.key(.startRun)) starts a run."
    }
    return run.isGoingOn ? "The run is still going on. It can be replayed when it ends." : nil
  }

  private static func obstacleToSpeed(_ model: Model) -> String? {
    model.currentRun?.replay == nil ? "Nothing is being replayed: \(model.key(.replay)) begins." : nil
  }

  /// Changes the walk through the picks; a first one begins at the end, where the screen stands.
  private static func replay(_ model: inout Model, _ change: (inout Replay, _ picks: Int) -> Void) {
    guard let index = model.runs.indices.last else { return }
    let count = model.runs[index].picks.count
    var replay = model.runs[index].replay ?? Replay(of: count, at: count)
    change(&replay, count)
    model.runs[index].replay = replay
  }

  static func layout(_ model: Model, in body: Rect) -> [(Panel, Rect)] {
    let (left, right) = body.split(columns: max(36, min(64, model.width * 2 / 5)))
    // A line a phase, two more for the one at work, the ending, and the border.
    let lines = (model.currentRun?.shownPhases.count ?? 3) + (model.currentRun?.selection?.sparse == nil ? 4 : 5)
    let (progress, picks) = left.split(rows: max(7, min(lines, body.height / 2)))
    if model.width >= 150, model.height >= 30 {
      let (curves, map) = right.split(columns: right.width * 2 / 5)
      let (gains, coverage) = curves.split(rows: curves.height / 2)
      return [(.progress, progress), (.picks, picks), (.gains, gains), (.coverage, coverage), (.map, map)]
    }
    let (gains, coverage) = right.split(rows: right.height / 2)
    return [(.progress, progress), (.picks, picks), (.gains, gains), (.coverage, coverage)]
  }

  static func hint(_ model: Model) -> String {
    func key(_ action: Action) -> String { model.key(action) }
    if let run = model.currentRun, run.isGoingOn {
      if run.isPaused { return "The run is held. \(key(.pauseRun)) lets it go on; \(key(.cancelRun)) cancels it." }
      return run.state == .cancelling
        ? "Stopping the run; what is done is kept."
        : "Running. Go on reading meanwhile; \(key(.pauseRun)) holds it, \(key(.cancelRun)) cancels and keeps what is done."
    }
    if let run = model.currentRun, !run.picks.isEmpty {
      if run.replay != nil {
        return
          "\(key(.stepBack)) \(key(.stepForward)) step, \(key(.slower)) \(key(.faster)) change the speed, \(key(.dismiss)) leaves the replay."
      }
      return "Press \(key(.showInspect)) to read what was chosen and why; \(key(.replay)) takes the picks again."
    }
    if let problem = model.setupProblems.first { return "\(problem.text) \(key(.showSetup)) sets up a run." }
    return
      "Press \(key(.startRun)) to choose \(Format.count(model.plannedPicks ?? 0, "row")); \(key(.showSetup)) says how."
  }

  static func requests(_ model: inout Model) -> [Effect] {
    guard model.screen == .run, let run = model.currentRun else { return [] }
    return model.want(run.shownPicks.suffix(model.page(of: .picks)).map(\.row), of: .pool, run.pool)
  }

  static func leave(_ model: inout Model) -> [Effect]? {
    if model.currentRun?.replay != nil {
      model.runs[model.runs.count - 1].replay = nil
      return []
    }
    return nil
  }
}
