import Domain
import Screen

extension Context {
  package static let setup = Context(name: "setup", title: "Setup")
}

extension Panel {
  static let setup: Panel = "setup"
  static let meaning: Panel = "meaning"
  static let estimate: Panel = "estimate"
}

/// The form of the next run, what a field means, and what the run will take.
enum SetupScreen: ScreenPart {
  static let name = ScreenName.setup
  static let context = Context.setup
  static let home = Panel.setup
  static let meaning = "Say what the next run does, and see what it takes"
  static let help = [
    "The form says what the next run does. What is missing is said at the right, and before anything starts what the "
      + "run will take, told from scoring some rows for half a second.",
    "Facility location picks rows so that every row of the pool is well served by one of them; FLMI does so where the "
      + "pool resembles a target set; conditional gain leaves out what existing data covers.",
  ]

  static let panels: [PanelPart] = [
    PanelPart(
      .setup, list: ListPane(\.setup.list, count: { $0.setup.fields.count + 1 }, scrolls: false),
      enter: .init(titled: enterTitle, asks: enter),
      sideways: { model, steps in
        guard let field = model.setup.currentField, field.parameter.choices != nil else { return false }
        model.setup.step(field, by: steps)
        return true
      }, draw: { $0.drawSetup(in: $1, &$2) }),
    PanelPart(.meaning, draw: { $0.drawMeaning(in: $1, &$2) }),
    PanelPart(.estimate, draw: { $0.drawEstimate(in: $1, &$2) }),
  ]

  static let commands: [Command] = []

  private static func enterTitle(_ model: Model) -> String {
    guard let field = model.setup.currentField else { return "start" }
    return field.parameter.choices == nil ? "edit" : "change"
  }

  private static func enter(_ model: inout Model) -> [Effect] {
    guard let field = model.setup.currentField else { return model.attempt(.startRun) }
    if let role = field.parameter.role { return model.ask(.open(role)) }
    guard field.parameter.choices != nil else { return model.ask(.field(field), text: model.setup[field]) }
    model.setup.step(field, by: 1)
    return []
  }

  static func layout(_ model: Model, in body: Rect) -> [(Panel, Rect)] {
    let (form, right) = body.split(columns: max(34, min(70, model.width / 2 + 2)))
    let (meaning, estimate) = right.split(rows: max(8, min(14, body.height * 9 / 20)))
    return [(.setup, form), (.meaning, meaning), (.estimate, estimate)]
  }

  static func hint(_ model: Model) -> String {
    func key(_ action: Action) -> String { model.key(action) }
    if let problem = model.setupProblems.first { return problem.text }
    if model.currentRun?.isGoingOn == true, model.setup.currentField == nil {
      return
        "A run is going on: \(key(.startRun)) lets this one wait for it, \(key(.cancelRun)) cancels the one that runs."
    }
    guard let field = model.setup.currentField else {
      return
        "Press \(key(.activate)), or \(key(.startRun)), to choose \(Format.count(model.plannedPicks ?? 0, "row"))."
    }
    return field.parameter.choices != nil
      ? "\(key(.left)) and \(key(.right)) change it."
      : "\(key(.activate)) changes it; \(key(.startRun)) starts the run."
  }

  static func settle(_ model: inout Model) {
    model.setup.list.settle(count: model.setup.fields.count + 1, page: model.page(of: .setup))
  }

  static func requests(_ model: inout Model) -> [Effect] { model.wantsEstimate() }
}
