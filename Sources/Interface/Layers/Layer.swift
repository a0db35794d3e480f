import Screen

/// Something that stands over the screens and takes all input while it is there: its contexts say which keys mean something,
/// and what it does not heed goes no further.
protocol Layer: Sendable, Hashable {
  /// Whose bindings hold.
  var contexts: [Context] { get }
  /// The command that leaves it, as a click beside it does.
  var leaving: Action { get }
  /// Whether one click on a row of its list takes it.
  var takesOnClick: Bool { get }
  /// The same, as the model keeps it.
  var overlay: Overlay { get }
  func draw(_ model: Model, in body: Rect, _ frame: inout Frame)
  /// Goes a step in its list or text.
  mutating func move(_ step: Step, _ model: inout Model)
  /// Puts the cursor on a row of its list.
  mutating func choose(_ row: Int, _ model: inout Model)
  /// Changes the line of text that is typed into it.
  mutating func edit(_ change: (inout TextInput) -> Void) -> [Effect]
  /// Takes what it is about: it has been left when this is called, and may put itself back.
  func accept(_ model: inout Model) -> [Effect]
  /// Takes back what it tried.
  func abandon(_ model: inout Model)
}

extension Layer {
  var leaving: Action { .abandon }
  var takesOnClick: Bool { false }
  mutating func move(_ step: Step, _ model: inout Model) {}
  mutating func choose(_ row: Int, _ model: inout Model) {}
  mutating func edit(_ change: (inout TextInput) -> Void) -> [Effect] { [] }
  func accept(_ model: inout Model) -> [Effect] { [] }
  func abandon(_ model: inout Model) {}
}

/// What stands over the screens. A new layer is a file with its type, and its line in each of the two lists here.
package enum Overlay: Sendable, Hashable {
  case help(HelpPage)
  case log(LogPage)
  case prompt(Prompt)
  case confirm(Confirmation)
  case palette(Palette)
  case themes(ThemeChoice)

  var layer: any Layer {
    switch self {
    case .help(let layer): layer
    case .log(let layer): layer
    case .prompt(let layer): layer
    case .confirm(let layer): layer
    case .palette(let layer): layer
    case .themes(let layer): layer
    }
  }

  /// The contexts that layers have.
  static let contexts: [Context] = [.reader, .typing, .pathTyping, .opening, .palette, .question, .themes]
}

extension Model {
  /// Changes what stands over the screens.
  @discardableResult
  mutating func withLayer<Result>(_ body: (inout any Layer, inout Model) -> Result) -> Result? {
    guard var layer = overlay?.layer else { return nil }
    let result = body(&layer, &self)
    overlay = layer.overlay
    return result
  }

  /// Changes the text that is being typed, if any is.
  mutating func edit(_ change: (inout TextInput) -> Void) -> [Effect] {
    withLayer { layer, _ in layer.edit(change) } ?? []
  }

  mutating func accept() -> [Effect] {
    guard let layer = overlay?.layer else { return [] }
    overlay = nil
    return layer.accept(&self)
  }

  mutating func abandon() {
    let layer = overlay?.layer
    overlay = nil
    layer?.abandon(&self)
  }
}

extension Frame {
  /// A cleared box that stands over the screen; gives the rectangle for its contents.
  mutating func layer(_ title: String, note: String = "", _ rect: Rect) -> Rect {
    // A column of air on either side, so that what is cut does not run into the border.
    grid.fill(Rect(x: rect.x - 1, y: rect.y, width: rect.width + 2, height: rect.height), style: theme[.text])
    let inside = panel(nil, rect, title: title, note: note, isFocused: true)
    mark(rect, .nothing)
    return inside
  }
}

extension Rect {
  /// A box of a wanted size in the middle of this one, no larger than it.
  func centered(_ width: Int, _ height: Int) -> Rect {
    let (width, height) = (min(width, self.width), min(height, self.height))
    return Rect(
      x: x + (self.width - width) / 2, y: y + (self.height - height) / 3, width: width, height: height)
  }
}
