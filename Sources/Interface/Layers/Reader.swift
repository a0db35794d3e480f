import Screen

extension Context {
  package static let reader = Context(name: "reader", title: "In help and log")
}

/// A page of text that stands over the screen.
protocol Reader: Layer {
  var top: Int { get set }
  var title: String { get }
  func lines(_ model: Model, width: Int) -> [TextLine]
}

extension Reader {
  var contexts: [Context] { [.reader] }
  var leaving: Action { .dismiss }

  mutating func move(_ step: Step, _ model: inout Model) {
    top.scroll(step, count: lines(model, width: model.readerInside.width).count, page: model.readerPage)
  }

  func draw(_ model: Model, in body: Rect, _ frame: inout Frame) {
    let rect = model.readerRect
    let inside = frame.layer(title, note: "\(model.key(.dismiss)) leaves", rect)
    frame.text(lines(model, width: model.readerInside.width), top: top, in: inside, border: rect, isFocused: true)
  }
}

extension Model {
  fileprivate var readerRect: Rect {
    let body = layout.body
    let width = min(body.width, 100)
    return Rect(x: body.x + (body.width - width) / 2, y: body.y, width: width, height: body.height)
  }

  fileprivate var readerInside: Rect { inside(readerRect) }
  fileprivate var readerPage: Int { max(1, readerInside.height) }
}

/// What was said, oldest first, so that its end is what was said last.
package struct LogPage: Reader {
  var top = 0
  var title: String { "Log" }
  var overlay: Overlay { .log(self) }

  /// The log at its end.
  init(atEndOf model: Model) {
    top = max(0, lines(model, width: model.readerInside.width).count - model.readerPage)
  }

  func lines(_ model: Model, width: Int) -> [TextLine] {
    if model.log.isEmpty { return [[("Nothing has been said yet.", .muted)]] }
    return model.log.flatMap { entry -> [TextLine] in
      let time = Format.duration(entry.time).padded(to: 8, alignment: .right) + "  "
      let isError: Bool
      if case .error = entry.kind { isError = true } else { isError = false }
      let text = isError ? "\(model.symbols.bad) \(entry.text)" : entry.text
      return text.wrapped(to: max(1, width - 10), limit: 20).enumerated().map { row, line in
        [(row == 0 ? time : String(repeating: " ", count: 10), .muted), (line, isError ? .bad : .text)]
      }
    }
  }
}
