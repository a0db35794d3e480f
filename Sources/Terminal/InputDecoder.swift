import CCurses
import Screen

/// Turns what ncurses reads into events: keys, mouse actions and pastes. It keeps what a later read will complete.
struct InputDecoder {
  /// A second press within so many seconds, at the same place, is a double press.
  private static let doublePressTime = 0.4
  /// What a paste may bring; the rest is dropped.
  private static let longestPaste = 1 << 20

  private var paste: String?
  private var lastPress: (point: Point, time: Double)?
  // Scalars of the graphemes being typed; a grapheme ends where another one, or another kind of event, begins.
  private var typed = String.UnicodeScalarView()
  private var sawEscape = false
  private var events: [InputEvent] = []

  /// Decodes all of `inputs`, which came at `time` (seconds). Scalars of a grapheme that come together make one key;
  /// Escape with a character right behind it is Alt.
  mutating func decode(_ inputs: [cc_input], at time: Double) -> [InputEvent] {
    for input in inputs { take(input, at: time) }
    endTyped()
    endEscape()
    defer { events = [] }
    return events
  }

  private mutating func take(_ input: cc_input, at time: Double) {
    if paste != nil {
      takePasted(input)
      return
    }
    switch input.kind {
    case CC_INPUT_SCALAR:
      takeScalar(input.value)
    case CC_INPUT_KEY:
      endTyped()
      endEscape()
      if input.key == CC_KEY_PASTE_BEGIN {
        paste = ""
      } else if let key = Self.key(input) {
        events.append(.key(key))
      }
    case CC_INPUT_MOUSE:
      endTyped()
      endEscape()
      takeMouse(input, at: time)
    default:
      endTyped()
      endEscape()
    }
  }

  private mutating func takeScalar(_ value: UInt32) {
    if value < 0x20 || value == 0x7F {
      endTyped()
      // Alt with Enter, Backspace and the like is taken as the key alone.
      let wasEscape = sawEscape
      if value == 0x1B {
        endEscape()
        sawEscape = true
        return
      }
      sawEscape = false
      if let key = Self.control(value) { events.append(.key(key)) } else if wasEscape { events.append(.key(.escape)) }
      return
    }
    guard let scalar = Unicode.Scalar(value), !(0x80..<0xA0).contains(value) else { return }
    if sawEscape {
      sawEscape = false
      events.append(.key(.alt(Character(scalar))))
    } else {
      typed.append(scalar)
    }
  }

  private mutating func takePasted(_ input: cc_input) {
    if input.kind == CC_INPUT_KEY {
      switch input.key {
      case CC_KEY_PASTE_END:
        events.append(.paste(paste ?? ""))
        paste = nil
      case CC_KEY_ENTER: paste?.append("\n")
      default: break
      }
      return
    }
    guard input.kind == CC_INPUT_SCALAR, let scalar = Unicode.Scalar(input.value) else { return }
    guard (paste?.utf8.count ?? 0) < Self.longestPaste else { return }
    // Terminals send the line ends of a paste as carriage returns. Other control bytes are no text.
    if input.value == 0x0D || input.value == 0x0A {
      paste?.append("\n")
    } else if input.value == 0x09 || (input.value >= 0x20 && !(0x7F..<0xA0).contains(input.value)) {
      paste?.unicodeScalars.append(scalar)
    }
  }

  private mutating func takeMouse(_ input: cc_input, at time: Double) {
    let point = Point(x: Int(input.x), y: Int(input.y))
    var action: MouseEvent.Action
    switch input.action {
    case CC_MOUSE_WHEEL_UP: action = .wheelUp
    case CC_MOUSE_WHEEL_DOWN: action = .wheelDown
    case CC_MOUSE_RELEASE: action = .release
    default:
      action = .press
      if let last = lastPress, last.point == point, time - last.time <= Self.doublePressTime {
        action = .doublePress
        // A third press begins anew.
        lastPress = nil
      } else {
        lastPress = (point, time)
      }
    }
    events.append(.mouse(MouseEvent(action: action, point: point)))
  }

  private mutating func endTyped() {
    for character in String(typed) { events.append(.key(.character(character))) }
    typed = .init()
  }

  private mutating func endEscape() {
    if sawEscape { events.append(.key(.escape)) }
    sawEscape = false
  }

  private static func control(_ value: UInt32) -> Key? {
    switch value {
    case 0x09: .tab
    case 0x0A, 0x0D: .enter
    case 0x08, 0x7F: .backspace
    case 0x00: .control(" ")
    case 0x01...0x1A: Unicode.Scalar(value + 0x60).map { .control(Character($0)) }
    default: nil
    }
  }

  private static func key(_ input: cc_input) -> Key? {
    switch input.key {
    case CC_KEY_UP: .up
    case CC_KEY_DOWN: .down
    case CC_KEY_LEFT: .left
    case CC_KEY_RIGHT: .right
    case CC_KEY_HOME: .home
    case CC_KEY_END: .end
    case CC_KEY_PAGE_UP: .pageUp
    case CC_KEY_PAGE_DOWN: .pageDown
    case CC_KEY_INSERT: .insert
    case CC_KEY_DELETE: .delete
    case CC_KEY_BACKSPACE: .backspace
    case CC_KEY_ENTER: .enter
    case CC_KEY_BACK_TAB: .backTab
    case CC_KEY_FUNCTION: .function(Int(input.value))
    default: nil
    }
  }
}
