import Screen

extension Context {
  package static let question = Context(name: "question", title: "In a question")
}

extension Action {
  static let yes: Action = "yes"
  static let no: Action = "no"
}

/// A question that `y` or `n` answers.
package struct Confirmation: Layer {
  package enum Purpose: Sendable, Hashable {
    case quit
    case cancel
    case start
    case overwrite(RunID, path: String)
    case overwriteText(path: String, text: String)
  }
  package var purpose: Purpose
  package var question: String

  var contexts: [Context] { [.question] }
  var leaving: Action { .no }
  var overlay: Overlay { .confirm(self) }

  static let commands: [Command] = [
    Command(.yes, [.character("y"), .enter], in: [.question], "yes", "Do it", footer: true, asks: { $0.accept() }),
    Command(
      .no, [.character("n"), .escape, .control("g")], in: [.question], "no", "Leave it", footer: true,
      does: { $0.abandon() }),
  ]

  func accept(_ model: inout Model) -> [Effect] {
    switch purpose {
    case .quit: [.quit]
    case .cancel: model.currentRun?.isGoingOn == true ? model.cancelRun(isAsked: true) : []
    case .start: model.plannedRun == nil ? [] : model.startRun(isAsked: true)
    case .overwrite(let id, let path): [.export(id, path: path, overwrite: true)]
    case .overwriteText(let path, let text): [.writeText(path: path, text: text, overwrite: true)]
    }
  }

  func draw(_ model: Model, in body: Rect, _ frame: inout Frame) {
    let width = min(64, body.width)
    let lines = question.wrapped(to: max(1, width - 4), limit: 4)
    let inside = frame.layer("Question", body.centered(width, lines.count + 4))
    for (row, line) in lines.enumerated() { frame.text(line, .text, in: inside, y: row) }
    let answers = Rect(x: inside.x, y: inside.bottom - 1, width: inside.width, height: 1)
    let yes = frame.spans([("y", .key), (" yes", .text)], in: answers)
    frame.mark(Rect(x: answers.x, y: answers.y, width: yes, height: 1), .action(.yes))
    let no = frame.spans([("n", .key), (" no", .text)], in: answers, x: yes + 3)
    frame.mark(Rect(x: answers.x + yes + 3, y: answers.y, width: no, height: 1), .action(.no))
  }
}
