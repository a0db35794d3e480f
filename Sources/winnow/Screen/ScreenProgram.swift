import Domain
import Foundation
import Interface
import Screen
import Store
import Terminal
import Workbench

/// The main loop: input and news go into `update`, its effects to the performer, the view to the terminal. Everything
/// here is on the main thread, which sleeps when there is nothing to do.
final class ScreenProgram {
  private let engine: RunEngine
  private let opening: Opening
  private let mouse: Bool
  private let sessionName: String

  init(opening: Opening, engine: RunEngine, mouse: Bool, sessionName: String) {
    self.sessionName = sessionName
    self.opening = opening
    self.engine = engine
    self.mouse = mouse
  }

  func run() throws {
    // Before any other thread starts: signals are to come to this one.
    let terminal: TerminalDriver
    do throws(TerminalError) {
      terminal = try TerminalDriver(mouse: mouse, descriptions: engine.paths.cache + "/terminfo")
    } catch {
      throw ErrorReport(error.problem, remedy: error.remedy, status: .unusableArguments)
    }
    var opening = opening
    (opening.width, opening.height) = terminal.size
    opening.depth = terminal.colorDepth
    var model = Model(startingWith: opening)

    let inbox = Inbox { TerminalDriver.wakeUp() }
    let performer = EffectPerformer(engine: engine, version: Version.text, reading: opening.reading) { inbox.post($0) }
    let keeper = SessionKeeper(store: SessionStore(paths: engine.paths), name: sessionName) { inbox.post($0) }
    let start = ContinuousClock.now
    var nextTick = start

    /// Performs effects; false when the program is to end.
    func perform(_ effects: [Effect]) -> Bool {
      for effect in effects {
        switch effect {
        case .quit: return false
        case .suspend: terminal.suspend()
        case .copyToClipboard(let text): terminal.copyToClipboard(text)
        case .rememberTheme(let name): RememberedTheme.write(name, engine.paths)
        case .open, .close, .loadRows, .find, .filter, .stopSeeking, .completePath, .survey, .estimate, .makeMap,
          .stopMapping, .makeHeatMap, .cross, .loadRuns, .pauseRun, .resumeRun, .writeText, .startRun, .cancelRun,
          .explain, .export:
          performer.perform(effect)
        }
      }
      return true
    }

    // Leaving: the terminal first, then a moment for a run that is going on to be written down as cancelled.
    defer {
      terminal.stop()
      keeper.note(model.session)
      keeper.finish()
      performer.finish(within: 1)
    }
    _ = perform(model.openingEffects)
    while true {
      terminal.show(view(model))
      keeper.note(model.session)
      let events = terminal.wait(until: model.wantsTicks ? nextTick : nil)
      if let signal = terminal.endRequest {
        keeper.finish()
        performer.cancelAll()
        terminal.end(by: signal)
      }
      for message in events.map(Message.input) + inbox.takeAll() {
        guard perform(update(&model, message)) else { return }
      }
      let now = ContinuousClock.now
      if model.wantsTicks, now >= nextTick {
        let seconds = start.duration(to: now) / .seconds(1)
        guard perform(update(&model, .tick(seconds))) else { return }
        nextTick = now + .milliseconds(100)
      }
    }
  }
}
