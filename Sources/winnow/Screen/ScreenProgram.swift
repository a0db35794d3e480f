import Desk
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
  /// A file to write what happens to; nil for none.
  private let recording: String?

  init(opening: Opening, engine: RunEngine, mouse: Bool, sessionName: String, recording: String?) {
    self.sessionName = sessionName
    self.recording = recording
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
    let desk = Desk(
      engine: engine, version: Version.text, reading: opening.reading,
      rememberTheme: { [paths = engine.paths] in RememberedTheme.write($0, paths) }
    ) { inbox.post($0) }
    let keeper = SessionKeeper(store: SessionStore(paths: engine.paths), name: sessionName) { inbox.post($0) }
    let start = ContinuousClock.now
    var nextTick = start

    let recorder = try recording.map { try Recorder(path: $0, opening: opening) }
    /// Takes a message in and does what follows; false where the program is to end.
    func take(_ message: Message) -> Bool {
      recorder?.note(message)
      return desk.perform(update(&model, message), on: terminal)
    }

    // Leaving: the terminal first, then a moment for a run that is going on to be written down as cancelled.
    defer {
      terminal.stop()
      keeper.note(model.session)
      keeper.finish()
      desk.finish(within: 1)
    }
    _ = desk.perform(model.openingEffects, on: terminal)
    while true {
      terminal.show(view(model))
      keeper.note(model.session)
      let events = terminal.wait(until: model.wantsTicks ? nextTick : nil)
      if let signal = terminal.endRequest {
        keeper.finish()
        desk.cancelAll()
        terminal.end(by: signal)
      }
      for message in events.map(Message.input) + inbox.takeAll() {
        guard take(message) else { return }
      }
      let now = ContinuousClock.now
      if model.wantsTicks, now >= nextTick {
        let seconds = start.duration(to: now) / .seconds(1)
        guard take(.tick(seconds)) else { return }
        nextTick = now + .milliseconds(100)
      }
    }
  }
}

extension TerminalDriver: DeskTerminal {}
