import Domain
import Screen

/// Whether an action can be done now, and if not, why.
package enum Availability: Sendable, Hashable {
  case available
  case unavailable(String)

  var isAvailable: Bool { self == .available }
}

extension Model {
  /// The contexts that hold now, topmost first. Something that takes text lets no other context through.
  package var contexts: [Context] {
    switch overlay {
    case .prompt(let prompt):
      if case .open = prompt.purpose { return [.pathTyping, .opening] }
      return [prompt.takesPath ? .pathTyping : .typing]
    case .palette: return [.palette]
    case .confirm: return [.question]
    case .themes: return [.themes]
    case .help, .log: return [.reader]
    case nil:
      return [screen.context, .lists, .everywhere]
    }
  }

  /// The binding of a key as things stand.
  package func binding(for key: Key) -> Binding? {
    for context in contexts {
      if let binding = keyMap.bindings.first(where: { $0.contexts.contains(context) && $0.keys.contains(key) }) {
        return binding
      }
    }
    return nil
  }

  /// Whether an action can be done now. What cannot be done stays in sight, and says why when it is asked for.
  package func availability(of action: Action) -> Availability {
    switch action {
    case .startRun:
      if currentRun?.isGoingOn == true { return .unavailable("A run is going on. \(key(.cancelRun)) cancels it.") }
      if let problem = setupProblems.first { return .unavailable(problem.text) }
      return .available
    case .cancelRun:
      guard let run = currentRun, run.isGoingOn else { return .unavailable("Nothing is running.") }
      return run.state == .cancelling ? .unavailable("The run is being stopped already.") : .available
    case .export:
      guard let run = inspectedRun else {
        return .unavailable("Nothing is chosen yet: \(key(.startRun)) starts a run.")
      }
      if run.isGoingOn { return .unavailable("The run is still going on. It can be exported when it ends.") }
      return run.picks.isEmpty || run.id == nil ? .unavailable("This run chose nothing.") : .available
    case .replay, .stepBack, .stepForward:
      guard let run = currentRun, !run.picks.isEmpty else {
        return .unavailable("Nothing is chosen yet: \(key(.startRun)) starts a run.")
      }
      return run.isGoingOn ? .unavailable("The run is still going on. It can be replayed when it ends.") : .available
    case .slower, .faster:
      return currentRun?.replay == nil ? .unavailable("Nothing is being replayed: \(key(.replay)) begins.") : .available
    case .pauseRun:
      guard let run = currentRun, run.isGoingOn else { return .unavailable("Nothing is running.") }
      return run.state == .cancelling ? .unavailable("The run is being stopped.") : .available
    case .addFile:
      return files[.pool]?.opened == nil
        ? .unavailable("No pool is open: \(key(.openFile)) opens one.") : .available
    case .changeRole:
      return shownFile == nil ? .unavailable("No file is open here: \(key(.openFile)) opens one.") : .available
    case .closeFile:
      if role == .pool {
        return .unavailable("The pool is what rows are chosen from: \(key(.openFile)) opens another.")
      }
      return shownFile == nil ? .unavailable("No file is open here: \(key(.openFile)) opens one.") : .available
    case .sort, .reverseSort:
      if screen == .inspect {
        return inspectedPick == nil ? .unavailable("Nothing is chosen yet.") : .available
      }
      guard let file = shownFile else { return .unavailable("No file is open here: \(key(.openFile)) opens one.") }
      return file.survey == nil && action == .sort
        ? .unavailable("The file is still being read through.") : .available
    case .exportTable:
      return compare.comparison == nil ? .unavailable("Two runs that have ended are needed.") : .available
    case .zoomIn, .zoomOut, .zoomReset, .panLeft, .panRight, .panUp, .panDown, .colourBy:
      if map.isHeatMap { return .unavailable("The matrix is shown: \(key(.nextView)) goes back to the map.") }
      guard map.map != nil else { return .unavailable("There is no map yet.") }
      switch action {
      case .zoomIn:
        return map.zoom < MapState.mostZoom ? .available : .unavailable("The map is as large as it gets.")
      case .zoomOut, .zoomReset, .panLeft, .panRight, .panUp, .panDown:
        return map.zoom > 1 ? .available : .unavailable("The whole map is shown: \(key(.zoomIn)) enlarges it.")
      default: return .available
      }
    case .mapSource:
      return mapSources.count > 1
        ? .available
        : .unavailable(
          "Words are all there is: utilities come with a run, gradients with a model (\(key(.showSetup))).")
    case .heatOrder:
      return map.isHeatMap
        ? .available : .unavailable("The map is shown: \(key(.nextView)) shows the matrix.")
    case .previousRun:
      return (inspect.run ?? 0) > 0 ? .available : .unavailable("There is no earlier run.")
    case .nextRun:
      return (inspect.run ?? 0) + 1 < runs.count ? .available : .unavailable("There is no later run.")
    case .copyRow:
      return rowUnderCursor == nil ? .unavailable("No row is under the cursor.") : .available
    case .pin, .ban:
      if screen == .setup || screen == .run { return .unavailable("No row is under the cursor.") }
      if screen == .data, role != .pool { return .unavailable("Only rows of the pool can be pinned or banned.") }
      let pool = screen == .compare ? comparedPool : inspectedRun?.pool
      if screen == .inspect, focusedPanel == .reasons, relation == .targets {
        return .unavailable("Only rows of the pool can be pinned or banned.")
      }
      if screen != .data, screen != .map, pool == nil || pool != files[.pool]?.opened?.summary.contentHash {
        return .unavailable("This run chose from another pool than the one that is open.")
      }
      return rowUnderCursor == nil ? .unavailable("No row is under the cursor.") : .available
    case .search, .filter:
      if screen == .inspect, inspectedPick == nil { return .unavailable("Nothing is chosen yet.") }
      return screen == .data && shownFile == nil
        ? .unavailable("No file is open here: \(key(.openFile)) opens one.") : .available
    case .searchNext, .searchPrevious:
      return searched == nil ? .unavailable("Nothing was searched for yet: \(key(.search)) begins.") : .available
    case .undo: return done.isEmpty ? .unavailable("There is nothing to take back.") : .available
    case .redo: return undone.isEmpty ? .unavailable("Nothing was taken back.") : .available
    case .addRun:
      guard comparedRuns != nil else { return .unavailable("Two runs that have ended are needed.") }
      if comparedPlaces.count == CompareState.mostRuns { return .unavailable("Four runs are as many as are compared.") }
      return furtherRun == nil ? .unavailable("All runs that have ended are compared.") : .available
    case .dropRun:
      guard comparedRuns != nil else { return .unavailable("Two runs that have ended are needed.") }
      return comparedPlaces.count > 2 ? .available : .unavailable("Two runs are as few as can be compared.")
    case .earlierA, .laterA, .earlierB, .laterB:
      guard let pair = comparedRuns else { return .unavailable("Two runs that have ended are needed.") }
      let place = [.earlierA, .laterA].contains(action) ? pair.a : pair.b
      let end = [.earlierA, .earlierB].contains(action) ? comparableRuns.first : comparableRuns.last
      return place == end ? .unavailable("There is no other run on that side.") : .available
    case .activate:
      switch focusedPanel {
      case .files, .setup: return .available
      case .rows:
        return shownFile == nil ? .unavailable("No file is open here: \(key(.openFile)) opens one.") : .available
      case .chosen: return inspectedPick == nil ? .unavailable("Nothing is chosen yet.") : .available
      case .reasons:
        return representedUnderCursor == nil ? .unavailable("No row is under the cursor.") : .available
      case .picks:
        return currentRun?.picks.isEmpty == false ? .available : .unavailable("Nothing is chosen yet.")
      case .differing: return comparedRow == nil ? .unavailable("No row is under the cursor.") : .available
      case .makeup:
        return shownFile?.survey?.labels.isEmpty == false
          ? .available : .unavailable("There is no label to choose here.")
      case .map, .mapText:
        return rowUnderCursor == nil ? .unavailable("No row is under the cursor.") : .available
      case .versus: return comparedRuns == nil ? .unavailable("Two runs that have ended are needed.") : .available
      case .rowText, .meaning, .estimate, .progress, .gains, .coverage, .chosenText, .curves, .composition,
        .overlap, .lengths, .crossed, .differingText:
        return .unavailable("There is nothing to choose here.")
      }
    default: return .available
    }
  }

  /// The key of an action, as a hint names it; for one without a key, how the palette finds it.
  func key(_ action: Action) -> String {
    guard let binding = keyMap.binding(of: action) else { return "" }
    return binding.keys.first?.label ?? "\"\(binding.title)\""
  }

  /// The footer's bindings as things stand, most particular first.
  var footerBindings: [Binding] {
    var seen: Set<Action> = []
    var found: [Binding] = []
    for context in contexts {
      for binding in keyMap.bindings
      where binding.isInFooter && !binding.keys.isEmpty && binding.contexts.contains(context) {
        if seen.insert(binding.action).inserted { found.append(binding) }
      }
    }
    return found
  }

  /// What Enter does where the focus is, in a word or two.
  func title(of binding: Binding) -> String {
    if binding.action == .pauseRun, currentRun?.isPaused == true { return "go on" }
    if binding.action == .replay, let replay = currentRun?.replay { return replay.isPlaying ? "pause" : "play" }
    guard binding.action == .activate else { return binding.title }
    switch focusedPanel {
    case .files: return "open"
    case .rows: return "read"
    case .setup:
      guard let field = setup.currentField else { return "start" }
      return field.parameter.choices == nil ? "edit" : "change"
    case .picks: return "inspect"
    case .chosen: return "why"
    case .makeup: return "filter"
    case .reasons, .differing, .map, .mapText: return "go to row"
    case .versus: return "inspect"
    default: return binding.title
    }
  }
}
